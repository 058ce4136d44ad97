"""Corrects what is said of a photo, and deletes photos: versions, like every change, so an officer can undo it."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Refused
from seifas.keeper import photo_model
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Entry
from seifas.keeper.opening import acting, require_person
from seifas.keeper.photo_model import About, checked_about
from seifas.keeper.undoing import stamped
from seifas.keeper.unpublishing import remove_objects, withdrawal
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

_OWN_WORK_MS: Final = 24 * 3_600_000


class Describe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All three are set as they stand here; `view` is one of VIEWS, `expect` the Media's version."""

    session: str
    photo: bytes
    body_site: str
    view: str
    note: str
    expect: int


class Delete(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    photo: bytes
    expect: int


@OPS.op("photo.describe", Describe, "desk")
async def describe(keeper: Keeper, caller: Caller, args: Describe) -> dict[str, Any]:
    """{version}: a new version of the Media. Raises Conflict when somebody wrote first."""
    moment = keeper.now()
    session = _writer(keeper, args.session, "photo.describe", moment)
    about = checked_about(About(args.body_site, args.view, args.note))
    vault = keeper.require_unlocked().vault
    patient = photo_model.located(vault, args.photo).patient
    async with keeper.lock_of(patient):
        head = vault.head(patient)
        entry, _ = photo_model.photo_entries(vault, head, args.photo)
        charged = await _charge(keeper, moment, session, patient, entry)
        body = described(vault.record(head, entry).body, about)
        body = stamped(body, args.expect + 1, moment.wall_ms)
        change = Change("update", "Media", args.photo, patient, args.expect, body)
        sealed = vault.seal(patient, [change], account=session.account, now_ms=moment.wall_ms)
        leaf = keeper.leaf(
            moment, Action.UPDATE, account=session.account, session=session.id, patient=patient,
            objects=(args.photo,), charge=charged,
        )
        await store(keeper, [sealed], [leaf])
    return {"version": args.expect + 1}


def described(body: bytes, about: About) -> bytes:
    """A Media with these words; everything else stays as it was written, letter by letter."""
    fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    for name, value in photo_model.words_of(about).items():
        if value is None:
            fields.pop(name, None)
        else:
            fields[name] = msgspec.Raw(json.dumps(value, ensure_ascii=False).encode())
    return msgspec.json.encode(fields)


@OPS.op("photo.delete", Delete, "desk")
async def delete(keeper: Keeper, caller: Caller, args: Delete) -> dict[str, Any]:
    """{unpublished}: the photo goes out of sight, and what was published of it dies. The picture itself stays sealed
    and can be put back by the officer; only erasing the patient destroys it."""
    moment = keeper.now()
    session = _writer(keeper, args.session, "photo.delete", moment)
    vault = keeper.require_unlocked().vault
    patient = photo_model.located(vault, args.photo).patient
    async with keeper.lock_of(patient):
        head = vault.head(patient)
        media, entry = photo_model.photo_entries(vault, head, args.photo)
        if media.version != args.expect:
            raise Conflict("somebody wrote meanwhile; look at the photo again", where=f"Media/{args.photo.hex()}")
        charged = await _charge(keeper, moment, session, patient, media)
        changes = [
            Change("delete", "Media", media.id, patient, media.version),
            Change("delete", photo_model.TYPE, entry.id, patient, entry.version),
        ]
        sealed = vault.seal(patient, changes, account=session.account, now_ms=moment.wall_ms)
        leaf = keeper.leaf(
            moment, Action.DELETE, account=session.account, session=session.id, patient=patient,
            objects=(media.id, entry.id), charge=charged,
        )
        gone = keeper.publications.of_photo(args.photo)
        lines, deletes = withdrawal(keeper, moment, gone, session.account, session.id, "deleted")
        keeper.publications.hide(gone)
        await store(keeper, [sealed], [leaf, *lines], deletes=deletes)
        keeper.publications.remove(gone)
    await remove_objects(keeper, gone)
    return {"unpublished": len(gone)}


def _writer(keeper: Keeper, token: str, op: str, moment: Moment) -> Session:
    session = acting(keeper, token, op, moment)
    require_person(session)
    if not hats.allows(session.hat, "write.photo"):
        raise Refused("this hat changes no photos", where=op)
    return session


async def _charge(keeper: Keeper, moment: Moment, session: Session, patient: bytes, entry: Entry) -> bytes:
    """As a change, unless it is the correction of what the same account wrote within a day."""
    deed = Deed.CREATE if _own(entry, session, moment) else Deed.CHANGE
    return await charge(
        keeper, moment, session, deed, Action.UPDATE, patient=patient, reason="write"
    )


def _own(entry: Entry, session: Session, moment: Moment) -> bool:
    return entry.by == session.account and moment.wall_ms - entry.updated_ms < _OWN_WORK_MS

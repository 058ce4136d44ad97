"""Takes one's own deletion of a photo back, within a day; later, and for others, an officer undoes it."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Missing, Refused
from seifas.keeper import photo_model
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Entry, Head
from seifas.keeper.opening import acting, require_person
from seifas.keeper.undoing import stamped
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

_OWN_WORK_MS: Final = 24 * 3_600_000


class Restore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    photo: bytes


@OPS.op("photo.restore", Restore, "desk")
async def restore(keeper: Keeper, caller: Caller, args: Restore) -> dict[str, Any]:
    """{version}: the photo as it was before this account deleted it. What was published of it stays withdrawn. Raises
    Missing for a photo that is not deleted, or was deleted by somebody else or more than a day ago."""
    moment = keeper.now()
    session = acting(keeper, args.session, "photo.restore", moment)
    require_person(session)
    if not hats.allows(session.hat, "write.photo"):
        raise Refused("this hat changes no photos", where="photo.restore")
    vault = keeper.require_unlocked().vault
    patient = photo_model.located(vault, args.photo).patient
    async with keeper.lock_of(patient):
        head = vault.head(patient)
        known = vault.manifest(head)
        pair = [known.get(ident) for ident in (args.photo, photo_model.record_id(vault.keyring, args.photo))]
        gone = [entry for entry in pair if entry is not None and _may(entry, session.account, moment)]
        if len(gone) != len(pair):
            raise Missing("there is no such photo")
        charged = await charge(
            keeper, moment, session, Deed.CREATE, Action.UNDO, patient=patient, reason="write"
        )
        changes = [_back(keeper, head, entry, moment) for entry in gone]
        sealed = vault.seal(patient, changes, account=session.account, now_ms=moment.wall_ms)
        leaf = keeper.leaf(
            moment, Action.UNDO, account=session.account, session=session.id, patient=patient,
            objects=[entry.id for entry in gone], charge=charged,
        )
        await store(keeper, [sealed], [leaf])
    return {"version": gone[0].version + 1}


def _may(entry: Entry, account: bytes, moment: Moment) -> bool:
    return entry.deleted and entry.by == account and moment.wall_ms - entry.updated_ms < _OWN_WORK_MS


def _back(keeper: Keeper, head: Head, entry: Entry, moment: Moment) -> Change:
    # A deletion is a mark on the entry, not a version: what it marks is the newest there is.
    body = stamped(keeper.require_unlocked().vault.record(head, entry).body, entry.version + 1, moment.wall_ms)
    return Change("update", entry.type, entry.id, head.patient, entry.version, body)

"""Takes photos in: who may add one, the darkroom's grant to seal it, and the commit that makes it a photo.

A photo is begun by a person (or a telephone that a person let in, or an import), sealed by the darkroom under a key of
its own that the grant carries, and is there when its two records are: both in one commit, with the line. Until then
a state row names its objects, so that what is never finished is found and swept.
"""

from __future__ import annotations

import asyncio
import os
import re
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from seifas.errors import Invalid, Missing, Refused, SeifasError, SignIn, Unavailable
from seifas.keeper import photo_model
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.opening import acting, admit
from seifas.keeper.photo_model import CONTENT_TYPES, RENDITIONS, About, PhotoFacts, Stored, Underway, checked_about
from seifas.keeper.photo_passes import GRANT_MS, Grant
from seifas.keeper.vault import Change
from seifas.keeper.writing import store

_PATIENCE_MS: Final = 10 * 60_000
_MOST_EXIF: Final = 128
_LONGEST_EXIF: Final = 500
_LONGEST_SIDE: Final = 100_000
_MOST_BYTES: Final = 1 << 30
_MOST_FINGERPRINT: Final = 8192
_WHY: Final = re.compile(r"[a-z-]{1,32}", re.ASCII)


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`source` is "desk", or "capture" where `session` is a telephone's."""

    session: str
    patient: bytes
    reason: str = ""
    source: str = "desk"
    about: About = About()


class Redeem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grant: bytes


class Finished(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the darkroom made. `objects` by rendition, their ids as the grant named them; `sha256` of the bytes as
    received; `format` one of jpeg, png, heic, webp; `taken_ms` 0 where the camera did not say; width and height of the
    picture with its orientation applied; `fingerprint` what finds the picture again, kept sealed and not read here."""

    grant: bytes
    objects: dict[str, Stored]
    sha256: bytes
    format: str
    width: int
    height: int
    exif: dict[str, str] = {}
    taken_ms: int = 0
    fingerprint: bytes = b""

    def __repr__(self) -> str:
        return "Finished(...)"


class Failed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`why`: a fixed word such as not-a-picture, too-large, truncated, animated, bomb."""

    grant: bytes
    why: str


@OPS.op("photo.begin", Begin, "desk")
async def begin(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    """{photo, grant}: the new photo's id and the darkroom's grant, good for 30 minutes.

    Charged as opening the chart and as a new record. Raises Missing for another patient than the telephone's.
    """
    moment = keeper.now()
    session, source = _who(keeper, args, moment)
    if not hats.allows(session.hat, "write.photo"):
        raise Refused("this hat takes no photos", where="photo.begin")
    about = checked_about(args.about)
    _require_patient(keeper, args.patient)
    keeper.passes.require_room(session.id)
    first = await admit(
        keeper, moment, session, args.patient, chart=True, reason=args.reason, line=Action.PHOTO_BEGIN
    )
    paid = [first] if first else []
    second = await charge(
        keeper, moment, session, Deed.CREATE, Action.PHOTO_BEGIN, patient=args.patient, reason=args.reason or "write",
        prior=paid,
    )
    if source == "capture":
        keeper.passes.count_capture(args.session)
    paid += [second] if second else []
    return await _begun(
        keeper, moment, args.patient, source, about, account=session.account, session=session.id, charges=paid,
        reason=args.reason if first else "",
    )


def _who(keeper: Keeper, args: Begin, moment: Moment) -> tuple[Session, str]:
    """Whose account and budget a new photo goes on: the session's, or that of whoever let the telephone in."""
    capture = keeper.passes.captured(args.session, moment.boot_ms)
    if capture is None:
        try:
            session = acting(keeper, args.session, "photo.begin", moment)
        except SignIn:
            if args.source == "desk":
                raise
            raise SignIn("This link has run out. Ask for a new one at the desk.", where="capture") from None
        return session, "desk"
    if capture.patient != args.patient:
        raise Missing("there is no such record")
    try:
        session = keeper.sessions.get(capture.session)
    except Missing:
        raise SignIn("Who made this link has signed out. Ask for a new one at the desk.", where="capture") from None
    return session, "capture"


def _require_patient(keeper: Keeper, patient: bytes) -> None:
    if len(patient) != 16 or patient == CLINIC:
        raise Missing("there is no such record")
    keeper.require_unlocked().vault.head(patient)


async def begin_import(keeper: Keeper, patient: bytes, about: About) -> dict[str, Any]:
    """The same for the machine's owner, who spends no budget."""
    _require_patient(keeper, patient)
    keeper.passes.require_room(b"")
    return await _begun(keeper, keeper.now(), patient, "import", about, account=b"", session=b"", charges=[], reason="")


async def _begun(
    keeper: Keeper, moment: Moment, patient: bytes, source: str, about: About, *, account: bytes, session: bytes,
    charges: list[bytes], reason: str,
) -> dict[str, Any]:
    photo, objects = os.urandom(16), photo_model.new_ids()
    epoch = keeper.require_unlocked().keyring.epoch
    grant = Grant(
        photo, patient, os.urandom(32), epoch, objects, account, session, source, moment.boot_ms, about
    )
    underway = Underway(photo, patient, tuple(objects.values()), moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.PHOTO_BEGIN, account=account, session=session, patient=patient, objects=(photo,),
        charges=charges, note=source, reason=reason,
    )
    await keeper.commit([leaf], [keeper.row(Kind.CAPTURE, photo, underway)])
    keeper.underway[photo] = underway
    return {"photo": photo, "grant": keeper.passes.grant(grant)}


@OPS.op("darkroom.grant", Redeem, "darkroom")
async def redeem(keeper: Keeper, caller: Caller, args: Redeem) -> dict[str, Any]:
    """What it takes to seal one photo, once: {photo, key, clinic, patient, epoch, objects}.

    `objects` names the object of each rendition; seal each with crypto.stream, purpose PHOTO, record = its id,
    version 1. Raises Missing for a grant that was used, is over or never was; Refused where the session was stopped.
    """
    moment = keeper.now()
    grant = keeper.passes.redeem_grant(args.grant, moment.boot_ms)
    _still_allowed(keeper, grant)
    return {
        "photo": grant.photo, "key": grant.key, "clinic": keeper.settings.clinic_id, "patient": grant.patient,
        "epoch": grant.epoch, "objects": grant.objects,
    }


def _still_allowed(keeper: Keeper, grant: Grant) -> None:
    """A stopped session adds nothing any more; one that has locked or ended meanwhile keeps what it began."""
    keeper.require_unlocked().vault.head(grant.patient)
    if not grant.account:
        return
    try:
        if keeper.sessions.get(grant.session).frozen:
            raise Refused("This session is stopped. The officer has been told.", where="frozen")
    except Missing:
        pass
    if keeper.accounts.get(grant.account).disabled:
        raise Refused("this account is closed", where="account")


@OPS.op("darkroom.stored", Finished, "darkroom")
async def finish(keeper: Keeper, caller: Caller, args: Finished) -> dict[str, Any]:
    """Commits the photo whose objects are durable: {photo, version, taken_ms}. Raises Invalid for other facts.

    Asked again with the same grant it answers the same and keeps nothing: the first answer may have been lost.
    """
    moment = keeper.now()
    told = keeper.passes.spent(args.grant, moment.boot_ms)
    if told is not None:
        return told
    grant = keeper.passes.finish_grant(args.grant, moment.boot_ms)
    keeper.passes.finishing.add(grant.photo)
    try:
        told = await _finish(keeper, moment, grant, args)
        keeper.passes.spend_grant(args.grant, grant, told)
        return told
    except Unavailable:
        raise  # the commit may stand on the disk: its objects stay until that is known
    except SeifasError as error:
        await _give_up(keeper, moment, grant, error.code)
        raise
    finally:
        keeper.passes.finishing.discard(grant.photo)


async def _finish(keeper: Keeper, moment: Moment, grant: Grant, args: Finished) -> dict[str, Any]:
    _check(grant, args)
    opened = keeper.require_unlocked()
    async with keeper.lock_of(grant.patient):
        _still_allowed(keeper, grant)
        taken_ms = args.taken_ms or grant.about.taken_ms
        facts = PhotoFacts(
            id=photo_model.record_id(opened.keyring, grant.photo).hex(), media=grant.photo, key=grant.key,
            epoch=grant.epoch, objects=args.objects, sha256=args.sha256, exif=args.exif, taken_ms=taken_ms,
            received_ms=moment.wall_ms, by=grant.account, source=grant.source, format=args.format,
            fingerprint=args.fingerprint,
        )
        changes = changes_of(keeper.settings.clinic.zone, grant.patient, facts, grant.about, moment.wall_ms)
        sealed = opened.vault.seal(grant.patient, changes, account=grant.account, now_ms=moment.wall_ms)
        leaf = keeper.leaf(
            moment, Action.PHOTO_KEPT, account=grant.account, session=grant.session, patient=grant.patient,
            objects=[change.id for change in changes], note=grant.source,
        )
        await store(keeper, [sealed], [leaf], deletes=[keeper.tag(Kind.CAPTURE, grant.photo)])
    keeper.underway.pop(grant.photo, None)
    if grant.source == "capture":
        keeper.passes.arrive(grant.photo, grant.session, grant.patient)
    keeper.count("photos")
    return {"photo": grant.photo, "version": 1, "taken_ms": taken_ms}


def changes_of(
    zone: str, patient: bytes, facts: PhotoFacts, about: About, now_ms: int
) -> list[Change]:
    """The two records of a new photo: what is shown of it, and what leads to its bytes."""
    # Without FHIR's own hash: it is SHA-1, and what a consent is bound to is the SHA-256 beside the photo's key.
    original = facts.objects["original"]
    said = {name: value for name, value in photo_model.words_of(about).items() if value is not None}
    media = {
        "resourceType": "Media", "id": facts.media.hex(), "meta": {"versionId": "1", "lastUpdated": _instant(now_ms)},
        "status": "completed", "subject": {"reference": f"Patient/{patient.hex()}"},
        "createdDateTime": _local(facts.taken_ms or now_ms, zone), **said,
        "width": original.width, "height": original.height,
        # What FHIR gives out of it: the marked rendition, never these bytes (photo_resources.py).
        "content": {"contentType": "image/jpeg", "url": f"Binary/{facts.media.hex()}-screen"},
    }
    return [
        Change("create", "Media", facts.media, patient, 0, msgspec.json.encode(media)),
        Change("create", photo_model.TYPE, bytes.fromhex(facts.id), patient, 0, photo_model.encode(facts)),
    ]


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _local(ms: int, zone: str) -> str:
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone)).isoformat(timespec="seconds")


def _check(grant: Grant, args: Finished) -> None:
    """The darkroom opens hostile files, so what it says is held against what it was let do."""
    if set(args.objects) != set(RENDITIONS):
        raise Invalid(f"a photo is stored as {', '.join(RENDITIONS)}", where="objects")
    for name, one in args.objects.items():
        if one.id != grant.objects[name]:
            raise Invalid("an object is stored under another name than was granted", where=name)
        if not 0 < one.size <= _MOST_BYTES or not _sides(one.width, one.height):
            raise Invalid("an object has a size that no picture has", where=name)
    if len(args.sha256) != 32 or args.format not in CONTENT_TYPES or not _sides(args.width, args.height):
        raise Invalid("the facts of a photo are a SHA-256, a known format, a width and a height", where="facts")
    if len(args.exif) > _MOST_EXIF or any(len(key) + len(text) > _LONGEST_EXIF for key, text in args.exif.items()):
        raise Invalid("what the camera wrote is longer than any camera writes", where="exif")
    if not 0 <= args.taken_ms < 1 << 43:
        raise Invalid("the moment of taking is in no year that we know", where="taken_ms")
    if len(args.fingerprint) > _MOST_FINGERPRINT:
        raise Invalid(f"a fingerprint has at most {_MOST_FINGERPRINT} bytes", where="fingerprint")


def _sides(width: int, height: int) -> bool:
    return 0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE


@OPS.op("darkroom.failed", Failed, "darkroom")
async def fail(keeper: Keeper, caller: Caller, args: Failed) -> dict[str, Any]:
    """The darkroom gives a redeemed grant back: nothing was stored, or what was is to be removed."""
    moment = keeper.now()
    if _WHY.fullmatch(args.why) is None:
        raise Invalid("why it failed is said in one fixed word", where="why")
    grant = keeper.passes.finish_grant(args.grant, moment.boot_ms)
    await _give_up(keeper, moment, grant, args.why)
    return {}


async def _give_up(keeper: Keeper, moment: Moment, grant: Grant, why: str) -> None:
    known = grant.patient in keeper.require_unlocked().vault.heads
    leaf = keeper.leaf(
        moment, Action.PHOTO_KEPT, outcome=Outcome.REFUSED, account=grant.account, session=grant.session,
        patient=grant.patient if known else None, objects=(grant.photo,), note=why,
    )
    await keeper.commit([leaf])
    underway = keeper.underway.get(grant.photo)
    if underway is not None:
        await sweep_underway(keeper, [underway])


async def sweep_underway(keeper: Keeper, gone: list[Underway]) -> None:
    """Deletes objects that no record came to name, then the rows that told of them."""
    objects = keeper.require_unlocked().objects
    for one in gone:
        for ident in one.objects:
            await asyncio.to_thread(objects.delete, ident)
    await keeper.commit([], deletes=[keeper.tag(Kind.CAPTURE, one.photo) for one in gone])
    for one in gone:
        keeper.underway.pop(one.photo, None)


async def sweep_stale(keeper: Keeper) -> None:
    """What no pass can finish any more, every ten seconds: after a failure, a lapse or a restart. Late, because the
    darkroom may go on writing for a while under a grant that the keeper has forgotten."""
    moment = keeper.now()
    keeper.passes.sweep(moment.boot_ms)
    live = keeper.passes.live(moment.boot_ms)
    old = moment.wall_ms - GRANT_MS - _PATIENCE_MS
    gone = [one for one in keeper.underway.values() if one.photo not in live and one.began_ms < old]
    if gone:
        await sweep_underway(keeper, gone)

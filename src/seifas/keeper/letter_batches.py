"""Batches of letters for the printing house and of text messages: downloaded by the officer, handed over, answered.

A batch is approved as part of its wave. It can be downloaded again until it was handed over; then its object goes, and
what came back is told by the references on the envelopes. Whoever was erased meanwhile is taken out of what is given.
"""

from __future__ import annotations

import asyncio
import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused, StepUp
from seifas.keeper.alarming import ring
from seifas.keeper.case_opening import officer_of, open_case
from seifas.keeper.case_sealing import new_object, seal, unseal
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.letter_model import (
    BOUNCED,
    DELIVERED,
    GONE,
    MADE,
    RETURNED,
    SENT,
    Batch,
    Letter,
    Wave,
    next_channel,
)
from seifas.keeper.letter_waves import of_case, store
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

MOST_REFS: Final = 5_000
_MOST_FETCHED: Final = 1_000
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


class OfBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    wave: bytes
    number: int


class CameBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`state`: delivered, bounced or returned. `refs`: references as they stand on letters and in messages."""

    session: str
    case: bytes
    state: str
    refs: tuple[str, ...]


@OPS.op("case.wave_batch", OfBatch, "desk")
async def take(keeper: Keeper, caller: Caller, args: OfBatch) -> dict[str, Any]:
    """{channel, body, letters}: a zip of PDFs or a CSV, without those who were erased since. Every download is a line;
    the first of a wave rings. Takes a passkey over this wave, once a session: StepUp names the digest. Raises Refused
    where the wave was stopped, Conflict where it was handed over."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.wave_batch", moment)
    open_case(keeper, args.case)
    wave, batch = _batch(keeper, args)
    _touched(keeper, moment, session, wave)
    case = keeper.cases.get(wave.case)
    body = await unseal(keeper, case, batch.object, batch.epoch)
    wave, batch = _batch(keeper, args)  # it may have been stopped, or handed over, meanwhile
    refs = {one.ref for one in _of_batch(keeper, wave, batch)}
    body, count = await asyncio.to_thread(without, batch.channel, body, refs)
    wave, batch = _batch(keeper, args)
    taken = msgspec.structs.replace(batch, taken_ms=batch.taken_ms or moment.wall_ms)
    changed = _with(wave, taken)
    leaf = keeper.leaf(
        moment, Action.LETTER, account=session.account, session=session.id, objects=(wave.case, wave.id, batch.object),
        note="taken",
    )
    rings: list[tuple[bytes, bytes]] = []
    if not any(one.taken_ms for one in wave.batches):
        rings = ring(
            keeper, moment, "case-letters-taken", 1, "Letters of a case to patients were downloaded.",
            account=session.account, session=session.id,
        )
    with _put(keeper, wave, changed):
        await keeper.commit([leaf], [keeper.row(Kind.WAVE, changed.id, changed), *rings])
    return {"channel": batch.channel, "body": body, "letters": count}


@OPS.op("case.wave_handed", OfBatch, "desk")
async def handed(keeper: Keeper, caller: Caller, args: OfBatch) -> dict[str, Any]:
    """{letters: n}: the batch is with whoever prints or sends it; its letters count as sent, its object goes."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.wave_handed", moment)
    wave, batch = _batch(keeper, args)
    if not batch.taken_ms:
        raise Refused("download the batch first; then say that it was handed over", where="batch-untaken")
    letters = [
        msgspec.structs.replace(one, state=SENT, at_ms=moment.wall_ms)
        for one in _of_batch(keeper, wave, batch) if one.state == MADE
    ]
    done = msgspec.structs.replace(batch, handed_ms=moment.wall_ms, object=b"")
    changed = _with(wave, done)
    leaf = keeper.leaf(
        moment, Action.LETTER, account=session.account, session=session.id, objects=(wave.case, wave.id, batch.object),
        note="handed",
    )
    with _put(keeper, wave, changed):
        await keeper.commit([leaf], [
            keeper.row(Kind.WAVE, changed.id, changed), *(keeper.row(Kind.LETTER, one.id, one) for one in letters)
        ])  # fmt: skip
    for one in letters:
        keeper.letters.put(one)
    await asyncio.to_thread(keeper.require_unlocked().objects.delete, batch.object)
    return {"letters": len(letters)}


@OPS.op("case.wave_came_back", CameBack, "desk")
async def came_back(keeper: Keeper, caller: Caller, args: CameBack) -> dict[str, Any]:
    """{told: n, unknown: [refs], not_sent: n}: what post and networks said of letters of this case. One that came back
    goes on to its next channel; said twice, it is taken once."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.wave_came_back", moment)
    case = open_case(keeper, args.case)
    if args.state not in (DELIVERED, BOUNCED, RETURNED):
        raise Invalid("delivered, bounced or returned", where="state")
    refs = dict.fromkeys(one.strip().upper() for one in args.refs if one.strip())
    if not 1 <= len(refs) <= MOST_REFS:
        raise Invalid(f"give from 1 to {MOST_REFS} references", where="refs")
    changed: list[Letter] = []
    unknown: list[str] = []
    not_sent = 0
    for ref in refs:
        letter = keeper.letters.by_ref(ref)
        if letter is None or letter.case != case.id:
            unknown.append(ref[:20])
        elif letter.state not in (SENT, DELIVERED):
            not_sent += 1
        elif args.state == DELIVERED:
            changed.append(msgspec.structs.replace(letter, state=DELIVERED, at_ms=moment.wall_ms))
        else:
            changed.append(next_channel(letter, args.state, moment.wall_ms))
    leaf = keeper.leaf(
        moment, Action.LETTER, account=session.account, session=session.id, objects=(case.id,), note=args.state
    )
    await keeper.commit([leaf])
    changed = [one for one in changed if keeper.letters.find(one.id) is not None]  # nobody who was erased meanwhile
    await store(keeper, changed)
    return {"told": len(changed), "unknown": unknown, "not_sent": not_sent}


def _touched(keeper: Keeper, moment: Moment, session: Session, wave: Wave) -> None:
    """Whoever has but a session of the officer's does not get everybody's names and addresses. Raises StepUp."""
    key = (session.id, wave.id)
    if key in keeper.letters.fetched or not keeper.approvals.policy.gestures:
        return
    digest = fetch_digest(wave.case, wave.id)
    if not keeper.gestures.take(session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms):
        raise StepUp("Confirm with your passkey that you download the letters of this wave.", where=digest.hex())
    keeper.letters.fetched[key] = None
    while len(keeper.letters.fetched) > _MOST_FETCHED:
        del keeper.letters.fetched[next(iter(keeper.letters.fetched))]


def fetch_digest(case: bytes, wave: bytes) -> bytes:
    """What the gesture over a wave's download is over (32 bytes)."""
    return request_digest("case.wave_batch", {"case": case, "wave": wave})


@contextmanager
def _put(keeper: Keeper, before: Wave, after: Wave) -> Iterator[None]:
    """The wave as it is from now on; as it was, where the block fails: a batch that is named by a durable row and not
    here would be swept away."""
    keeper.letters.put_wave(after)
    try:
        yield
    except BaseException:
        if keeper.letters.wave(after.id) is after:
            keeper.letters.put_wave(before)
        raise


def _batch(keeper: Keeper, args: OfBatch) -> tuple[Wave, Batch]:
    wave = of_case(keeper, args.case, args.wave)
    if not 1 <= args.number <= len(wave.batches):
        raise Missing("there is no such batch")
    batch = wave.batches[args.number - 1]
    if batch.handed_ms:
        raise Conflict("this batch was handed over; its letters are not kept", where="batch-handed")
    if wave.stopped_ms and not batch.taken_ms:
        raise Refused("this wave was stopped before the batch was downloaded", where="wave-stopped")
    return wave, batch


def _of_batch(keeper: Keeper, wave: Wave, batch: Batch) -> list[Letter]:
    """The letters of a batch whose patients are still there."""
    heads = keeper.require_unlocked().vault.heads
    return [
        one for one in keeper.letters.letters_of(wave.id)
        if one.batch == batch.number and one.state != GONE and one.patient in heads
    ]


def _with(wave: Wave, batch: Batch) -> Wave:
    return msgspec.structs.replace(
        wave, batches=tuple(batch if one.number == batch.number else one for one in wave.batches)
    )


def without(channel: str, body: bytes, refs: set[str]) -> tuple[bytes, int]:
    """(the batch with these references alone, how many those are); the same bytes where it has no others."""
    if channel == "letter":
        return _zip_without(body, refs)
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    kept = [row for row in rows[1:] if row and row[0] in refs]
    if len(kept) == len(rows) - 1:
        return body, len(kept)
    out = io.StringIO(newline="")
    csv.writer(out).writerows([*rows[:1], *kept])
    return b"\xef\xbb\xbf" + out.getvalue().encode(), len(kept)


def _zip_without(body: bytes, refs: set[str]) -> tuple[bytes, int]:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as target:
        names = source.namelist()
        kept = [one for one in names if one.removesuffix(".pdf") in refs]
        if kept == names:
            return body, len(kept)
        for name in kept:
            target.writestr(zipfile.ZipInfo(name, _ZIP_TIME), source.read(name))
    return out.getvalue(), len(kept)


async def forget(keeper: Keeper, gone: set[bytes]) -> int:
    """Takes erased patients out of letters and of every batch that still lies here; how many letters went. Cut off, it
    is begun again."""
    letters = [one for patient in gone for one in keeper.letters.of_patient(patient)]
    by_wave = Counter(one.wave for one in letters if one.batch)
    for ident in by_wave:
        wave = keeper.letters.wave(ident)
        numbers = {one.batch for one in letters if one.wave == ident}
        for batch in [one for one in wave.batches if one.number in numbers and one.object]:
            await _made_anew(keeper, ident, batch, gone)
    await keeper.commit([], [], [keeper.tag(Kind.LETTER, one.id) for one in letters])
    for one in letters:
        keeper.letters.drop(one.id)
    return len(letters)


async def _made_anew(keeper: Keeper, wave_id: bytes, batch: Batch, gone: set[bytes]) -> None:
    """The batch under a new object, without letters of these patients; the old object goes."""
    wave = keeper.letters.wave(wave_id)
    case = keeper.cases.get(wave.case)
    body = await unseal(keeper, case, batch.object, batch.epoch)
    refs = {
        one.ref for one in keeper.letters.letters_of(wave_id) if one.batch == batch.number and one.patient not in gone
    }
    less, count = await asyncio.to_thread(without, batch.channel, body, refs)
    if less == body:
        return
    with new_object(keeper) as ident:
        epoch = await seal(keeper, case, ident, less)
        made = msgspec.structs.replace(batch, object=ident, epoch=epoch, size=len(less), letters=count)
        changed = _with(keeper.letters.wave(wave_id), made)
        await keeper.commit([], [keeper.row(Kind.WAVE, changed.id, changed)])
        keeper.letters.put_wave(changed)
    await asyncio.to_thread(keeper.require_unlocked().objects.delete, batch.object)

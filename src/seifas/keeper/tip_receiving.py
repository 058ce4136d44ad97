"""Tips from the public site: texts and files stored as they come, sealed; answers given to whoever has the receipt.

The public process may only put in, and fetch what it cannot open without a receipt that somebody types. It is assumed
breakable, so size and pace are bounded here and not there. What was accepted is never dropped for what comes later; a
full box says so and rings.

A receipt that nobody has used is no error: what comes under it begins a tip. So nothing that is asked from outside
tells a real receipt from one that was made up, or from one whose tip has gone, until staff has answered; and what is
sent under a receipt that has gone is not lost.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Final

import msgspec

from seifas.crypto import dropbox
from seifas.crypto.stream import sealed_size
from seifas.errors import Conflict, Invalid, OverBudget
from seifas.keeper import tip_sealing
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.tip_model import Tip, TipPart, Upload
from seifas.keeper.tip_receipts import LOOKUP_SIZE

_MOST_SEALED: Final = sealed_size(tip_sealing.MOST_FILE)
_SAID: Final = {
    "full": "The box of tips is full; nothing more is taken until some are read, closed or removed.",
    "pace": "More tips came in an hour than the box takes; some are being turned away.",
}


class Put(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lookup`, `answer_key`: what the receipt stands for."""

    lookup: bytes
    answer_key: bytes
    id: bytes
    sealed: bytes


class FileBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes
    size: int


class FilePart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes
    number: int
    data: bytes


class OfFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes


class Look(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lookup: bytes


class Came(msgspec.Struct, frozen=True):
    """What a part comes with: its receipt's two halves, how it came, and who entered it, if staff did."""

    lookup: bytes
    answer_key: bytes
    via: str = "site"
    account: bytes = b""
    session: bytes = b""


@OPS.op("tip.put", Put, "public")
async def put(keeper: Keeper, caller: Caller, args: Put) -> dict[str, Any]:
    """Takes a sealed text; durable when answered. The same id again is the same text, sent twice after a lost answer.
    Raises OverBudget with `where` "full" or "pace"."""
    moment = keeper.now()
    _check(args)
    if _known(keeper, args):
        return {"taken": True}
    await _check_room(keeper, moment, file=False)
    part = TipPart(args.id, b"", "text", moment.wall_ms, args.sealed)
    await arrive(keeper, moment, Came(args.lookup, args.answer_key), part)
    return {"taken": True}


@OPS.op("tip.file_begin", FileBegin, "public")
async def file_begin(keeper: Keeper, caller: Caller, args: FileBegin) -> dict[str, Any]:
    """A file of `size` sealed bytes is to come. Raises OverBudget ("full", "pace", "busy")."""
    moment = keeper.now()
    if len(args.id) != 16 or not 0 < args.size <= _MOST_SEALED:
        raise Invalid("a file has an id of 16 bytes and at most 100 MB")
    await _check_room(keeper, moment, file=True)
    try:
        keeper.tips.begin(Upload(args.id, args.size, moment.boot_ms, []))
    except OverBudget as error:
        await _ring(keeper, moment, error.where)
        raise
    return {}


@OPS.op("tip.file_part", FilePart, "public")
async def file_part(keeper: Keeper, caller: Caller, args: FilePart) -> dict[str, Any]:
    """The sealed bytes from `number` × 4 MiB on; durable when answered. The last part again is not taken twice."""
    upload = keeper.tips.upload(args.id)
    size = len(args.data)
    if not 0 < size <= tip_sealing.PART:
        raise Invalid("a part of a file has at most 4 MiB")
    if upload.objects and args.number == len(upload.objects) - 1 and not upload.busy:
        return {}
    if upload.busy or args.number != len(upload.objects):
        raise Conflict("this part is not the next one", where="upload")
    if size != min(tip_sealing.PART, upload.size - upload.taken):
        raise Conflict("this part is not as long as was announced", where="upload")
    ident = os.urandom(16)
    upload.objects.append(ident)  # before it is there: no sweep takes it for left over
    upload.busy = True
    try:
        await asyncio.to_thread(keeper.require_unlocked().objects.put, ident, (args.data,))
    except BaseException:
        upload.objects.remove(ident)
        raise
    finally:
        upload.busy = False
    upload.taken += size
    return {}


@OPS.op("tip.file_end", Put, "public")
async def file_end(keeper: Keeper, caller: Caller, args: Put) -> dict[str, Any]:
    """All of the file has come: it belongs to the receipt's tip from now on; durable when answered."""
    moment = keeper.now()
    _check(args)
    if _known(keeper, args):
        return {"taken": True}
    upload = keeper.tips.upload(args.id)
    if upload.busy or upload.taken != upload.size:
        raise Conflict("the file is not whole", where="upload")
    upload.busy = True  # neither given up nor swept while it is committed
    try:
        part = TipPart(
            args.id, b"", "file", moment.wall_ms, args.sealed, size=upload.size, objects=tuple(upload.objects)
        )
        await arrive(keeper, moment, Came(args.lookup, args.answer_key), part)
    finally:
        upload.busy = False
    keeper.tips.arrived(args.id)
    return {"taken": True}


@OPS.op("tip.file_drop", OfFile, "public")
async def file_drop(keeper: Keeper, caller: Caller, args: OfFile) -> dict[str, Any]:
    """Whoever sent the file hung up, or it was none: what came of it goes."""
    upload = keeper.tips.upload(args.id)
    if not upload.busy:
        await _give_up(keeper, upload)
    return {}


@OPS.op("tip.look", Look, "public")
async def look(keeper: Keeper, caller: Caller, args: Look) -> list[dict[str, Any]]:
    """[{id, sealed}]: the answers that lie under a receipt, oldest first. None for a tip that nobody has answered, for
    one that is gone and for a receipt that never was. No line is written: when somebody looks is theirs alone."""
    moment = keeper.now()
    if len(args.lookup) != LOOKUP_SIZE:
        raise Invalid("a tip's name is 16 bytes")
    try:
        keeper.tips.look(moment.boot_ms)
    except OverBudget:
        puts = ring(keeper, moment, "tips-guessing", 2, "More receipts of tips are tried than people have.")
        if puts:
            await keeper.commit([keeper.leaf(moment, Action.ALARM, note="tips-guessing")], puts)
        raise
    return [{"id": one.id, "sealed": one.outward} for one in keeper.tips.answers(args.lookup)]


async def arrive(keeper: Keeper, moment: Moment, came: Came, part: TipPart) -> Tip:
    """Stores a part with its tip, which begins with it where there is none; durable on return. Rings."""
    before = keeper.tips.named(came.lookup)
    if before is None:
        tip = Tip(os.urandom(16), came.lookup, came.answer_key, came.via, part.at_ms, part.at_ms, by=came.account)
    else:
        # Later than all before it, whatever a clock says: what is newer than what was read is unread.
        at_ms = max(part.at_ms, before.last_ms + 1)
        part = msgspec.structs.replace(part, at_ms=at_ms)
        status = "received" if before.closed_ms else before.status
        tip = msgspec.structs.replace(before, last_ms=at_ms, closed_ms=0, status=status)
    part = msgspec.structs.replace(part, tip=tip.id)
    keeper.tips.put(tip)  # before it is durable, so that the bounds count what is under way
    keeper.tips.put_part(part)
    try:
        leaf = keeper.leaf(
            moment, Action.TIP, account=came.account, session=came.session, objects=(tip.id, part.id), note=part.kind
        )
        rings = ring(keeper, moment, "tip", 2, "A tip has come in. What it says stands on the officer's desk alone.")
        rows = [keeper.row(Kind.TIP, tip.id, tip), keeper.row(Kind.TIP_PART, part.id, part)]
        await keeper.commit([leaf], [*rows, *rings])
    except BaseException:
        keeper.tips.drop_part(part.id)
        if before is None and not keeper.tips.parts_of(tip.id):
            keeper.tips.remove(tip.id)
        elif before is not None and keeper.tips.named(came.lookup) is tip:
            keeper.tips.put(before)
        raise
    keeper.count("tips")
    return tip


async def sweep(keeper: Keeper) -> None:
    """Drops files that never arrived, and tips that were closed long ago."""
    moment = keeper.now()
    for upload in keeper.tips.stale(moment.boot_ms):
        await _give_up(keeper, upload)
    for tip in keeper.tips.expired(moment.wall_ms):
        if not in_case(keeper, tip):
            await forget(keeper, tip, keeper.leaf(moment, Action.TIP, objects=(tip.id,), note="expired"))


def in_case(keeper: Keeper, tip: Tip) -> bool:
    """Whether a tip belongs to an incident case; it stays then."""
    return any(tip.id in one.links for one in keeper.cases.cases())


async def forget(keeper: Keeper, tip: Tip, leaf: bytes) -> None:
    """Takes a tip and its files away; the line stays."""
    parts = keeper.tips.parts_of(tip.id)
    rows = [keeper.tag(Kind.TIP, tip.id), *(keeper.tag(Kind.TIP_PART, one.id) for one in parts)]
    await keeper.commit([leaf], (), rows)
    keeper.tips.remove(tip.id)
    await _delete(keeper, [ident for one in parts for ident in one.objects])


def _check(args: Put) -> None:
    if len(args.lookup) != LOOKUP_SIZE or len(args.answer_key) != dropbox.PUBLIC_SIZE or len(args.id) != 16:
        raise Invalid("that is no receipt's")
    if not dropbox.OVERHEAD < len(args.sealed) <= tip_sealing.MOST_SEALED:
        raise Invalid("that is no sealed part of a tip")


def _known(keeper: Keeper, args: Put) -> bool:
    """Whether this came already. Raises Conflict where the id is another tip's."""
    part = keeper.tips.part(args.id)
    if part is not None and keeper.tips.get(part.tip).lookup != args.lookup:
        raise Conflict("another part has this id")
    return part is not None


async def _check_room(keeper: Keeper, moment: Moment, *, file: bool) -> None:
    try:
        keeper.tips.check_room(moment.wall_ms, file=file)
    except OverBudget as error:
        await _ring(keeper, moment, error.where)
        raise


async def _ring(keeper: Keeper, moment: Moment, where: str) -> None:
    if where not in _SAID:
        return
    puts = ring(keeper, moment, f"tips-{where}", 2, _SAID[where])
    if puts:
        await keeper.commit([keeper.leaf(moment, Action.ALARM, note=f"tips-{where}")], puts)


async def _give_up(keeper: Keeper, upload: Upload) -> None:
    keeper.tips.arrived(upload.id)
    await _delete(keeper, upload.objects)


async def _delete(keeper: Keeper, objects: list[bytes]) -> None:
    store = keeper.require_unlocked().objects
    for ident in objects:
        await asyncio.to_thread(store.delete, ident)

"""Evidence that the shield hands over: minutes and books of addresses, sealed to the drop box where they are made.

What comes is opened, hashed into the log and sealed again as the flood's own. It only ever adds: a shield that was
taken over can fill its bounds, and neither change nor take away what came before.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.crypto import dropbox
from seifas.errors import Conflict, Invalid, OverBudget, TooLarge
from seifas.keeper import flood_keeping, flood_sealing, sealed_objects
from seifas.keeper.door import OPS, Caller
from seifas.keeper.flood_book import Recent
from seifas.keeper.flood_model import Flood, FloodMinute, FloodPart, minute_id
from seifas.keeper.flood_telling import check_time, recent_of, ring_full
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.line_finding import log_of
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

LINK_HEAD: Final = 57
"""Bytes of a link before its JSON."""

_LINK: Final = b"SFFM\x01"


class Minute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sealed`: flood_sealing.seal_minute over one link of the flood's chain."""

    event: bytes
    sealed: bytes


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`sealed`: flood_sealing.seal_part with the same four. `edition`: when this book was written, in ms."""

    event: bytes
    number: int
    of: int
    sealed: bytes
    edition: int


@OPS.op("shield.minute", Minute, "shield")
async def minute(keeper: Keeper, caller: Caller, args: Minute) -> dict[str, Any]:
    """{}: a minute of a flood, durable with the line that holds its SHA-256. The same again is the same. Raises
    Tampered, Invalid, Missing for a flood that was never told of, OverBudget with `where` "full"."""
    moment = keeper.now()
    flood = keeper.floods.get(args.event)
    if not dropbox.OVERHEAD < len(args.sealed) <= dropbox.OVERHEAD + flood_sealing.MOST_MINUTE:
        raise TooLarge("a sealed minute is longer than it may be, or too short", where="sealed")
    link = flood_sealing.open_minute(_seed(keeper), keeper.settings.clinic_id, flood.id, args.sealed)
    if link[:5] != _LINK:
        raise Invalid("that is no link of a chain of minutes", where="minute")
    said = recent_of(minute_in(link), moment, of_flood=True)
    hashed = sha256(link).digest()
    ident = minute_id(flood.id, hashed)
    if keeper.floods.minute(flood.id, ident) is None:
        await _keep_minute(keeper, moment, flood, said, link, (ident, hashed))
    keeper.floods.heard_ms = moment.wall_ms
    keeper.floods.put_recent(said, moment.wall_ms)
    return {}


def minute_in(link: bytes) -> bytes:
    """The JSON in a link (docs/formats/flood-evidence.md)."""
    return link[LINK_HEAD:]


async def _keep_minute(
    keeper: Keeper, moment: Moment, flood: Flood, said: Recent, link: bytes, ids: tuple[bytes, bytes]
) -> None:
    ident, hashed = ids
    try:
        with flood_keeping.new_object(keeper, flood.id, len(link)) as place:
            epoch = await sealed_objects.seal(keeper, flood_keeping.place_of(flood, place), link)
            keeper.floods.get(flood.id)  # it may have been taken away meanwhile
            if keeper.floods.minute(flood.id, ident) is not None:
                raise Conflict("this minute is being kept already; send it again", where="minute")
            row = FloodMinute(
                ident, flood.id, said.listener, said.begins_ms, moment.wall_ms, hashed, len(link), place, epoch,
                keeper.floods.next_seq(flood.id), said.requests, said.distinct, said.exact, log_of(keeper),
                keeper.require_unlocked().audit.size,
            )
            leaf = keeper.leaf(moment, Action.FLOOD_KEPT, objects=(flood.id, ident, hashed), note="minute")
            keeper.floods.put_minute(row)  # before it is durable: the same one is not kept twice
            try:
                await keeper.commit([leaf], [keeper.row(Kind.FLOOD_MINUTE, ident, row)])
            except BaseException:
                keeper.floods.drop_minute(row)
                raise
    except OverBudget as error:
        await ring_full(keeper, moment, error.where)
        raise
    keeper.count("flood_minutes")


@OPS.op("shield.part", Part, "shield")
async def part(keeper: Keeper, caller: Caller, args: Part) -> dict[str, Any]:
    """{}: a part of a book of addresses, durable with the line that holds its SHA-256. The same again is the same; a
    part is never replaced: a newer book is another edition, and older ones are thinned out once it is whole. Raises as
    `shield.minute`, and Conflict for other bytes in the same place."""
    moment = keeper.now()
    flood = keeper.floods.get(args.event)
    if not dropbox.OVERHEAD < len(args.sealed) <= dropbox.OVERHEAD + flood_sealing.MOST_PART:
        raise TooLarge("a sealed part is longer than it may be, or too short", where="sealed")
    body = flood_sealing.open_part(
        _seed(keeper), keeper.settings.clinic_id, flood.id, args.sealed, number=args.number, of=args.of,
        edition=args.edition,
    )
    check_time(args.edition, moment)
    await _keep_part(keeper, moment, flood, args, body)
    keeper.floods.heard_ms = moment.wall_ms
    if keeper.floods.is_whole(flood.id, args.edition):
        await flood_keeping.thin(keeper, moment, flood)
    return {}


async def _keep_part(keeper: Keeper, moment: Moment, flood: Flood, args: Part, body: bytes) -> None:
    hashed = sha256(body).digest()
    known = keeper.floods.part(flood.id, args.edition, args.number)
    if known is not None and known.sha256 == hashed and known.of == args.of:
        return
    _check_place(keeper, flood, args)
    try:
        keeper.floods.check_edition(flood.id, args.edition)
        with flood_keeping.new_object(keeper, flood.id, len(body)) as place:
            epoch = await sealed_objects.seal(keeper, flood_keeping.place_of(flood, place), body)
            keeper.floods.get(flood.id)
            _check_place(keeper, flood, args)
            row = FloodPart(
                os.urandom(16), flood.id, args.edition, args.number, args.of, moment.wall_ms, hashed, len(body), place,
                epoch, log_of(keeper), keeper.require_unlocked().audit.size,
            )
            leaf = keeper.leaf(moment, Action.FLOOD_KEPT, objects=(flood.id, row.id, hashed), note="part")
            keeper.floods.put_part(row)  # before it is durable: nobody else takes the place meanwhile
            try:
                await keeper.commit([leaf], [keeper.row(Kind.FLOOD_PART, row.id, row)])
            except BaseException:
                keeper.floods.drop_part(row)
                raise
    except OverBudget as error:
        await ring_full(keeper, moment, error.where)
        raise
    keeper.count("flood_parts")


def _check_place(keeper: Keeper, flood: Flood, args: Part) -> None:
    taken = keeper.floods.part(flood.id, args.edition, args.number) is not None
    if taken or keeper.floods.parts_of_edition(flood.id, args.edition) not in (0, args.of):
        raise Conflict("another part is in this place; what was told stays", where="part")


def _seed(keeper: Keeper) -> bytes:
    return keeper.require_unlocked().keyring.clinic_keys.dropbox

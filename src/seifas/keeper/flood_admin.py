"""Floods at the machine: read only. Whoever has the machine is root; that it looked is a line."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.keeper import flood_desk, flood_reading
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.flood_book import MOST_CHANGES
from seifas.keeper.flood_reading import MOST_AT_ONCE, check_count, told_of
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action


class OfFlood(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: bytes


class Minutes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Those with a number above `after`."""

    event: bytes
    after: int = 0
    count: int = MOST_AT_ONCE


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`part` counts from 0. `edition` 0: the newest that is whole."""

    event: bytes
    part: int = 0
    edition: int = 0


@OPS.op("shield.admin_status", NoArgs, "admin")
async def status(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """As `shield.status`."""
    return flood_desk.told(keeper, keeper.now())


@OPS.op("shield.admin_events", NoArgs, "admin")
async def events(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """As `shield.events`."""
    return await told_of(keeper, keeper.floods.floods())


@OPS.op("shield.admin_event", OfFlood, "admin")
async def event(keeper: Keeper, caller: Caller, args: OfFlood) -> dict[str, Any]:
    """As `shield.event`."""
    return (await told_of(keeper, [keeper.floods.get(args.event)], changes=MOST_CHANGES))[0]


@OPS.op("shield.admin_minutes", Minutes, "admin")
async def minutes(keeper: Keeper, caller: Caller, args: Minutes) -> list[dict[str, Any]]:
    """As `shield.minutes` of one flood. A line, durable before."""
    moment = keeper.now()
    flood = keeper.floods.get(args.event)
    check_count(args.count)
    await keeper.commit([keeper.leaf(moment, Action.FLOOD_SHOWN, objects=(flood.id,), note="minutes")])
    return await flood_reading.minutes_of(keeper, flood, args.after, args.count)


@OPS.op("shield.admin_book", Book, "admin")
async def book(keeper: Keeper, caller: Caller, args: Book) -> dict[str, Any]:
    """As `shield.book`, without a bound. A line, durable before; rings as there."""
    moment = keeper.now()
    flood = keeper.floods.get(args.event)
    one = flood_reading.part_of(keeper, flood, args.edition, args.part)
    leaf = keeper.leaf(moment, Action.FLOOD_SHOWN, objects=(flood.id, one.id), note="book")
    await keeper.commit([leaf], flood_reading.ring_book(keeper, moment, one))
    return await flood_reading.opened_part(keeper, flood, one)

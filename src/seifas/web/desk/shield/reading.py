"""What the keeper tells of the shield, as Structs: the state of now, orders and notice, floods, minutes.

State and minutes are the shield's own words. It stands at the internet and may have been taken over, so what does not
make sense is left out here, before a page is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from seifas.shield.evidence.chain import can_be
from seifas.shield.model import Change, LaneMinute, Listener, Minute, Mode, State
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit

_AT_ONCE: Final = 1_000
_MOST: Final = 1 << 53
"""No count is larger, nor is any less than nothing."""

_HOUR_MS: Final = 3_600_000


class Order(msgspec.Struct, frozen=True):
    """A mode that somebody has set by hand, until then."""

    until_ms: int
    by: str


class Edition(msgspec.Struct, frozen=True):
    """A book of addresses of which all parts are there; `size` in bytes."""

    made_ms: int
    size: int
    parts: int


class Flood(msgspec.Struct, frozen=True):
    """From the first listener that left CALM until all were CALM again (`ended_ms` 0 while it goes on; `unsaid`: the
    shield never said so). `editions`: its whole books of addresses. `goes_ms`: when it is taken away, 0 not."""

    id: str
    began_ms: int
    ended_ms: int
    unsaid: bool
    worst: int
    editions: tuple[Edition, ...]
    cases: tuple[str, ...]
    goes_ms: int
    changes: tuple[Change, ...]


class Now(msgspec.Struct, frozen=True):
    """What the shield said last, `age_ms` ago (-1: nothing since the vault was unlocked). `orders`: only those that
    hold. `flood`: the id (hex) of the one that goes on, "" for none, `case` that of its case."""

    on: bool
    now_ms: int
    told_ms: int
    age_ms: int
    state: State | None
    orders: dict[str, Order]
    notice_on: bool
    notice_ms: int
    notice_by: str
    flood: str
    case: str


async def now_of(room: Room, visit: Visit, *, watch: bool = False) -> Now:
    """Op shield.status. `watch`: a page asks by itself, which keeps no session awake."""
    told = await room.client.call("shield.status", session=visit.token, watch=watch)
    notice = told["notice"]
    return Now(
        on=told["on"], now_ms=told["now_ms"], told_ms=told["told_ms"], age_ms=told["age_ms"],
        state=state_of(told["state"], told["now_ms"]),
        orders={name: Order(one["until_ms"], one["by"]) for name, one in told["orders"].items() if one["until_ms"]},
        notice_on=notice["on"], notice_ms=notice["since_ms"], notice_by=notice["by"],
        flood=told["event"].hex(), case=told["case"].hex(),
    )  # fmt: skip


def state_of(body: bytes, now_ms: int) -> State | None:
    """The shield's state; None where there is none, or where it is nonsense."""
    if not body:
        return None
    try:
        state = msgspec.json.decode(body, type=State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    listeners = {
        name: msgspec.structs.replace(one, since_ms=min(max(one.since_ms, 0), now_ms))
        for name, one in state.listeners.items()
        if name in set(Listener) and one.mode in set(Mode)
        and _counted(one.distinct_minute, one.distinct_usual, *_counts(one.lanes))
    }  # fmt: skip
    if not _counted(state.dropped_networks):
        return None
    # Its clock may stand otherwise than the keeper's; a page shows times of one clock.
    return msgspec.structs.replace(state, ms=now_ms, listeners=listeners)


def _counts(lanes: dict[str, LaneMinute]) -> Iterable[int]:
    return (many for one in lanes.values() for many in (one.bytes_out, *one.outcomes.values()))


def _counted(*numbers: int) -> bool:
    return all(0 <= one <= _MOST for one in numbers)


async def last_hour(room: Room, visit: Visit, now_ms: int, *, watch: bool = False) -> list[Minute]:
    """The minutes of the last hour of all listeners, oldest first, floods or not."""
    rows = await room.client.call(
        "shield.minutes", session=visit.token, after=2 * (now_ms - _HOUR_MS), count=_AT_ONCE, watch=watch
    )
    return minutes_in(rows)


def minutes_in(rows: Iterable[dict[str, Any]]) -> list[Minute]:
    """Minutes out of what the keeper tells; what is none is left out."""
    found = []
    for one in rows:
        try:
            minute = msgspec.json.decode(one["minute"], type=Minute)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if minute.begins_ms == one["begins_ms"] and can_be(minute):
            found.append(minute)
    return found


async def floods_of(room: Room, visit: Visit) -> list[Flood]:
    """All of them, newest first."""
    return [_flood(one) for one in await room.client.call("shield.events", session=visit.token)]


async def flood_of(room: Room, visit: Visit, event: str) -> Flood:
    """One, with all its changes of mode. Raises Invalid, Missing."""
    return _flood(await room.client.call("shield.event", session=visit.token, event=ident(event)))


def _flood(one: dict[str, Any]) -> Flood:
    return Flood(
        one["event"].hex(), one["began_ms"], one["ended_ms"], one["ended"] == "unsaid", one["worst"],
        tuple(Edition(each["edition"], each["bytes"], each["of"]) for each in one["editions"] if each["whole"]),
        tuple(each.hex() for each in one["cases"]), one["goes_ms"],
        tuple(found for each in one["changes"] for found in _changes(each)),
    )  # fmt: skip


def _changes(body: bytes) -> list[Change]:
    """The change that the shield told, none where it is nonsense."""
    try:
        change = msgspec.json.decode(body, type=Change)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [change] if {change.before, change.after} <= set(Mode) and change.listener in set(Listener) else []

"""Floods at the desk, for officer and administrator: events, their minutes and books of addresses; old ones removed.

Addresses are personal data, patients' among them: a book has its line before any of it is shown, and an account is
shown only so much of books in a day.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget
from seifas.keeper import flood_keeping
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.flood_book import MOST_CHANGES, MOST_RECENT, RECENT_MS, Recent
from seifas.keeper.flood_desk import OfSession, cases_of, person_of
from seifas.keeper.flood_lines import logged
from seifas.keeper.flood_model import KEPT_ENDED_MS, LATE_MS, LISTENERS, Flood, FloodMinute, FloodPart
from seifas.keeper.flood_taking import minute_in
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.opening import officer_only

MOST_AT_ONCE: Final = 3_000
"""Minutes that are told at once: a day of two listeners."""

MOST_FLOODS_TOLD: Final = 200
MOST_CHANGES_TOLD: Final = 50

MOST_TOLD_BYTES: Final = 24 * 1024 * 1024
MOST_PARTS_A_DAY: Final = 400
"""Parts of books that one account is shown in 24 hours: the books of some floods, not all there ever were."""


class OfFlood(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    event: bytes


class Minutes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With a number above `after`: of one flood, or with an empty `event` of the last two hours. `watch`: a page asks
    by itself."""

    session: str
    event: bytes = b""
    after: int = 0
    count: int = MOST_AT_ONCE
    watch: bool = False


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`part` counts from 0. `edition` 0: the newest that is whole."""

    session: str
    event: bytes
    part: int = 0
    edition: int = 0


@OPS.op("shield.events", OfSession, "desk")
async def events(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """The newest 200 floods as `told_of` tells them, newest first."""
    moment = keeper.now()
    person_of(keeper, args.session, "shield.events", moment, touch=not args.watch)
    return await told_of(keeper, keeper.floods.floods()[:MOST_FLOODS_TOLD])


@OPS.op("shield.event", OfFlood, "desk")
async def event(keeper: Keeper, caller: Caller, args: OfFlood) -> dict[str, Any]:
    """One flood as `told_of` tells it, with all its changes. Raises Missing."""
    moment = keeper.now()
    person_of(keeper, args.session, "shield.event", moment)
    return (await told_of(keeper, [keeper.floods.get(args.event)], changes=MOST_CHANGES))[0]


async def told_of(keeper: Keeper, floods: list[Flood], *, changes: int = MOST_CHANGES_TOLD) -> list[dict[str, Any]]:
    """[{event, began_ms, heard_ms, ended_ms (0: under way), ended ("", "calm", "unsaid"), modes and worst_of:
    {listener: 0 to 2}, worst, changes, changed, minutes, requests, distinct, exact, parts, edition, editions, bytes,
    case, cases, goes_ms, line}]. `changes`: the newest ones, in order: [JSON]; `changed` how many there are. `requests`
    is the sum of its minutes', `distinct` the largest of one minute. `parts` of the newest whole book, written at
    `edition` (0: none). `goes_ms`: when it is taken away; 0 while it lasts or a case holds it. `line`: of its
    beginning."""
    lines = await logged(keeper, floods)
    rows = []
    for flood in floods:
        told, minutes, _ = keeper.floods.of_flood(flood.id)
        cases = cases_of(keeper, flood.id)
        book = newest_book(keeper, flood)
        worst = dict(flood.worst)
        rows.append({
            "event": flood.id, "began_ms": flood.began_ms, "heard_ms": flood.heard_ms, "ended_ms": flood.ended_ms,
            "ended": flood.ended, "modes": dict(flood.modes), "worst_of": worst,
            "worst": max(worst.values(), default=0), "changed": len(told),
            "changes": [one.body for one in keeper.floods.changes_of(flood.id)[-changes:]],
            "minutes": len(minutes), "requests": sum(one.requests for one in minutes),
            "distinct": max((one.distinct for one in minutes), default=0),
            "exact": all(one.exact for one in minutes), "parts": book[0].of if book else 0,
            "edition": book[0].edition if book else 0, "editions": editions_of(keeper, flood),
            "bytes": keeper.floods.bytes_of(flood.id), "case": cases[0] if cases else b"", "cases": cases,
            "goes_ms": flood.ended_ms + KEPT_ENDED_MS if flood.ended_ms and not cases else 0,
            "line": lines[flood.id].line,
        })  # fmt: skip
    return rows


def editions_of(keeper: Keeper, flood: Flood) -> list[dict[str, Any]]:
    """[{edition, of, parts, bytes, heard_ms, whole}], oldest first."""
    return [
        {
            "edition": edition, "of": parts[0].of, "parts": len(parts), "bytes": sum(one.size for one in parts),
            "heard_ms": max(one.heard_ms for one in parts), "whole": keeper.floods.is_whole(flood.id, edition),
        }
        for edition, parts in keeper.floods.editions(flood.id).items()
    ]  # fmt: skip


def newest_book(keeper: Keeper, flood: Flood) -> list[FloodPart]:
    """The parts of the newest edition that is whole."""
    whole = [
        parts for edition, parts in keeper.floods.editions(flood.id).items()
        if keeper.floods.is_whole(flood.id, edition)
    ]  # fmt: skip
    return whole[-1] if whole else []


@OPS.op("shield.minutes", Minutes, "desk")
async def minutes(keeper: Keeper, caller: Caller, args: Minutes) -> list[dict[str, Any]]:
    """[{seq, listener, begins_ms, heard_ms, late, minute, line, logged, body}]. Of a flood in the order in which they
    came, at most `count` and about 24 MiB (an empty page is the last): `minute` is the JSON, `body` the link that it
    stands in, `line` and `logged` its line in the log and the SHA-256 that it says. That a session reads them is a line
    of its own, once, durable before. With an empty `event` those of the last two hours by time, which are stored
    nowhere (`line` -1)."""
    moment = keeper.now()
    session = person_of(keeper, args.session, "shield.minutes", moment, touch=not args.watch)
    check_count(args.count)
    if not args.event:
        return await _recent(keeper, moment, args)
    flood = keeper.floods.get(args.event)
    await _look(keeper, moment, session, flood)
    return await minutes_of(keeper, flood, args.after, args.count)


def check_count(count: int) -> None:
    """Raises Invalid."""
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(f"from 1 to {MOST_AT_ONCE} minutes are told at once", where="count")


async def minutes_of(keeper: Keeper, flood: Flood, after: int, count: int) -> list[dict[str, Any]]:
    """A page of a flood's minutes. Raises Tampered."""
    rows: list[FloodMinute] = []
    size = 0
    for one in keeper.floods.minutes_of(flood.id, after):
        size += one.size
        if len(rows) >= count or (rows and size > MOST_TOLD_BYTES):
            break
        rows.append(one)
    bodies = await flood_keeping.opened(keeper, flood, rows)
    lines = await logged(keeper, rows)
    return [
        {
            "seq": one.seq, "listener": one.listener, "begins_ms": one.begins_ms, "heard_ms": one.heard_ms,
            "late": _late(one.begins_ms, one.heard_ms), "minute": minute_in(body), "line": lines[one.id].line,
            "logged": lines[one.id].sha256, "body": body,
        }
        for one, body in zip(rows, bodies, strict=True)
    ]  # fmt: skip


async def _recent(keeper: Keeper, moment: Moment, args: Minutes) -> list[dict[str, Any]]:
    """What is at hand; after a restart of the keeper first what floods have stored of these two hours."""
    since = moment.wall_ms - RECENT_MS
    for flood in keeper.floods.floods():
        if flood.ended_ms and flood.ended_ms < since:
            continue
        away = [
            one for one in keeper.floods.minutes_of(flood.id)
            if one.begins_ms > since and not keeper.floods.has_recent(one.begins_ms, one.listener)
        ][-MOST_RECENT:]  # fmt: skip
        for one, body in zip(away, await flood_keeping.opened(keeper, flood, away), strict=True):
            keeper.floods.put_recent(
                Recent(
                    one.listener, one.begins_ms, one.heard_ms, minute_in(body), one.requests, one.distinct, one.exact
                ),
                moment.wall_ms,
            )
    rows: list[dict[str, Any]] = [
        {
            "seq": 2 * one.begins_ms + LISTENERS.index(one.listener), "listener": one.listener,
            "begins_ms": one.begins_ms, "heard_ms": one.heard_ms, "late": _late(one.begins_ms, one.heard_ms),
            "minute": one.body, "line": -1, "logged": b"", "body": b"",
        }
        for one in keeper.floods.recent() if one.begins_ms > since
    ]  # fmt: skip
    return [one for one in rows if one["seq"] > args.after][: args.count]


def _late(begins_ms: int, heard_ms: int) -> bool:
    return heard_ms - begins_ms > 60_000 + LATE_MS


async def _look(keeper: Keeper, moment: Moment, session: Session, flood: Flood) -> None:
    """The line that this session reads of a flood, once a session; durable on return."""
    if not keeper.floods.first_look(session.id, flood.id):
        return
    await keeper.commit([
        keeper.leaf(
            moment, Action.FLOOD_SHOWN, account=session.account, session=session.id, objects=(flood.id,),
            note="minutes",
        )
    ])
    keeper.floods.looked(session.id, flood.id)


@OPS.op("shield.book", Book, "desk")
async def book(keeper: Keeper, caller: Caller, args: Book) -> dict[str, Any]:
    """{event, edition, part, of, heard_ms, line, logged, body}: a part of a book of addresses; `line` and `logged` are
    its line in the log and the SHA-256 that this says. Each showing is a line of its own, durable before; the first
    part of a book rings, as a note. Raises Missing, OverBudget."""
    moment = keeper.now()
    session = person_of(keeper, args.session, "shield.book", moment)
    flood = keeper.floods.get(args.event)
    one = part_of(keeper, flood, args.edition, args.part)
    if not keeper.floods.may_show(session.account, moment.boot_ms, MOST_PARTS_A_DAY):
        await _stop(keeper, moment, session, flood)
    rings = ring_book(keeper, moment, one, session.account, session.id)
    leaf = keeper.leaf(
        moment, Action.FLOOD_SHOWN, account=session.account, session=session.id, objects=(flood.id, one.id),
        note="book",
    )
    await keeper.commit([leaf], rings)
    keeper.count("flood_parts_shown")
    return await opened_part(keeper, flood, one)


def ring_book(
    keeper: Keeper, moment: Moment, part: FloodPart, account: bytes = b"", session: bytes = b""
) -> list[tuple[bytes, bytes]]:
    """That a book is opened rings, as a note, with its first part."""
    if part.number:
        return []
    return ring(
        keeper, moment, "flood-book", 1, "A list of the addresses of a flood was opened.", account=account,
        session=session,
    )


async def _stop(keeper: Keeper, moment: Moment, session: Session, flood: Flood) -> None:
    puts = ring(
        keeper, moment, "flood-books", 2, "An account has opened as many lists of addresses as a day has.",
        account=session.account, session=session.id,
    )
    leaf = keeper.leaf(
        moment, Action.FLOOD_SHOWN, outcome=Outcome.STOPPED, account=session.account, session=session.id,
        objects=(flood.id,), note="book",
    )
    await keeper.commit([leaf], puts)
    raise OverBudget("This account has opened as many lists of addresses as one day allows.", where="flood-books")


def part_of(keeper: Keeper, flood: Flood, edition: int, number: int) -> FloodPart:
    """Raises Missing."""
    if not edition:
        book = newest_book(keeper, flood)
        edition = book[0].edition if book else 0
    one = keeper.floods.part(flood.id, edition, number)
    if one is None:
        raise Missing("this flood has no such list of addresses", where="part")
    return one


async def opened_part(keeper: Keeper, flood: Flood, one: FloodPart) -> dict[str, Any]:
    """A part as it is told. Raises Tampered."""
    body = (await flood_keeping.opened(keeper, flood, [one]))[0]
    line = (await logged(keeper, [one]))[one.id]
    return {
        "event": flood.id, "edition": one.edition, "part": one.number, "of": one.of, "heard_ms": one.heard_ms,
        "line": line.line, "logged": line.sha256, "body": body,
    }


@OPS.op("shield.remove", OfFlood, "desk")
async def remove(keeper: Keeper, caller: Caller, args: OfFlood) -> dict[str, Any]:
    """{}: a flood that has ended goes with its evidence; the lines stay. Officers' only; rings. Raises Conflict for one
    under way, and for one that belongs to an incident case."""
    moment = keeper.now()
    session = person_of(keeper, args.session, "shield.remove", moment)
    officer_only(session)
    flood = keeper.floods.get(args.event)
    if not flood.ended_ms:
        raise Conflict("this flood has not ended", where="flood-under-way")
    if flood_keeping.in_case(keeper, flood.id):
        raise Conflict("this flood belongs to an incident case, and stays with it", where="flood-in-case")
    leaf = keeper.leaf(
        moment, Action.FLOOD, account=session.account, session=session.id, objects=(flood.id,), note="removed"
    )
    rings = ring(
        keeper, moment, "flood-removed", 2, "The evidence of a flood was taken away.", account=session.account,
        session=session.id,
    )
    await flood_keeping.forget(keeper, flood, leaf, rings)
    return {}

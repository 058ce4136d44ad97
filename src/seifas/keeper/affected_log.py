"""What the log says of a breach: whom hostile sessions, accounts and exports were shown, and what lay open to them.

A line is durable before anything is shown, so whom a session opened is known to the last one; the lines that name
nobody (a day's list) are read for whom they can have shown. Lines are found by the index of officers' looks, older ones
are read through.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

import msgspec

from seifas.audit.tiles import WIDTH, TileReader
from seifas.errors import Invalid, Missing, TooLarge
from seifas.keeper.affected_deeds import ALL, DAY, EXPORTS, shown_by
from seifas.keeper.affected_grading import Finding, Grade
from seifas.keeper.budget import charges
from seifas.keeper.exploring import carry_on
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_people import found_as
from seifas.keeper.lines import Action, Line, Outcome
from seifas.keeper.log_index import Wanted
from seifas.keeper.log_reading import lines_back
from seifas.keeper.model import CLINIC
from seifas.keeper.schedule.links import NEAR_DAYS, VISIT_DAYS
from seifas.keeper.schedule.pages import day_of

MOST_LINES: Final = 400_000
"""Lines of the hostile that one computation reads: a machine client's year. 15 µs each."""

_IN_A_TURN: Final = 8  # bundles of lines between two looks at the clock


class Span(msgspec.Struct, frozen=True):
    """What is held against the log: from `since_ms` until before `until_ms`, whose deeds count. `exports` are ids that
    lines name: of a list, a job, a view, a document."""

    since_ms: int
    until_ms: int
    sessions: tuple[bytes, ...] = ()
    accounts: tuple[bytes, ...] = ()
    exports: tuple[bytes, ...] = ()


class People(NamedTuple):
    """Who is who: `known` leads from the pseudonyms in lines to the person's own (of a merged record the other's), and
    to the id; `began` says since when (ms)."""

    known: Mapping[bytes, tuple[bytes, bytes]]
    began: Mapping[bytes, int]


class Read(NamedTuple):
    """`shown_to`: by pseudonym, decoys and erased ones too, the sessions that they were shown to; `jumps`: how often a
    clock was set in the time; `size`: of the log that was looked at."""

    findings: list[Finding]
    shown_to: dict[bytes, set[bytes]]
    jumps: int
    size: int


def people_of(keeper: Keeper, until_ms: int) -> People:
    """Everybody alive, canaries left out; on a thread (40 ms for 24,000)."""
    opened = keeper.require_unlocked()
    known: dict[bytes, tuple[bytes, bytes]] = {}
    began: dict[bytes, int] = {}
    for patient, head in list(opened.vault.heads.items()):
        if patient == CLINIC or patient in keeper.canaries:
            continue
        person = found_as(keeper, patient)
        own = opened.keyring.pseudonym(person)
        known[opened.keyring.pseudonym(patient)] = (own, person)
        if head.created_ms < until_ms:
            began[own] = min(head.created_ms, began.get(own, head.created_ms))
    return People(known, began)


async def read(keeper: Keeper, span: Span, people: People) -> Read:
    """Everything that the hostile were shown. Raises Invalid for a window that ends before it begins, TooLarge past
    MOST_LINES lines of theirs."""
    if span.until_ms <= span.since_ms:
        raise Invalid("the time ends before it begins", where="until")
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    await carry_on(keeper)
    numbers = await asyncio.to_thread(_numbers, keeper, span)
    if len(numbers) > MOST_LINES:
        raise TooLarge(f"that is more than {MOST_LINES} lines of the log; choose a shorter time", where="since")
    lines = await _lines(keeper, numbers)
    lines += [one async for one in _older(keeper, span)]
    lists = _lists(keeper, lines)
    lines = sorted((one for one in lines if _counts(span, one[1])), key=lambda one: one[0])
    found = Read([], {}, _jumps(keeper, span), opened.audit.published)
    for place, (number, line) in enumerate(lines):
        if place % 2_000 == 0:
            await asyncio.sleep(0)
        _take(keeper, people, found, lists, number, line, by_hand=_named(span, line))
    await _reached(keeper, span, people, lines, found)
    return found


def _named(span: Span, line: Line) -> bool:
    return line.session in span.sessions or line.account in span.accounts


def _counts(span: Span, line: Line) -> bool:
    if not span.since_ms <= line.wall_ms < span.until_ms:
        return False  # a list that was made before, and only says whom it names
    return _named(span, line) or (line.action in EXPORTS and any(one in span.exports for one in line.objects))


def _numbers(keeper: Keeper, span: Span) -> list[int]:
    index = keeper.log_index
    found: set[int] = set()
    window = Wanted(since_ms=span.since_ms, until_ms=span.until_ms)
    wanted = [msgspec.structs.replace(window, session=one) for one in span.sessions]
    wanted += [msgspec.structs.replace(window, account=one) for one in span.accounts]
    if span.exports:
        wanted.append(msgspec.structs.replace(window, actions=tuple(map(int, EXPORTS))))
    if wanted:
        # Lists that were made before and looked at in the time.
        wanted.append(Wanted(actions=(int(Action.WORKLIST_MAKE),)))
    for one in wanted:
        found.update(index.find(one, 0, MOST_LINES + 1))
    return sorted(found)


async def _lines(keeper: Keeper, numbers: list[int]) -> list[tuple[int, Line]]:
    found: list[tuple[int, Line]] = []
    bundles = sorted({number // WIDTH for number in numbers})
    wanted = set(numbers)
    for start in range(0, len(bundles), _IN_A_TURN):
        found += await asyncio.to_thread(_some, keeper, bundles[start : start + _IN_A_TURN], wanted)
    return found


def _some(keeper: Keeper, bundles: list[int], wanted: set[int]) -> list[tuple[int, Line]]:
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    return [
        (number, audit.read(leaf, number)[0])
        for bundle in bundles
        for number, leaf in enumerate(reader.bundle(bundle), bundle * WIDTH)
        if number in wanted
    ]


async def _older(keeper: Keeper, span: Span) -> AsyncIterator[tuple[int, Line]]:
    """Lines of before the index."""
    first = keeper.log_index.first
    if not first:
        return
    async for number, line in lines_back(keeper, first, since_ms=span.since_ms, most=0):
        if _counts(span, line):
            yield number, line


def _jumps(keeper: Keeper, span: Span) -> int:
    wanted = Wanted(actions=(int(Action.CLOCK_JUMP),), since_ms=span.since_ms, until_ms=span.until_ms)
    return len(keeper.log_index.find(wanted, 0, 1_000))


def _lists(keeper: Keeper, lines: Iterable[tuple[int, Line]]) -> dict[bytes, tuple[bytes, ...]]:
    """Whom worklists name, by their ids: of the lines that made them, and of those that are still kept."""
    found: dict[bytes, tuple[bytes, ...]] = {}
    for _, line in lines:
        if line.action == Action.WORKLIST_MAKE and line.outcome == Outcome.DONE and line.objects:
            found[line.objects[0]] = _charged(line)
    for one in keeper.worklists.live(0):
        found.setdefault(one.id, one.patients)
    return found


def _charged(line: Line) -> tuple[bytes, ...]:
    return charges.decode(line.charge).patients if line.charge else ()


def _take(
    keeper: Keeper, people: People, found: Read, lists: Mapping[bytes, tuple[bytes, ...]], number: int, line: Line, *,
    by_hand: bool,
) -> None:
    """The findings of one line."""
    shown = shown_by(line)
    if shown is None:
        return
    kind = shown.kind if by_hand else "export"
    for pseudonym in _whom(keeper, line, lists):
        own = people.known.get(pseudonym, (pseudonym, b""))[0]
        found.findings.append(Finding(own, Grade.TAKEN, kind, str(number), shown.categories))
        found.shown_to.setdefault(own, set()).add(line.session)


def _whom(keeper: Keeper, line: Line, lists: Mapping[bytes, tuple[bytes, ...]]) -> Iterator[bytes]:
    pseudonym = keeper.require_unlocked().keyring.pseudonym
    if line.pseudonym:
        yield line.pseudonym
        return
    patients: Iterable[bytes] = ()
    if line.action in (Action.SEARCH, Action.WORKLIST_MAKE):
        patients = _charged(line)
    elif line.action == Action.LETTER and len(line.objects) > 1:
        # A batch that was handed over is nameless: then everybody whose letter was in any of its wave.
        patients = (one.patient for one in keeper.letters.letters_of(line.objects[1]) if one.batch)
    elif line.action in (Action.WORKLIST_OPEN, Action.JOB) and line.objects:
        patients = lists.get(line.objects[0], ())
    elif line.action == Action.SCHEDULE_VIEW and line.note == "entry" and line.objects:
        try:
            patients = (keeper.schedule.calendar.find(line.objects[0]).entry(line.objects[0]).patient,)
        except Missing:
            patients = ()
    for patient in dict.fromkeys(patients):
        yield pseudonym(patient)


async def _reached(
    keeper: Keeper, span: Span, people: People, lines: list[tuple[int, Line]], found: Read
) -> None:
    """What lay open without a line that names anybody: for each day of each hostile session, whom the day's lists show
    (fourteen days back, three ahead) if it looked at one, and whoever had a genuine care link with its account."""
    days: dict[tuple[bytes, bytes, str], tuple[int, int]] = {}
    for number, line in lines:
        if not line.session or not _named(span, line):
            continue  # an export has no session that goes on
        key = (line.session, line.account, day_of(line.wall_ms, keeper.schedule.zone))
        listed = line.action == Action.SCHEDULE_VIEW and line.outcome == Outcome.DONE and line.note != "entry"
        at, seen = days.get(key, (line.wall_ms, -1))
        days[key] = (at, max(seen, number) if listed else seen)
    for (session, account, day), (at_ms, listed_in) in days.items():
        await asyncio.sleep(0)
        _day(keeper, people, found, session=session, account=account, day=day, at_ms=at_ms, listed_in=listed_in)


def _day(
    keeper: Keeper, people: People, found: Read, *, session: bytes, account: bytes, day: str, at_ms: int, listed_in: int
) -> None:
    pseudonym = keeper.require_unlocked().keyring.pseudonym
    middle = date.fromisoformat(day)
    near: set[bytes] = set()
    for ahead in range(-VISIT_DAYS, NEAR_DAYS + 1):
        entries = keeper.schedule.calendar.day((middle + timedelta(days=ahead)).isoformat())
        near |= {one.patient for one in entries}
    for patient in near:
        who = people.known.get(pseudonym(patient))
        if who is None:
            continue
        if listed_in >= 0:
            found.findings.append(Finding(who[0], Grade.REACHABLE, "line", str(listed_in), DAY))
        if keeper.schedule.links.warm(patient, account, at_ms):
            found.findings.append(Finding(who[0], Grade.REACHABLE, "session", session.hex(), ALL))

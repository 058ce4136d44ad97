"""Reads a case's entries from the keeper, and says when things were as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from seifas.incidents.local_time import told
from seifas.incidents.standing import Entry, entry_of
from seifas.incidents.timeline import KINDS, Event
from seifas.web.desk.room import Room, Visit
from seifas.web.words import say

OWN: Final = tuple(KINDS)
_AT_ONCE: Final = 500
_IN_DAYS: Final = 100  # until then hours tell more: "65 h" of 72
_LARGE: Final = 8 * 1024 * 1024


async def entries_of(room: Room, visit: Visit, case: bytes, kinds: Iterable[str] = OWN) -> list[Entry]:
    """All entries of these kinds, oldest first."""
    wanted, found = tuple(kinds), list[Entry]()
    while True:
        rows = await room.client.call(
            "case.entries", session=visit.token, case=case, after=found[-1].seq if found else 0, count=_AT_ONCE,
            kinds=wanted,
        )
        found += [entry_of(one) for one in rows]
        # A page ends early where its entries are large.
        if len(rows) < _AT_ONCE and sum(len(one["body"]) for one in rows) < _LARGE:
            return found


async def files_of(room: Room, visit: Visit, told_of: dict[str, Any]) -> list[tuple[str, str]]:
    """The case's files, those of its leak case: (id in hex, name), newest last."""
    if not told_of["leak"]:
        return []
    leak = await room.client.call("leak.status", session=visit.token, case=told_of["leak"])
    return [(one["id"].hex(), one["name"]) for one in leak["files"]]


def left_of(language: str, ms: int) -> str:
    """How long until something is due, or since: never rounded up, for somebody counts on it."""
    minutes = ms // 60_000
    hours, rest = divmod(minutes, 60)
    if hours >= _IN_DAYS:
        return say(language, "case-span-days", n=hours // 24, hours=hours % 24)
    if hours:
        return say(language, "case-span-hours", n=hours, minutes=rest)
    return say(language, "case-span-minutes", n=rest)


def now_here(room: Room, told_of: dict[str, Any]) -> tuple[str, str]:
    """The day and the time of day by the case's clock, in the clinic's zone, as form fields take them."""
    day, _, time = told(told_of["now_ms"], room.settings.clinic.zone).partition("T")
    return day, time


def at_words(event: Event) -> str:
    """When an event was, no more exactly than it is known: "2026-03-24 14:05", "2026-03-24 14", "2026-03"."""
    day, _, time = event.at.partition("T")
    match event.precision:
        case "minute":
            return f"{day} {time}"
        case "hour":
            return f"{day} {time[:2]}"
        case "day":
            return day
        case "month":
            return day[:7]
    return ""

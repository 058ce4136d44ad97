"""When the clinic is open, what is taken, and what is free: pure arithmetic over one day. Times are ms since the epoch.

`profile` is the answer of op clinic.profile; `entries` those of op schedule.day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

MINUTE_MS = 60_000
_USUAL = (("08:00", "18:00"),)
_USUAL_DAYS = range(5)
_OFF = frozenset({"cancelled", "missed"})
_STEP = 15


class Span(msgspec.Struct, frozen=True):
    """[start, end) in ms."""

    start_ms: int
    end_ms: int

    @property
    def minutes(self) -> int:
        return (self.end_ms - self.start_ms) // MINUTE_MS


def at(day: str, clock: str, zone: ZoneInfo) -> int:
    """A time of day (HH:MM) on a date, in ms."""
    hour, _, minute = clock.partition(":")
    local = datetime.fromisoformat(day).replace(hour=int(hour), minute=int(minute), tzinfo=zone)
    return int(local.timestamp() * 1000)


def opened(profile: Mapping[str, Any], day: str, zone: ZoneInfo) -> list[Span]:
    """The spells in which the clinic is open on a date: none on a holiday. A clinic that has not said its hours is open
    from eight to six on weekdays."""
    if any(one["date"] == day for one in profile.get("holidays", ())):
        return []
    weekday = date.fromisoformat(day).weekday()
    hours = profile.get("hours") or ()
    spells: Sequence[tuple[str, str]] = [(one["opens"], one["closes"]) for one in hours if one["day"] == weekday]
    if not hours and weekday in _USUAL_DAYS:
        spells = _USUAL
    return [Span(at(day, opens, zone), at(day, closes, zone)) for opens, closes in spells]


def gaps(spells: Iterable[Span], entries: Iterable[Mapping[str, Any]], *, least: int, from_ms: int = 0) -> list[Span]:
    """What is free of the open spells, from `from_ms` on, in pieces of `least` minutes or more."""
    taken = sorted(
        (one["start_ms"], one["start_ms"] + one["minutes"] * MINUTE_MS) for one in entries if one["status"] not in _OFF
    )
    found: list[Span] = []
    for spell in spells:
        free = max(spell.start_ms, from_ms)
        for start, end in (*taken, (spell.end_ms, spell.end_ms)):
            until = min(start, spell.end_ms)
            if until - free >= least * MINUTE_MS:
                found.append(Span(free, until))
            free = max(free, end)
    return found


def starts(free: Iterable[Span], *, minutes: int, zone: ZoneInfo) -> list[int]:
    """The moments at which an appointment of so many minutes can begin: on the quarters of an hour, and where a gap
    begins."""
    found: list[int] = []
    for span in free:
        local = datetime.fromtimestamp(span.start_ms / 1000, zone)
        late = (local.minute % _STEP) * MINUTE_MS + local.second * 1000 + local.microsecond // 1000
        first = span.start_ms + (_STEP * MINUTE_MS - late if late else 0)
        if late and local.second == 0 and span.end_ms - first < minutes * MINUTE_MS <= span.end_ms - span.start_ms:
            found.append(span.start_ms)
        while first + minutes * MINUTE_MS <= span.end_ms:
            found.append(first)
            first += max(_STEP, minutes // _STEP * _STEP) * MINUTE_MS
    return found

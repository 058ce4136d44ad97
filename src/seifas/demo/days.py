"""Days and moments of a clinic in Lithuania, formatted once and kept: most patients share the same few thousand days.

Daytime offsets follow Directive 2000/84/EC (last Sundays of March and October) by rule, not by a time-zone database,
so that the same seed gives the same bytes on a machine without one. Good from 2003 on; the demo reaches back 12 years.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import msgspec

_EPOCH = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
OPENS = 8 * 60
CLOSES = 18 * 60


class Day(msgspec.Struct, frozen=True):
    """One day: its ISO date, hours ahead of UTC after 04:00, and its local midnight (by that offset) in epoch ms."""

    iso: str
    offset: int
    start_ms: int
    year: int
    weekday: int

    def local(self, minute: int) -> str:
        """FHIR dateTime with offset; `minute` counts from local midnight, 240 or later."""
        return f"{self.iso}T{minute // 60:02d}:{minute % 60:02d}:00+0{self.offset}:00"

    def millis(self, minute: int) -> int:
        return self.start_ms + minute * 60_000

    def moment(self, minute: int, millis: int) -> Moment:
        """The instant so many milliseconds (below 60,000) into a minute of the day."""
        utc = minute - self.offset * 60
        seconds, rest = divmod(millis, 1000)
        text = f"{self.iso}T{utc // 60:02d}:{utc % 60:02d}:{seconds:02d}.{rest:03d}Z"
        return Moment(ms=self.start_ms + minute * 60_000 + millis, text=text)


class Moment(msgspec.Struct, frozen=True):
    """An instant as epoch milliseconds and as a FHIR instant in UTC."""

    ms: int
    text: str


def _last_sunday(year: int, month: int) -> int:
    last = date(year, month, 31).toordinal()
    return last - last % 7  # day 1 of the proleptic calendar was a Monday, so Sundays are multiples of seven


@lru_cache(maxsize=8192)
def day(ordinal: int) -> Day:
    """The day with that proleptic Gregorian ordinal."""
    plain = date.fromordinal(ordinal)
    summer = _last_sunday(plain.year, 3) <= ordinal < _last_sunday(plain.year, 10)
    offset = 3 if summer else 2
    return Day(
        iso=plain.isoformat(),
        offset=offset,
        start_ms=(ordinal - _EPOCH) * _DAY_MS - offset * 3_600_000,
        year=plain.year,
        weekday=plain.weekday(),
    )

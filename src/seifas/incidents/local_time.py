"""Times as people tell them: a local time in a zone, known to the minute, the hour, the day, the month or not at all.

A told time is a span of UTC. The hour that clocks go through twice is a span over both; the hour that clocks leap over
did not exist, and is refused.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from seifas.errors import Invalid

Precision = Literal["minute", "hour", "day", "month", "unknown"]
PRECISIONS: Final[tuple[Precision, ...]] = ("minute", "hour", "day", "month", "unknown")
_MINUTE: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}\Z")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200


def span(at: str, zone: str, precision: Precision) -> tuple[int, int] | None:
    """When it can have been: first ms and last ms of UTC. None where it is not known.

    `at` is "YYYY-MM-DDTHH:MM" for minute and hour, "YYYY-MM-DD" for day and month (the day of a month counts for
    nothing). Raises Invalid with `where` "at", "zone" or "precision"."""
    if precision == "unknown":
        return None
    if precision not in PRECISIONS:
        raise Invalid(f"one of: {', '.join(PRECISIONS)}", where="precision")
    where_from = zone_of(zone)
    local = _read(at, _MINUTE if precision in ("minute", "hour") else _DAY)
    if precision == "minute":
        after = local + timedelta(minutes=1)
    elif precision == "hour":
        local = local.replace(minute=0)
        after = local + timedelta(hours=1)
    elif precision == "day":
        after = local + timedelta(days=1)
    else:
        local = local.replace(day=1)
        after = (local + timedelta(days=32)).replace(day=1)
    if precision in ("minute", "hour") and not _exists(local, where_from):
        raise Invalid("there was no such time: the clocks went forward over it", where="at")
    first = _ms(local.replace(tzinfo=where_from, fold=0))
    last = _ms((after - timedelta(minutes=1)).replace(tzinfo=where_from, fold=1)) + 59_999
    return first, max(first, last)


def zone_of(name: str) -> ZoneInfo:
    """The zone of a name like Europe/Vilnius. Raises Invalid."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError is an unknown zone
        raise Invalid("give a time zone like Europe/Vilnius", where="zone") from None


def told(ms: int, zone: str) -> str:
    """A moment as "YYYY-MM-DDTHH:MM" in a zone."""
    return datetime.fromtimestamp(ms / 1000, zone_of(zone)).strftime("%Y-%m-%dT%H:%M")


def a_day(text: str, where: str) -> date:
    """A date "YYYY-MM-DD". Raises Invalid."""
    try:
        return _read(text, _DAY).date()
    except Invalid as error:
        raise Invalid(error.message, where=where) from None


def _read(at: str, shape: re.Pattern[str]) -> datetime:
    try:
        if not shape.match(at):
            raise ValueError
        found = datetime.fromisoformat(at)
    except ValueError:
        raise Invalid("give a time like 2026-03-24T14:05, or a day like 2026-03-24", where="at") from None
    if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
        raise Invalid(f"years {_FIRST_YEAR} to {_LAST_YEAR}", where="at")
    return found


def _exists(local: datetime, zone: ZoneInfo) -> bool:
    there = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None, fold=0) == local


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)

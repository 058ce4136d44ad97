"""When a period of law ends: what is done by then is in time, and what could still be argued to be.

Two readings of every period. *Strict*: elapsed time, added in UTC; nobody can call it late. *Formal*: Council
Regulation (EEC, Euratom) No 1182/71, articles 2 and 3, or the Lithuanian Civil Code, articles 1.117-1.121: the hour or
the day of the event is not counted, and a period not in hours never ends on a day off. Strict is never after formal, so
the strict reading is the target and the formal one stands beside it. Both were read in excerpts, by no lawyer.

Adding hours to a local time is wrong twice a year: across a change of clocks it gives 71 or 73 hours for 72.
Holidays: PyPI `holidays`, by date, so that a day that became free in a later year is free from then on.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import holidays

from seifas.errors import Invalid

Unit = Literal["hours", "days", "months"]
Computation = Literal["elapsed", "reg1182", "lt-civil-code"]

UNITS: Final[tuple[Unit, ...]] = ("hours", "days", "months")
MOST: Final = {"hours": 24 * 366, "days": 3660, "months": 1200}
"""The longest period of each unit."""
_SATURDAY: Final = 5
_WORKING_DAYS_WITHIN: Final = 2
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Ends(NamedTuple):
    """The two readings, ms UTC. What is done before the ms is in time. `strict` <= `formal`."""

    strict: int
    formal: int


def ends(event_ms: int, amount: int, unit: Unit, zone: ZoneInfo, computation: Computation, country: str = "LT") -> Ends:
    """When a period that began with an event ends. `zone` is where the deed is to be done, `country` (ISO 3166) whose
    holidays count there. With "elapsed" both readings are the strict one. Raises Invalid with `where` "amount" or "at".
    """
    if not 1 <= amount <= MOST[unit]:
        raise Invalid(f"1 to {MOST[unit]} {unit}", where="amount")
    try:
        event = datetime.fromtimestamp(event_ms / 1000, UTC)
        strict = _strict(event, amount, unit, zone)
        match computation:
            case "elapsed":
                formal = strict
            case "reg1182":
                formal = _formal(event, amount, unit, zone, country, least_working=_WORKING_DAYS_WITHIN)
            case "lt-civil-code":
                formal = _formal(event, amount, unit, zone, country, least_working=0)
    except (OverflowError, ValueError, OSError):
        raise Invalid("a time between the years 1900 and 2200", where="at") from None
    return Ends(_ms(strict), max(_ms(strict), _ms(formal)))


def is_working(day: date, country: str = "LT") -> bool:
    """Whether offices of a country work on a day: no Saturday, Sunday or public holiday (article 2(2))."""
    return day.weekday() < _SATURDAY and day not in _holidays(country, day.year)


def months_after(day: date, amount: int) -> date:
    """The same date so many months later; the last day of the month where it has no such date (article 3(2)(c))."""
    year, month = divmod(day.year * 12 + day.month - 1 + amount, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _strict(event: datetime, amount: int, unit: Unit, zone: ZoneInfo) -> datetime:
    if unit == "hours":
        return event + amount * _HOUR
    # A day is 23 or 25 hours twice a year: the earlier of so many times 24 hours and the same time by the clock.
    local = event.astimezone(zone)
    if unit == "days":
        return min(event + amount * _DAY, _at(local.date() + amount * _DAY, local.time(), zone))
    return _at(months_after(local.date(), amount), local.time(), zone)


def _formal(
    event: datetime, amount: int, unit: Unit, zone: ZoneInfo, country: str, *, least_working: int
) -> datetime:
    local = event.astimezone(zone)
    if unit == "hours":
        into = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return event - into + (amount + 1) * _HOUR  # the hour of the event is not counted
    last = local.date() + amount * _DAY if unit == "days" else months_after(local.date(), amount)
    while not is_working(last, country):
        last += _DAY
    if least_working and (unit != "days" or amount >= least_working):  # article 3(5)
        while _working(local.date() + _DAY, last, country, least_working) < least_working:
            last += _DAY
    return _at(last + _DAY, time(0), zone)


def _working(first: date, last: date, country: str, enough: int) -> int:
    """How many working days lie from `first` to `last`, both counted; no more are counted than `enough`."""
    found, day = 0, first
    while day <= last and found < enough:
        found += is_working(day, country)
        day += _DAY
    return found


def _at(day: date, at: time, zone: ZoneInfo) -> datetime:
    """A local time in UTC. Of a time that is there twice, or that clocks leap over, the earlier instant."""
    local = datetime.combine(day, at.replace(tzinfo=None))
    return min(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))


def _ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@cache
def _holidays(country: str, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, years=year))
    except NotImplementedError:
        raise Invalid("a country that the list of holidays knows, like LT", where="country") from None


_holidays("LT", 2018)  # loads the country now: processes that run as other users may not be able to import later

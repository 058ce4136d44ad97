"""Dates as clinics write them, and what a whole column says about the order of day and month.

02.01.1980 is the second of January; 02/01/1980 is that or the first of February, and only the rest of the column can
tell. Where it cannot, or where it contradicts itself, the column is refused: a wrong guess would swap birth dates.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import msgspec

from seifas.errors import Invalid
from seifas.tables.table import BadCell

_CLOCK = r"(?:[T ,]+\s*([0-2]?\d)[:.]([0-5]\d)(?:[:.]([0-5]\d)(?:[.,]\d{1,9})?)?\s*(?:val\.?)?(Z|[+-]\d\d:?\d\d)?)?"
_YEAR_FIRST = re.compile(r"([12]\d{3})\s?([-./])\s?(\d{1,2})\s?\2\s?(\d{1,2})\.?" + _CLOCK, re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})\s?([-./])\s?(\d{1,2})\s?\2\s?([12]\d{3})\.?(?: ?m\.)?" + _CLOCK, re.ASCII)
_SHORT_YEAR = re.compile(r"\d{1,2}([-./])\d{1,2}\1\d{2}(?:\D.*)?", re.ASCII | re.DOTALL)
_WORDS = re.compile(r"([12]\d{3})\s*m\.?\s*([a-ząčęėįšųūž]+)\s*(?:mėn\.?\s*)?(\d{1,2})\s*d?\.?" + _CLOCK)
_COMPACT = re.compile(r"((?:18|19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_MONTH = re.compile(r"([12]\d{3})[-./](\d{1,2})", re.ASCII)
_YEAR = re.compile(r"((?:18|19|20)\d\d)(?:\s?m\.)?", re.ASCII)
_SERIAL = re.compile(r"(\d{4,5})(?:[.,](\d{1,15}))?", re.ASCII)
_TIME = re.compile(r"([0-2]?\d)[:.]([0-5]\d)(?:[:.]([0-5]\d))?(?:\s*val\.?)?", re.ASCII)
_MONTHS = {
    month: number
    for number, month in enumerate(
        ("sausio", "vasario", "kovo", "balandžio", "gegužės", "birželio", "liepos", "rugpjūčio", "rugsėjo", "spalio",
         "lapkričio", "gruodžio"), 1,
    )
}  # fmt: skip

NO_DATE = "holds no date of a known form (1980-01-02, 1980.01.02, 02.01.1980, 02/01/1980)"
NO_DAY = "there is no such day in the calendar"
SHORT_YEAR = "has a year of two digits: the century cannot be told"


class When(msgspec.Struct, frozen=True):
    """`day` is YYYY, YYYY-MM or YYYY-MM-DD; `clock` is HH:MM:SS or ""; `zone` is Z, +02:00 or "" (the clinic's)."""

    day: str
    clock: str = ""
    zone: str = ""


def from_serial(number: Decimal, *, epoch_1904: bool) -> datetime | None:
    """The moment of a spreadsheet's day number; None outside 1900 to 2173 and for 29 February 1900, which never was."""
    days = int(number)
    if not 0 < days < 100_000:
        return None
    seconds = int(((number - days) * 86_400).to_integral_value())
    if epoch_1904:
        start = datetime(1904, 1, 1)
    elif days == 60:
        return None
    else:
        # Spreadsheets believe in 29 February 1900, so the days before it are counted from a day later.
        start = datetime(1899, 12, 31) if days < 60 else datetime(1899, 12, 30)
    return start + timedelta(days=days, seconds=seconds)


class Column:
    """What the values of one date column have in common. `see` every value, then `decide`, then `read` each."""

    def __init__(self, label: str, *, order: str = "", epoch_1904: bool = False) -> None:
        self._label = label
        self._order = order
        self._epoch_1904 = epoch_1904
        self._day_first = self._month_first = 0  # values that can be read in one way only
        self._agreeing = [0, 0]  # values that a personal code confirms as day first, as month first
        self._open = {"/": 0, "-": 0, ".": 0}  # values that can be read in both ways

    def see(self, text: str, confirmed: str = "") -> None:
        """Count one value in. `confirmed` is the date that the row's personal code gives, YYYY-MM-DD or ""."""
        found = _YEAR_LAST.fullmatch(text)
        if found is None:
            return
        one, other = int(found[1]), int(found[3])
        if one == other or not (1 <= one <= 31 and 1 <= other <= 31) or (one > 12 and other > 12):
            return
        if one > 12:
            self._day_first += 1
        elif other > 12:
            # Dates with dots are day first everywhere; 2.13.1980 among them is a slip, and its row is refused. Else
            # one slip would turn 01.05.1970 in every other row into the fifth of January.
            self._month_first += found[2] != "."
        else:
            self._open[found[2]] += 1
            year = found[4]
            self._agreeing[0] += confirmed == f"{year}-{other:02}-{one:02}"
            self._agreeing[1] += confirmed == f"{year}-{one:02}-{other:02}"

    def decide(self) -> str:
        """A remark on how the order was found, or "". Raises Invalid where it cannot be."""
        if self._order:
            return ""
        day, month = self._day_first + self._agreeing[0], self._month_first + self._agreeing[1]
        still_open = sum(self._open.values())
        if day and month:
            raise Invalid(
                f"dates in this column are written in two ways: {day} can only be day first, {month} only month first. "
                "Write them as 1980-01-02, or say --dates day-first or --dates month-first",
                where=self._label,
            )
        if day or month:
            self._order = "day-first" if day else "month-first"
            return f"{self._label}: {self._order.replace('-', ' ')}, because {day or month} of its dates fit only that"
        if not still_open:
            return ""
        if self._open["."] == still_open:
            self._order = "day-first"
            return f"{self._label}: day first, as dates with dots are written; no date in it proves that"
        raise Invalid(
            f"{still_open} dates in this column can be read as day first and as month first, and none decides it. "
            "Say --dates day-first or --dates month-first",
            where=self._label,
        )

    def read(self, text: str) -> When:
        """One value. Raises BadCell."""
        if found := _YEAR_FIRST.fullmatch(text):
            return _when(found[1], found[3], found[4], found.groups()[4:])
        if found := _YEAR_LAST.fullmatch(text):
            day, month = (found[3], found[1]) if self._order == "month-first" else (found[1], found[3])
            return _when(found[4], month, day, found.groups()[4:])
        if found := _WORDS.fullmatch(text.lower()):
            number = _MONTHS.get(found[2])
            if number is None:
                raise BadCell(NO_DATE)
            return _when(found[1], str(number), found[3], found.groups()[3:])
        if found := _COMPACT.fullmatch(text):
            return _when(found[1], found[2], found[3], ())
        if found := _YEAR.fullmatch(text):
            return When(found[1])
        if found := _MONTH.fullmatch(text):
            return When(_when(found[1], found[2], "1", ()).day[:7])
        if found := _SERIAL.fullmatch(text):
            moment = from_serial(Decimal(f"{found[1]}.{found[2] or 0}"), epoch_1904=self._epoch_1904)
            if moment is None:
                raise BadCell(NO_DATE)
            return When(f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}" if found[2] and found[2].strip("0") else "")
        raise BadCell(SHORT_YEAR if _SHORT_YEAR.fullmatch(text) else NO_DATE)


def _when(year: str, month: str, day: str, clock: tuple[str | None, ...]) -> When:
    try:
        real = date(int(year), int(month), int(day))
    except ValueError:
        raise BadCell(NO_DAY) from None
    if not clock or clock[0] is None:
        return When(real.isoformat())
    zone = clock[3] or ""
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    time = _clock(clock[0], clock[1] or "0", clock[2] or "0")
    # Exports write a date without a time as midnight.
    return When(real.isoformat(), "" if time == "00:00:00" and not zone else time, zone)


def _clock(hour: str, minute: str, second: str) -> str:
    if int(hour) > 23:
        raise BadCell("there is no such hour")
    return f"{int(hour):02}:{minute}:{second.zfill(2)}"


def clock(text: str) -> str:
    """A time of day as HH:MM:SS, from 9:05, 09.05, 9:05:00 or the fraction of a day. Raises BadCell."""
    if found := _TIME.fullmatch(text):
        return _clock(found[1], found[2], found[3] or "0")
    if re.fullmatch(r"0[.,]\d{1,15}", text, re.ASCII):
        seconds = int((Decimal(text.replace(",", ".")) * 86_400).to_integral_value())
        if seconds < 86_400:
            return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    raise BadCell("holds no time of day (9:05)")

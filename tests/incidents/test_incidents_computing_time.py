"""Periods against a table made by hand with a printed calendar, and what has to hold for every moment and period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents.computing_time import MOST, UNITS, ends, is_working, months_after

VILNIUS = ZoneInfo("Europe/Vilnius")

# Event, period, reading, strict end, formal end. Both ends with their offset written out, worked out on paper: winter
# is +02:00, summer +03:00; a formal day ends at midnight, which is the beginning of the next day.
TABLE = [
    # 72 h over both changes of clocks (2027-03-28, 2026-10-25), into Easter Monday; and where nothing changes.
    ("2027-03-26T14:20+02:00", 72, "hours", "reg1182", "2027-03-29T15:20+03:00", "2027-03-29T16:00+03:00"),
    ("2026-10-23T14:20+03:00", 72, "hours", "reg1182", "2026-10-26T13:20+02:00", "2026-10-26T14:00+02:00"),
    ("2026-06-02T09:00+03:00", 72, "hours", "reg1182", "2026-06-05T09:00+03:00", "2026-06-05T10:00+03:00"),
    ("2026-06-02T09:00+03:00", 24, "hours", "lt-civil-code", "2026-06-03T09:00+03:00", "2026-06-03T10:00+03:00"),
    ("2026-06-02T09:59+03:00", 24, "hours", "elapsed", "2026-06-03T09:59+03:00", "2026-06-03T09:59+03:00"),
    # In the hour that is there twice: 00:30 UTC is the first 03:30, 01:30 UTC the second.
    ("2026-10-25T03:30+03:00", 24, "hours", "reg1182", "2026-10-26T02:30+02:00", "2026-10-26T03:00+02:00"),
    ("2026-10-25T03:30+02:00", 24, "hours", "reg1182", "2026-10-26T03:30+02:00", "2026-10-26T04:00+02:00"),
    # 96 h, as proposed, over Christmas: hours do not stop for days off.
    ("2026-12-23T16:45+02:00", 96, "hours", "reg1182", "2026-12-27T16:45+02:00", "2026-12-27T17:00+02:00"),
    # Months: the same date, the last of a shorter month, a leap year; then Saturday, Sunday and holidays.
    ("2026-04-15T10:00+03:00", 1, "months", "reg1182", "2026-05-15T10:00+03:00", "2026-05-16T00:00+03:00"),
    ("2026-01-31T10:00+02:00", 1, "months", "reg1182", "2026-02-28T10:00+02:00", "2026-03-03T00:00+02:00"),
    ("2027-12-31T10:00+02:00", 2, "months", "reg1182", "2028-02-29T10:00+02:00", "2028-03-01T00:00+02:00"),
    ("2026-11-30T23:30+02:00", 1, "months", "lt-civil-code", "2026-12-30T23:30+02:00", "2026-12-31T00:00+02:00"),
    # To Christmas Eve 2026, a Thursday: three holidays, then a Sunday; Monday the 28th is the first working day.
    ("2026-11-24T12:00+02:00", 1, "months", "lt-civil-code", "2026-12-24T12:00+02:00", "2026-12-29T00:00+02:00"),
    # To 1 May 2026, a Friday and a holiday: Monday the 4th.
    ("2026-04-01T08:00+03:00", 1, "months", "reg1182", "2026-05-01T08:00+03:00", "2026-05-05T00:00+03:00"),
    # To Easter Sunday 2027-03-28, the day on which clocks change: Monday is Easter Monday, so Tuesday the 30th.
    ("2027-02-28T08:00+02:00", 1, "months", "reg1182", "2027-03-28T08:00+03:00", "2027-03-31T00:00+03:00"),
    # To a time that clocks leap over, 03:30 on 2027-03-28: the earlier instant, 02:30.
    ("2027-02-28T03:30+02:00", 1, "months", "reg1182", "2027-03-28T02:30+02:00", "2027-03-31T00:00+03:00"),
    # To a time that is there twice: the first.
    ("2026-09-25T03:30+03:00", 1, "months", "reg1182", "2026-10-25T03:30+03:00", "2026-10-27T00:00+02:00"),
    # Days: late in the evening before clocks go forward, 24 h would be the day after; before they go back, a day less.
    ("2027-03-27T23:30+02:00", 1, "days", "lt-civil-code", "2027-03-28T23:30+03:00", "2027-03-31T00:00+03:00"),
    ("2026-10-24T23:30+03:00", 1, "days", "lt-civil-code", "2026-10-25T22:30+02:00", "2026-10-27T00:00+02:00"),
    ("2026-06-17T10:00+03:00", 7, "days", "lt-civil-code", "2026-06-24T10:00+03:00", "2026-06-26T00:00+03:00"),
    # Two days from Friday before Christmas 2022: Sunday, then the 26th off, the 27th works. The regulation wants two
    # working days in it (28th), the Civil Code does not.
    ("2022-12-23T10:00+02:00", 2, "days", "reg1182", "2022-12-25T10:00+02:00", "2022-12-29T00:00+02:00"),
    ("2022-12-23T10:00+02:00", 2, "days", "lt-civil-code", "2022-12-25T10:00+02:00", "2022-12-28T00:00+02:00"),
    # 2 November is free from 2020 on, not before.
    ("2018-10-02T10:00+03:00", 1, "months", "reg1182", "2018-11-02T10:00+02:00", "2018-11-03T00:00+02:00"),
    ("2026-10-02T10:00+03:00", 1, "months", "reg1182", "2026-11-02T10:00+02:00", "2026-11-04T00:00+02:00"),
]  # fmt: skip


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def shown(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, VILNIUS).isoformat(timespec="minutes")


@pytest.mark.parametrize(("event", "amount", "unit", "computation", "strict", "formal"), TABLE)
def test_the_table(event: str, amount: int, unit: str, computation: str, strict: str, formal: str) -> None:
    made = ends(ms(event), amount, unit, VILNIUS, computation)  # type: ignore[arg-type]
    assert (shown(made.strict), shown(made.formal)) == (strict, formal)


def test_naive_arithmetic_would_be_wrong_both_ways() -> None:
    """What the strict reading must not do: adding hours to a local time."""
    for event, hours in (("2027-03-26T14:20+02:00", 71), ("2026-10-23T14:20+03:00", 73)):
        local = datetime.fromisoformat(event).astimezone(VILNIUS)
        naive = local + timedelta(hours=72)
        assert (naive.astimezone(UTC) - local.astimezone(UTC)) == timedelta(hours=hours)
        assert ends(ms(event), 72, "hours", VILNIUS, "reg1182").strict - ms(event) == 72 * 3_600_000


moments = st.integers(ms("1995-01-01T00:00+02:00"), ms("2100-01-01T00:00+02:00"))
zones = st.sampled_from(
    ["Europe/Vilnius", "UTC", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia"]
).map(ZoneInfo)
computations = st.sampled_from(["elapsed", "reg1182", "lt-civil-code"])


@given(moments, st.sampled_from(UNITS), st.integers(1, 120), zones, computations)
def test_strict_is_never_after_formal(
    event: int, unit: str, amount: int, zone: ZoneInfo, computation: str
) -> None:
    made = ends(event, amount, unit, zone, computation)  # type: ignore[arg-type]
    assert event < made.strict <= made.formal
    if unit == "hours":
        assert made.strict == event + amount * 3_600_000
        assert made.formal - made.strict <= 3_600_000
    elif computation != "elapsed":
        last = datetime.fromtimestamp(made.formal / 1000 - 1, zone)
        assert is_working(last.date())
        assert datetime.fromtimestamp(made.formal / 1000, zone).date() > last.date()
    if unit == "days":
        assert made.strict <= event + amount * 86_400_000


@given(moments, moments, st.sampled_from(UNITS), st.integers(1, 60), computations)
def test_who_knew_earlier_is_never_due_later(one: int, other: int, unit: str, amount: int, computation: str) -> None:
    first, second = (
        ends(each, amount, unit, ZoneInfo("Asia/Tokyo"), computation)  # type: ignore[arg-type]
        for each in sorted((one, other))
    )
    assert first.strict <= second.strict
    assert first.formal <= second.formal


@given(st.dates(date(1950, 1, 1), date(2150, 1, 1)), st.integers(1, 60))
def test_months_keep_the_date_or_end_the_month(day: date, amount: int) -> None:
    after = months_after(day, amount)
    assert (after.year * 12 + after.month) - (day.year * 12 + day.month) == amount
    assert after.day == day.day or (after + timedelta(days=1)).day == 1


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("amount", [0, -1, 10**9])
def test_what_is_no_period_is_refused(unit: str, amount: int) -> None:
    assert amount > MOST[unit] or amount < 1
    with pytest.raises(Invalid) as error:
        ends(0, amount, unit, VILNIUS, "reg1182")  # type: ignore[arg-type]
    assert error.value.where == "amount"


@pytest.mark.parametrize("event", [10**18, -(10**18), ms("9999-12-30T00:00+00:00")])
def test_what_is_no_time_is_refused(event: int) -> None:
    with pytest.raises(Invalid) as error:
        ends(event, 72, "hours", VILNIUS, "reg1182")
    assert error.value.where == "at"


def test_a_country_nobody_knows_is_refused() -> None:
    with pytest.raises(Invalid) as error:
        ends(0, 1, "days", VILNIUS, "reg1182", "XX")
    assert error.value.where == "country"

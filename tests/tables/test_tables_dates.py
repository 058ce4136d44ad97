"""Dates: every form, and the order of day and month by the whole column or not at all."""

from datetime import date, timedelta

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.tables.dates import Column, When, clock
from seifas.tables.table import BadCell

days = st.dates(date(1900, 3, 2), date(2099, 12, 31))

YEAR_FIRST = ["{0:%Y-%m-%d}", "{0:%Y.%m.%d}", "{0:%Y/%m/%d}", "{0:%Y. %m. %d.}", "{0:%Y%m%d}",
              "{0.year}-{0.month}-{0.day}"]  # fmt: skip
DAY_FIRST = ["{0:%d.%m.%Y}", "{0:%d/%m/%Y}", "{0:%d-%m-%Y}", "{0.day}.{0.month}.{0.year}", "{0.day}/{0.month}/{0.year}"]
MONTH_FIRST = ["{0:%m/%d/%Y}", "{0.month}/{0.day}/{0.year}", "{0:%m-%d-%Y}"]


def read_all(texts: list[str], **options: object) -> list[str]:
    column = Column("Data", **options)  # type: ignore[arg-type]
    for text in texts:
        column.see(text)
    column.decide()
    return [column.read(text).day for text in texts]


@given(st.lists(days, min_size=1, max_size=20), st.sampled_from(YEAR_FIRST))
@settings(max_examples=of_whole(80))
def test_year_first_needs_no_decision(dates, form):
    assert read_all([form.format(day) for day in dates]) == [day.isoformat() for day in dates]


@given(st.lists(days, min_size=1, max_size=20), st.sampled_from(DAY_FIRST + MONTH_FIRST))
@settings(max_examples=of_whole(150))
def test_a_column_with_one_certain_date_is_read_right(dates, form):
    certain = date(1980, 1, 25)
    texts = [form.format(day) for day in [*dates, certain]]
    assert read_all(texts) == [day.isoformat() for day in [*dates, certain]]


@given(st.lists(days, min_size=1, max_size=20), st.sampled_from(DAY_FIRST + MONTH_FIRST))
@settings(max_examples=of_whole(150))
def test_a_column_is_read_right_or_refused_never_wrong(dates, form):
    """The truth is day first or month first; dots alone are taken as day first, as nobody writes them otherwise."""
    texts = [form.format(day) for day in dates]
    try:
        found = read_all(texts)
    except Invalid:
        return  # refused: what it says is looked at below
    assert found == [day.isoformat() for day in dates]


def test_an_open_column_is_refused_and_can_be_said():
    with pytest.raises(Invalid, match="2 dates in this column"):
        read_all(["02/01/1980", "03/04/1990", "05/05/2000"])
    assert read_all(["02/01/1980"], order="day-first") == ["1980-01-02"]
    assert read_all(["02/01/1980"], order="month-first") == ["1980-02-01"]
    assert read_all(["05/05/2000", "12-12-1999"]) == ["2000-05-05", "1999-12-12"]


def test_a_column_that_contradicts_itself_is_refused():
    with pytest.raises(Invalid, match="1 can only be day first, 1 only month first"):
        read_all(["25/01/1980", "01/25/1980"])


def test_personal_codes_decide():
    column = Column("Gimimo data")
    column.see("02/01/1980", "1980-01-02")
    column.see("03/04/1990", "1990-04-03")
    assert "day first" in column.decide()
    other = Column("Gimimo data")
    other.see("02/01/1980", "1980-02-01")
    assert "month first" in other.decide()


def test_dots_are_day_first_and_that_is_said():
    column = Column("Data")
    column.see("02.01.1980")
    assert "no date in it proves that" in column.decide()
    assert column.read("02.01.1980") == When("1980-01-02")


@given(st.dates(date(1906, 1, 1), date(2150, 1, 1)))
@settings(max_examples=of_whole(80))
def test_serials_of_spreadsheets(day):
    serial = (day - date(1899, 12, 30)).days
    assert Column("Data").read(str(serial)).day == day.isoformat()
    old = Column("Data", epoch_1904=True)
    assert old.read(str(max(2200, serial - 1462))).day == (
        date(1904, 1, 1) + timedelta(days=max(2200, serial - 1462))
    ).isoformat()


@pytest.mark.parametrize(("text", "when"), [
    ("1980", When("1980")),
    ("1980 m.", When("1980")),
    ("1980-05", When("1980-05")),
    ("1980 m. sausio 2 d.", When("1980-01-02")),
    ("1980 m. gegužės mėn. 12 d.", When("1980-05-12")),
    ("2024-03-05 14:30", When("2024-03-05", "14:30:00")),
    ("2024-03-05T14:30:05Z", When("2024-03-05", "14:30:05", "Z")),
    ("2024-03-05T14:30:05.123+0200", When("2024-03-05", "14:30:05", "+02:00")),
    ("2024.03.05 9.05", When("2024-03-05", "09:05:00")),
    ("05.03.2024 9:05 val.", When("2024-03-05", "09:05:00")),
    ("2024-03-05 00:00:00", When("2024-03-05")),
    ("45356,604166666664", When("2024-03-05", "14:30:00")),
    ("45356.0", When("2024-03-05")),
])
def test_forms(text, when):
    assert Column("Data", order="day-first").read(text) == when


@pytest.mark.parametrize("text", [
    "1980-02-30", "1980-13-01", "31.04.1980", "02.01.80", "2/1/80", "80-01-02", "vakar", "1980--01", "0", "19", "123",
    "999999", "1980-01-02-03", "2024-03-05 25:00", "1980 m. sausis 2 d.", "1980-01-02; 1981", "١٩٨٠-٠١-٠٢",
    "9" * 5000, "-29222", "=1980",
])  # fmt: skip
def test_what_is_no_date_is_refused_without_repeating_it(text):
    with pytest.raises(BadCell) as caught:
        Column("Data", order="day-first").read(text)
    assert text not in caught.value.message or text in ("0", "19")


def test_two_digit_years_say_why():
    with pytest.raises(BadCell, match="century"):
        Column("Data").read("02.01.80")


@pytest.mark.parametrize(("text", "time"), [
    ("9:05", "09:05:00"), ("09.05", "09:05:00"), ("9:05:07", "09:05:07"), ("0,375", "09:00:00"),
    ("9:05 val.", "09:05:00"),
])  # fmt: skip
def test_times(text, time):
    assert clock(text) == time


@pytest.mark.parametrize("text", ["24:00", "9:60", "ryte", "9", "1,375", ""])
def test_no_times(text):
    with pytest.raises(BadCell):
        clock(text)

"""Codes, dates, telephones and addresses in text, brought to one form."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.leaks import patterns
from seifas.names.contacts import check_digit

TEN = "3800102123"
CODE = f"{TEN}{check_digit(TEN)}"


def _kinds(text: str) -> list[tuple[str, str]]:
    return [(kind, found.value) for kind, found in patterns.everything(text)]


@pytest.mark.parametrize("text", [
    CODE, f"a.k. {CODE}.", f"{CODE[:7]} {CODE[7:]}", f"{CODE[:7]}-{CODE[7:]}", f"({CODE})",
])  # fmt: skip
def test_personal_codes(text: str) -> None:
    assert ("code", CODE) in _kinds(text)


@pytest.mark.parametrize("text", [
    f"{TEN}{(int(CODE[-1]) + 1) % 10}", f"1{CODE}", f"{CODE}0", "38013021231", "LT" + CODE,
])  # fmt: skip
def test_what_is_no_personal_code(text: str) -> None:
    assert [kind for kind, _ in _kinds(text)].count("code") == 0


@pytest.mark.parametrize(("text", "value"), [
    ("38001021***", "38001021***"), ("3800102xxxx", "3800102****"), ("380010*****", "380010*****"),
])  # fmt: skip
def test_masked_codes(text: str, value: str) -> None:
    assert ("code", value) in _kinds(f"kodas {text}, ir")


@pytest.mark.parametrize("text", [
    "1980-01-02", "1980.01.02", "1980/01/02", "02.01.1980", "2.1.1980", "02-01-1980", "1980 m. sausio 2 d.",
    "1980 sausio 2", "sausio 2 d., 1980", "2 sausio 1980", "2 January 1980", "2nd of January, 1980", "January 2, 1980",
    "Jan 2nd 1980", "02-Jan-1980", "1980 01 02",
])  # fmt: skip
def test_dates(text: str) -> None:
    assert [one.value for one in patterns.dates(f"Buvo {text}, tada")] == ["1980-01-02"]
    assert patterns.date_of(text) == ("1980-01-02",)
    assert patterns.date_of(f"{text} 10:30:00") == ("1980-01-02",)
    assert ("birth", "1980-01-02") in _kinds(f"gim. {text}")
    assert ("birth", "1980-01-02") in _kinds(f"born on {text}")


@pytest.mark.parametrize("text", [
    "1980-13-02", "1980-02-30", "31.02.1980", "192.168.1.1980", "1.2.3.4", "12:30", "", "x",
])  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert patterns.dates(text) == []
    assert patterns.date_of(text) == ()


def test_dates_that_can_be_read_in_two_ways_give_both_until_the_column_tells() -> None:
    assert patterns.date_of("02/01/1980") == ("1980-01-02", "1980-02-01")
    assert patterns.date_of("02/01/1980", month_first=True) == ("1980-02-01",)
    assert patterns.date_of("02/01/1980", month_first=False) == ("1980-01-02",)
    assert patterns.date_of("13/01/1980") == patterns.date_of("01/13/1980") == ("1980-01-13",)


def test_dates_of_cells_alone() -> None:
    assert patterns.date_of("19800102") == ("1980-01-02",)
    assert patterns.date_of("02.01.80") == ("1980-01-02",)
    assert patterns.date_of("1980") == ("1980",)
    assert patterns.date_of("1980-**-**") == ("1980",)
    assert patterns.dates("19800102") == []
    assert _kinds("gimusi 1980 m., Kaune") == [("birth", "1980")]


@pytest.mark.parametrize("text", [
    "+37061234567", "+370 612 34567", "+370 (612) 34 567", "370 612 34567", "00370 612 34567", "8 612 34567",
    "8-612-34567", "(8 612) 34567", "861234567", "061234567", "0 612 34 567", "612 34567", "61234567",
])  # fmt: skip
def test_telephones(text: str) -> None:
    assert _kinds(f"Tel.: {text};") == [("phone", "37061234567")]


@pytest.mark.parametrize(("text", "value"), [
    ("+44 7700 900123", "447700900123"), ("+3706*****67", "3706*****67"), ("8 6** **567", "3706****567"),
    ("+370 612 3xxxx", "3706123****"), ("tel. ***4567", "*4567"), ("…4567", "*4567"),
])  # fmt: skip
def test_foreign_and_masked_telephones(text: str, value: str) -> None:
    assert ("phone", value) in _kinds(text)


@pytest.mark.parametrize("text", [
    "192.168.100.200", "EUR 1 200 000,00", "IBAN LT12 1000 0111 0100 1000", "2024-01-02 10:30", CODE, "12345678",
    "5 mg",
    "sąskaita 123456789012345678", "1 2 3 4 5 6 7 8",
])  # fmt: skip
def test_what_is_no_telephone(text: str) -> None:
    assert [found for found in _kinds(text) if found[0] == "phone"] == []


@pytest.mark.parametrize(("text", "value"), [
    ("Rasa.Z@Example.ORG", "rasa.z@example.org"), ("<rasa@example.org>", "rasa@example.org"),
    ("r***a@gmail.com", "r***a@gmail.com"), ("rasa [at] example.org", "rasa@example.org"),
    ("rasa(at)example [dot] org", "rasa@example.org"),
])  # fmt: skip
def test_addresses(text: str, value: str) -> None:
    assert ("email", value) in _kinds(f"Rašykite {text} dabar")


@given(st.text("0123456789+-/. *x@():,gimsausioJan", max_size=200))
def test_any_text(text: str) -> None:
    for kind, found in patterns.everything(text):
        assert kind in ("code", "birth", "date", "phone", "email")
        assert 0 <= found.start < found.end <= len(text)
        assert found.value
    patterns.date_of(text)
    patterns.phone_form(text)


def test_long_lines_take_no_long_time() -> None:
    started = time.process_time()
    for text in ("1" * 30_000, " " * 30_000, "1 " * 15_000, "* " * 15_000, "a@" * 15_000, "(at) " * 6_000,
                 "1980 " + " " * 30_000, "sausio " * 4_000, "6" + "-" * 30_000, "1980-01-02 " * 2_700):  # fmt: skip
        list(patterns.everything(text))
    for char in "1 *x@.-(a…6/:,;\t":
        for other in ("", " ", "1", "."):
            list(patterns.everything((char + other) * (30_000 // len(char + other))))
    assert time.process_time() - started < 12

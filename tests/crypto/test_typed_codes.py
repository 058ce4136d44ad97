"""Codes that people type from paper: read again however they are typed, and every single slip is seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.crypto.printable import SYMBOLS
from seifas.crypto.typed_codes import BITS, LETTERS, new_code, read_code


def test_a_code_has_a_hundred_bits_and_more_and_is_never_the_same():
    codes = {new_code() for _ in range(2000)}
    assert len(codes) == 2000
    assert BITS >= 100
    assert all(len(read_code(one)) == LETTERS for one in codes)


@pytest.mark.parametrize("typed", [
    lambda code: code.lower(), lambda code: code.replace("-", ""), lambda code: code.replace("-", " – "),
    lambda code: f"  {code}\n", lambda code: code.replace("0", "o").replace("1", "l"),
    lambda code: code.replace("-", "\u00ad"),
])  # fmt: skip
def test_it_is_read_however_it_is_typed(typed):
    code = new_code()
    assert read_code(typed(code)) == code.replace("-", "")


def test_every_wrong_symbol_and_every_exchange_of_neighbours_is_seen():
    code = read_code(new_code())
    for at in range(LETTERS):
        for symbol in SYMBOLS:
            assert symbol == code[at] or read_code(code[:at] + symbol + code[at + 1 :]) == ""
    for at in range(LETTERS - 1):
        if code[at] != code[at + 1]:
            assert read_code(code[:at] + code[at + 1] + code[at] + code[at + 2 :]) == ""


@given(st.text(max_size=300))
def test_anything_else_is_no_code(text):
    assert len(read_code(text)) in (0, LETTERS)


def test_symbols_are_spread_evenly():
    seen = "".join(read_code(new_code()) for _ in range(2000))
    counts = [seen.count(one) for one in SYMBOLS]
    assert min(counts) > 1200, "32 symbols over 48,000 places: 1,500 each"
    assert max(counts) < 1800

"""Receipts, tickets and the parts of a tip: each opens in its own place alone."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tip_rig import TEXT

from seifas.crypto import dropbox
from seifas.errors import Invalid, Tampered
from seifas.keeper import tip_receipts, tip_sealing
from seifas.keeper.tip_sealing import Place, TipText


@given(st.text(max_size=300))
def test_what_is_typed_is_a_receipt_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        assert len(tip_receipts.read(text)) == 24


def test_a_receipt_names_a_tip_and_a_key_that_differ_by_clinic() -> None:
    symbols = tip_receipts.read(tip_receipts.new())
    here, there = (tip_receipts.keys_of(symbols, one) for one in (bytes(16), b"x" * 16))
    assert here == tip_receipts.keys_of(symbols, bytes(16))
    assert len({here.lookup, there.lookup, here.seed[:16], there.seed[:16]}) == 4
    assert symbols not in repr(here)


def test_tickets_are_of_one_process_one_length_and_for_a_while() -> None:
    tickets, symbols = tip_receipts.Tickets(), tip_receipts.read(tip_receipts.new())
    made = [tickets.seal(tip_receipts.read(tip_receipts.new()), os.urandom(16)) for _ in range(20)]
    assert len({len(one) for one in made}) == 1
    ident = os.urandom(16)
    ticket = tickets.seal(symbols, ident)
    assert tickets.open(ticket, 60) == (symbols, ident)
    for wrong in ("", "x", ticket[:-4] + "AAA=", "ž" * 50, tip_receipts.Tickets().seal(symbols, ident)):
        with pytest.raises(Invalid):
            tickets.open(wrong, 60)
    with pytest.raises(Invalid):
        tickets.open(ticket, -1)


@given(st.text(max_size=2000))
def test_names_of_files_are_one_short_line(text: str) -> None:
    name = tip_sealing.name_of(text)
    assert 1 <= len(name) <= tip_sealing.MOST_NAME
    assert "/" not in name
    assert "\n" not in name
    assert "\u202e" not in name


def test_parts_open_in_their_own_place_alone() -> None:
    seed = os.urandom(32)
    place = Place(b"c" * 16, b"l" * 16, b"p" * 16)
    sealed = tip_sealing.seal_text(dropbox.public_half(seed), place, TipText(TEXT, "lt", 1))
    assert tip_sealing.open_text(seed, place, sealed).text == TEXT
    for other in (
        Place(b"d" * 16, b"l" * 16, b"p" * 16), Place(b"c" * 16, b"m" * 16, b"p" * 16),
        Place(b"c" * 16, b"l" * 16, b"q" * 16),
    ):  # fmt: skip
        with pytest.raises(Tampered):
            tip_sealing.open_text(seed, other, sealed)
    with pytest.raises(Tampered):
        tip_sealing.open_file(seed, place, sealed)
    with pytest.raises(Tampered):
        tip_sealing.open_answer(seed, place, sealed)
    with pytest.raises(Invalid):
        tip_sealing.seal_text(dropbox.public_half(seed), place, TipText("x" * 4001, "lt", 1))
    sizes = {
        len(tip_sealing.seal_text(dropbox.public_half(seed), place, TipText("x" * n, "lt", 1))) for n in (0, 9, 1900)
    }
    assert len(sizes) == 1, "the length of a short text does not show"

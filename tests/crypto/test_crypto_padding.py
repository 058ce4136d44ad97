"""Padding: exact totals, nothing lost, and only what `pad` makes is taken back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.crypto.padding import ADDED, pad, unpad
from seifas.errors import Invalid, Tampered


@given(st.binary(max_size=3000), st.integers(0, 3000))
def test_padded_to_the_byte_and_back(data: bytes, more: int) -> None:
    padded = pad(data, len(data) + ADDED + more)
    assert len(padded) == len(data) + ADDED + more
    assert unpad(padded) == data


def test_sizes_within_a_total_look_alike() -> None:
    assert {len(pad(b"x" * size, 476)) for size in range(0, 473)} == {476}


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(Invalid):
        pad(b"x" * 473, 476)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\0\0\0",
        b"\0\0\0\x05abc",
        b"\xff\xff\xff\xff" + bytes(100),
        b"\0\0\0\x01a" + bytes(20) + b"x",
        b"\0\0\0\x00" + b"hidden",
    ],
    ids=["empty", "cut length", "cut data", "huge length", "dirty zeros", "hidden data"],
)
def test_not_made_by_pad(bad: bytes) -> None:
    with pytest.raises(Tampered) as caught:
        unpad(bad, where="here")
    assert caught.value.where == "here"

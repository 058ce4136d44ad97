import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid, Missing, Tampered, TooLarge
from seifas.storage.fragments import LARGEST, PIECE, SIZES, join, padded_size, piece_ids, split

IDENT = bytes(range(16))


def derive(ident: bytes, number: int) -> bytes:
    return hashlib.sha256(ident + number.to_bytes(4, "big")).digest()[:16]


def blob_of(size: int) -> bytes:
    return hashlib.shake_128(size.to_bytes(4, "big")).digest(size)


def getter(pieces):
    store = dict(pieces)

    def get(row: bytes) -> bytes:
        try:
            return store[row]
        except KeyError:
            raise Missing("no such row") from None

    return get


@given(st.integers(0, 100_000))
@settings(max_examples=200, deadline=None)
def test_padded_size_is_the_smallest_allowed_total(size):
    total = padded_size(size)
    assert total >= size
    assert total in SIZES or total % PIECE == 0
    smaller = [s for s in SIZES if s < total] + ([total - PIECE] if total > PIECE else [])
    assert all(s < size for s in smaller)
    assert padded_size(total) == total


@given(st.integers(1, 60_000), st.booleans())
@settings(max_examples=100, deadline=None)
def test_split_and_join_round_trip_with_known_and_unknown_size(size, known):
    blob = blob_of(padded_size(size))
    pieces = split(blob, IDENT, derive)
    assert pieces[0][0] == IDENT
    assert all(len(piece) == PIECE for _, piece in pieces) or (len(pieces) == 1 and len(blob) in SIZES)
    assert [row for row, _ in pieces] == piece_ids(IDENT, len(blob), derive)
    assert len({row for row, _ in pieces}) == len(pieces)
    assert join(pieces[0][1], IDENT, getter(pieces), derive, size=len(blob) if known else None) == blob


def test_no_piece_tells_the_length_of_the_whole():
    blob = bytes(3 * PIECE)
    assert {bytes(piece) for _, piece in split(blob, IDENT, derive)} == {bytes(PIECE)}


@pytest.mark.parametrize("size", [0, 1, 511, 513, 3999, 4001, 7999, 65536])
def test_a_size_that_is_no_class_is_refused(size):
    with pytest.raises(Invalid):
        split(bytes(size), IDENT, derive)


def test_too_large_is_refused():
    with pytest.raises(TooLarge):
        padded_size(LARGEST + 1)


def test_a_lost_piece_is_named_when_the_size_is_known():
    pieces = split(blob_of(3 * PIECE), IDENT, derive)
    for gone in (1, 2):
        rest = [p for n, p in enumerate(pieces) if n != gone]
        with pytest.raises(Tampered) as caught:
            join(pieces[0][1], IDENT, getter(rest), derive, size=3 * PIECE)
        assert caught.value.where == IDENT.hex()


def test_a_lost_tail_comes_back_shorter_when_the_size_is_unknown():
    pieces = split(blob_of(3 * PIECE), IDENT, derive)
    assert join(pieces[0][1], IDENT, getter(pieces[:2]), derive) == blob_of(3 * PIECE)[: 2 * PIECE]


@pytest.mark.parametrize("size", [None, 2 * PIECE])
@pytest.mark.parametrize("wrong", [b"", bytes(PIECE - 1), bytes(512)])
def test_a_piece_of_another_length_is_refused(size, wrong):
    pieces = split(blob_of(2 * PIECE), IDENT, derive)
    changed = [pieces[0], (pieces[1][0], wrong)]
    with pytest.raises(Tampered):
        join(pieces[0][1], IDENT, getter(changed), derive, size=size)


def test_a_first_piece_of_another_length_is_refused_when_the_size_is_known():
    with pytest.raises(Tampered):
        join(bytes(512), IDENT, getter([]), derive, size=PIECE)

"""Sealed sizes come in classes, and the padding gives back exactly what went in."""

from itertools import pairwise
from os import urandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto.aad import Purpose
from seifas.crypto.envelope import OVERHEAD, seal, sealer
from seifas.crypto.padding import LARGEST_DATA, STEP, is_class, pad, sealed_class, unpad
from seifas.errors import Invalid, Tampered, TooLarge

CLASSES = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 196608, 262144]
ADDED = OVERHEAD + 4


@given(st.binary(max_size=6000), st.sampled_from(CLASSES[:9]))
@settings(max_examples=80)
def test_round_trip(data, floor):
    padded = pad(data, floor)
    assert unpad(padded) == data
    assert len(padded) + OVERHEAD == sealed_class(len(data), floor)


@pytest.mark.parametrize(("smaller", "larger"), list(pairwise(CLASSES)))
def test_edges_of_the_classes(smaller, larger):
    assert sealed_class(smaller - ADDED) == smaller
    assert sealed_class(smaller - ADDED + 1) == larger
    for size in (smaller - ADDED, smaller - ADDED + 1):
        data = urandom(size)
        assert unpad(pad(data)) == data


@given(st.integers(0, LARGEST_DATA))
def test_every_size_has_the_smallest_class_that_holds_it(size):
    found = sealed_class(size)
    assert is_class(found)
    assert found >= size + ADDED
    below = found // 2 if found <= STEP else found - STEP
    assert below < 512 or below < size + ADDED


def test_sealed_total_is_the_class():
    blob = seal(
        sealer(bytes(32)),
        pad(b"x" * 700),
        purpose=Purpose.RECORD,
        clinic=bytes(16),
        patient=bytes(16),
        record=bytes(16),
        version=1,
        epoch=1,
    )
    assert len(blob) == 1024


def test_floor_makes_small_ones_alike():
    assert {len(pad(b"x" * n, 2048)) for n in range(0, 2000, 50)} == {2048 - OVERHEAD}
    assert len(pad(b"", STEP)) == STEP - OVERHEAD
    assert len(pad(b"x" * 3000, 512)) == 4096 - OVERHEAD


@pytest.mark.parametrize("floor", [0, -512, 256, 513, 768, 65537, 98304])
def test_a_floor_that_is_no_class(floor):
    with pytest.raises(Invalid):
        pad(b"x", floor)


def test_too_large():
    with pytest.raises(TooLarge):
        pad(bytes(LARGEST_DATA + 1))


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\0\0\0",
        bytes(4),
        bytes(512),
        b"\xff\xff\xff\xff" + bytes(472),
        b"\0\0\x01\xd9" + bytes(472),
        b"\0\0\0\1" + bytes(471) + b"\1",
        b"\0\0\0\1" + bytes(400),
    ],
    ids=["empty", "short", "four", "no class", "length 2^32-1", "one too long", "dirty zeros", "cut"],
)
def test_not_made_by_pad(bad):
    with pytest.raises(Tampered):
        unpad(bad)

"""What is dropped comes out with the seed and the same info, and not otherwise."""

from os import urandom

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto.dropbox import OVERHEAD, PUBLIC_SIZE, drop, public_half, take
from seifas.errors import Invalid, Tampered

SEED = bytes(range(32))
PUBLIC = public_half(SEED)


@given(st.binary(max_size=500), st.binary(max_size=60))
@settings(max_examples=20, deadline=None)
def test_round_trip(text, info):
    dropped = drop(PUBLIC, text, info=info)
    assert len(dropped) == len(text) + OVERHEAD
    assert take(SEED, dropped, info=info) == text


def test_the_public_half_is_fixed_by_the_seed():
    assert len(PUBLIC) == PUBLIC_SIZE
    assert public_half(SEED) == PUBLIC
    assert public_half(urandom(32))[:32] != PUBLIC[:32]


def test_the_same_text_never_looks_the_same():
    assert drop(PUBLIC, b"tip", info=b"") != drop(PUBLIC, b"tip", info=b"")


def test_wrong_seed_info_or_byte():
    dropped = drop(PUBLIC, b"a tip", info=b"tip/1")
    attempts = [(urandom(32), dropped, b"tip/1"), (SEED, dropped, b"tip/2"), (SEED, dropped, b"")]
    for at in [0, 1, 500, 1087, 1088, 1100, 1119, 1120, 1124, len(dropped) - 1]:
        attempts.append((SEED, dropped[:at] + bytes([dropped[at] ^ 1]) + dropped[at + 1 :], b"tip/1"))
    attempts += [(SEED, dropped[:cut], b"tip/1") for cut in (0, 1, 1119, 1120, 1135, len(dropped) - 1)]
    attempts += [(SEED, dropped + b"\0", b"tip/1"), (SEED, bytes(2000), b"tip/1")]
    for seed, blob, info in attempts:
        with pytest.raises(Tampered):
            take(seed, blob, info=info)


def test_bad_keys():
    for bad in (b"", bytes(31), bytes(33)):
        with pytest.raises(Invalid):
            public_half(bad)
    for bad in (b"", PUBLIC[:-1], PUBLIC + b"\0", b"\xff" * PUBLIC_SIZE, PUBLIC[:1184] + bytes(32)):
        with pytest.raises(Invalid):
            drop(bad, b"x", info=b"")

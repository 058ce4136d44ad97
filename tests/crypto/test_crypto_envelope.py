"""A sealed record opens where it was sealed, and nowhere else."""

from os import urandom

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto import envelope
from seifas.crypto.aad import Purpose, bind_epoch
from seifas.crypto.envelope import HEADER_SIZE, OVERHEAD, open_sealed, seal, sealer, stated_epoch
from seifas.errors import Invalid, Tampered

KEY = bytes(range(32))
CLINIC, PATIENT, RECORD = (bytes([n]) * 16 for n in (0xC1, 0xAA, 0xEE))
PLACE = {"purpose": Purpose.RECORD, "clinic": CLINIC, "patient": PATIENT, "record": RECORD, "version": 5}
UNDER = sealer(KEY)


@given(st.binary(max_size=3000), st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
@settings(max_examples=60)
def test_round_trip(plaintext, epoch, version):
    place = PLACE | {"version": version}
    blob = seal(UNDER, plaintext, epoch=epoch, **place)
    assert len(blob) == len(plaintext) + OVERHEAD
    assert stated_epoch(blob) == epoch
    assert open_sealed(UNDER, blob, **place) == plaintext
    assert open_sealed(UNDER, blob, epoch=epoch, **place) == plaintext


def test_the_bare_primitive_opens_it():
    """What stands on disk is plain AES-256-GCM: the documented layout is enough to open it without our code."""
    blob = seal(UNDER, b"text", epoch=9, **PLACE)
    assert blob[:8] == b"SE\x01\x01\x00\x00\x00\x09"
    bound = bind_epoch(fmt=1, alg=1, epoch=9, **PLACE)
    assert AESGCM(KEY).decrypt(blob[8:20], blob[20:], bound) == b"text"


def test_every_nonce_is_new():
    made = {seal(UNDER, b"", epoch=0, **PLACE)[8:20] for _ in range(2000)}
    assert len(made) == 2000


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": Purpose.CARD},
        {"clinic": bytes(16)},
        {"patient": RECORD},
        {"record": PATIENT},
        {"version": 4},
        {"version": 6},
        {"epoch": 2},
        {"patient": RECORD, "record": PATIENT},
    ],
    ids=str,
)
def test_opened_as_anything_else_is_tampered(change):
    blob = seal(UNDER, b"complaint", epoch=1, **PLACE)
    with pytest.raises(Tampered) as told:
        open_sealed(UNDER, blob, **(PLACE | change))
    assert told.value.where == (PLACE | change)["record"].hex()
    assert "complaint" not in told.value.message


def test_every_single_bit_flip_is_tampered():
    blob = seal(UNDER, b"0123456789" * 3, epoch=1, **PLACE)
    for at in range(len(blob) * 8):
        bad = bytearray(blob)
        bad[at // 8] ^= 1 << at % 8
        with pytest.raises(Tampered):
            open_sealed(UNDER, bytes(bad), **PLACE)


def test_every_cut_and_growth_is_tampered():
    blob = seal(UNDER, b"0123456789" * 3, epoch=1, **PLACE)
    for bad in [blob[:n] for n in range(len(blob))] + [blob[n:] for n in range(1, len(blob))] + [blob + b"\0"]:
        with pytest.raises(Tampered):
            open_sealed(UNDER, bad, **PLACE)


def test_parts_of_two_blobs_do_not_join():
    one, other = (seal(UNDER, b"same length", epoch=1, **PLACE) for _ in range(2))
    for cut in (9, HEADER_SIZE, HEADER_SIZE + 5, len(one) - 16):
        with pytest.raises(Tampered):
            open_sealed(UNDER, one[:cut] + other[cut:], **PLACE)


def test_wrong_key():
    blob = seal(UNDER, b"x", epoch=1, **PLACE)
    with pytest.raises(Tampered):
        open_sealed(sealer(urandom(32)), blob, **PLACE)


@pytest.mark.parametrize("bad", [b"", b"SE", b"\0" * 36, b"SO\x01\x02" + bytes(40), b"SE\x02\x01" + bytes(40)])
def test_something_else_is_tampered(bad):
    with pytest.raises(Tampered):
        open_sealed(UNDER, bad, **PLACE)
    with pytest.raises(Tampered):
        stated_epoch(bad)


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_only_keys_of_32_bytes(size):
    with pytest.raises(Invalid):
        sealer(bytes(size))


def test_header_sizes_agree():
    assert envelope._HEADER.size == HEADER_SIZE
    assert OVERHEAD == 36

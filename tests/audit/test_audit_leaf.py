"""A leaf keeps its words, its place and its two halves together, and shows itself alone when asked."""

import hmac
import os
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.audit import leaf as leaves
from seifas.errors import Invalid, Tampered, TooLarge

KEY = bytes(range(32))
PATIENT_KEY = bytes(range(32, 64))
STRANGER = bytes(32)


def expand(key, info, length):
    return HKDFExpand(algorithm=hashes.SHA256(), length=length, info=info).derive(key)


@settings(max_examples=of_whole(60), deadline=None)
@given(outer=st.binary(max_size=400), inner=st.none() | st.binary(max_size=400))
def test_what_is_sealed_opens(outer, inner):
    leaf = leaves.seal_leaf(KEY, outer, inner, PATIENT_KEY)
    opened, blob = leaves.open_leaf(KEY, leaf)
    assert opened == outer
    assert (blob is None) == (inner is None)
    if inner is not None:
        assert leaves.open_inner(PATIENT_KEY, leaf) == inner
    for word in (outer, inner):
        if word and len(word) >= 4:
            assert word not in leaf


def test_layout_and_keys_are_rfc5869_to_the_letter():
    leaf = leaves.seal_leaf(KEY, b"outer words", b"inner words", PATIENT_KEY)
    assert leaf[:4] == b"SL\x01\x01"
    salt, commitment = leaf[4:20], leaf[20:52]
    size = int.from_bytes(leaf[52:56], "big")
    sealed = leaf[56 : 56 + size]
    inner_size = int.from_bytes(leaf[56 + size : 60 + size], "big")
    inner = leaf[60 + size :]
    assert (size, inner_size, len(inner)) == (64 + 16, 48 + 64 + 16, 48 + 64 + 16)

    part = expand(KEY, b"seifas audit leaf v1" + salt, 32)
    both = expand(part, b"seifas audit leaf open v1", 64)
    assert both[32:] == commitment
    plain = AESGCM(both[:32]).decrypt(bytes(12), sealed, leaf[:52] + inner[:48])
    assert plain == b"\x00\x0bouter words".ljust(64, b"\0")
    assert leaves.disclose(KEY, leaf) == part

    inner_part = expand(PATIENT_KEY, b"seifas audit leaf v1" + inner[:16], 32)
    inner_both = expand(inner_part, b"seifas audit leaf open v1", 64)
    assert inner_both[32:] == inner[16:48]
    assert AESGCM(inner_both[:32]).decrypt(bytes(12), inner[48:], commitment)[2:13] == b"inner words"
    assert leaves.disclose_inner(PATIENT_KEY, leaf) == inner_part


def test_sizes_fall_into_classes_of_64_bytes():
    lengths = {len(leaves.seal_leaf(KEY, bytes(n))) for n in range(63)}
    assert lengths == {56 + 64 + 16 + 4}
    assert len(leaves.seal_leaf(KEY, bytes(63))) == 56 + 128 + 16 + 4


def open_both(leaf, inner):
    """The outer tag does not cover the inner ciphertext, which has a tag of its own."""
    leaves.open_leaf(KEY, leaf)
    if inner is not None:
        leaves.open_inner(PATIENT_KEY, leaf)


@pytest.mark.parametrize("inner", [None, b"reason: a second opinion"])
def test_every_flipped_byte_is_refused(inner):
    leaf = leaves.seal_leaf(KEY, b"who opened what", inner, PATIENT_KEY)
    for at in range(len(leaf)):
        bad = bytearray(leaf)
        bad[at] ^= 1 << (at % 8)
        with pytest.raises(Tampered):
            open_both(bytes(bad), inner)


@pytest.mark.parametrize("inner", [None, b"reason"])
def test_every_truncation_and_extension_is_refused(inner):
    leaf = leaves.seal_leaf(KEY, b"who", inner, PATIENT_KEY)
    for bad in [leaf[:n] for n in range(len(leaf))] + [leaf + b"\0", leaf + leaf, b"", b"SL", bytes(70_000)]:
        with pytest.raises(Tampered) as caught:
            leaves.open_leaf(KEY, bad, where="leaf 7")
        assert caught.value.where == "leaf 7"


def test_inner_part_cannot_be_moved_or_dropped():
    one = leaves.seal_leaf(KEY, b"one", b"inner one", PATIENT_KEY)
    two = leaves.seal_leaf(KEY, b"two", b"inner two", PATIENT_KEY)
    cut = 56 + 80
    moved = one[:cut] + two[cut:]
    with pytest.raises(Tampered):
        leaves.open_leaf(KEY, moved)
    with pytest.raises(Tampered):
        leaves.open_inner(PATIENT_KEY, moved)
    with pytest.raises(Tampered):
        leaves.open_leaf(KEY, one[:cut] + bytes(4))
    swapped_outer = two[:cut] + one[cut:]
    with pytest.raises(Tampered):
        leaves.open_inner(PATIENT_KEY, swapped_outer)


def test_wrong_keys_are_refused():
    leaf = leaves.seal_leaf(KEY, b"outer", b"inner", PATIENT_KEY)
    for attempt in (
        lambda: leaves.open_leaf(STRANGER, leaf),
        lambda: leaves.open_inner(KEY, leaf),
        lambda: leaves.disclose(STRANGER, leaf),
        lambda: leaves.disclose_inner(STRANGER, leaf),
        lambda: leaves.check_opening(leaf, STRANGER),
        lambda: leaves.check_opening(leaf, b""),
        lambda: leaves.check_opening(leaf, leaves.disclose_inner(PATIENT_KEY, leaf)),
    ):
        with pytest.raises(Tampered):
            attempt()
    for attempt in (
        lambda: leaves.seal_leaf(b"short", b""),
        lambda: leaves.seal_leaf(KEY, b"", b""),
        lambda: leaves.seal_leaf(KEY, b"", b"", b"short"),
        lambda: leaves.open_inner(PATIENT_KEY, leaves.seal_leaf(KEY, b"")),
        lambda: leaves.check_inner_opening(leaves.seal_leaf(KEY, b""), KEY),
    ):
        with pytest.raises(Invalid):
            attempt()


def test_an_opening_shows_one_leaf_only():
    one = leaves.seal_leaf(KEY, b"one", b"inner one", PATIENT_KEY)
    two = leaves.seal_leaf(KEY, b"two", b"inner two", PATIENT_KEY)
    assert leaves.check_opening(one, leaves.disclose(KEY, one)) == b"one"
    assert leaves.check_inner_opening(one, leaves.disclose_inner(PATIENT_KEY, one)) == b"inner one"
    with pytest.raises(Tampered):
        leaves.check_opening(two, leaves.disclose(KEY, one))
    with pytest.raises(Tampered):
        leaves.check_inner_opening(two, leaves.disclose_inner(PATIENT_KEY, one))


def test_a_leaf_that_two_keys_decrypt_is_still_refused():
    """GCM alone would accept a second key whose tag was made to fit; the commitment does not."""
    leaf = leaves.seal_leaf(KEY, b"told to the patient")
    other = os.urandom(32)
    cipher_key = expand(other, b"seifas audit leaf open v1", 64)[:32]
    forged = leaf[:56] + AESGCM(cipher_key).encrypt(bytes(12), b"\0\x04lies".ljust(64, b"\0"), leaf[:52]) + leaf[136:]
    with pytest.raises(Tampered, match="commits"):
        leaves.check_opening(forged, other)


def test_hidden_words_in_the_padding_are_refused():
    salt = bytes(16)
    part = hmac.digest(KEY, b"seifas audit leaf v1" + salt + b"\x01", "sha256")
    both = expand(part, b"seifas audit leaf open v1", 64)
    header = b"SL\x01\x01" + salt + both[32:]

    def make(padded):
        return header + (80).to_bytes(4, "big") + AESGCM(both[:32]).encrypt(bytes(12), padded, header) + bytes(4)

    assert leaves.open_leaf(KEY, make(b"\0\x02hi".ljust(64, b"\0"))) == (b"hi", None)
    for padded in (b"\0\x02hi, and more".ljust(64, b"\0"), b"\xff\xffhi".ljust(64, b"\0"), b"\0\x3f".ljust(64, b"x")):
        with pytest.raises(Tampered, match="padding"):
            leaves.open_leaf(KEY, make(padded))


def test_too_large_is_refused_and_the_largest_fits():
    largest = 65_535 - 76 - (65_535 - 76) % 64 - 2
    assert len(leaves.seal_leaf(KEY, bytes(largest))) <= 65_535
    for outer, inner in ((bytes(largest + 1), None), (bytes(65_535), None), (bytes(70_000), None),
                         (bytes(40_000), bytes(40_000))):
        with pytest.raises(TooLarge):
            leaves.seal_leaf(KEY, outer, inner, PATIENT_KEY)


def test_equal_lines_give_unlike_leaves():
    assert len({leaves.seal_leaf(KEY, b"same", b"same", PATIENT_KEY)[4:] for _ in range(50)}) == 50


def best_of(deed, count=2000, rounds=5):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(count):
            deed()
        times.append((time.process_time() - start) / count)
    return min(times)


def test_sealing_is_fast_enough_for_the_hot_path():
    outer, inner = os.urandom(150), os.urandom(80)
    assert best_of(lambda: leaves.seal_leaf(KEY, outer)) < 25e-6
    assert best_of(lambda: leaves.seal_leaf(KEY, outer, inner, PATIENT_KEY)) < 45e-6

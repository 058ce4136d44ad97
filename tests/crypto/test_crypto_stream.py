"""An object comes back whole from where it was sealed, or not at all; in flat memory."""

import tracemalloc
from array import array
from os import urandom

import pytest
from cryptography.cobblestone import Cobblestone256Encryptor
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.crypto.aad import Purpose, bind_epoch
from seifas.crypto.envelope import seal, sealer
from seifas.crypto.stream import (
    BLOCK,
    Opener,
    Sealer,
    open_object,
    open_stream,
    seal_object,
    seal_stream,
    sealed_size,
    stated_epoch,
)
from seifas.errors import Invalid, Tampered

KEY = bytes(range(32))
CLINIC, PATIENT, RECORD = (bytes([n]) * 16 for n in (0xC1, 0xAA, 0xEE))
PLACE = {"purpose": Purpose.PHOTO, "clinic": CLINIC, "patient": PATIENT, "record": RECORD, "version": 2}
CHUNK = 16384 + 16
EDGES = [0, 1, 7, 8, 16383, 16384, 16385, BLOCK - 9, BLOCK - 8, BLOCK - 7, BLOCK - 1, BLOCK, BLOCK + 1]
EDGES += [2 * BLOCK - 9, 2 * BLOCK - 8, 2 * BLOCK - 7, 2 * BLOCK, 3 * BLOCK - 8, 3 * BLOCK + 5, 1_000_000]


def cut(data, size):
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize("size", EDGES)
def test_round_trip_at_the_edges(size):
    data = urandom(size)
    blob = seal_object(KEY, data, epoch=6, **PLACE)
    assert len(blob) == sealed_size(size)
    assert (len(blob) - 80) % 65600 == 0
    assert stated_epoch(blob) == 6
    assert open_object(KEY, blob, epoch=6, **PLACE) == data
    assert open_object(KEY, blob, **PLACE) == data


@given(st.integers(0, 200_000), st.integers(1, 90_000), st.integers(1, 90_000))
@settings(max_examples=20, deadline=None)
def test_pieces_of_any_size(size, sealing, opening):
    data = urandom(size)
    blob = b"".join(seal_stream(KEY, cut(data, sealing), epoch=1, **PLACE))
    assert len(blob) == sealed_size(size)
    assert b"".join(open_stream(KEY, cut(blob, opening), **PLACE)) == data


def test_tiny_and_empty_pieces_and_every_buffer_type():
    data = urandom(300)
    made = Sealer(KEY, epoch=1, **PLACE)
    blob = b"".join(made.update(kind(data[at : at + 1])) for at in range(300) for kind in [bytearray])
    blob += made.update(b"") + made.update(memoryview(data)) + made.finish()
    opener = Opener(KEY, **PLACE)
    back = b"".join(opener.update(bytearray(blob[at : at + 1])) + opener.update(b"") for at in range(len(blob)))
    assert back + opener.finish() == data + data


def test_a_buffer_of_wider_items_counts_its_bytes():
    numbers = array("I", range(40_000))
    assert open_object(KEY, seal_object(KEY, memoryview(numbers), epoch=1, **PLACE), **PLACE) == numbers.tobytes()
    made = Sealer(KEY, epoch=1, **PLACE)
    blob = made.update(memoryview(numbers)[:10]) + made.finish()
    assert open_object(KEY, blob, **PLACE) == numbers[:10].tobytes()


def test_one_large_piece():
    data = urandom(5 * 2**20)
    made = Sealer(KEY, epoch=1, **PLACE)
    blob = made.update(data) + made.finish()
    opener = Opener(KEY, **PLACE)
    assert opener.update(blob) + opener.finish() == data


def test_sizes_of_one_class_are_alike():
    assert {sealed_size(size) for size in (0, 1, 30_000, BLOCK - 8)} == {65680}
    assert sealed_size(BLOCK - 7) == sealed_size(2 * BLOCK - 8) == 131280


def test_memory_stays_flat():
    block = urandom(BLOCK)

    def through(blocks):
        tracemalloc.start()
        sealed = seal_stream(KEY, (block for _ in range(blocks)), epoch=1, **PLACE)
        total = sum(len(piece) for piece in open_stream(KEY, sealed, **PLACE))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert total == blocks * BLOCK
        return peak

    through(4)
    assert through(512) < 1.3 * through(32) < 1_500_000


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": Purpose.OBJECT}, {"clinic": bytes(16)}, {"patient": RECORD}, {"record": PATIENT}, {"version": 1},
        {"version": 3}, {"epoch": 2},
    ],
    ids=str,
)  # fmt: skip
def test_opened_as_anything_else_is_tampered(change):
    blob = seal_object(KEY, b"picture", epoch=1, **PLACE)
    with pytest.raises(Tampered) as told:
        open_object(KEY, blob, **(PLACE | change))
    assert told.value.where == (PLACE | change)["record"].hex()


BLOB = seal_object(KEY, urandom(2 * BLOCK), epoch=1, **PLACE)


def test_a_flip_anywhere_is_tampered():
    places = [*range(120), *range(120, len(BLOB), 811), *range(len(BLOB) - 40, len(BLOB))]
    for at in places:
        bad = bytearray(BLOB)
        bad[at] ^= 1 << at % 8
        with pytest.raises(Tampered):
            open_object(KEY, bytes(bad), **PLACE)


def test_a_cut_anywhere_is_tampered():
    chunks = [8, 64, *range(64, len(BLOB), CHUNK)]
    near = {at + by for at in chunks for by in (-1, 0, 1)} | set(range(0, len(BLOB), 9973)) | {len(BLOB) - 1}
    for at in sorted(near):
        with pytest.raises(Tampered):
            open_object(KEY, BLOB[:at], **PLACE)


def test_growth_is_tampered():
    for more in (b"\0", bytes(16), bytes(CHUNK), BLOB[-16:], BLOB):
        with pytest.raises(Tampered):
            open_object(KEY, BLOB + more, **PLACE)


def test_chunks_exchanged_dropped_or_doubled():
    first, second, third = (BLOB[64 + n * CHUNK : 64 + (n + 1) * CHUNK] for n in range(3))
    rest = BLOB[64 + 3 * CHUNK :]
    for bad in ([second, first, third], [first, third], [first, first, second, third], [second, third]):
        with pytest.raises(Tampered):
            open_object(KEY, BLOB[:64] + b"".join(bad) + rest, **PLACE)


def test_two_objects_do_not_join():
    other = seal_object(KEY, urandom(2 * BLOCK), epoch=1, **PLACE)
    for at in (32, 64, 64 + CHUNK, len(BLOB) - 16):
        with pytest.raises(Tampered):
            open_object(KEY, BLOB[:at] + other[at:], **PLACE)


def test_wrong_key_and_wrong_kind():
    with pytest.raises(Tampered):
        open_object(urandom(32), BLOB, **PLACE)
    record = seal(sealer(KEY), b"x" * 200, epoch=1, **PLACE)
    for bad in [b"", b"SO", BLOB[:8], record, b"SO\x02\x02" + BLOB[4:], b"SO\x01\x03" + BLOB[4:], bytes(70_000)]:
        with pytest.raises(Tampered):
            open_object(KEY, bad, **PLACE)
    for bad in [b"", BLOB[:7], record, bytes(8)]:
        with pytest.raises(Tampered):
            stated_epoch(bad)


def test_what_was_given_out_before_the_damage_is_genuine():
    data = urandom(10 * BLOCK)
    blob = bytearray(seal_object(KEY, data, epoch=1, **PLACE))
    blob[7 * 65600] ^= 1
    out = []
    with pytest.raises(Tampered):
        out.extend(open_stream(KEY, cut(bytes(blob), 5000), **PLACE))
    assert out
    assert data.startswith(b"".join(out))


def test_after_a_refusal_nothing_more_comes():
    opener = Opener(KEY, **PLACE)
    bad = BLOB[:100] + b"\0" + BLOB[101:]
    with pytest.raises(Tampered):
        opener.update(bad)
    with pytest.raises(Tampered):
        opener.update(BLOB[BLOCK:])
    with pytest.raises(Tampered):
        opener.finish()


def sealed_by_a_wrong_writer(text):
    context = bind_epoch(fmt=1, alg=2, epoch=1, **PLACE)
    made = Cobblestone256Encryptor(KEY, context)
    return b"SO\x01\x02\0\0\0\1" + made.update(text) + made.finalize()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        bytes(8),
        bytes(BLOCK - 1),
        bytes(BLOCK - 8) + (BLOCK - 7).to_bytes(8, "big"),
        bytes(BLOCK - 8) + (2**64 - 1).to_bytes(8, "big"),
        bytes(BLOCK - 9) + b"\1" + (5).to_bytes(8, "big"),
        bytes(2 * BLOCK - 8) + (5).to_bytes(8, "big"),
        bytes(5 * BLOCK - 8) + (0).to_bytes(8, "big"),
    ],
    ids=["nothing", "no block", "no class", "one more", "huge", "dirty zeros", "a block too many", "all padding"],
)
def test_only_the_shortest_clean_padding_is_accepted(text):
    with pytest.raises(Tampered):
        open_object(KEY, sealed_by_a_wrong_writer(text), **PLACE)


def test_the_bare_primitive_makes_what_we_open():
    text = b"abc" + bytes(BLOCK - 11) + (3).to_bytes(8, "big")
    assert open_object(KEY, sealed_by_a_wrong_writer(text), **PLACE) == b"abc"


def test_bad_keys_and_ids_are_refused_at_once():
    with pytest.raises(Invalid):
        Sealer(bytes(16), epoch=1, **PLACE)
    with pytest.raises(Invalid):
        Opener(bytes(33), **PLACE)
    with pytest.raises(Invalid):
        Opener(KEY, **(PLACE | {"patient": b""}))
    with pytest.raises(Invalid):
        Sealer(KEY, epoch=2**32, **PLACE)

"""The book of addresses: what goes in comes out, and nothing else is read."""

import struct
from hashlib import sha256
from pathlib import Path

import flood_makers as makers
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield import addresses
from seifas.shield.addresses import GOOD, Table
from seifas.shield.evidence import book, forms

FORMAT = Path(__file__).parents[2] / "docs/formats/flood-evidence.md"


def rows(one: book.Book | book.Part) -> list[tuple[object, ...]]:
    return [row for each in (one.v4, one.v6) for row in zip(forms.texts(each), *(
        getattr(each, name).tolist() for name in Table.__struct_fields__[1:]
    ), strict=True)]  # fmt: skip


@given(makers.BOOKS)
def test_what_goes_in_comes_out(sent: makers.Sent) -> None:
    found = book.joined(makers.parts(sent))
    assert found.whole
    assert found.exact
    assert found.distinct == len(found) == len(sent)
    told = {row[0]: row for row in rows(found)}
    for version in (4, 6):
        put = makers.table(sent, version)
        for address, *values in zip(forms.texts(put), *(
            getattr(put, name).tolist() for name in Table.__struct_fields__[1:]
        ), strict=True):  # fmt: skip
            assert list(told[address][1:6]) == values[:5]
            assert told[address][6] & ~book.KNOWN_NETWORK == values[5]


@given(makers.BOOKS, st.data())
def test_a_changed_part_is_refused_or_is_another_ones_only_spelling(sent: makers.Sent, data: st.DataObject) -> None:
    part = bytearray(makers.parts(sent)[0])
    place = data.draw(st.integers(0, len(part) - 1))
    part[place] ^= data.draw(st.integers(1, 255))
    try:
        found = book.opened(bytes(part))
    except Invalid:
        return
    told = addresses.Book(found.v4, found.v6, found.exact, np.empty(0, np.uint32), np.empty(0, np.uint64))
    again = bytearray(book.packed(told, chain=found.chain, made_ms=found.made_ms, distinct=found.distinct)[0])
    # The number of the part, and flags of networks, which packing adds, are the caller's.
    again[30:38] = part[30:38]
    if not (found.v4.flags & GOOD).any() and not (found.v6.flags & GOOD).any():
        assert bytes(again) == bytes(part)


@given(makers.BOOKS, st.integers(0, 400), st.binary(max_size=3))
def test_cut_off_and_longer_ones_are_refused(sent: makers.Sent, cut: int, more: bytes) -> None:
    part = makers.parts(sent)[0]
    for hostile in (part[: min(cut, len(part) - 1)], part + more + b"\0"):
        with pytest.raises(Invalid):
            book.opened(hostile)


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    for hostile in (noise, b"SFFB\x01\x01" + noise, b"SFFB\x01\x01" + bytes(24) + noise):
        with pytest.raises(Invalid):
            book.opened(hostile)


def test_a_head_that_promises_much_costs_nothing() -> None:
    head = struct.pack(">4sBB16sQIIQII", b"SFFB", 1, 1, bytes(16), 1, 0, 1, 1, 2**32 - 1, 2**32 - 1)
    with pytest.raises(Invalid):
        book.opened(head + bytes(1000))


def test_twice_the_same_address_is_refused() -> None:
    part = bytearray(makers.parts({"198.51.100.1": (1, 0), "198.51.100.2": (1, 0)})[0])
    assert part[54:62] == bytes.fromhex("c6336401c6336402")
    part[57] = 2
    with pytest.raises(Invalid):
        book.opened(bytes(part))


def many(count: int, first: int = 0x0B000000) -> addresses.Book:
    keys = (first + np.arange(count) * 7).astype(np.uint32)
    seconds = (1_790_000_000 + np.arange(count) % 86_400).astype(np.uint32)
    ones = np.ones(count, np.uint32)
    v4 = Table(keys, seconds, seconds + ones, ones, ones, ones.astype(np.uint64), np.zeros(count, np.uint8))
    return addresses.Book(v4, addresses.no_table("S16"), True, np.empty(0, np.uint32), np.empty(0, np.uint64))


def test_the_newest_whole_edition_is_the_book() -> None:
    old = book.packed(many(45_000), chain=makers.CHAIN, made_ms=1_000, distinct=45_000)
    new = book.packed(many(50_000), chain=makers.CHAIN, made_ms=2_000, distinct=50_000)
    assert [len(book.opened(one).v4) for one in old] == [20_000, 20_000, 5_000]
    assert len(book.joined([*new, *old])) == 50_000
    assert book.joined([*new[1:], *old]).made_ms == 1_000
    found = book.joined([*new[1:], *old[:1]])
    assert (found.made_ms, found.whole, found.exact, len(found)) == (2_000, False, False, 30_000)
    with pytest.raises(Invalid):
        book.joined([])
    with pytest.raises(Invalid, match="two parts"):
        book.joined([*old[:2], _numbered(old[0], 2)])


def test_what_was_counted_before_a_crash_is_in_the_book() -> None:
    before = {"198.51.100.1": (9, GOOD), "198.51.100.2": (9, 0), "2001:db8::1": (2, 0)}
    after = {"198.51.100.2": (3, 0), "203.0.113.1": (1, 0)}
    told = [*makers.parts(before, made_ms=1_000), *makers.parts(after, made_ms=2_000)]
    found = book.joined(told)
    assert [(row[0], row[4]) for row in rows(found)] == [
        ("198.51.100.1", 9),
        ("198.51.100.2", 9),
        ("203.0.113.1", 1),
        ("2001:db8::1", 2),
    ]
    assert (found.exact, found.distinct, found.made_ms, found.whole) == (False, 4, 2_000, True)
    assert found.v4.flags[0] & GOOD
    grown = book.joined([*makers.parts(after, made_ms=1_000), *makers.parts(after | before, made_ms=2_000)])
    assert grown.exact
    assert book.needed([]) == ()
    assert book.needed([(3, 30), (1, 10), (2, 20)]) == (3,)
    assert book.needed([(1, 10), (2, 20), (3, 5), (4, 6), (5, 6)]) == (2, 5)


def _numbered(part: bytes, number: int) -> bytes:
    return part[:30] + number.to_bytes(4) + part[34:]


def test_300_000_addresses_take_less_than_12_mb() -> None:
    dice = np.random.default_rng(6)
    keys = np.frombuffer(b"\x20\x01" + dice.bytes(16 * 300_000 - 2), "S16")
    keys = np.unique(keys)
    count = len(keys)
    first = (1_790_000_000 + dice.integers(0, 7 * 86_400, count)).astype(np.uint32)
    v6 = Table(
        keys, first, first + dice.integers(0, 86_400, count).astype(np.uint32),
        dice.integers(1, 60_000, count).astype(np.uint32), dice.integers(0, 60_000, count).astype(np.uint32),
        dice.integers(0, 2**32, count).astype(np.uint64), dice.integers(0, 16, count).astype(np.uint8),
    )  # fmt: skip
    told = addresses.Book(addresses.no_table("u4"), v6, True, np.empty(0, np.uint32), np.empty(0, np.uint64))
    packed = book.packed(told, chain=makers.CHAIN, made_ms=1, distinct=count)
    assert sum(map(len, packed)) <= 12_000_000
    assert max(map(len, packed)) <= 830_000


def test_where_good_ones_came_from_before_is_flagged_and_not_told() -> None:
    sent = {"198.51.100.1": (9, 0), "203.0.113.1": (9, 0), "2001:db8:1::1": (9, 0)}
    quiet = makers.parts(sent, good4=[0xC63364, 0xABCDEF], good6=[0x20010DB80001])[0]
    assert bytes.fromhex("abcdef") not in quiet
    assert [row[6] for row in rows(book.opened(quiet))] == [8, 0, 8]


def test_the_vector_of_the_format() -> None:
    text = FORMAT.read_text("utf-8")
    lines = text.split("chain 00 01 … 0f:\n", 1)[1].split("##", 1)[0].split("\n")
    found = book.opened(bytes.fromhex("".join(map(str.strip, lines))))
    assert (found.chain, found.made_ms, found.exact, found.distinct) == (makers.CHAIN, 1_790_000_900_000, True, 3)
    assert rows(found) == [
        ("192.0.2.1", 1790000000, 1790000100, 3, 3, 900, 8),
        ("198.51.100.7", 1790000060, 1790000700, 700, 0, 70000, 9),
        ("2001:db8::7", 1790000005, 1790000005, 1, 1, 300, 0),
    ]
    before = sha256(b"seifas flood chain\0" + makers.CHAIN).digest()
    link = b"SFFM\x01" + makers.CHAIN + bytes(4) + before + b"{}"
    assert before.hex() in text
    assert sha256(link).hexdigest() in text


def test_networks_are_written_as_people_write_them() -> None:
    assert book.network4_text(0xC63364) == "198.51.100.0/24"
    assert book.network6_text(0x20010DB80001) == "2001:db8:1::/48"
    assert book.network6_text(0x20010DB80000) == "2001:db8::/48"
    assert book.network6_text(0) == "::/48"
    found = makers.joined({f"198.51.100.{one}": (1, 0) for one in range(9)} | {"2001:db8::1": (1, 0)})
    assert book.busiest_networks(found) == ((("198.51.100.0/24", 9),), (("2001:db8::/48", 1),))

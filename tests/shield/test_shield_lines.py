"""Lines of HAProxy's log: whatever comes on the stream, what is read is what was written, and nothing is made up."""

from __future__ import annotations

import ipaddress
import time

import numpy as np
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.lines import LANES, LISTENERS, MOST_LINE, OUTCOMES, Framing, Lines, parsed

words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)
sixes = st.ip_addresses(v=6).filter(lambda address: address.ipv4_mapped is None)
addresses = st.one_of(st.ip_addresses(v=4), sixes).map(str)
requests = st.tuples(
    addresses, st.integers(0, 2**42), st.sampled_from("ps"), st.sampled_from([*map(str, LANES), "-"]),
    st.sampled_from([*map(str, OUTCOMES), "-"]), st.integers(-1, 599), st.integers(0, 2**40), words,
    st.integers(-1, 2**31 - 1), words, words, words,
)  # fmt: skip


def line(*fields: object) -> bytes:
    return ("R " + " ".join(map(str, fields))).encode("latin-1")


def framed(lines: list[bytes]) -> bytes:
    return b"".join(b"%d %s" % (len(one), one) for one in lines)


def one(source: str = "192.0.2.7", lane: str = "stranger", outcome: str = "served", path: str = "/") -> bytes:
    return line(source, 1795343095123, "p", lane, outcome, 200, 10, "GET", 3, "18210CF549498DC1", path, "-")


def texts(lines: Lines) -> list[str]:
    """The addresses in their order."""
    fours, sixes = iter(lines.keys4.tolist()), iter(np.frombuffer(lines.keys6.tobytes(), "V16").tolist())
    return [
        str(ipaddress.IPv4Address(next(fours)) if four else ipaddress.IPv6Address(next(sixes))) for four in lines.four
    ]


@given(st.lists(requests, max_size=8), st.lists(st.integers(1, 60), max_size=40))
@settings(max_examples=of_whole(150))
def test_whatever_was_written_is_read_however_it_is_cut(rows: list[tuple[object, ...]], cuts: list[int]) -> None:
    stream = framed([line(*row) for row in rows])
    framing, found = Framing(), []
    for cut in cuts:
        found += framing.feed(stream[:cut])
        stream = stream[cut:]
    found += framing.feed(stream)
    lines, unread = parsed(found)
    assert (len(lines), unread) == (len(rows), 0)
    assert texts(lines) == [str(ipaddress.ip_address(str(row[0]))) for row in rows]
    assert lines.ms.tolist() == [row[1] for row in rows]
    assert [LISTENERS[number][0] for number in lines.listener] == [row[2] for row in rows]
    assert [str(LANES[number]) for number in lines.lane] == [row[3] if row[3] != "-" else "stranger" for row in rows]
    for number, row in zip(lines.outcome, rows, strict=True):
        status = row[5]
        assert isinstance(status, int)
        assert str(OUTCOMES[number]) == (row[4] if row[4] != "-" else "served" if 100 <= status < 400 else "refused")
    assert lines.bytes_out.tolist() == [row[6] for row in rows]
    assert lines.queue_ms.tolist() == [max(int(str(row[8])), 0) for row in rows]
    assert (lines.methods, lines.signatures) == ([row[7] for row in rows], [row[9] for row in rows])
    assert (lines.paths, lines.heads) == ([row[10] for row in rows], [row[11] for row in rows])


@given(st.lists(st.one_of(st.binary(max_size=80), requests.map(lambda row: line(*row))), max_size=8))
def test_a_line_that_does_not_read_is_counted_and_costs_no_other(lines: list[bytes]) -> None:
    read, unread = parsed([*lines, one(path="/last")])
    assert len(read) + unread == len(lines) + 1
    assert read.paths[-1] == "/last"
    for column in (read.lane, read.outcome, read.listener, read.status, read.bytes_out, read.queue_ms, read.four):
        assert len(column) == len(read)
    assert len(read.keys4) + len(read.keys6) == len(read)


@pytest.mark.parametrize(
    "bad",
    [
        b"", b"R", b"R " * 7, one() + b" more", one().replace(b"192.0.2.7", b"192.0.2.256"),
        one().replace(b" p ", b" x "),
        one().replace(b" 200 ", b" 2e2 "), one().replace(b" 200 ", b" 99999999999999999999999 "), one()[:-20],
        one().replace(b"1795343095123", b"\xb2\xb3"), b"\xff" * 50,
        one().replace(b"R ", b"Q "), one().replace(b" 3 ", b" 4294967296 "), one().replace(b"192.0.2.7", b"::1%lo"),
    ],
)  # fmt: skip
def test_each_kind_of_broken_line_is_left_out(bad: bytes) -> None:
    read, unread = parsed([one(), bad, one("2001:db8::1")])
    assert (len(read), unread) == (2, 1)
    assert texts(read) == ["192.0.2.7", "2001:db8::1"]


def test_nothing_is_nothing() -> None:
    read, unread = parsed([])
    assert (len(read), unread) == (0, 0)


@given(st.binary(max_size=200))
def test_a_stream_that_is_none_is_hung_up_on_or_waited_for(garbage: bytes) -> None:
    framing = Framing()
    try:
        lines = framing.feed(garbage)
    except Invalid:
        return
    assert sum(map(len, lines)) <= len(garbage)


@pytest.mark.parametrize(
    "garbage", [b"-1 x", b"+5 hello", b" 5 hello", b"abcdefg", b"1234567 x", b"0x5 hello", b"5_0 x"]
)
def test_lengths_are_plain_numbers(garbage: bytes) -> None:
    with pytest.raises(Invalid):
        Framing().feed(framed([one()]) + garbage)


def test_a_line_as_long_as_memory_is_refused() -> None:
    with pytest.raises(Invalid):
        Framing().feed(b"%d " % (MOST_LINE + 1))


def test_mapped_addresses_are_ipv4() -> None:
    read, _ = parsed([one("::ffff:192.0.2.1"), one("2001:db8::1"), one("::ffff:192.0.2.2")])
    assert texts(read) == ["192.0.2.1", "2001:db8::1", "192.0.2.2"]


def test_many_lines_are_read_like_few() -> None:
    lines = [one(f"127.0.{n >> 8}.{n & 255}", path=f"/{n}") if n % 3 else one(f"::{n + 1:x}", path=f"/{n}")
             for n in range(4321)]  # fmt: skip
    lines[2000] = b"broken"
    read, unread = parsed(lines)
    del lines[2000]
    assert unread == 1
    assert read.paths == [line.split(b" ")[11].decode() for line in lines]
    assert texts(read) == [str(ipaddress.ip_address(line.split(b" ")[1].decode())) for line in lines]


def test_a_second_of_a_flood_is_read_in_a_small_part_of_a_second() -> None:
    """10 µs a line is five times what it takes on a quiet machine."""
    lines = [one(f"127.{16 + n % 128}.{n % 251}.{n % 241}", outcome="challenged", path=f"/{n}") for n in range(20_000)]
    stream, framing = framed(lines), Framing()
    began = time.process_time()
    read, unread = parsed(framing.feed(stream))
    assert (len(read), unread) == (20_000, 0)
    assert time.process_time() - began < 0.2

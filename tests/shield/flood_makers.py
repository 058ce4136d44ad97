"""Books, minutes and changes for tests of a flood's evidence."""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import strategies as st

from seifas.shield import addresses
from seifas.shield.addresses import DROPPED, GOOD, SOLVED, Table
from seifas.shield.evidence import book
from seifas.shield.evidence.book import Book
from seifas.shield.model import Change, LaneMinute, Minute

CHAIN = bytes(range(16))
BEGAN = 1_790_000_040_000

# address text -> (turned away, flags)
Sent = Mapping[str, tuple[int, int]]

# Few networks, so that good ones and others meet.
FOURS = st.integers(0, 2**32 - 1) | st.integers(0xC6336400, 0xC6336BFF)
SIXES = st.integers(0, 2**128 - 1) | st.integers(0x20010DB8 << 96, (0x20010DB8 << 96) + (3 << 80) + 9)
SENT = st.tuples(st.integers(0, 6), st.sampled_from([0, 0, 0, GOOD, SOLVED, DROPPED, GOOD | DROPPED]))
BOOKS = st.tuples(
    st.dictionaries(FOURS.map(lambda one: str(ipaddress.IPv4Address(one))), SENT, max_size=40),
    st.dictionaries(SIXES.map(lambda one: str(ipaddress.IPv6Address(one))), SENT, max_size=40),
).map(lambda pair: {**pair[0], **pair[1]})  # fmt: skip


def table(sent: Sent, version: int) -> Table:
    rows = sorted(
        (ipaddress.ip_address(one).packed, values) for one, values in sent.items()
        if ipaddress.ip_address(one).version == version
    )  # fmt: skip
    keys = b"".join(key for key, _ in rows)
    count = len(rows)
    number = np.arange(count)
    return Table(
        np.frombuffer(keys, ">u4").astype(np.uint32) if version == 4 else np.frombuffer(keys, "S16").copy(),
        (BEGAN // 1000 + number).astype(np.uint32), (BEGAN // 1000 + 60 + number * 2).astype(np.uint32),
        np.array([turned + 1 for _, (turned, _) in rows], np.uint32),
        np.array([turned for _, (turned, _) in rows], np.uint32), (number * 1000).astype(np.uint64),
        np.array([flags for _, (_, flags) in rows], np.uint8),
    )  # fmt: skip


def parts(sent: Sent, good4: Sequence[int] = (), good6: Sequence[int] = (), made_ms: int = BEGAN) -> tuple[bytes, ...]:
    told = addresses.Book(table(sent, 4), table(sent, 6), True, np.array(good4, np.uint32), np.array(good6, np.uint64))
    return book.packed(told, chain=CHAIN, made_ms=made_ms, distinct=len(told))


def joined(sent: Sent, good4: Sequence[int] = (), good6: Sequence[int] = ()) -> Book:
    return book.joined(parts(sent, good4, good6))


def sample(head: str, signature: str = "00112233445566aa") -> str:
    return f"{signature} {urllib.parse.quote(head, safe='')}"


def minute(place: int = 0, *, listener: str = "public", paths: Sequence[str] = ("%2F",), samples: Sequence[str] = (),
           uplink: Mapping[str, float] | None = None, requests: int = 60_000) -> Minute:  # fmt: skip
    return Minute(
        listener, BEGAN + place * 60_000, 60.0, requests, requests, requests * 900, 4_000, True, 3_000,
        {"stranger": LaneMinute({"challenged": requests - 60, "served": 30}, requests * 800),
         "staff": LaneMinute({"served": 30}, 90_000)},
        2, (("198.51.100.0/24", 900),), (("2001:db8::/48", 50),), tuple((one, 7) for one in paths),
        (("00112233445566aa", 50_000),), 3.5, 0.8, 0, 12, tuple(samples), dict(uplink or {}),
        (("AS64500 =EXAMPLE <b>", 5_000),),
    )  # fmt: skip


def changes() -> list[Change]:
    return [
        Change("public", BEGAN + 8_000, 0, 1, "sources", {"sources": 2_900.0, "sources_bound": 600.0}),
        Change("public", BEGAN + 18_000, 1, 2, "turned-away", {"turned-away": 0.77, "turned-away_bound": 0.4}),
        Change("staff", BEGAN + 60_000, 0, 1, "by-hand", {}, by_hand=True),
        Change("public", BEGAN + 90_000, 2, 1, "<script>\u202e", {}),
    ]

"""What HAProxy's table of addresses says, and who announces an address."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import struct
from pathlib import Path

import numpy as np
import pytest
from front_rig import front_rig, haproxies
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid, Missing
from seifas.shield.addresses import SOLVED
from seifas.shield.announcers import parsed, read
from seifas.shield.front.tables import SOURCES
from seifas.shield.sources import LOUD, loud, senders, table

LINES = (
    "192.0.2.0\t192.0.2.255\t64500\tLT\tEXAMPLE-NET",
    "198.51.100.0\t198.51.100.127\t64501\tLT\tOTHER\x07NET",
    "203.0.113.0\t203.0.113.255\t0\tNone\tNot routed",
    "2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64500\tLT\tEXAMPLE-NET",
)


@pytest.mark.parametrize("binary", haproxies())
def test_a_real_table_is_read(tmp_path: Path, binary: str) -> None:
    with front_rig(tmp_path / "front", binary, modes={"public": 2}) as rig:
        for source, times in (("127.50.0.1", 3), ("127.50.0.2", 1)):
            for _ in range(times):
                assert rig.ask("/page", source=source).status == 403
        solved = rig.solve("127.50.0.3")
        assert rig.ask("/page", source="127.50.0.3", cookies={"seifas_lane": solved}).status == 200
        four = senders(rig.runtime, 1_795_000_000)
    told = {
        str(ipaddress.IPv4Address(int(four.keys[at]))): (
            int(four.requests[at]), int(four.turned_away[at]), bool(four.flags[at] & SOLVED)
        )
        for at in range(len(four))
    }
    assert told["127.50.0.1"] == (3, 3, False)
    assert told["127.50.0.2"] == (1, 1, False)
    assert told["127.50.0.3"][2]
    assert abs(int(four.last.min()) - 1_795_000_000) < 5


def test_who_connects_and_asks_for_nothing_is_loud_and_who_asks_is_not(tmp_path: Path) -> None:
    with front_rig(tmp_path / "front", haproxies()[0]) as rig:
        for source in ("127.51.0.1", "127.51.0.2"):
            for _ in range(LOUD + 50):
                with socket.create_connection(("127.0.0.1", rig.port()), 5, (source, 0)) as one:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # One ended every time in the handshake, before there was a request to count; the other asked every time.
        rig.runtime.put(
            SOURCES, {"::ffff:127.51.0.1": {"http_req_cnt": 0}, "::ffff:127.51.0.2": {"http_req_cnt": LOUD + 50}}
        )
        found = loud(rig.runtime)
    assert [str(ipaddress.IPv4Address(int(key))) for key in found] == ["127.51.0.1"]


@given(st.lists(st.dictionaries(st.sampled_from(["key", "exp", "http_req_cnt", "gpc0", "gpc1"]), st.text(max_size=12))))
def test_rows_that_do_not_read_are_left_out(rows: list[dict[str, str]]) -> None:
    sound = {"key": "::ffff:192.0.2.7", "exp": "540000", "http_req_cnt": "9", "gpc0": "4", "gpc1": "0"}
    four = table([*rows, sound, {**sound, "key": "2001:db8::"}], 1_795_000_000)
    at = four.keys.tolist().index(0xC0000207)
    assert (int(four.requests[at]), int(four.turned_away[at]), int(four.last[at])) == (9, 4, 1_795_000_000 - 60)
    assert four.keys.tolist() == sorted(four.keys.tolist())
    assert all(len(getattr(four, name)) == len(four) for name in four.__struct_fields__)


def test_requests_are_told_by_who_announces_the_network() -> None:
    found = parsed(LINES)
    four = np.array([0xC0000200, 0xC00002FF, 0xC0000300, 0xC6336405, 0xC6336480, 0xCB007101, 0], np.uint32)
    six = np.frombuffer(
        b"".join(socket.inet_pton(socket.AF_INET6, text) for text in ("2001:db8::", "2001:db9::", "::")), "S16"
    )
    told = found.busiest([(four, np.array([5, 6, 100, 7, 100, 100, 100])), (six, np.array([20, 100, 100]))])
    assert told == (("AS64500 EXAMPLE-NET", 31), ("AS64501 OTHERNET", 7))
    assert parsed([]).busiest([(four, np.ones(7, np.int64)), (six, np.ones(3, np.int64))]) == ()


def test_a_file_is_read_packed_or_not_and_a_wrong_line_is_named(tmp_path: Path) -> None:
    plain, packed = tmp_path / "asn.tsv", tmp_path / "asn.tsv.gz"
    plain.write_text("\n".join(LINES) + "\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(plain).names == read(packed).names == ("AS64500 EXAMPLE-NET", "AS64501 OTHERNET")
    with pytest.raises(Missing):
        read(tmp_path / "none")
    packed.write_bytes(packed.read_bytes()[:40])
    with pytest.raises(Missing):
        read(packed)


@pytest.mark.parametrize(
    "line",
    ["", "x", "192.0.2.0\t192.0.2.9", "192.0.2.9\t192.0.2.0\t1\tLT\tA", "192.0.2.0\t::1\t1\tLT\tA", "\xff\t\t\t"],
)
def test_broken_lines_are_refused_with_their_number(line: str) -> None:
    with pytest.raises(Invalid) as refused:
        parsed([LINES[0], line])
    assert refused.value.where == "shield.asn_file:2"

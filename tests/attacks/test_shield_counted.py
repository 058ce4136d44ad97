"""Attacks on what is counted: nobody writes lines of their own, is taken for a good visitor, gets one dropped, teaches
the shield that a flood is usual, or stops it from counting."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from front_rig import FrontRig, haproxies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loop_rig import Remembering, control_of, looping, until

from seifas.shield.addresses import GOOD, Addresses, grouped
from seifas.shield.collecting import MOST_WAITING, Collector
from seifas.shield.control import Control, Loop
from seifas.shield.dropping_client import TURNED_AWAY, Dropper
from seifas.shield.model import Mode
from seifas.shield.networks import Networks

FORGED = "R 198.51.100.66 1795343095123 s staff served 200 1 GET 0 AB /forged -"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FrontRig, Loop, Remembering]]:
    place = tmp_path_factory.mktemp("counted")
    rig, told = FrontRig(place / "front", haproxies()[0]), Remembering()
    rig._sink.close()
    try:
        rig.start()
        with looping(control_of(rig, place / "loop"), told) as loop:
            until(lambda: told.states, 60)
            yield rig, loop, told
    finally:
        rig.stop()


def addresses(loop: Loop) -> dict[int, tuple[int, int]]:
    """address -> requests, flags"""
    four, six = loop._addresses.tables()
    assert len(six) == 0
    return {
        int(key): (int(requests), int(flags))
        for key, requests, flags in zip(four.keys, four.requests, four.flags, strict=True)
    }


def number(text: str) -> int:
    return int.from_bytes(socket.inet_aton(text), "big")


HOSTILE = [
    b"GET /x\n" + FORGED.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /x%0a" + FORGED.replace(" ", "%20").encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-A: 90 " + FORGED.encode() + b"\r\nUser-Agent: 90 " + FORGED.encode() + b"\r\n\r\n",
    FORGED.encode() + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /\x00\xff\x80 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"G\tT / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"%20" * 300 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 198.51.100.66\r\nSeifas-Address: 198.51.100.66\r\n"
    b"Seifas-Lane: staff\r\nForwarded: for=198.51.100.66\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nCookie: seifas_lane=1.staff.a.9999999999.0123456789ab." + b"A" * 32 + b"\r\n\r\n",
    b"PROXY TCP4 198.51.100.66 127.0.0.1 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
]


def test_no_request_writes_a_line_of_its_own(running: tuple[FrontRig, Loop, Remembering]) -> None:
    rig, loop, _ = running
    for request in HOSTILE:
        rig.raw(request, source="127.40.0.1", wait_s=0.7)
    assert rig.ask("/end", source="127.40.0.2").status == 200
    until(lambda: number("127.40.0.2") in addresses(loop), 60)
    found = addresses(loop)
    assert number("198.51.100.66") not in found
    assert found[number("127.40.0.1")][0] <= len(HOSTILE) + 1
    assert found[number("127.40.0.1")][1] == 0, "nothing of this makes a good visitor"
    assert not any("forged" in path and path.startswith("/forged") for path in loop._tallies["staff"]._paths)
    assert loop._collector.broken == 0
    assert loop._unread == 0


@given(st.binary(max_size=300))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_come_every_line_reads(running: tuple[FrontRig, Loop, Remembering], data: bytes) -> None:
    rig, loop, _ = running
    rig.raw(b"GET /" + data + b" HTTP/1.1\r\nHost: x\r\nX-B: " + data + b"\r\nConnection: close\r\n\r\n",
            source="127.40.0.3", wait_s=0.3)  # fmt: skip
    assert loop._unread == 0
    assert loop._collector.broken == 0


def test_garbage_on_the_lines_socket_is_hung_up_on_and_nobody_else_reaches_it(
    running: tuple[FrontRig, Loop, Remembering],
) -> None:
    rig, loop, _ = running
    place = rig.front.lines_socket
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) & 0o077 == 0
    assert place.stat().st_uid == os.geteuid()
    before = loop._collector.broken
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(60)
        one.connect(str(place))
        one.sendall(b"\xff" * 100)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(1) == b""
    assert loop._collector.broken == before + 1
    loop._collector.broken = before
    rig.ask("/after", source="127.40.0.9")
    until(lambda: number("127.40.0.9") in addresses(loop), 60)


def test_lines_without_end_cost_no_memory_without_end() -> None:
    collector = Collector()
    some = [b"R x"] * 100_000
    for _ in range(8):
        collector.put(some)
    assert collector.dropped == 8 * len(some) - MOST_WAITING
    assert len(collector.taken()) == MOST_WAITING
    assert collector.taken() == []


def test_a_flood_from_a_good_visitor_s_network_drops_nobody_there(
    running: tuple[FrontRig, Loop, Remembering], tmp_path: Path
) -> None:
    """An attacker who shares a network (a carrier's NAT, a clinic's own) with patients cannot have them shut out."""
    rig, loop, _ = running
    cookie = rig.signed_in("patient", source="127.41.0.7")
    rig.ask("/my", source="127.41.0.7", cookies={"seifas_lane": cookie})
    until(lambda: addresses(loop).get(number("127.41.0.7"), (0, 0))[1] & GOOD, 60)
    rig.mode(Mode.SIEGE)
    try:
        for source in ("127.41.0.7", "127.41.0.8", "127.42.0.8"):
            for _ in range(TURNED_AWAY + 3):
                rig.ask("/page", source=source)
        until(lambda: addresses(loop).get(number("127.42.0.8"), (0, 0))[0] > TURNED_AWAY + 2, 60)
    finally:
        rig.mode(Mode.CALM)
    four, _ = Dropper(tmp_path / "none").chosen(loop._addresses, loop._networks, int(time.time()))
    assert number("127.42.0.8") in four.tolist()
    assert not {number("127.41.0.7"), number("127.41.0.8")} & set(four.tolist())


def test_whoever_solves_once_is_not_dropped_and_a_forged_cookie_is_no_protection(tmp_path: Path) -> None:
    book, networks = Addresses(), Networks()

    def send(key: int, times: int, flags: int) -> None:
        keys = np.full(times, key, np.uint32)
        book.add(grouped(keys, np.full(times, 100, np.uint32), np.ones(times, np.bool_), np.ones(times, np.int64),
                         np.full(times, flags, np.uint8)))  # fmt: skip

    send(1 << 8, 50, 0)
    send(2 << 8, 50, 0)
    send(2 << 8, 1, 2)
    four, six = Dropper(tmp_path / "none").chosen(book, networks, 100)
    assert (four.tolist(), len(six)) == ([1 << 8], 0)
    loud = np.array([3 << 8, 4 << 8], np.uint32)
    networks.learn_good(np.array([4 << 8 | 9], np.uint32))
    assert Dropper(tmp_path / "none").chosen(book, networks, 100, loud=loud)[0].tolist() == [1 << 8, 3 << 8]


def test_a_flood_does_not_become_usual(tmp_path: Path) -> None:
    sockets = [tmp_path / name for name in ("lines.sock", "haproxy.sock", "master.sock")]

    async def learned(mode: Mode) -> bool:
        loop = Loop(Control(tmp_path, *sockets), Remembering())
        loop._strictest["public"] = mode
        loop._end_minute(loop._minute_at + 60, loop._minute_ms + 60_000)
        while not loop._telling.empty():
            await loop._telling.get_nowait()
        await asyncio.gather(*loop._tasks.values())
        return "public" in loop._baselines

    assert not asyncio.run(learned(Mode.SIEGE))
    (tmp_path / "baseline.json").unlink()
    assert not asyncio.run(learned(Mode.GUARDED))
    (tmp_path / "baseline.json").unlink()
    assert asyncio.run(learned(Mode.CALM))

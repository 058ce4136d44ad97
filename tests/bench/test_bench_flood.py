"""The flood's loop in C does as the one in Python does; the set-ups beside ours come up and let a visitor in."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from bench.flood import native
from bench.flood.ours import OursTls
from bench.flood.rows import EVERYBODY
from bench.flood.servers import FIRST_VISITOR, VISITORS, Plain, Server
from bench.flood.slow import client_hello, tls_visits

from seifas.drill.flooding import Plan, Stream, Tally, flooding, get
from seifas.errors import Invalid, Unavailable


def _good(server: Server, rate: float) -> Stream:
    return Stream(
        "good", rate, server.visitors(), FIRST_VISITOR, VISITORS, spread=False, wanted=server.wanted, whole=True
    )


def _tally(command: list[str], server: Server, *streams: Stream, seconds: float = 1.0, at_once: int = 400) -> Tally:
    with flooding(Plan("127.0.0.1", server.port, seconds, streams, at_once), command) as running:
        return running.result()


def test_both_loops_tell_the_same(tmp_path: Path) -> None:
    server = Plain(tmp_path)
    try:
        server.start()
        streams = (
            Stream("s", 60, (get("/", "c"), get("/health", "c")), sources=50),
            _good(server, 10),
            Stream("odd", 10, (b"\x16\x03\x01 no HTTP\r\n\r\n",), ends_s=0.5),
            Stream("slow", 10, (b"GET / HTTP/1.1\r\n",), drip=b"X: 1\r\n", drip_s=0.2, begins_s=0.5),
        )
        ours = _tally([], server, *streams)
        theirs = _tally(native.command(tmp_path), server, *streams)
        for one, other in zip(ours.streams, theirs.streams, strict=True):
            assert one.sent + one.unsent == other.sent + other.unsent
            assert min(one.sent, other.sent) > 0
            assert set(one.statuses) == set(other.statuses)
            assert len(one.seconds) == len(other.seconds)
        for tally in (ours, theirs):
            assert tally.of("good").good == tally.of("good").sent
            assert tally.of("s").statuses == {200: tally.of("s").sent}
            assert tally.of("s").distinct == min(50, tally.of("s").sent)
            assert tally.of("slow").answered == 0
            assert 0 < tally.of("good").p50 <= tally.of("good").p99 <= tally.of("good").most
    finally:
        server.stop()
    assert server.pids() == []


def test_nothing_leaves_this_machine_by_the_loop_in_c_either(tmp_path: Path) -> None:
    plan = Plan("10.0.0.1", 80, 1, (Stream("s", 1, (b"x",)),))
    with pytest.raises(Invalid), flooding(plan, native.command(tmp_path)):
        pass
    refused = native.plain(msgspec.structs.replace(plan, host="127.0.0.1"))
    assert b"127.0.0.1 80" in refused


def test_a_loop_that_cannot_read_its_plan_says_so(tmp_path: Path) -> None:
    command = native.command(tmp_path)
    binary = Path(command[-1])
    binary.unlink()
    binary.write_text("#!/bin/sh\nexit 2\n")
    binary.chmod(0o755)
    with flooding(Plan("127.0.0.1", 1, 1, (Stream("s", 1, (b"x",)),)), command) as running, pytest.raises(Unavailable):
        running.result()


@pytest.mark.parametrize("kind", EVERYBODY)
def test_a_set_up_lets_its_visitors_in(kind: type[Server], places: Path, tmp_path: Path) -> None:
    server = kind(places)
    try:
        server.start()
        tally = _tally(native.command(tmp_path), server, _good(server, 20), Stream("s", 20, (get("/", "c"),)))
        assert tally.of("good").good == tally.of("good").sent > 0
        assert tally.of("s").answered == tally.of("s").sent > 0
        assert server.cpu() > 0
    finally:
        server.stop()


def test_a_hello_costs_a_handshake_and_known_visitors_get_theirs(places: Path, tmp_path: Path) -> None:
    server = OursTls(places)
    try:
        server.start()
        hellos = Stream("hellos", 20, (client_hello(),), wanted=b"\x16\x03")
        tally = _tally(native.command(tmp_path), server, hellos)
        visits = tls_visits(server.port, server.visitors(), server.wanted, 0.5, server.authority)
    finally:
        server.stop()
    assert tally.of("hellos").good == tally.of("hellos").sent > 0
    assert visits
    assert None not in visits

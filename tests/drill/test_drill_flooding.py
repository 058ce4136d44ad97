"""The flood against a small server of our own: every request is sent once, counted once, from where it should come."""

from __future__ import annotations

import ipaddress
import os
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.drill.flooding import Plan, Stream, address, checked, flood, flooding, get
from seifas.errors import Invalid, Unavailable

PATIENCE_S = 30.0
"""How late an answer may come, and how long after its time a request may begin, on a machine that does much else."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
SLOW = b"HTTP/1.1 408 Request Time-out\r\nConnection: close\r\n\r\n"


class Server:
    """Answers whatever ends with an empty line; knows who sent what. `answering` may hold back or say otherwise."""

    def __init__(self, answering: Callable[[bytes], bytes | None] = lambda head: ANSWER) -> None:
        self.answering = answering
        self.heads: list[tuple[str, bytes]] = []
        self.closed = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.over = False
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self) -> None:
        poll = selectors.DefaultSelector()
        poll.register(self.listener, selectors.EVENT_READ)
        while not self.over:
            for key, _ in poll.select(0.05):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one is self.listener:
                    fresh, (source, _) = one.accept()
                    poll.register(fresh, selectors.EVENT_READ, [source, b""])
                    continue
                try:
                    piece = one.recv(65536)
                except OSError:
                    piece = b""
                key.data[1] += piece
                said = self.answering(key.data[1]) if piece else b""
                if said is None:
                    continue
                if piece:
                    self.heads.append((key.data[0], key.data[1]))
                    one.sendall(said)
                poll.unregister(one)
                one.close()
                self.closed += 1
        for key in list(poll.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]
        poll.close()

    def stop(self) -> None:
        self.over = True
        self.thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []

    def made(*args: Callable[[bytes], bytes | None]) -> Server:
        servers.append(Server(*args))
        return servers[-1]

    yield made
    for one in servers:
        one.stop()


def _plan(port: int, *streams: Stream, seconds: float = 1.0, at_once: int = 500) -> Plan:
    return Plan("127.0.0.1", port, seconds, streams, at_once)


def test_every_request_comes_once_and_from_an_address_of_its_own(serve: Callable[..., Server]) -> None:
    server = serve()
    count = flood(_plan(server.port, Stream("s", 300, (get("/", "clinic"),), timeout_s=PATIENCE_S))).of("s")
    assert count.sent + count.unsent == 300
    assert count.answered == count.good == count.sent == len(server.heads)
    sources = Counter(source for source, _ in server.heads)
    assert set(sources.values()) == {1}
    assert len(sources) == count.distinct
    pool = ipaddress.IPv4Network("127.16.0.0/9", strict=False)
    assert all(ipaddress.IPv4Address(source) in pool for source in sources)
    assert count.statuses == {200: count.sent}
    assert sum(sum(one.values()) for one in count.seconds) == count.sent
    assert 0 < count.p50 <= count.p99 <= count.most


def test_visitors_keep_their_address_and_their_cookie(serve: Callable[..., Server]) -> None:
    server = serve()
    heads = tuple(get("/", "clinic", {"Cookie": f"lane={number}"}) for number in range(5))
    stream = Stream("good", 50, heads, "127.8.0.1", 5, spread=False, wanted=b"hello", whole=True, timeout_s=PATIENCE_S)
    count = flood(_plan(server.port, stream)).of("good")
    assert count.good == count.sent
    assert count.good_share == pytest.approx(count.sent / 50)
    assert count.distinct == 5
    for source, head in server.heads:
        number = int(ipaddress.IPv4Address(source)) - int(ipaddress.IPv4Address("127.8.0.1"))
        assert b"Cookie: lane=%d\r\n" % number in head


def test_an_answer_without_what_is_wanted_is_no_good_one(serve: Callable[..., Server]) -> None:
    server = serve()
    stream = Stream("s", 40, (get("/", "c"),), wanted=b"else", whole=True, timeout_s=PATIENCE_S)
    count = flood(_plan(server.port, stream)).of("s")
    assert count.answered == count.sent
    assert count.good == 0
    assert len(count.failed_at) == count.sent + count.unsent


def test_a_server_that_does_not_answer_does_not_slow_the_flood(serve: Callable[..., Server]) -> None:
    server = serve(lambda head: None)
    count = flood(_plan(server.port, Stream("s", 200, (get("/", "c"),), timeout_s=0.3))).of("s")
    assert count.sent + count.unsent == 200
    assert count.late + count.lost == count.sent
    assert count.answered == 0


def test_sockets_are_bounded_and_what_was_not_sent_is_counted(serve: Callable[..., Server]) -> None:
    server = serve(lambda head: None)
    count = flood(_plan(server.port, Stream("s", 200, (get("/", "c"),), timeout_s=2.0), at_once=50)).of("s")
    assert count.sent == 50
    assert count.unsent == 150
    assert count.good_share == 0


def test_a_stream_has_its_own_bound_so_that_others_still_get_sockets(serve: Callable[..., Server]) -> None:
    server = serve(lambda head: ANSWER if b"good" in head else None)
    held = Stream("held", 200, (get("/", "c"),), ends_s=1.0, timeout_s=6.0, at_once=30)
    good = Stream("good", 20, (get("/good", "c"),), "127.8.0.1", 1, ends_s=1.0, timeout_s=PATIENCE_S)
    tally = flood(_plan(server.port, held, good, seconds=5.0, at_once=40))
    assert tally.of("held").sent == 30
    assert tally.of("good").good_share == 1


def test_slow_clients_drip_until_they_are_closed(serve: Callable[..., Server]) -> None:
    dripped: list[bytes] = []

    def patience(head: bytes) -> bytes | None:
        dripped.append(head)
        return SLOW if head.count(b"X-Slow") >= 2 else None

    server = serve(patience)
    stream = Stream("slow", 20, (b"GET / HTTP/1.1\r\nHost: c\r\n",), ends_s=0.5, drip=b"X-Slow: 1\r\n", drip_s=0.2)
    good = Stream("good", 10, (b"GET / HTTP/1.1\r\nX-Slow: \r\nX-Slow: \r\n\r\n",), "127.8.0.1", 1, spread=False,
                  ends_s=1.0, timeout_s=PATIENCE_S)
    tally = flood(_plan(server.port, stream, good, seconds=5.0))
    slow = tally.of("slow")
    assert slow.sent == 10
    assert slow.statuses == {408: 10}
    assert slow.good == 0
    assert tally.of("good").statuses == {408: tally.of("good").sent}
    assert len(dripped) >= 20


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    count = flood(_plan(port, Stream("s", 40, (get("/", "c"),)), seconds=0.5)).of("s")
    assert count.answered == 0
    assert count.refused + count.lost == count.sent
    assert count.p99 == 0


def test_in_a_process_of_its_own(serve: Callable[..., Server]) -> None:
    server = serve()
    plan = _plan(server.port, Stream("s", 100, (get("/", "c"),), timeout_s=PATIENCE_S), seconds=0.5)
    with flooding(plan) as running:
        tally = running.result()
    assert tally.of("s").good == len(server.heads) > 0


def test_it_ends_when_it_is_no_longer_wanted(serve: Callable[..., Server]) -> None:
    server = serve()
    began = time.monotonic()
    with flooding(_plan(server.port, Stream("s", 10, (get("/", "c"),)), seconds=4 * PATIENCE_S)) as running:
        running.stop()
    assert time.monotonic() - began < 2 * PATIENCE_S
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)


def test_a_flood_that_breaks_off_says_so() -> None:
    with (
        flooding(_plan(1, Stream("s", 1, (b"x",))), ("/bin/sh", "-c", "cat >/dev/null; exit 3")) as running,
        pytest.raises(Unavailable),
    ):
        running.result()


@pytest.mark.parametrize("host", ["10.0.0.1", "8.8.8.8", "0.0.0.0", "2001:db8::1", "192.168.1.1", "::"])
def test_nothing_leaves_this_machine(host: str) -> None:
    with pytest.raises(Invalid):
        checked(Plan(host, 80, 1, (Stream("s", 1, (b"x",)),)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"rate": 0}, {"heads": ()}, {"sources": 0}, {"first": "126.255.255.0"}, {"first": "127.255.255.0"},
        {"sources": 7919 * 2}, {"timeout_s": 0}, {"rate": 1e9},
    ],
)  # fmt: skip
def test_streams_out_of_bounds_are_refused(wrong: dict[str, object]) -> None:
    stream = msgspec.structs.replace(Stream("s", 1, (b"x",)), **wrong)
    with pytest.raises(Invalid):
        checked(Plan("127.0.0.1", 80, 10, (stream,)))


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0}, {"seconds": 1e6}, {"at_once": 0}, {"at_once": 10**6}, {"streams": ()}]
)
def test_plans_out_of_bounds_are_refused(wrong: dict[str, object]) -> None:
    plan = Plan("127.0.0.1", 80, 10, (Stream("s", 1, (b"x",)),))
    with pytest.raises(Invalid):
        checked(msgspec.structs.replace(plan, **wrong))


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_line_end_gets_into_a_request(path: str, value: str) -> None:
    if any(end in path + value for end in "\r\n"):
        with pytest.raises(Invalid):
            get(path, "clinic", {"Cookie": value})
    else:
        assert get(path, "clinic", {"Cookie": value}).count(b"\r\n") == 5


@given(st.integers(0, 2**22))
def test_addresses_follow_each_other(number: int) -> None:
    assert ipaddress.IPv4Address(address("127.16.0.0", number)) == ipaddress.IPv4Address("127.16.0.0") + number

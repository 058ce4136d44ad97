"""Through the public listener to the portal: bytes whole, framing ours, addresses not to be forged, away in words."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seifas.errors import Invalid, SeifasError, TooLarge
from seifas.fhir.exchange import ClientGone, Exchange
from seifas.web.fronted import ADDRESS, FrontedProtocol, addressed
from seifas.web.guarded import GuardedProtocol
from seifas.web.public import forwarding
from seifas.web.public.forwarding import Forwarder, PortalAway, is_portals

Answer = Callable[[bytes], bytes]


class Visitor:
    """One ASGI request and what came back."""

    def __init__(self, method: str = "GET", path: str = "/my", headers: list[tuple[bytes, bytes]] | None = None,
                 body: bytes = b"", query: bytes = b"", raw: bytes | None = None, client: str = "198.51.100.7") -> None:
        self.scope: dict[str, Any] = {
            "type": "http", "method": method, "path": path, "query_string": query, "client": (client, 5),
            "raw_path": raw if raw is not None else path.encode(), "headers": headers or [],
        }
        self.status, self.headers, self.body, self.whole = 0, dict[bytes, bytes](), b"", False
        self._sent = body

    async def receive(self) -> dict[str, Any]:
        body, self._sent = self._sent, b""
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        else:
            self.body += message.get("body", b"")
            self.whole = not message.get("more_body", False)


def carried(tmp_path: Path, visitor: Visitor, answer: bytes | None, *, wait: float = 0.0) -> bytes:
    """Carries a request to a portal that answers with these bytes; what the portal was sent."""
    got = b""

    async def main() -> None:
        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal got
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"content-l")]
            length = lengths[0] if lengths else 0
            got = head + await reader.readexactly(length)
            await asyncio.sleep(wait)
            writer.write(answer or b"")
            await writer.drain()
            writer.close()

        path = tmp_path / "p.sock"
        server = await asyncio.start_unix_server(served, str(path)) if answer is not None else None
        try:
            await Forwarder(path).carry(Exchange(visitor.scope, visitor.receive, visitor.send))
        finally:
            if server is not None:
                server.close()

    asyncio.run(main())
    return got


OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\nset-cookie: my=x\r\n\r\nhello"


def test_bytes_come_back_whole(tmp_path: Path) -> None:
    body = os.urandom(700_000)
    visitor = Visitor()
    carried(tmp_path, visitor, b"HTTP/1.1 200 OK\r\ncontent-length: 700000\r\n\r\n" + body)
    assert visitor.body == body
    assert visitor.whole
    visitor = Visitor()
    carried(tmp_path, visitor, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    assert (visitor.body, visitor.whole) == (b"abc", True)
    assert b"transfer-encoding" not in visitor.headers


def test_the_request_is_written_anew(tmp_path: Path) -> None:
    sent = [
        (b"host", b"klinika.lt"), (b"cookie", b"my=abc"), (b"content-length", b"4"), (b"content-length", b"400"),
        (b"transfer-encoding", b"chunked"), (b"connection", b"keep-alive"), (b"x-forwarded-for", b"10.0.0.1"),
        (b"forwarded", b"for=10.0.0.1"), (ADDRESS, b"10.0.0.1"), (b"upgrade", b"h2c"), (b"te", b"trailers"),
        (b"user-agent", b"x"), (b"cookie", b"my=other"), (b"expect", b"100-continue"),
    ]
    got = carried(tmp_path, Visitor("POST", "/my/enter", sent, b"a=bc", b"x=1"), OK)
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /my/enter?x=1 HTTP/1.1"
    assert sorted(lines[1:]) == sorted([
        b"host: klinika.lt", b"cookie: my=abc", b"content-length: 4", b"connection: close",
        ADDRESS + b": 198.51.100.7",
    ])
    assert body == b"a=bc"


@pytest.mark.parametrize("raw", [
    b"/my HTTP/1.1\r\nseifas-address: 10.0.0.1\r\n\r\nGET /my", b"/my\r\nx: y", b"/my\x00", b"/my\xff", b"my", b"/my x",
])
def test_a_target_that_is_more_than_a_target_goes_nowhere(tmp_path: Path, raw: bytes) -> None:
    with pytest.raises(Invalid):
        carried(tmp_path, Visitor(raw=raw), OK)


def test_header_values_that_hold_lines_are_left_out(tmp_path: Path) -> None:
    got = carried(tmp_path, Visitor(headers=[(b"cookie", b"a\r\nseifas-address: 1.1.1.1")]), OK)
    assert b"1.1.1.1" not in got


def test_only_small_forms_go_through(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        carried(tmp_path, Visitor("POST", body=b"x" * 70_000), OK)
    with pytest.raises(TooLarge):
        carried(tmp_path, Visitor("POST", headers=[(b"content-length", b"70000")]), OK)
    for method in ("PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS"):
        with pytest.raises(Invalid):
            carried(tmp_path, Visitor(method), OK)


@pytest.mark.parametrize("answer", [
    None, b"", b"HTTP/1.1 200", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 70_000,
])
def test_away_or_broken_before_anything_is_said(tmp_path: Path, answer: bytes | None) -> None:
    visitor = Visitor()
    with pytest.raises(PortalAway):
        carried(tmp_path, visitor, answer)
    assert visitor.status == 0


def test_half_an_answer_is_not_passed_off_as_whole(tmp_path: Path) -> None:
    visitor = Visitor()
    with pytest.raises(PortalAway):
        carried(tmp_path, visitor, b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc")
    assert (visitor.body, visitor.whole) == (b"abc", False)


def test_a_second_answer_on_the_line_goes_to_nobody(tmp_path: Path) -> None:
    visitor = Visitor()
    carried(tmp_path, visitor, OK + b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother")
    assert visitor.body == b"hello"
    visitor = Visitor()
    carried(tmp_path, visitor, OK + b"HTTP/1.1 503 No\r\nset-cookie: my=stolen\r\ncontent-length: 0\r\n\r\n")
    assert (visitor.status, visitor.headers[b"set-cookie"]) == (200, b"my=x")


def test_heads_and_empty_answers(tmp_path: Path) -> None:
    visitor = Visitor("HEAD")
    carried(tmp_path, visitor, b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
    assert (visitor.status, visitor.body, visitor.whole) == (200, b"", True)
    visitor = Visitor()
    carried(tmp_path, visitor, b"HTTP/1.1 304 Not Modified\r\netag: x\r\n\r\n")
    assert (visitor.status, visitor.whole) == (304, True)


def test_one_visitor_takes_no_more_than_a_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "MOST_OF_ONE", 2)

    async def main() -> list[object]:
        async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.1)
            writer.write(OK)
            writer.close()

        server = await asyncio.start_unix_server(served, str(tmp_path / "p.sock"))
        forwarder = Forwarder(tmp_path / "p.sock")
        visitors = [Visitor(), Visitor(), Visitor(), Visitor(client="203.0.113.1")]
        done = await asyncio.gather(
            *(forwarder.carry(Exchange(one.scope, one.receive, one.send)) for one in visitors), return_exceptions=True
        )
        server.close()
        assert forwarder._all == 0
        assert forwarder._under_way == {}
        return list(done)

    first, second, third, other = asyncio.run(main())
    assert (first, second, other) == (None, None, None)
    assert isinstance(third, PortalAway)


@pytest.mark.parametrize(("path", "whether"), [
    ("/my", True), ("/my/", True), ("/my/x", True), ("/auth", True), ("/auth/x", True), ("/mypage", False),
    ("/authority", False), ("/", False), ("//my", False), ("/My", False), ("/x/my", False),
])
def test_which_paths_are_the_portals(path: str, whether: bool) -> None:
    assert is_portals(path) is whether


def test_the_address_counts_once_and_is_taken_out() -> None:
    scope: dict[str, Any] = {"headers": [(ADDRESS, b"198.51.100.7"), (b"host", b"x")]}
    addressed(scope)
    assert scope["client"] == ("198.51.100.7", 0)
    assert scope["headers"] == [(b"host", b"x")]
    scope = {"headers": [(ADDRESS, b"198.51.100.7"), (ADDRESS, b"10.0.0.1")]}
    addressed(scope)
    assert scope["client"] is None
    scope = {"headers": []}
    addressed(scope)
    assert scope["client"] is None


@pytest.mark.parametrize("allowed", [True, False])
def test_only_the_public_process_may_knock(tmp_path: Path, allowed: bool) -> None:
    class Protocol(FrontedProtocol):
        pass

    Protocol.allowed = frozenset({os.geteuid() if allowed else os.geteuid() + 1})
    reached: list[bool] = []

    class Transport:
        def __init__(self, peer: socket.socket) -> None:
            self.peer, self.aborted = peer, False

        def get_extra_info(self, name: str) -> socket.socket:
            return self.peer

        def abort(self) -> None:
            self.aborted = True

    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.MonkeyPatch.context() as patch:
        patch.setattr(GuardedProtocol, "connection_made", lambda self, transport: reached.append(True))
        protocol = Protocol.__new__(Protocol)
        transport = Transport(ours)
        protocol.connection_made(transport)  # type: ignore[arg-type]
        if not allowed:
            protocol.connection_lost(None)
    assert transport.aborted is not allowed
    assert reached == ([True] if allowed else [])


def test_what_goes_wrong_is_one_of_ours() -> None:
    assert issubclass(PortalAway, SeifasError)
    assert not issubclass(ClientGone, SeifasError)

"""Answers through CorkedProtocol over real sockets: whole, in order, closed when due, held back when slow."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from seifas.web.corked import CorkedProtocol

_CHUNK = b"x" * 100_000
_STREAMED = 400  # chunks: 40 MB, more than sockets and transport hold


class _Serving(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.chunks = 0
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(
            uvicorn.Config(self.app, loop="uvloop", http=CorkedProtocol, ws="none", lifespan="off", log_config=None,
                           interface="asgi3")
        )

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        stream = scope["path"] == "/stream"
        size = len(_CHUNK) * _STREAMED if stream else len(scope["path"])
        headers = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if not stream:
            await send({"type": "http.response.body", "body": scope["path"].encode()})
            return
        for number in range(_STREAMED):
            self.chunks = number + 1
            await send({"type": "http.response.body", "body": _CHUNK, "more_body": number + 1 < _STREAMED})

    def run(self) -> None:
        self.server.run([self.listening])


@pytest.fixture
def serving() -> Iterator[_Serving]:
    thread = _Serving()
    thread.start()
    yield thread
    thread.server.should_exit = True
    thread.join(10)
    thread.listening.close()


def _connected(serving: _Serving) -> socket.socket:
    return socket.create_connection(serving.listening.getsockname(), timeout=10)


def _all_of(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(1 << 20):
        parts.append(part)
    return b"".join(parts)


def test_pipelined_requests_are_answered_in_order_and_the_last_closes(serving: _Serving) -> None:
    with _connected(serving) as connection:
        for path in (b"/one", b"/two", b"/three"):
            closing = b"connection: close\r\n" if path == b"/three" else b""
            connection.sendall(b"GET %s HTTP/1.1\r\nhost: here\r\n%s\r\n" % (path, closing))
        answers = _all_of(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.index(b"\r\n\r\n/one") < answers.index(b"\r\n\r\n/two") < answers.index(b"\r\n\r\n/three")


def test_an_answer_comes_without_a_further_request(serving: _Serving) -> None:
    with _connected(serving) as connection:
        connection.sendall(b"GET /alone HTTP/1.1\r\nhost: here\r\n\r\n")
        found = b""
        while not found.endswith(b"/alone"):
            part = connection.recv(1 << 16)
            assert part
            found += part


def test_a_client_that_does_not_read_holds_a_stream_up(serving: _Serving) -> None:
    with _connected(serving) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.sendall(b"GET /stream HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")
        time.sleep(1.0)
        assert serving.chunks < _STREAMED // 2
        _head, _, body = _all_of(connection).partition(b"\r\n\r\n")
    assert body == _CHUNK * _STREAMED


def test_a_client_that_is_gone_stops_nothing_else(serving: _Serving) -> None:
    for _ in range(5):
        with _connected(serving) as connection:
            connection.sendall(b"GET /stream HTTP/1.1\r\nhost: here\r\n\r\n")
    with _connected(serving) as connection:
        connection.sendall(b"GET /after HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n")
        assert _all_of(connection).endswith(b"/after")

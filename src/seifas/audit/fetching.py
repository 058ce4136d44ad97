"""Bounded HTTP for the log and its witness: no redirects, no proxies, a limit on bytes and one on time.

The other side is not trusted: it may be the thief. Whatever it sends is verified by signature and proof, and it can
hold up a caller no longer than the deadline, not even by sending one byte now and then.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import Final
from urllib.parse import urlsplit

import msgspec

from seifas.audit.tiles import MAX_BUNDLE, Fetch
from seifas.errors import Invalid, Missing, Tampered, Unavailable

TIMEOUT_S: Final = 20.0


class Answer(msgspec.Struct, frozen=True):
    """Status, and at most the permitted number of body bytes."""

    status: int
    body: bytes


def is_url(source: str) -> bool:
    """Whether this names a web address rather than a directory."""
    return source.startswith(("http://", "https://"))


def request(method: str, url: str, *, body: bytes | None = None, limit: int, timeout_s: float = TIMEOUT_S) -> Answer:
    """One request. Raises Unavailable for anything that is not an answer, Tampered for one over `limit` bytes."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise Invalid("an address begins with http:// or https:// and holds no password", where="url")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(host, port, timeout=timeout_s)
    # http.client lets go of a socket that will be closed after the answer, so it is held here to be cut.
    sockets: list[socket.socket] = []
    late = threading.Event()
    timer = threading.Timer(timeout_s, _cut, (connection, sockets, late))
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        sockets.append(connection.sock)
        connection.request(method, parts.path or "/", body=body, headers={"Connection": "close"})
        response = connection.getresponse()
        data = response.read(limit + 1)
        if late.is_set() or (response.length and len(data) <= limit):
            raise Unavailable("the answer broke off", where=host)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"no answer: {type(error).__name__}", where=host) from None
    finally:
        timer.cancel()
        connection.close()
    if len(data) > limit:
        raise Tampered("the answer is larger than any can be", where=host)
    return Answer(response.status, data)


def http_source(prefix: str, *, timeout_s: float = TIMEOUT_S) -> Fetch:
    """A `Fetch` over a log served at `prefix`."""
    base = prefix.rstrip("/")

    def fetch(path: str) -> bytes:
        answer = request("GET", f"{base}/{path}", limit=MAX_BUNDLE, timeout_s=timeout_s)
        if answer.status in (404, 410):
            raise Missing("a file of the audit log is not there", where=path)
        if answer.status != 200:
            raise Unavailable(f"the log answered {answer.status}", where=path)
        return answer.body

    return fetch


def _cut(connection: http.client.HTTPConnection, sockets: list[socket.socket], late: threading.Event) -> None:
    late.set()
    for held in sockets or [connection.sock]:
        if held is not None:
            with contextlib.suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

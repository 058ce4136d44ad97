"""Carries `/my` and `/auth` to the portal's process and its answers back, byte for byte.

The request was parsed once, by this listener, and is written anew for the portal: one request a connection, a body of
known length, a short list of headers. So nothing that two parsers could read in two ways goes through, and an answer
can belong to no other request. The visitor's address goes along in a header of ours; whatever a visitor sends under
that name is not on the list.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import httptools

from seifas.errors import Invalid, SeifasError, Unavailable
from seifas.fhir.exchange import Exchange, Headers
from seifas.web.fronted import ADDRESS, LANE

MOST_BODY: Final = 64 * 1024
MOST_AT_ONCE: Final = 256
MOST_OF_ONE: Final = 24
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_PASSED: Final = (
    b"accept", b"accept-language", b"cookie", b"content-type", b"host", b"origin", b"sec-fetch-site",
)
_HOPS: Final = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"upgrade", b"trailer", b"te", LANE})
_CHUNK: Final = 64 * 1024
_CONNECT_S: Final = 2.0
_FIRST_S: Final = 60.0
_NEXT_S: Final = 30.0
_MOST_HEAD: Final = 64 * 1024


class PortalAway(Unavailable):
    """The portal's process is not there, or has too much to do. Nothing of an answer was sent."""


def is_portals(path: str) -> bool:
    """Whether a path is the portal's: /my and /auth with what is below them, and nothing that only begins so."""
    return path in ("/my", "/auth") or path.startswith(("/my/", "/auth/"))


class _Answer:
    """What httptools finds in the portal's bytes: one answer, and nothing of what may come after it."""

    def __init__(self) -> None:
        self.parser: Any = httptools.HttpResponseParser(self)
        self.status = 0
        self.headers: Headers = []
        self.head = False
        self.done = False
        self.body: list[bytes] = []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head and name.lower() not in _HOPS:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if not self.head:
            self.head, self.status = True, self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if not self.done:
            self.body.append(body)

    def on_message_complete(self) -> None:
        self.done = True


class Forwarder:
    """One for the public process. Holds nothing of any visitor but how many requests are under way from where."""

    def __init__(self, socket: Path) -> None:
        self._socket = str(socket)
        self._under_way: dict[str, int] = {}
        self._all = 0

    async def carry(self, exchange: Exchange) -> None:
        """Answers with the portal's answer. Raises PortalAway, Invalid, TooLarge, TooSlow; before anything was sent."""
        exchange.route("/my*" if exchange.path.startswith("/my") else "/auth*")
        if exchange.method not in _METHODS:
            raise Invalid("This page takes GET and POST only.", where="method")
        request = _request(exchange, await exchange.body(MOST_BODY) if exchange.method == "POST" else b"")
        mine = self._under_way.get(exchange.address, 0)
        if self._all >= MOST_AT_ONCE or mine >= MOST_OF_ONE:
            raise PortalAway("there is too much to do; try again in a moment")
        self._all += 1
        self._under_way[exchange.address] = mine + 1
        try:
            await self._carry(exchange, request)
        finally:
            self._all -= 1
            left = self._under_way[exchange.address] - 1
            if left:
                self._under_way[exchange.address] = left
            else:
                del self._under_way[exchange.address]

    async def _carry(self, exchange: Exchange, request: bytes) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_unix_connection(self._socket, limit=_CHUNK)
        except (OSError, TimeoutError):
            raise PortalAway("the patients' pages are away") from None
        try:
            writer.write(request)
            await _answered(exchange, reader)
        finally:
            writer.close()


async def _answered(exchange: Exchange, reader: asyncio.StreamReader) -> None:
    answer = _Answer()
    size = 0
    bodiless = exchange.method == "HEAD"
    while not answer.done:
        data = await _read(reader, _NEXT_S if exchange.started else _FIRST_S, exchange)
        if not data:
            break
        size += len(data)
        try:
            answer.parser.feed_data(data)
        except httptools.HttpParserError:
            raise _broken(exchange) from None
        if not answer.head:
            if size > _MOST_HEAD:
                raise _broken(exchange)
            continue
        if not exchange.started:
            bodiless = bodiless or answer.status in (204, 304)
            await exchange.begin(answer.status, answer.headers)
            if bodiless:
                break
        body, answer.body = b"".join(answer.body), []
        if body:
            await exchange.more(body)
    if not exchange.started or not (answer.done or bodiless):
        # Half an answer must not look like a whole one: the connection to the visitor is cut.
        raise _broken(exchange)
    await exchange.end()


async def _read(reader: asyncio.StreamReader, seconds: float, exchange: Exchange) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await reader.read(_CHUNK)
    except (OSError, TimeoutError):
        raise _broken(exchange) from None


def _broken(exchange: Exchange) -> SeifasError:
    return PortalAway("the patients' pages broke off" if exchange.started else "the patients' pages are away")


def _request(exchange: Exchange, body: bytes) -> bytes:
    """The request as the portal gets it. Raises Invalid for a target that is not printable ASCII."""
    raw: bytes = exchange.scope.get("raw_path") or exchange.path.encode("ascii", "replace")
    target = raw + (b"?" + exchange.query if exchange.query else b"")
    if not target.startswith(b"/") or any(not 0x21 <= letter <= 0x7E for letter in target):
        raise Invalid("This is no address of ours.", where="path")
    found: dict[bytes, bytes] = {}
    for name, value in exchange.scope["headers"]:
        if name in _PASSED and not any(letter in value for letter in b"\r\n\0"):
            found.setdefault(name, value)
    lines = [exchange.method.encode("ascii") + b" " + target + b" HTTP/1.1"]
    lines += [name + b": " + value for name, value in found.items()]
    lines.append(ADDRESS + b": " + exchange.address.encode("ascii", "replace"))
    if exchange.method == "POST":
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join([*lines, b"connection: close", b"", body])

"""One HTTP request and its answer, on bare ASGI: headers read once, bodies streamed under a cap and a clock.

Bodies are never spooled: what is over the cap or slower than the least rate is cut off. Used by the FHIR
listener and by the desk's forms.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from seifas.errors import Invalid, SignIn, TooLarge
from seifas.settings import Settings

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

COOKIE = b"seifas"
GRACE_S = 10.0  # before the rate counts: slow beginnings are ordinary, slow hours are an attack
LEAST_RATE = 16 * 1024  # bytes a second after that; a 4 MiB resource may take 4 minutes

_WANTED = frozenset(
    {b"accept", b"accept-encoding", b"accept-language", b"authorization", b"content-encoding", b"content-length"}
    | {b"content-type", b"cookie", b"host"}
    | {b"if-match", b"if-none-exist", b"if-none-match", b"origin", b"prefer", b"sec-fetch-site", b"seifas-reason"}
    | {b"x-security-context"}
)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Nothing that a browser could run, frame, cache or pass on comes from here.
GUARDS: Headers = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]


def own_origins(settings: Settings) -> tuple[str, ...]:
    """Every origin under which a browser may see the staff listener; a form or cookie from elsewhere does not count."""
    host, _, port = settings.listen.staff.rpartition(":")
    found = [settings.staff_url.rstrip("/"), f"http://{settings.listen.staff}", *settings.origins]
    if host in ("127.0.0.1", "[::1]", "localhost"):
        found.append(f"http://localhost:{port}")
    return tuple(dict.fromkeys(found))


class TooSlow(Invalid):
    """The body came slower than the least rate."""

    code = "too-slow"
    http = 408


class ClientGone(Exception):
    """The client hung up; there is nobody to answer."""


class Exchange:
    """A request: its parts, its body on demand, and the way to answer it."""

    __slots__ = ("_send", "found", "method", "path", "receive", "scope", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.started = False
        found: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            if name in _WANTED:
                # Two different lengths or two authorizations are a smuggler's; the first cookie header is enough.
                found.setdefault(name, value)
        self.found = found

    def header(self, name: bytes) -> str:
        """A header's text, or ""."""
        value = self.found.get(name)
        return "" if value is None else value.decode("latin-1")

    def route(self, template: str) -> None:
        """What the access log calls this request: a template, never the path."""
        self.scope["seifas.route"] = template

    def of_lane(self, lane: bytes, token: bytes = b"") -> None:
        """Says to the front, with an answer that is no refusal, who is let in: staff, patient or machine; and the token
        that the answer gives to a program."""
        self.scope["seifas.lane"], self.scope["seifas.token"] = lane, token

    @property
    def query(self) -> bytes:
        raw: bytes = self.scope.get("query_string", b"")
        return raw

    @property
    def address(self) -> str:
        """Where the request came from, for sessions and their networks."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def cookie(self, name: bytes = COOKIE) -> str:
        """A cookie's value, or ""."""
        for part in self.found.get(b"cookie", b"").split(b";"):
            key, _, value = part.strip().partition(b"=")
            if key == name:
                return value.decode("latin-1")
        return ""

    def same_origin(self, origins: tuple[str, ...]) -> bool:
        """Whether this came from one of our own pages, or from no browser at all (Fetch Metadata, else Origin).

        With neither header no browser sent it (each sends one with an unsafe request, and SameSite=Strict keeps the
        cookie from the old ones that do not); a program that holds the cookie holds it openly.

        Our pages say `no-referrer`, for which browsers put `Origin: null` on forms (Fetch, "append a request Origin
        header"); that alone proves nothing, but Sec-Fetch-Site, which no page can set, does.
        """
        origin = self.header(b"origin")
        site = self.header(b"sec-fetch-site")
        if site:
            return site == "same-origin" and origin in ("", "null", *origins)
        return origin in ("", *origins)

    def session(self, origins: tuple[str, ...]) -> str:
        """The session token: bearer, or the staff cookie, which alone does not move anything from another site."""
        authorization = self.found.get(b"authorization")
        if authorization is not None:
            scheme, _, token = authorization.partition(b" ")
            if scheme.lower() == b"bearer" and token.isascii():
                return token.strip().decode("ascii")
            raise SignIn("The Authorization header must be: Bearer <token>.")
        token_text = self.cookie()
        if not token_text:
            raise SignIn("Sign in, or send Authorization: Bearer <token>.")
        if self.method not in SAFE and not self.same_origin(origins):
            raise SignIn("A cookie counts only on requests that our own pages send; programs send a bearer token.")
        return token_text

    def declared(self) -> int:
        """Content-Length, or -1. Raises Invalid."""
        value = self.found.get(b"content-length")
        if value is None:
            return -1
        if not value.isdigit() or len(value) > 15:
            raise Invalid("Content-Length is not a number.")
        return int(value)

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises TooLarge, TooSlow, ClientGone."""
        declared = self.declared()
        if declared > limit:
            raise TooLarge(f"The body is over the limit of {limit} bytes.")
        message = await self._next(GRACE_S)
        first: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            if len(first) > limit:
                raise TooLarge(f"The body is over the limit of {limit} bytes.")
            return first
        buffer = bytearray(first)
        began = time.monotonic()
        while True:
            if len(buffer) > limit:
                raise TooLarge(f"The body is over the limit of {limit} bytes.")
            left = began + GRACE_S + len(buffer) / LEAST_RATE - time.monotonic()
            message = await self._next(left)
            buffer += message.get("body", b"")
            if not message.get("more_body", False):
                break
        if len(buffer) > limit:
            raise TooLarge(f"The body is over the limit of {limit} bytes.")
        return bytes(buffer)

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it comes, none of it kept. Raises TooLarge, TooSlow, ClientGone."""
        if self.declared() > limit:
            raise TooLarge(f"The body is over the limit of {limit} bytes.")
        began = time.monotonic()
        size = 0
        more = True
        while more:
            message = await self._next(began + GRACE_S + size / LEAST_RATE - time.monotonic())
            data: bytes = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(data)
            if size > limit:
                raise TooLarge(f"The body is over the limit of {limit} bytes.")
            if data:
                yield data

    async def _next(self, seconds: float) -> MutableMapping[str, Any]:
        if seconds <= 0:
            raise TooSlow(f"The body must come at {LEAST_RATE} bytes a second or faster.")
        try:
            async with asyncio.timeout(seconds):
                message = await self.receive()
        except TimeoutError:
            raise TooSlow(f"The body must come at {LEAST_RATE} bytes a second or faster.") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        return message

    async def answer(self, status: int, body: bytes, headers: Headers) -> None:
        """Send the whole answer. `headers` are complete but for the length."""
        self.started = True
        if status not in (204, 304):
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        else:
            body = b""
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body if self.method != "HEAD" else b""})

    async def begin(self, status: int, headers: Headers) -> None:
        """Begins an answer whose body comes in pieces: `more` as often as there is some, then `end`."""
        self.started = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})

    async def more(self, body: bytes) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

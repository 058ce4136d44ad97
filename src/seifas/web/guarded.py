"""The listeners' HTTP protocol: uvicorn's, with bounds on what a peer may hold without having asked for anything.

The front knows floods (docs/life-of-a-flood.md). Behind it, and where there is none, one process must outlast peers who
send heads without end or without haste, leave connections open by the thousand, or go on sending what was refused.
Bodies are bounded where they are read (fhir.exchange).
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, Final

from seifas.web.corked import CorkedProtocol

MOST_HEAD: Final = 32 * 1024
"""Bytes of request line and headers, together while they come and again of the headers when they are there."""

MOST_HEADERS: Final = 100
HEAD_S: Final = 15.0
"""Seconds in which a head must be complete, from the connection or from its first byte."""

LINGER_S: Final = 5.0
"""Seconds for which a body is still taken and thrown away after it was answered, so that the answer can be read."""

MOST_CONNECTIONS: Final = 4000
"""Of one listener. Beyond it the one that has been idle longest goes."""

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

_idle: dict[GuardedProtocol, None] = {}
"""Connections of this process without a request under way, the longest idle first."""


def allow_connections() -> int:
    """Raises the limit of open files to what the system allows; how many connections fit then."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return MOST_CONNECTIONS if hard == resource.RLIM_INFINITY else max(16, min(MOST_CONNECTIONS, hard - 128))


class GuardedProtocol(CorkedProtocol):
    most = MOST_CONNECTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0
        self._in_head = True
        self._body_due = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._within(HEAD_S)
        if len(self.connections) > self.most:
            # Who came first and asks nothing makes room; where all are at work, it is the newcomer who waits.
            longest = next(iter(_idle), self)
            longest.transport.close()
            _idle.pop(longest, None)
        _idle[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        _idle.pop(self, None)
        self._in_time()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._in_head or self.parser is None:
            return
        self._head += len(data)
        if self._head > MOST_HEAD:
            self.transport.write(_TOO_LARGE)
            self.transport.close()
        elif self._timer is None:
            self._within(HEAD_S)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True
        self._head = 0
        _idle.pop(self, None)

    def on_headers_complete(self) -> None:
        if len(self.headers) > MOST_HEADERS or sum(len(value) for _, value in self.headers) > MOST_HEAD:
            raise ValueError("too many headers")  # the parser's error: answered with 400, and closed
        self._in_head = False
        self._body_due = True
        self._in_time()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._body_due = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self._body_due:
            self._within(LINGER_S)
        elif not self.pipeline:
            _idle[self] = None

    def _within(self, seconds: float) -> None:
        self._in_time()
        self._timer = self.loop.call_later(seconds, self._too_slow)

    def _in_time(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()

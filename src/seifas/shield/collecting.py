"""The socket that HAProxy's ring of log lines comes to. What is not taken in time is counted and forgotten: HAProxy
never waits for us."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from pathlib import Path
from typing import Final

from seifas.errors import Invalid
from seifas.shield.lines import Framing

log = logging.getLogger("seifas.shield")

MOST_WAITING: Final = 400_000

_GATHERED_S: Final = 0.1
"""Lines gather in the socket for so long: to be woken for each one costs three times what reading it does."""

_MUCH: Final = 96 * 1024  # bytes at once: the socket's buffer is about to be full


class Collector:
    """Lines of every worker of HAProxy, until they are taken."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._streams: set[asyncio.Transport] = set()
        self._server: asyncio.Server | None = None
        self.dropped = 0  # lines that found no room here
        self.broken = 0  # connections that did not keep to the framing

    async def listen(self, path: Path) -> None:
        """Binds the socket; its directory is this process's user's alone. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: _Stream(self), str(path))
        os.chmod(path, 0o600)

    def put(self, lines: list[bytes]) -> None:
        """From a connection."""
        room = MOST_WAITING - len(self._lines)
        if len(lines) > room:
            self.dropped += len(lines) - room
            lines = lines[:room]
        self._lines += lines

    def taken(self) -> list[bytes]:
        """All that came since."""
        lines, self._lines = self._lines, []
        return lines

    def close(self) -> None:
        """No more."""
        if self._server is not None:
            self._server.close()
        for stream in tuple(self._streams):
            stream.abort()

    def joined(self, stream: asyncio.Transport) -> None:
        """A worker of HAProxy has connected."""
        self._streams.add(stream)

    def left(self, stream: asyncio.Transport) -> None:
        """It is gone."""
        self._streams.discard(stream)


class _Stream(asyncio.Protocol):
    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._framing = Framing()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            self._collector.joined(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is not None:
            self._collector.left(self._transport)

    def data_received(self, data: bytes) -> None:
        if self._transport is None:
            return
        try:
            self._collector.put(self._framing.feed(data))
        except Invalid:
            self._collector.broken += 1
            log.warning("HAProxy's log stream is out of step; it connects anew")
            self._transport.abort()
            return
        if len(data) < _MUCH:
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(_GATHERED_S, self._read_on)

    def _read_on(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

"""How every other process speaks to the keeper: `KeeperClient` for event loops, `BlockingClient` for the command line.

Calls are pipelined over one connection. When the keeper dies, calls in flight fail with Unavailable (their outcome is
unknown to the caller, as after any lost connection) and the next call connects again: the supervisor restarts the
keeper within seconds, so a new call waits up to `patience` seconds for it before it gives up.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import time
from pathlib import Path
from typing import Any

from seifas.errors import Unavailable
from seifas.keeper import wire

_GONE = "the vault's keeper does not answer; it restarts by itself, try again in a few seconds"


class _Pipe(asyncio.Protocol):
    def __init__(self, gone: str) -> None:
        self.gone = gone
        self.buffer = bytearray()
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.transport: asyncio.Transport | None = None
        self.asked: list[bytes] = []

    def ask(self, frame: bytes) -> None:
        """Sends a frame together with the others of this turn of the loop: a write costs as much as a whole call."""
        if not self.asked:
            asyncio.get_running_loop().call_soon(self._flush)
        self.asked.append(frame)

    def _flush(self) -> None:
        asked, self.asked = self.asked, []
        if self.transport is None:
            # Lost before this was asked, when connection_lost knew nothing of it: without this it would wait for ever.
            self._tell_all()
        elif not self.transport.is_closing():  # else connection_lost is still to come, and tells all who wait
            self.transport.writelines(asked)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer
        buffer += data
        start = 0
        while len(buffer) - start >= 4:
            size = wire.LENGTH.unpack_from(buffer, start)[0]
            if len(buffer) - start - 4 < size:
                break
            ident, fine, value = wire.parse_reply(bytes(memoryview(buffer)[start + 4 : start + 4 + size]))
            start += 4 + size
            future = self.waiting.pop(ident, None)
            if future is not None and not future.done():
                if fine:
                    future.set_result(value)
                else:
                    future.set_exception(wire.raised(value))
        if start:
            del buffer[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._tell_all()

    def _tell_all(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(Unavailable(self.gone))
        self.waiting.clear()


class KeeperClient:
    """One connection to one role socket of the keeper; safe for any number of tasks of one event loop."""

    def __init__(self, path: str | Path, *, patience: float = 5.0, gone: str = _GONE) -> None:
        self.path = str(path)
        self._patience = patience
        self._gone = gone
        self._ids = itertools.count(1)
        self._pipe: _Pipe | None = None
        self._connecting: asyncio.Lock | None = None

    async def call(self, op: str, **args: Any) -> Any:
        """The keeper's answer, or the error it raised (see seifas.errors)."""
        pipe = self._pipe
        if pipe is None or pipe.transport is None:
            pipe = await self._connect()
        ident = next(self._ids)
        frame = wire.request(ident, op, args)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        pipe.waiting[ident] = future
        pipe.ask(frame)
        try:
            return await future
        finally:
            pipe.waiting.pop(ident, None)

    async def _connect(self) -> _Pipe:
        if self._connecting is None:
            self._connecting = asyncio.Lock()
        async with self._connecting:
            if self._pipe is not None and self._pipe.transport is not None:
                return self._pipe
            loop = asyncio.get_running_loop()
            give_up = loop.time() + self._patience
            while True:
                try:
                    _, self._pipe = await loop.create_unix_connection(lambda: _Pipe(self._gone), self.path)
                except OSError as error:
                    if loop.time() >= give_up:
                        raise Unavailable(self._gone) from error
                    await asyncio.sleep(0.05)
                else:
                    return self._pipe

    async def close(self) -> None:
        if self._pipe is not None and self._pipe.transport is not None:
            self._pipe.transport.close()
        self._pipe = None


class BlockingClient:
    """The same for programs without an event loop: one call at a time."""

    def __init__(
        self, path: str | Path, *, patience: float = 5.0, timeout: float = 600.0, gone: str = _GONE
    ) -> None:
        self._path = str(path)
        self._patience = patience
        self._gone = gone
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._socket: socket.socket | None = None

    def call(self, op: str, **args: Any) -> Any:
        """The keeper's answer, or the error it raised."""
        ident = next(self._ids)
        frame = wire.request(ident, op, args)
        connection = self._socket or self._connect()
        try:
            connection.sendall(frame)
            size = wire.LENGTH.unpack(_exactly(connection, 4))[0]
            reply_to, fine, value = wire.parse_reply(_exactly(connection, size))
        except (OSError, EOFError) as error:
            self.close()
            raise Unavailable(self._gone) from error
        assert reply_to == ident
        if not fine:
            raise wire.raised(value)
        return value

    def _connect(self) -> socket.socket:
        give_up = time.monotonic() + self._patience
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self._timeout)
            try:
                connection.connect(self._path)
            except OSError as error:
                connection.close()
                if time.monotonic() >= give_up:
                    raise Unavailable(self._gone) from error
                time.sleep(0.05)
            else:
                self._socket = connection
                return connection

    def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None

    def __enter__(self) -> BlockingClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)

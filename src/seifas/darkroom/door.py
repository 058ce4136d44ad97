"""The door of the darkroom, and of the leaks process: one unix socket, callers told apart by user (SO_PEERCRED), each
role with ops of its own.

The wire is the keeper's (keeper/wire.py). A frame that comes holds at most a part of an upload, so a caller can make
this process hold little; answers that are not taken are bounded too.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from seifas.darkroom.peers import Peers
from seifas.errors import Invalid, SeifasError, TooLarge, Unavailable
from seifas.keeper import wire
from seifas.logs import place_of

log = logging.getLogger("seifas.darkroom")

MOST_FRAME: Final = 1024 * 1024 + 4096
MOST_CONNECTIONS: Final = 32
"""Of one role, at a time. A web process needs one; a broken one shuts out itself and nobody else."""

_MOST_UNDER_WAY: Final = 256
_FRAME_S: Final = 30.0
_MOST_UNTAKEN: Final = 128 * 1024 * 1024
"""Bytes of answers that one connection leaves lying before it is told to wait."""

_LARGE: Final = 64 * 1024
_MOST_LARGE: Final = 64
"""Frames of that size, of one role, that have come and are not answered: 64 MiB. Beyond it they are not read."""

Handler = Callable[[str, Any], Awaitable[Any]]


class Op(NamedTuple):
    """`handler(role, args)`, for the roles named; "any" (separation is off) may all."""

    decoder: msgspec.msgpack.Decoder[Any]
    roles: frozenset[str]
    handler: Handler


def op(args: type[msgspec.Struct], handler: Handler, *roles: str) -> Op:
    return Op(msgspec.msgpack.Decoder(args), frozenset((*roles, "any")), handler)


class Door:
    """Serves one listening socket. `program` is what its errors call the process."""

    def __init__(self, ops: Mapping[str, Op], peers: Peers, *, program: str = "darkroom") -> None:
        self._ops = ops
        self._peers = peers
        self._program = program
        self._open: dict[asyncio.StreamWriter, str] = {}
        self._large: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(_MOST_LARGE))
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, listener: socket.socket) -> None:
        self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=MOST_FRAME)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        role = self._peers.role(writer.get_extra_info("socket"))
        if role is None or sum(one == role for one in self._open.values()) >= MOST_CONNECTIONS:
            log.warning("a caller was turned away", extra={"role": role or "stranger"})
            writer.transport.abort()
            return
        self._open[writer] = role
        free, large = asyncio.Semaphore(_MOST_UNDER_WAY), self._large[role]
        try:
            while True:
                size = wire.LENGTH.unpack(await reader.readexactly(4))[0]
                if size > MOST_FRAME:
                    writer.write(wire.failure(0, TooLarge("that frame is over the limit")))
                    break
                await free.acquire()
                try:
                    task = await self._begun(role, reader, size, writer, large)
                except BaseException:
                    free.release()
                    raise
                task.add_done_callback(lambda _: free.release())
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.pop(writer, None)
            with contextlib.suppress(OSError, RuntimeError):
                writer.close()

    async def _begun(
        self, role: str, reader: asyncio.StreamReader, size: int, writer: asyncio.StreamWriter, large: asyncio.Semaphore
    ) -> asyncio.Task[None]:
        """Reads one frame, when there is room for it, and begins what it asks."""
        if size <= _LARGE:
            task = asyncio.create_task(self._answer(role, await reader.readexactly(size), writer))
        else:
            await large.acquire()
            try:
                async with asyncio.timeout(_FRAME_S):  # a frame that never comes whole must not keep the room
                    frame = await reader.readexactly(size)
            except BaseException:
                large.release()
                raise
            task = asyncio.create_task(self._answer(role, frame, writer))
            task.add_done_callback(lambda _: large.release())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _answer(self, role: str, frame: bytes, writer: asyncio.StreamWriter) -> None:
        ident = 0
        try:
            ident, name, raw = wire.parse_request(frame)
            if writer.transport.get_write_buffer_size() > _MOST_UNTAKEN:
                raise Unavailable("take the answers that wait first", where="busy")
            reply = wire.answer(ident, await self._done(role, name, raw))
        except SeifasError as error:
            reply = wire.failure(ident, error)
        except Exception as error:  # a defect: its text and its frames may hold a picture
            log.error("an op failed by a defect", extra={"error": type(error).__name__, "at": place_of(error)})
            said = f"the {self._program} failed inside; it is logged, nothing was shown"
            reply = wire.failure(ident, SeifasError(said))
        if not writer.is_closing():
            writer.write(reply)
            with contextlib.suppress(OSError):
                await writer.drain()

    async def _done(self, role: str, name: str, raw: msgspec.Raw) -> Any:
        known = self._ops.get(name)
        if known is None or role not in known.roles:
            raise Invalid(f"the {self._program} has no op {name[:40]!r} for the role {role}")
        try:
            args = known.decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"{name}: {error}") from None
        return await known.handler(role, args)

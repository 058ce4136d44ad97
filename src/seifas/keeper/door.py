"""The keeper's door: one unix socket a role, each caller checked by SO_PEERCRED, each op open to named roles only.

An op is a coroutine `handler(keeper, caller, args)`; `args` is decoded into the op's own frozen Struct before the
handler runs, so a hostile frame ends here. What a role may not call does not exist for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from seifas.errors import Invalid, SeifasError, TooLarge, Unavailable
from seifas.keeper import wire
from seifas.logs import place_of

log = logging.getLogger("seifas.door")

_CREDENTIALS = struct.Struct("3i")
MOST_CONNECTIONS = 128
"""Of one role, at a time. A web process needs one."""

MOST_HELD = 256 * 1024 * 1024
"""Bytes of calls of one role that have come, whole or in part, and are not answered. A role's broken process may shut
itself out; the memory that the other roles live on it may not fill."""

_PENDING_LIMIT = 512  # calls one connection may have under way; beyond it the socket is not read, so callers wait
_TURN = 128  # calls of one role that begin in one turn of the loop: a role that floods waits, the others do not
_SHARE = 16  # of these, of one connection, while others of its role wait


class Caller(NamedTuple):
    role: str
    pid: int
    uid: int


Handler = Callable[[Any, Caller, Any], Awaitable[Any]]


class Op(NamedTuple):
    name: str
    roles: frozenset[str]
    decoder: msgspec.msgpack.Decoder[Any]
    handler: Handler
    while_locked: bool


class Ops:
    """The table of everything that can be asked of the keeper; filled once at import, read-only afterwards."""

    def __init__(self) -> None:
        self.table: dict[str, Op] = {}

    def op(
        self, name: str, args: type[msgspec.Struct], *roles: str, while_locked: bool = False
    ) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            assert name not in self.table, name
            decoder = msgspec.msgpack.Decoder(args)
            self.table[name] = Op(name, frozenset(roles), decoder, handler, while_locked)
            return handler

        return add


OPS = Ops()


class NoArgs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For ops that take nothing."""


class _Lane:
    """The calls of one role: so many begin in a turn of the loop, the connections that have more take turns."""

    def __init__(self) -> None:
        self.left = _TURN
        self.waiting: deque[_Connection] = deque()

    def begin(self) -> bool:
        """Whether one more call may begin in this turn."""
        if self.left == _TURN:
            asyncio.get_running_loop().call_soon(self._next)
        self.left -= 1
        return self.left >= 0

    def _next(self) -> None:
        self.left = _TURN
        for _ in range(len(self.waiting)):
            if self.left <= 0:
                return
            connection = self.waiting.popleft()
            connection.queued = False
            connection.take(_SHARE)


class _Connection(asyncio.Protocol):
    def __init__(self, door: Door, role: str, allowed_uids: frozenset[int]) -> None:
        self.door = door
        self.lane = door.lanes[role]
        self.role = role
        self.allowed = allowed_uids
        self.buffer = bytearray()
        self.pending = 0
        self.full = False  # more is under way than one connection may have
        self.queued = False  # calls have come that wait for their turn
        self.paused = False
        self.unread = False  # the other side does not take its answers
        self.answers: list[bytes] = []
        self.transport: Any = None
        self.caller: Caller | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        peer: socket.socket = transport.get_extra_info("socket")
        pid, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if uid not in self.allowed:
            log.warning("a caller was turned away", extra={"role": self.role, "peer_uid": uid, "peer_pid": pid})
            self.transport.abort()
            return
        if sum(one.role == self.role for one in self.door.open_connections) >= MOST_CONNECTIONS:
            log.warning("a role has too many connections", extra={"role": self.role, "peer_pid": pid})
            self.transport.abort()
            return
        self.caller = Caller(self.role, pid, uid)
        self.door.open_connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.door.open_connections.discard(self)
        self._hold(-len(self.buffer))
        self.buffer = bytearray()

    def data_received(self, data: bytes) -> None:
        caller, buffer = self.caller, self.buffer
        if caller is None:
            return
        buffer += data
        self._hold(len(data))
        if self.door.held[self.role] > MOST_HELD:
            log.warning("a role has too much under way", extra={"role": self.role, "peer_pid": caller.pid})
            self._end(Unavailable("too much is under way; try again in a while"))
        elif not self.queued:
            self.take(_TURN)

    def take(self, most: int) -> None:
        """Begins the calls that have come whole, at most so many; the rest waits for the lane's next turn."""
        caller, buffer, start = self.caller, self.buffer, 0
        if caller is None or self.transport.is_closing():
            return
        while len(buffer) - start >= 4:
            size = wire.LENGTH.unpack_from(buffer, start)[0]
            if size > wire.MAX_FRAME:
                del buffer[:start]
                self._end(TooLarge("that frame is over the limit"))
                return
            if len(buffer) - start - 4 < size or self.full or self.unread:
                break
            if most == 0 or not self.lane.begin():
                self.queued = True
                self.lane.waiting.append(self)
                break
            most -= 1
            frame = bytes(memoryview(buffer)[start + 4 : start + 4 + size])
            start += 4 + size
            self.pending += 1
            self.full = self.pending > _PENDING_LIMIT
            task = asyncio.ensure_future(self._serve(caller, frame))
            self.door.tasks.add(task)
            task.add_done_callback(self.door.tasks.discard)
        if start:
            del buffer[:start]
        self._read_on()

    def pause_writing(self) -> None:
        self.unread = True
        self._read_on()

    def resume_writing(self) -> None:
        self.unread = False
        self._go_on()

    def _go_on(self) -> None:
        """Takes what had come and could not begin."""
        if self.queued:
            self._read_on()
        else:
            self.take(_SHARE)

    def _read_on(self) -> None:
        pause = self.full or self.unread or self.queued
        if pause is self.paused or self.transport.is_closing():
            return
        self.paused = pause
        if pause:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _hold(self, more: int) -> None:
        self.door.held[self.role] += more

    def _end(self, error: SeifasError) -> None:
        self.transport.write(wire.failure(0, error))
        self.transport.close()

    async def _serve(self, caller: Caller, frame: bytes) -> None:
        ident = 0
        try:
            ident, name, raw = wire.parse_request(frame)
            reply = wire.answer(ident, await self.door.dispatch(caller, name, raw))
        except SeifasError as error:
            reply = wire.failure(ident, error)
        except Exception as error:  # a defect: said without any content, the traceback's frames hold records
            log.error("an op failed by a defect", extra={"error": type(error).__name__, "at": place_of(error)})
            reply = wire.failure(ident, SeifasError("the keeper failed inside; it is logged, nothing was shown"))
        # All who waited for one commit are answered in one turn of the loop: one write for all, not one each.
        if not self.answers:
            asyncio.get_running_loop().call_soon(self.flush)
        self.answers.append(reply)
        self._hold(-len(frame) - 4)
        self.pending -= 1
        if self.full and self.pending < _PENDING_LIMIT // 2:
            self.full = False
            self._go_on()

    def flush(self) -> None:
        """Writes what was answered in this turn of the loop."""
        answers, self.answers = self.answers, []
        if answers and self.transport is not None and not self.transport.is_closing():
            self.transport.writelines(answers)


class Door:
    """Listens on `run/<role>.sock` for each role and dispatches to OPS."""

    def __init__(self, keeper: Any, run: Path, uids: Mapping[str, frozenset[int]]) -> None:
        self.keeper = keeper
        self.run = run
        self.uids = uids
        self.tasks: set[asyncio.Future[None]] = set()
        self.open_connections: set[_Connection] = set()
        self.held = dict.fromkeys(uids, 0)
        self.lanes = {role: _Lane() for role in uids}
        self._servers: list[asyncio.AbstractServer] = []

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        for role, allowed in self.uids.items():
            path = self.run / f"{role}.sock"
            path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                server = await loop.create_unix_server(
                    lambda role=role, allowed=allowed: _Connection(self, role, allowed),  # type: ignore[misc]
                    str(path),
                    backlog=512,
                )
            finally:
                os.umask(before)
            os.chmod(path, 0o666 if len(allowed) > 1 or os.geteuid() not in allowed else 0o600)
            self._servers.append(server)

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self.open_connections):
            connection.flush()
            connection.transport.close()

    async def dispatch(self, caller: Caller, name: str, raw: msgspec.Raw) -> Any:
        op = OPS.table.get(name)
        if op is None or caller.role not in op.roles:
            raise Invalid(f"the keeper has no op {name[:40]!r} for the role {caller.role}")
        try:
            args = op.decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"{name}: {error}") from None
        if not op.while_locked:
            self.keeper.require_unlocked()
        return await op.handler(self.keeper, caller, args)

"""Gives a kept file's own bytes out again, piece by piece: for a bundle of evidence that two people have allowed.

Whether this file may leave now, the keeper decides, and has a line of custody durable before it tells what opens it.
Here the file is opened as it is asked for and never held whole; a piece that was not asked for stays sealed on the
disk. A reading's token is known to who began it, and to nobody else.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Missing, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.leaks.asking import Who
from seifas.storage.objects import Objects

PIECE: Final = 512 * 1024
"""At most so many bytes are given at once."""

MOST: Final = 8
IDLE_S: Final = 60.0
_THREADS: Final = 2


class Opened(msgspec.Struct, frozen=True):
    """The keeper's answer to `leak.file_open`; `case` is the leak case that the file is sealed for."""

    case: bytes
    size: int
    object: bytes
    key: bytes
    clinic: bytes
    epoch: int

    def __repr__(self) -> str:
        return "Opened(...)"


class _Reading:
    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces
        self.rest = b""
        self.touched = time.monotonic()
        self.lock = asyncio.Lock()


class Readings:
    """All readings under way."""

    def __init__(self, keeper: KeeperClient, objects: Objects, *, idle_s: float = IDLE_S) -> None:
        self._keeper = keeper
        self._objects = objects
        self._idle_s = idle_s
        self._readings: dict[bytes, _Reading] = {}
        self._disk = ThreadPoolExecutor(_THREADS, thread_name_prefix="giving")

    @property
    def busy(self) -> bool:
        return bool(self._readings)

    async def open(self, who: Who, case: bytes, file: bytes, approval: bytes) -> dict[str, Any]:
        """{reading, size}: 32 bytes. `case` is the incident's. Raises what the keeper refuses, Unavailable ("busy")."""
        if len(self._readings) >= MOST:
            raise Unavailable("others fetch evidence now; try again in a minute", where="busy")
        told = await self._keeper.call("leak.file_open", **who.asked, case=case, file=file, approval=approval)
        opened = msgspec.convert(told, Opened)
        token = secrets.token_bytes(32)
        self._readings[token] = _Reading(self._pieces(opened))
        return {"reading": token, "size": opened.size}

    def _pieces(self, opened: Opened) -> Iterator[bytes]:
        yield from stream.open_stream(
            opened.key, self._objects.get(opened.object), purpose=Purpose.OBJECT, clinic=opened.clinic,
            patient=opened.case, record=opened.object, version=1, epoch=opened.epoch,
        )

    async def next(self, token: bytes) -> bytes:
        """The next bytes, at most 512 KiB; empty after the last, which is genuine only then. Raises Tampered."""
        reading = self._readings.get(token)
        if reading is None:
            raise Missing("this reading has ended; begin it again", where="reading")
        async with reading.lock:
            reading.touched = time.monotonic()
            try:
                data = await asyncio.get_running_loop().run_in_executor(self._disk, _more, reading)
            except BaseException:
                self._readings.pop(token, None)
                raise
            if not data:
                self._readings.pop(token, None)
            return data

    async def close_one(self, token: bytes) -> dict[str, Any]:
        """{}: what is not wanted any more. May be repeated."""
        self._readings.pop(token, None)
        return {}

    def sweep(self) -> None:
        """Ends what nobody has asked for in a minute."""
        now = time.monotonic()
        for token, reading in list(self._readings.items()):
            if not reading.lock.locked() and now - reading.touched >= self._idle_s:
                del self._readings[token]

    def close(self) -> None:
        self._disk.shutdown(wait=True)
        self._readings.clear()


def _more(reading: _Reading) -> bytes:
    while not reading.rest:
        piece = next(reading.pieces, None)
        if piece is None:
            return b""
        reading.rest = piece
    data, reading.rest = reading.rest[:PIECE], reading.rest[PIECE:]
    return data

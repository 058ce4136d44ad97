"""What has come of an upload, sealed on disk under a key that is only in this process's memory.

A file is pieces of 262,136 bytes, each a sealed object of its own (crypto.stream; purpose OBJECT, nobody's, record =
the upload's id, version = the piece's number from 1), one after the other. Less than a piece waits in memory. When the
process ends, whatever is left is noise; it is removed at the next start.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seifas.crypto import stream
from seifas.crypto.aad import NOBODY, Purpose
from seifas.crypto.envelope import KEY_SIZE
from seifas.errors import Conflict, Invalid, Unavailable

PIECE: Final = 4 * stream.BLOCK - 8
"""Exactly four blocks with their length, so that no padding is written."""

_SEALED: Final = stream.sealed_size(PIECE)


class Spool:
    """One upload's bytes. Not for two threads at once."""

    def __init__(self, directory: Path) -> None:
        self._id = os.urandom(16)
        self._key = os.urandom(KEY_SIZE)
        self._path = directory / self._id.hex()
        self._waiting = bytearray()
        self._pieces = 0
        self.size = 0
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise Unavailable("there is no room for this upload; try again later", where="full") from error

    def add(self, data: bytes) -> None:
        """Appends. Raises Unavailable where the disk is full; the upload is then to be dropped."""
        self._waiting += data
        self.size += len(data)
        while len(self._waiting) >= PIECE:
            self._write(bytes(self._waiting[:PIECE]))
            del self._waiting[:PIECE]

    def _write(self, piece: bytes) -> None:
        sealed = memoryview(
            stream.seal_object(
                self._key, piece, purpose=Purpose.OBJECT, clinic=NOBODY, patient=NOBODY, record=self._id,
                version=self._pieces + 1, epoch=0,
            )
        )  # fmt: skip
        at = self._pieces * _SEALED
        try:
            while sealed:
                written = os.pwrite(self._file, sealed, at)
                sealed, at = sealed[written:], at + written
        except OSError as error:
            raise Unavailable("there is no room for this upload; try again later", where="full") from error
        self._pieces += 1

    def pieces(self) -> Iterator[bytes]:
        """All that was added, in order. Raises Tampered where the file is not what was written."""
        for number in range(self._pieces):
            sealed = os.pread(self._file, _SEALED, number * _SEALED)
            yield stream.open_object(
                self._key, sealed, purpose=Purpose.OBJECT, clinic=NOBODY, patient=NOBODY, record=self._id,
                version=number + 1, epoch=0,
            )  # fmt: skip
        if self._waiting:
            yield bytes(self._waiting)

    def remove(self) -> None:
        """Gone, file and key. May be repeated."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        self._key = b""
        self._waiting.clear()
        with contextlib.suppress(OSError):
            self._path.unlink()


def swept(directory: Path) -> int:
    """Removes what a former process left, which nobody can open any more, and says how many files."""
    left = [path for path in directory.iterdir() if not path.is_dir()]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def fresh_part(spool: Spool, whole: int, offset: int, data: bytes) -> bytes:
    """What of a part has not come before, of an upload of `whole` bytes. Raises Conflict ("offset") for what leaves a
    gap, Invalid ("size")."""
    if not 0 <= offset <= spool.size:
        raise Conflict("a part between is missing; ask how much has come and go on there", where="offset")
    if offset + len(data) > whole:
        raise Invalid("more was sent than the upload was begun with", where="size")
    return data[spool.size - offset :]

"""An append-only journal in segments: every record chained to all before it, durable when `append` returns.

    class Journal(directory: Path, *, segment_bytes=64 MiB, seal=None)      one process at a time
        append(records: Sequence[tuple[int, bytes]]) -> int     (kind 0..255, payload); number of the last; fdatasynced
        queue(records) -> None                                  goes out with the next append, in front of it
        rotate() -> Position                                    a new segment from here on
        position: Position                                      number and chain digest of what comes next
        cut: int                                                bytes of an unfinished append removed at opening
        drop_before(number) -> None                             segments that only hold earlier records
        close()
    set_aside(directory) -> int                                 when opening it raises Tampered

Numbers start at 1. `seal(number, kind, payload)` lets the caller encrypt payloads bound to their place. Format and
reading: replica_format.py.

Errors: `Tampered` names the first record that is not as written; `Unavailable` (disk full, I/O): nothing of the call
counts, and the queue is kept; `Invalid`, `TooLarge` for what cannot be a record.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from seifas.errors import Invalid, TooLarge, Unavailable
from seifas.storage.durable import (
    create_private,
    hold_alone,
    make_directory,
    os_faults,
    overwrite_and_unlink,
    sync_directory,
)
from seifas.storage.replica_format import (
    BLOCK,
    BLOCK_MAGIC,
    DIGEST,
    RECORD,
    SECTOR,
    SEGMENT,
    SEGMENT_MAGIC,
    Position,
    Seal,
    TornTail,
    blocks,
    chained,
    first_of,
    head_of,
    segments,
)

LARGEST_PAYLOAD: Final = 64 * 1024 * 1024
SET_ASIDE: Final = ".damaged"
_SEGMENT_BYTES: Final = 64 * 1024 * 1024
_AHEAD: Final = 1024 * 1024
"""Bytes of zeros written ahead. An append into room that is there already syncs data only: measured on ext4 0.2 ms,
where one that makes the file longer takes 4 ms, as the file system's own journal must be written too."""

_QUEUE_BYTES: Final = 4 * 1024 * 1024


class Journal:
    """The journal, open for appending. Methods may be called from any thread."""

    def __init__(self, directory: Path, *, segment_bytes: int = _SEGMENT_BYTES, seal: Seal | None = None) -> None:
        make_directory(directory)
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._seal = seal
        self._lock = threading.RLock()
        self._queue: list[tuple[int, bytes]] = []
        self._queued = 0
        self._broken = False
        self.cut = 0
        self._held = hold_alone(directory / "journal.lock", "replica")
        self._file = -1
        try:
            self._open_last()
        except BaseException:
            self.close()
            raise

    def _open_last(self) -> None:
        paths = segments(self._directory)
        # A segment is synced with its header before a record goes into it, so a short last one never held any.
        if paths and paths[-1].stat().st_size < SEGMENT.size:
            with os_faults(paths[-1].name):
                paths.pop().unlink()
        if not paths:
            # A chain of its own from the first record on, so that no other replica's journal fits its bases.
            self._position = Position(1, os.urandom(DIGEST))
            self._start_segment()
            return
        path = paths[-1]
        self._position, size = head_of(path), SEGMENT.size
        torn = False
        try:
            for offset, position, _ in blocks(path, self._position):
                size, self._position = offset, position
        except TornTail:
            torn = True
        with os_faults(path.name):
            self._file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            self.cut = os.fstat(self._file).st_size - size if torn else 0
            os.ftruncate(self._file, size)
            os.fsync(self._file)
        self._size = self._room = size

    def _start_segment(self) -> None:
        if self._file >= 0:
            self._trim()
        path = self._directory / f"journal-{self._position.number:020d}.seg"
        create_private(path)
        with os_faults(path.name):
            file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                os.ftruncate(file, 0)
                os.pwrite(file, SEGMENT.pack(SEGMENT_MAGIC, self._position.number, self._position.digest), 0)
                os.fsync(file)
                sync_directory(self._directory)
            except BaseException:
                os.close(file)
                raise
        if self._file >= 0:
            os.close(self._file)
        self._file = file
        self._size = self._room = SEGMENT.size

    @property
    def position(self) -> Position:
        """What the next written record will be."""
        return self._position

    def queue(self, records: Sequence[tuple[int, bytes]]) -> None:
        """Takes records that need not be durable before the next `append`: they cost no sync of their own."""
        with self._lock:
            self._queue.extend(_checked(records))
            self._queued += sum(len(payload) for _, payload in records)
            if self._queued > _QUEUE_BYTES:
                self.append([])

    def append(self, records: Sequence[tuple[int, bytes]]) -> int:
        """Writes what is queued and `records`, in this order, as one block, and waits for the disk."""
        with self._lock:
            if self._broken or self._file < 0:
                raise Unavailable("the replica's journal failed or is closed: open it again", where="journal")
            everything = [*self._queue, *_checked(records)]
            if everything:
                if self._size >= self._segment_bytes:
                    self._start_segment()
                self._write(*self._block(everything))
                self._queue, self._queued = [], 0
            return self._position.number - 1

    def _block(self, records: Sequence[tuple[int, bytes]]) -> tuple[bytes, Position]:
        number, digest = self._position.number, self._position.digest
        parts: list[bytes] = []
        for kind, payload in records:
            stored = payload if self._seal is None else self._seal(number, kind, payload)
            head = RECORD.pack(len(stored), kind)
            digest = chained(digest, head, stored)
            parts += (head, stored, digest)
            number += 1
        body = b"".join(parts)
        start = self._position
        block = BLOCK.pack(BLOCK_MAGIC, start.number, len(records), len(body), start.digest) + body
        return block + bytes(-len(block) % SECTOR), Position(number, digest)

    def _write(self, block: bytes, following: Position) -> None:
        try:
            if self._size + len(block) > self._room:
                room = self._size + len(block) + _AHEAD
                _write_at(self._file, bytes(room - self._room), self._room)
                self._room = room
            _write_at(self._file, block, self._size)
        except OSError as error:
            self._take_back()
            raise Unavailable(f"the replica cannot be written: {error.strerror}", where="journal") from error
        try:
            os.fdatasync(self._file)
        except OSError as error:
            self._broken = True  # whether the block is on disk is unknown now; reopening reads what is there
            raise Unavailable("the replica's disk failed to confirm a write", where="journal") from error
        self._size += len(block)
        self._position = following

    def _take_back(self) -> None:
        try:
            os.ftruncate(self._file, self._size)
            self._room = self._size
        except OSError:
            self._broken = True

    def _trim(self) -> None:
        """Gives back the room made ahead, before the segment is left for good."""
        with os_faults("journal"):
            os.ftruncate(self._file, self._size)
            os.fsync(self._file)
            self._room = self._size

    def rotate(self) -> Position:
        """Starts a new segment, unless the present one is still empty; returns where it begins."""
        with self._lock:
            if self._size > SEGMENT.size:
                self._start_segment()
            return self._position

    def drop_before(self, number: int) -> None:
        """Overwrites and removes the segments all of whose records have lower numbers; the open one stays."""
        with self._lock:
            for path, following in list(pairwise(segments(self._directory))):
                if first_of(following) <= number:
                    overwrite_and_unlink(path)

    def close(self) -> None:
        """Writes what is queued, if the disk lets it, and closes.

        An empty block ends what was written: damage to the block before it can then not pass for an append that was
        cut short.
        """
        with self._lock:
            try:
                if self._file >= 0 and not self._broken:
                    self.append([])
                    self._write(*self._block([]))
                    self._trim()
            finally:
                for descriptor in (self._file, self._held):
                    if descriptor >= 0:
                        os.close(descriptor)
                self._file = self._held = -1


def _write_at(descriptor: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(descriptor, view, at)
        view, at = view[done:], at + done


def set_aside(directory: Path) -> int:
    """Renames the segments of a damaged journal, which then can be opened afresh; says how many there were.

    Only a new base makes the replica whole again, and it removes what was set aside.
    """
    paths = segments(directory)
    with os_faults("journal"):
        for path in paths:
            path.rename(path.with_name(path.name + SET_ASIDE))
    sync_directory(directory)
    return len(paths)


def _checked(records: Sequence[tuple[int, bytes]]) -> Sequence[tuple[int, bytes]]:
    for kind, payload in records:
        if not 0 <= kind <= 255:
            raise Invalid("a record's kind is 0 to 255")
        if len(payload) > LARGEST_PAYLOAD:
            raise TooLarge(f"a record of the replica has at most {LARGEST_PAYLOAD} bytes")
    return records

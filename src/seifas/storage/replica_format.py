"""The bytes of the replica's journal, and reading them with every byte checked (docs/formats/replica.md).

    read(directory, start: Position | None = None, *, open_sealed=None) -> Iterator[Record]
    class Record(number, kind, payload)     class Position(number, digest)

A segment is a header and blocks; a block is one append: a header, its records, zeros up to a sector's end. Each
record ends in SHA-256(digest of the record before | length | kind | payload). `Tampered` names the first record that
is not as written. The chain has no key: it tells damage and disorder; forgery only shows where the caller seals
payloads (`open_sealed(number, kind, payload)`) and compares the end with the audit log.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from struct import Struct
from typing import Final

import msgspec

from seifas.errors import Tampered
from seifas.storage.durable import os_faults

SECTOR: Final = 512
"""Blocks start at multiples of this: an append never rewrites a sector that an earlier one made durable."""

SEGMENT_MAGIC: Final = b"SEIFJRN1"
BLOCK_MAGIC: Final = b"SEIFBLK1"
SEGMENT: Final = Struct(">8sQ32s464x")
BLOCK: Final = Struct(">8sQIQ4x32s")
RECORD: Final = Struct(">IB")
DIGEST: Final = 32
_ZEROS: Final = 1024 * 1024
_NAME: Final = re.compile(r"journal-(\d{20})\.seg")

Seal = Callable[[int, int, bytes], bytes]


class Position(msgspec.Struct, frozen=True):
    """Where a record goes: its number, and the digest of the chain up to it."""

    number: int
    digest: bytes


class Record(msgspec.Struct, frozen=True, gc=False):
    number: int
    kind: int
    payload: bytes


class TornTail(Exception):
    """Only the last append is not complete; `at` is where it begins."""

    def __init__(self, at: int) -> None:
        self.at = at


def segments(directory: Path) -> list[Path]:
    """The journal's files, in order."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if _NAME.fullmatch(path.name))


def read(
    directory: Path, start: Position | None = None, *, open_sealed: Seal | None = None
) -> Iterator[Record]:
    """All records from `start` (default: the oldest there is), each checked against the chain.

    Ends quietly before an append that was cut short, which nobody was told is done. Raises `Tampered` at the first
    record that is damaged or gone, or if the journal does not continue from `start`.
    """
    paths = segments(directory)
    if start is not None:
        older = [path for path in paths if first_of(path) <= start.number]
        paths = paths[max(len(older) - 1, 0) :]
    position = None
    for path in paths:
        if path is paths[-1] and path.stat().st_size < SEGMENT.size:
            break
        head = head_of(path)
        if position is not None and head != position:
            raise _damaged(position.number)
        if start is not None and position is None and head.number > start.number:
            raise _damaged(start.number)
        position = head
        if position == start:
            start = None
        try:
            for _, following, records in blocks(path, position):
                for record, digest in records:
                    if start is None:
                        yield _opened(record, open_sealed)
                    elif record.number + 1 == start.number:
                        if digest != start.digest:
                            raise _damaged(start.number)
                        start = None
                position = following
        except TornTail as torn:
            if path is not paths[-1]:
                raise _damaged(position.number) from torn
    if start is not None:
        raise _damaged(start.number)


def _opened(record: Record, open_sealed: Seal | None) -> Record:
    if open_sealed is None:
        return record
    return Record(record.number, record.kind, open_sealed(record.number, record.kind, record.payload))


def blocks(path: Path, position: Position) -> Iterator[tuple[int, Position, list[tuple[Record, bytes]]]]:
    """(offset after it, position after it, its records with their digests) of each block of a segment.

    Raises `TornTail` if only the last block is not as written, `Tampered` if one before it is.
    """
    with os_faults(path.name), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        at = SEGMENT.size
        while at < size:
            file.seek(at)
            head = file.read(BLOCK.size)
            if not head.strip(b"\0") and not any(chunk.strip(b"\0") for chunk in iter(lambda: file.read(_ZEROS), b"")):
                return  # room that was made ahead
            file.seek(at + BLOCK.size)
            try:
                length, following, records = _parse(head, file.read, position, size - at)
            except _BadRecord as bad:
                if _another_block(path, at, position.number):
                    raise _damaged(bad.number) from None
                raise TornTail(at) from None
            at += length
            position = following
            yield at, position, records


class _BadRecord(Exception):
    def __init__(self, number: int) -> None:
        self.number = number


def _parse(
    head: bytes, more: Callable[[int], bytes], position: Position, room: int
) -> tuple[int, Position, list[tuple[Record, bytes]]]:
    if len(head) < BLOCK.size:
        raise _BadRecord(position.number)
    magic, first, count, length, before = BLOCK.unpack(head)
    total = -(-(BLOCK.size + length) // SECTOR) * SECTOR
    expected = BLOCK.pack(BLOCK_MAGIC, position.number, count, length, position.digest)
    if head != expected or magic != BLOCK_MAGIC or total > room:
        raise _BadRecord(position.number)
    body = more(total - BLOCK.size)
    number, digest, at = first, before, 0
    records = []
    for _ in range(count):
        end = at + RECORD.size
        if end > length:
            raise _BadRecord(first)
        size, kind = RECORD.unpack_from(body, at)
        payload = body[end : end + size]
        digest = chained(digest, body[at:end], payload)
        at = end + size + DIGEST
        if at > length or body[end + size : at] != digest:
            raise _BadRecord(number)
        records.append((Record(number, kind, payload), digest))
        number += 1
    if at != length or body[length:].strip(b"\0"):
        raise _BadRecord(first)
    return total, Position(number, digest), records


def _another_block(path: Path, at: int, number: int) -> bool:
    """Whether a later append begins after `at`: then what is wrong at `at` had been acknowledged."""
    with path.open("rb") as file:
        file.seek(at + SECTOR)
        while head := file.read(SECTOR):
            if head.startswith(BLOCK_MAGIC) and len(head) >= BLOCK.size and BLOCK.unpack_from(head)[1] > number:
                return True
    return False


def head_of(path: Path) -> Position:
    with os_faults(path.name), path.open("rb") as file:
        head = file.read(SEGMENT.size)
    first = first_of(path)
    if len(head) < SEGMENT.size:
        raise _damaged(first)
    position = Position(first, head[16:48])
    if head != SEGMENT.pack(SEGMENT_MAGIC, position.number, position.digest):
        raise _damaged(first)
    return position


def first_of(path: Path) -> int:
    """Number of the first record of a segment, from its name."""
    return int(path.stem.partition("-")[2])


def chained(digest: bytes, head: bytes, payload: bytes) -> bytes:
    state = hashlib.sha256(digest)
    state.update(head)
    state.update(payload)
    return state.digest()


def _damaged(number: int) -> Tampered:
    return Tampered(f"record {number} of the replica is damaged or gone", where=f"record {number}")

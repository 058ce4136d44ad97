"""A hash tree over all sealed state rows, so that one root in the audit log vouches for every one of them. Pure.

Rows fall into 65,536 buckets by the first two bytes of their tag (a full HMAC, so evenly). SHA-256 throughout:

    row    = H(0x00 | tag 32 | body)
    bucket = H(0x02 | the digests of its rows in tag order);  32 zero bytes if it has none
    node   = H(0x01 | its 16 children);  four levels of them up to the root

The prefixes keep the three kinds apart, as in RFC 6962 section 2.1. Memory: 2.3 MB whatever the number of rows.

    StateTree()   .root   .bucket(number) -> bytes   .update({number: digest}) -> Undo   .restore(undo)
    Builder()     .add(tag, body)  ascending tags, else Tampered      .finish() -> StateTree
    row_digest(tag, body)   bucket_digest(digests)   bucket_of(tag)
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from seifas.errors import Tampered

BUCKETS: Final = 65536
DIGEST: Final = 32
EMPTY_BUCKET: Final = bytes(DIGEST)

_FAN: Final = 16
_NODE: Final = _FAN * DIGEST

Undo = list[tuple[int, int, bytes]]
"""(level, byte offset, former digest) of every change, in the order made."""


def bucket_of(tag: bytes) -> int:
    return tag[0] << 8 | tag[1]


def row_digest(tag: bytes, body: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + tag + body).digest()


def bucket_digest(digests: Iterable[bytes]) -> bytes:
    """The digest of a bucket from those of its rows, in tag order."""
    joined = b"".join(digests)
    return hashlib.sha256(b"\x02" + joined).digest() if joined else EMPTY_BUCKET


class StateTree:
    """The digests of all buckets and of the nodes above them. Not thread-safe: its owner holds a lock."""

    def __init__(self, buckets: bytearray | None = None) -> None:
        level = bytearray(BUCKETS * DIGEST) if buckets is None else buckets
        self._levels = [level]
        while len(level) > DIGEST:
            level = bytearray().join(
                hashlib.sha256(b"\x01" + level[at : at + _NODE]).digest() for at in range(0, len(level), _NODE)
            )
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        return bytes(self._levels[-1])

    def bucket(self, number: int) -> bytes:
        return bytes(self._levels[0][number * DIGEST : (number + 1) * DIGEST])

    def update(self, buckets: Mapping[int, bytes]) -> Undo:
        """Sets the digests of buckets and recomputes what lies above; `restore` takes the result to undo it all."""
        undo: Undo = []
        for number, digest in buckets.items():
            self._set(0, number, digest, undo)
        touched = {number // _FAN for number in buckets}
        for height in range(1, len(self._levels)):
            below = self._levels[height - 1]
            for number in touched:
                node = hashlib.sha256(b"\x01" + below[number * _NODE : (number + 1) * _NODE]).digest()
                self._set(height, number, node, undo)
            touched = {number // _FAN for number in touched}
        return undo

    def _set(self, height: int, number: int, digest: bytes, undo: Undo) -> None:
        level = self._levels[height]
        at = number * DIGEST
        undo.append((height, at, bytes(level[at : at + DIGEST])))
        level[at : at + DIGEST] = digest

    def restore(self, undo: Undo) -> None:
        for height, at, digest in reversed(undo):
            self._levels[height][at : at + DIGEST] = digest


class Builder:
    """Builds a tree from all rows in tag order, keeping one bucket's digests at a time."""

    def __init__(self) -> None:
        self._buckets = bytearray(BUCKETS * DIGEST)
        self._number = -1
        self._digests: list[bytes] = []
        self._last = b""

    def add(self, tag: bytes, body: bytes) -> None:
        """`Tampered` if the tag is not above the one before: a table that repeats or reorders rows is not ours."""
        if not (isinstance(tag, bytes) and isinstance(body, bytes)):
            raise Tampered("a state row holds something that was never written there", where="state")
        if tag <= self._last or len(tag) != DIGEST:
            raise Tampered("the state rows are not in order", where=tag.hex()[:64])
        self._last = tag
        number = tag[0] << 8 | tag[1]
        if number != self._number:
            self._flush()
            self._number = number
        self._digests.append(hashlib.sha256(b"\x00" + tag + body).digest())

    def _flush(self) -> None:
        if self._digests:
            at = self._number * DIGEST
            self._buckets[at : at + DIGEST] = bucket_digest(self._digests)
            self._digests.clear()

    def finish(self) -> StateTree:
        self._flush()
        return StateTree(self._buckets)

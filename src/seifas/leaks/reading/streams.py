"""Bytes that are read once, forward, and counted: a leaked file as it comes, or what an archive unpacks to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from seifas.leaks.reading.pieces import Unfit

STEP: Final = 256 * 1024
MOST_HELD: Final = 192 * 2**20
"""Bytes of a file whose format cannot be read forward (a workbook, a PDF, a picture)."""
MOST_UNPACKED: Final = 16 * 2**30
"""Bytes that all archives of one file may unpack to."""
MOST_RATIO: Final = 200
"""Unpacked to packed, over the whole file: text packs 3 to 30 times, tables of repetitions up to 100."""
_FREE: Final = 64 * 2**20
MOST_FILES: Final = 20_000
DEEPEST: Final = 4


class Budget:
    """What one file may cost, archives in archives together."""

    def __init__(self) -> None:
        self.taken = 0
        self.unpacked = 0
        self.files = 0

    def unpack(self, count: int) -> None:
        """Counts unpacked bytes. Raises Unfit."""
        self.unpacked += count
        if self.unpacked > MOST_UNPACKED or self.unpacked > _FREE + MOST_RATIO * self.taken:
            raise Unfit("unpacks-too-large")

    def file(self) -> None:
        """Counts a file inside an archive. Raises Unfit."""
        self.files += 1
        if self.files > MOST_FILES:
            raise Unfit("too-many-files")


class Stream:
    """Reads forward from `more`, which gives some bytes and at the end none."""

    def __init__(self, more: Callable[[], bytes]) -> None:
        self._more = more
        self._held = b""
        self._ended = False

    def peek(self, count: int) -> bytes:
        """The next `count` bytes, or fewer at the end, without taking them."""
        if len(self._held) < count and not self._ended:
            parts, size = [self._held], len(self._held)
            while size < count and not self._ended:
                part = self._more()
                self._ended = not part
                parts.append(part)
                size += len(part)
            self._held = b"".join(parts)
        return self._held[:count]

    def read(self, count: int = STEP) -> bytes:
        """Up to `count` bytes: fewer only at the end; b"" there."""
        found = self.peek(count)
        self._held = self._held[len(found):]
        return found

    def some(self) -> bytes:
        """What is at hand, or the next step; b"" at the end. Cheaper than `read` where the size does not matter."""
        if self._held:
            found, self._held = self._held, b""
            return found
        if self._ended:
            return b""
        found = self._more()
        self._ended = not found
        return found

    def give_back(self, data: bytes) -> None:
        """Puts back what was taken too much."""
        self._held = data + self._held

    def pieces(self) -> Iterator[bytes]:
        while part := self.some():
            yield part

    def rest(self, most: int = MOST_HELD) -> bytes:
        """All that is left. Raises Unfit("too-large")."""
        parts, size = [], 0
        for part in self.pieces():
            size += len(part)
            if size > most:
                raise Unfit("too-large")
            parts.append(part)
        return b"".join(parts)


def of_bytes(data: bytes) -> Stream:
    """A stream over bytes in memory."""
    return of_pieces([data])


def of_pieces(pieces: Iterable[bytes]) -> Stream:
    """A stream over an iterable."""
    left = iter(pieces)

    def more() -> bytes:
        for piece in left:
            if piece:
                return piece
        return b""

    return Stream(more)

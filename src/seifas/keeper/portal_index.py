"""From a patient to the lines of the log that name them: eight bytes a line, found by one scan of memory.

A line's key is the first eight bytes of its patient's pseudonym, or of the session in the lines that say how and under
which hat a session was signed in; nothing for all others. A scan finds candidates, and each is read and compared whole
before anything is said of it, so two patients with one key would cost time and show nothing. A pseudonym dictionary
would answer faster and take ten times the memory: here a million lines are 8 MB and about a millisecond.

Keys are kept as sealed state rows of 4,096 lines each, written when that many lines are published, apart from the
opening of records; only the lines after the last row are read at the first question after an unlock.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from seifas.audit.tiles import TileReader
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.portal_model import OpeningRow

ROW: Final = 4096
_KEY: Final = 8
_NONE: Final = bytes(_KEY)
_SESSIONS: Final = frozenset({Action.SIGN_IN, Action.HAT})
_AT_ONCE: Final = 1024
_REST: Final = 1.0
"""Times as long as a portion took that others have the processor, where a long log is read for the first time."""


class OpeningIndex:
    """The keys of all lines of the present log, as far as they have been read."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._stored = 0
        self._lock = asyncio.Lock()
        self._rows: list[OpeningRow] = []

    @property
    def size(self) -> int:
        """How many lines are known."""
        return len(self._keys) // _KEY

    @property
    def reading(self) -> bool:
        return self._lock.locked()

    def load(self, rows: list[OpeningRow]) -> None:
        """Takes what was stored, at unlock."""
        self._rows = rows

    async def follow(self, audit: AuditLog, store: Callable[[OpeningRow], Awaitable[None]]) -> None:
        """Reads what was published since, and stores whole rows. Raises Unavailable, Tampered."""
        async with self._lock:
            self.take(audit.origin)
            while self.size < audit.published:
                began = time.perf_counter()
                end = min(self.size + _AT_ONCE, audit.published)
                self._keys += await asyncio.to_thread(_read, audit, self.size, end)
                while self.size - self._stored * ROW >= ROW:
                    await self._store(audit.origin, store)
                if self.size < audit.published:
                    await asyncio.sleep((time.perf_counter() - began) * _REST)

    def back(self, key: bytes, before: int) -> int:
        """The newest line under `before` with this key, or -1."""
        wanted, end = key[:_KEY], min(before, self.size) * _KEY
        if wanted == _NONE:
            return -1
        while True:
            at = self._keys.rfind(wanted, 0, end)
            if at < 0 or at % _KEY == 0:
                return at // _KEY if at >= 0 else -1
            end = at + _KEY - 1

    def take(self, origin: str) -> None:
        """Puts the stored rows of this log in place, once; those of a log from before a restore are left aside."""
        if not self._rows:
            return
        rows = {row.number: row for row in self._rows if row.origin == origin and len(row.keys) == ROW * _KEY}
        while self._stored in rows:
            self._keys += rows[self._stored].keys
            self._stored += 1
        self._rows = []

    async def _store(self, origin: str, store: Callable[[OpeningRow], Awaitable[None]]) -> None:
        start = self._stored * ROW * _KEY
        await store(OpeningRow(origin, self._stored, bytes(self._keys[start : start + ROW * _KEY])))
        self._stored += 1


def key_of(line: Line) -> bytes:
    """Eight bytes, zeroes for a line that is asked for by nobody."""
    if line.pseudonym:
        return line.pseudonym[:_KEY]
    return line.session[:_KEY] if line.action in _SESSIONS and line.session else _NONE


def _read(audit: AuditLog, start: int, end: int) -> bytes:
    leaves = TileReader(audit.directory, audit.published).entries(start, end)
    return b"".join(key_of(audit.read(leaf, index)[0]) for index, leaf in enumerate(leaves, start))

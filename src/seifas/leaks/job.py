"""One search as those who wait for it see it: how far it is, what it has found so far, how it ended.

A search runs in a thread and is looked at from the event loop. What it has found only ever grows at its end, so that it
may be read while it runs.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from typing import Any, Final

from seifas.errors import SeifasError
from seifas.leaks.results import Explained, Left, Row, Trace

LONGEST_WAIT_S: Final = 20.0
MOST_FILES: Final = 200
MOST_UNREAD: Final = 1_000
"""What could not be read is listed so far, and counted beyond: a broken reader finds reasons without end."""

ENDED: Final = frozenset({"done", "failed", "cancelled"})


class Cancelled(Exception):
    """Raised inside a search that somebody ended."""


class Job:
    """`state`: waiting, loading (what is compared with), searching, keeping (the result), done, failed or cancelled.

    Counters: files and files_done, bytes and bytes_read of the samples; people and photos that were loaded; mentions
    found, matched (of them), left_out (beyond the case's budget); pictures found, traced (of them); compared (views);
    lines of the log that were read; unread (files, parts).
    """

    def __init__(self, kind: str, case: bytes, files: tuple[bytes, ...], role: str) -> None:
        self.id = secrets.token_bytes(32)
        self.kind = kind
        self.case = case
        self.files = files
        self.role = role
        self.state = "waiting"
        self.counts = dict.fromkeys(
            ("files", "files_done", "bytes", "bytes_read", "people", "photos", "mentions", "matched", "left_out",
             "pictures", "traced", "compared", "lines", "unread"), 0,
        )  # fmt: skip
        self.rows: list[Row] = []
        self.traces: list[Trace] = []
        self.proofs: list[bytes] = []
        self.unread: list[Left] = []
        self.searched: tuple[str, ...] = ()  # ids of files, in hex
        self.explained: Explained | None = None
        self.error: dict[str, str] | None = None
        self.result = b""
        self.stopped_by: SeifasError | None = None
        self._began = time.monotonic()
        self._ended = 0.0
        self._version = 0
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._cancelled = threading.Event()

    # -- in the search's thread

    def tell(self, state: str = "", /, **counts: int) -> None:
        """Sets counters, and the state where it is given. Raises Cancelled where somebody has ended the search."""
        self.go_on()
        self.counts.update(counts)
        self.state = state or self.state
        self._moved()

    def add(self, **counts: int) -> None:
        """Adds to counters."""
        self.tell(**{name: self.counts[name] + count for name, count in counts.items()})

    def go_on(self) -> None:
        """Raises Cancelled where somebody has ended the search; nobody is told anything new."""
        if self._cancelled.is_set():
            raise Cancelled

    def not_read(self, source: str, word: str) -> None:
        """Lists a file, or a part of one; after the last that is listed stands one word for all others."""
        self.counts["unread"] += 1
        if len(self.unread) < MOST_UNREAD:
            self.unread.append(Left(source, word))
        elif len(self.unread) == MOST_UNREAD:
            self.unread.append(Left("", "more"))

    def end(self, state: str, *, result: bytes = b"", error: SeifasError | None = None) -> None:
        self.result = result
        if error is not None:
            self.error = {"code": error.code, "message": error.message, "where": error.where}
        self._ended = time.monotonic()
        self.state = state
        self._moved()

    @property
    def seconds(self) -> float:
        return (self._ended or time.monotonic()) - self._began

    def _moved(self) -> None:
        self._version += 1
        self._loop.call_soon_threadsafe(self._changed.set)

    # -- in the event loop

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def cancel(self, error: SeifasError | None = None) -> None:
        """Ends it at its next step. `error`: why, where nobody asked for that."""
        self.stopped_by = error
        self._cancelled.set()

    async def progress(self, seen: int) -> dict[str, Any]:
        """Waits until something is newer than `seen` (a version told before, -1 at first), 20 s at most."""
        give_up = asyncio.get_running_loop().time() + LONGEST_WAIT_S
        while self._version == seen and not self.ended:
            self._changed.clear()
            left = give_up - asyncio.get_running_loop().time()
            if left <= 0:
                break
            try:
                await asyncio.wait_for(self._changed.wait(), min(left, 1.0))  # several may wait for the one event
            except TimeoutError:
                continue
        return self.told

    @property
    def told(self) -> dict[str, Any]:
        found = self.rows if self.kind == "match" else self.traces
        return {
            "job": self.id, "kind": self.kind, "case": self.case, "version": self._version, "state": self.state,
            **self.counts, "found": len(found), "seconds": round(self.seconds, 3),
            "error": self.error, "result": self.result,
        }

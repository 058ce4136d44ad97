"""The limit: what the disk and SQLite alone do with the same bytes in the same batches, and nothing else done.

One table of (number, bytes) in a file of the page size of keeper.db, WAL, synchronous=FULL, in the same directory. Each
commit writes `batch` leaves of `size` random bytes. `sync_s` is slept before each commit: see SLOW_SYNC_S.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import time
from itertools import count
from pathlib import Path

from seifas.storage.state_sqlite import PAGE_SIZE

SLOW_SYNC_S = 0.004
"""Seconds. Clinics' servers have disks whose sync takes milliseconds; ours here may take a tenth of one, and then the
limit is not the disk at all. Figures "with a sync of 4 ms" sleep that long before each commit, here and in the server
alike: sleeping gives up the interpreter just as fsync does."""


class BareCommits:
    """Commits until it is closed."""

    def __init__(self, directory: Path, size: int, sync_s: float = 0.0) -> None:
        self._path = directory / f"bare-{os.getpid()}.db"
        self._size = size
        self._sync_s = sync_s
        self._numbers = count()
        self._connection = sqlite3.connect(self._path, isolation_level=None)
        for pragma in (f"page_size={PAGE_SIZE}", "journal_mode=wal", "synchronous=2"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute("CREATE TABLE leaves (idx INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def commit(self, batch: int) -> float:
        """One commit of new leaves; its seconds."""
        leaves = [(next(self._numbers), os.urandom(self._size)) for _ in range(batch)]
        began = time.perf_counter()
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany("INSERT INTO leaves VALUES (?, ?)", leaves)
        if self._sync_s:
            time.sleep(self._sync_s)
        self._connection.execute("COMMIT")
        return time.perf_counter() - began

    def leaves_per_second(self, batch: int, seconds: float) -> float:
        """By the mean commit, as a rate over time is by the mean."""
        return batch / statistics.fmean(self._for(batch, seconds))

    def milliseconds(self, batch: int, seconds: float) -> float:
        """Of the median commit."""
        return statistics.median(self._for(batch, seconds)) * 1000

    def _for(self, batch: int, seconds: float) -> list[float]:
        end = time.perf_counter() + seconds
        found = [self.commit(batch)]
        while time.perf_counter() < end:
            found.append(self.commit(batch))
        return found

    def close(self) -> None:
        self._connection.close()
        for ending in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)

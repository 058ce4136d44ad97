"""Rows in one SQLite file, `data/rows.db` (docs/formats/rows.md).

    SqliteRows(path: Path)          a RowStore (rows.py); creates the file if there is none

The file shows nothing of what was written together: no rowid, no overflow pages, each transaction inserts in id
order, and a bulk load fills the tree from left to right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

from seifas.errors import Conflict, Missing
from seifas.storage.durable import os_faults
from seifas.storage.migrations import ROWS
from seifas.storage.relaying import relay
from seifas.storage.rows import ID_SIZE, BulkWriter, Item, check_id, check_items, doomed, in_order
from seifas.storage.rows_bulk import Staging
from seifas.storage.sqlite import Database, Insert, fresh_copy, stored_bytes

PAGE_SIZE: Final = 16384

_BATCH: Final = 256
"""Ids in one SELECT: measured, a chart of 100 rows costs a third of 100 single reads, and more gain nothing."""

_IDS: Final = 8192
"""Ids read at a time by `ids`, so that no read transaction keeps the WAL from shrinking."""

_STEPS: Final = 256
"""A backup goes by the first byte of the ids."""

_PLACES: Final = (8, 32, 128, _BATCH)
_SELECTS: Final = {
    places: f"SELECT id, body FROM rows WHERE id IN ({','.join('?' * places)})"  # noqa: S608 - question marks only
    for places in _PLACES
}
_insert: Final = Insert("rows (id, body)")


class SqliteRows:
    """A `RowStore` on one file."""

    def __init__(self, path: Path) -> None:
        self._db = Database(path, page_size=PAGE_SIZE, migrations=ROWS)
        self._staged_under = path.with_name(path.name + ".bulk")
        Staging.discard(self._staged_under)

    def put_many(self, items: Sequence[Item]) -> None:
        check_items(items)
        if not items:
            return
        try:
            with self._db.writing() as connection:
                _insert(connection, sorted(items))
        except sqlite3.IntegrityError as error:
            raise Conflict("a row with this id is stored already; nothing was written") from error

    def get(self, row: bytes) -> bytes:
        check_id(row)
        with self._db.reading() as connection:
            found = connection.execute("SELECT body FROM rows WHERE id = ?", (row,)).fetchall()
        if not found:
            raise Missing("no such row", where=row.hex())
        return stored_bytes(found[0][0], self._db.name, row.hex())

    def get_many(self, rows: Sequence[bytes]) -> list[bytes]:
        found: dict[bytes, bytes] = {}
        with self._db.reading() as connection:
            for start in range(0, len(rows), _BATCH):
                asked = rows[start : start + _BATCH]
                for row in asked:
                    check_id(row)
                places = _places(len(asked))
                filled = [*asked, *([None] * (places - len(asked)))]
                found.update(connection.execute(_SELECTS[places], filled).fetchall())
        return in_order(found, rows, self._db.name)

    def delete_many(self, rows: Iterable[bytes]) -> int:
        gone = doomed(rows)
        if not gone:
            return 0
        with self._db.writing() as connection:
            return connection.executemany("DELETE FROM rows WHERE id = ?", ((row,) for row in gone)).rowcount

    def ids(self, after: bytes = b"") -> Iterator[bytes]:
        while True:
            with self._db.reading() as connection:
                page = connection.execute(
                    "SELECT id FROM rows WHERE id > ? ORDER BY id LIMIT ?", (after, _IDS)
                ).fetchall()
            for (row,) in page:
                yield row
            if len(page) < _IDS:
                return
            after = page[-1][0]

    def count(self) -> int:
        with self._db.reading() as connection:
            total: int = connection.execute("SELECT count(*) FROM rows").fetchone()[0]
        return total

    def bulk(self) -> AbstractContextManager[BulkWriter]:
        return self._bulk()

    @contextmanager
    def _bulk(self) -> Iterator[BulkWriter]:
        staging = Staging(self._staged_under)
        try:
            yield staging
            for batch in staging.batches():
                self.put_many(batch)
            self._db.checkpoint()
        finally:
            staging.close()

    def backup(self, path: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        # Rows in key order into fresh pages: the copy tells even less about the order of writing than the original,
        # and carries no free pages. (VACUUM INTO does the same, but with a journal beside the target and in one step.)
        with fresh_copy(path, self._db.name) as copy:
            copy.execute(f"PRAGMA page_size={PAGE_SIZE}").fetchall()
            copy.execute("ATTACH DATABASE ? AS source", (str(self._db.path),))
            copy.execute("BEGIN")
            # The first read fixes the moment of the copy, for all that follow.
            for (schema,) in copy.execute("SELECT sql FROM source.sqlite_schema WHERE sql IS NOT NULL").fetchall():
                copy.execute(schema)
            copy.execute("INSERT INTO main.schema_version SELECT * FROM source.schema_version ORDER BY number")
            for step in range(_STEPS):
                first, last = bytes([step]), bytes([step]) + b"\xff" * ID_SIZE
                copy.execute(
                    "INSERT INTO main.rows SELECT id, body FROM source.rows WHERE id >= ? AND id <= ? ORDER BY id",
                    (first, last),
                )
                if progress is not None:
                    progress(step + 1, _STEPS)
            copy.execute("COMMIT")
            copy.execute("DETACH DATABASE source")

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the rows anew (relaying.py); where to go on, None at the end."""
        return relay(self._db, "rows", "id", after=after)

    def size(self) -> int:
        with os_faults(self._db.name):
            return self._db.path.stat().st_size

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help, and can (sqlite.Database)."""
        return self._db.broken

    def checkpoint(self) -> bool:
        return self._db.checkpoint()

    def close(self) -> None:
        self._db.close()

    def abandon(self) -> None:
        """Closes what has turned out not to be the rows that were expected (sqlite.Database.abandon)."""
        self._db.abandon()


def _places(count: int) -> int:
    # A few statement texts only, so that each stays prepared: unused places hold NULL, which equals no id.
    return next(places for places in _PLACES if places >= count)

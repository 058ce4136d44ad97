"""Rows in PostgreSQL, table `seifas_rows.rows` (docs/formats/rows.md).

    PostgresRows(place: DatabaseAt, *, founding=False, fence=no_fence)          a RowStore (rows.py)

Bodies stay in the table's own pages, uncompressed. A transaction inserts in id order, and relaying writes all rows anew
in that order, so that their places and hidden columns do not tell which came last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from seifas.errors import Conflict, Missing
from seifas.storage.database_places import DatabaseAt
from seifas.storage.migrations import ROWS
from seifas.storage.postgres import Fence, PostgresDatabase, no_fence
from seifas.storage.postgres_connecting import Connection, fault
from seifas.storage.relaying_postgres import relay
from seifas.storage.rows import ID_SIZE, BulkWriter, Item, check_id, check_items, doomed, in_order
from seifas.storage.rows_sqlite import PAGE_SIZE
from seifas.storage.sqlite import stored_bytes
from seifas.storage.sqlite_copies import write_copy

SCHEMA: Final = "seifas_rows"
_BATCH: Final = 512
_IDS: Final = 8192
_STEPS: Final = 256
"""A backup goes by the first byte of the ids."""

_GET: Final = "SELECT body FROM rows WHERE id = %s"
_GET_MANY: Final = "SELECT id, body FROM rows WHERE id = ANY(%s::bytea[])"
_DELETE: Final = "WITH gone AS (DELETE FROM rows WHERE id = ANY(%s::bytea[]) RETURNING id) SELECT count(*) FROM gone"
_INSERT: Final = "INSERT INTO rows (id, body) SELECT * FROM unnest(%b::bytea[], %b::bytea[])"


class PostgresRows:
    """A `RowStore` in one schema of a database."""

    def __init__(self, place: DatabaseAt, *, founding: bool = False, fence: Fence = no_fence) -> None:
        self._db = PostgresDatabase(
            place, schema=SCHEMA, name="rows", migrations=ROWS, founding=founding, fence=fence, plain=("rows",)
        )

    def put_many(self, items: Sequence[Item]) -> None:
        check_items(items)
        if not items:
            return
        ids, bodies = zip(*sorted(items), strict=True)
        try:
            with self._db.writing() as connection:
                connection.execute(_INSERT, (list(ids), list(bodies)), binary=True)
        except psycopg.IntegrityError as error:
            raise Conflict("a row with this id is stored already; nothing was written") from error

    def get(self, row: bytes) -> bytes:
        check_id(row)
        found = self._db.read(lambda connection: connection.execute(_GET, (row,), binary=True).fetchone())
        if found is None:
            raise Missing("no such row", where=row.hex())
        return stored_bytes(found[0], self._db.name, row.hex())

    def get_many(self, rows: Sequence[bytes]) -> list[bytes]:
        for row in rows:
            check_id(row)
        found: dict[bytes, bytes] = {}
        for start in range(0, len(rows), _BATCH):
            asked = list(rows[start : start + _BATCH])
            found.update(self._db.read(
                lambda connection, asked=asked: connection.execute(_GET_MANY, (asked,), binary=True).fetchall()  # type: ignore[misc]
            ))  # fmt: skip
        return in_order(found, rows, self._db.name)

    def delete_many(self, rows: Iterable[bytes]) -> int:
        gone = doomed(rows)
        if not gone:
            return 0
        with self._db.writing() as connection:
            found: Any = connection.execute(_DELETE, (gone,)).fetchone()
        return int(found[0])

    def ids(self, after: bytes = b"") -> Iterator[bytes]:
        query = "SELECT id FROM rows WHERE id > %s ORDER BY id LIMIT %s"
        while True:
            asked = (after, _IDS)
            page = self._db.read(
                lambda connection, asked=asked: connection.execute(query, asked, binary=True).fetchall()  # type: ignore[misc]
            )
            for (row,) in page:
                yield row
            if len(page) < _IDS:
                return
            after = page[-1][0]

    def count(self) -> int:
        found: Any = self._db.read(lambda connection: connection.execute("SELECT count(*) FROM rows").fetchone())
        return int(found[0])

    def bulk(self) -> AbstractContextManager[BulkWriter]:
        return self._bulk()

    @contextmanager
    def _bulk(self) -> Iterator[BulkWriter]:
        session = self._db.session()
        try:
            yield _Staging(session)
            session.execute("BEGIN")
            with self._db.transaction(session):
                session.execute("INSERT INTO rows (id, body) SELECT id, body FROM staged ORDER BY id")
        except psycopg.IntegrityError as error:
            raise Conflict("a row with this id is stored already; nothing was written") from error
        except psycopg.Error as error:
            raise fault(error, "rows") from error
        finally:
            session.close()

    def backup(self, path: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        with self._db.moment() as connection:
            write_copy(
                path, name="rows", page_size=PAGE_SIZE, migrations=ROWS, tables=[("rows", _all(connection, progress))]
            )

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the rows anew (relaying_postgres.py); where to go on, None at the end."""
        return relay(self._db, "rows", "id", after=after)

    def size(self) -> int:
        return self._db.size("rows")

    @property
    def broken(self) -> bool:
        return self._db.broken

    def checkpoint(self) -> bool:
        self._db.vacuum("rows")
        return True

    def close(self) -> None:
        self._db.close()

    def abandon(self) -> None:
        self._db.close()


class _Staging:
    """Rows of an initial load, in a table that only its session sees, that is in no log and goes with the session."""

    def __init__(self, session: Connection) -> None:
        self._session = session
        self._lock = threading.Lock()
        session.execute("CREATE TEMPORARY TABLE staged (id bytea NOT NULL, body bytea NOT NULL)")
        session.execute("ALTER TABLE staged ALTER COLUMN body SET STORAGE PLAIN")
        # A long load may rest between two of its deeds.
        session.execute("SET idle_in_transaction_session_timeout = 0")

    def put_many(self, items: Sequence[Item]) -> None:
        check_items(items)
        into = "COPY staged (id, body) FROM STDIN (FORMAT BINARY)"
        with self._lock, self._session.cursor() as cursor, cursor.copy(into) as copy:
            copy.set_types(("bytea", "bytea"))
            for item in items:
                copy.write_row(item)


def _all(connection: Connection, progress: Callable[[int, int], None] | None) -> Iterator[tuple[bytes, bytes]]:
    for step in range(_STEPS):
        first, last = bytes([step]), bytes([step]) + b"\xff" * ID_SIZE
        with connection.cursor(name="rows") as cursor:
            cursor.itersize = 2000
            cursor.execute(
                "SELECT id, body FROM rows WHERE id >= %s AND id <= %s ORDER BY id", (first, last), binary=True
            )
            yield from cursor
        if progress is not None:
            progress(step + 1, _STEPS)

"""The keeper's state in PostgreSQL, schema `seifas_state` (docs/formats/state.md).

    postgres_state(place: DatabaseAt, *, founding=False, fence=no_fence) -> StateStore

Open in one process at a time: its session holds an advisory lock, and every transaction begins with the fence. Leaves
stay in the table for good, also when they are published: a node that takes over writes its own copy of the published
log from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg

from seifas.errors import Conflict
from seifas.storage.database_places import DatabaseAt
from seifas.storage.migrations import STATE
from seifas.storage.postgres import Fence, PostgresDatabase, no_fence
from seifas.storage.postgres_connecting import Connection, one
from seifas.storage.relaying_postgres import relay
from seifas.storage.sqlite import stored_bytes
from seifas.storage.sqlite_copies import write_copy
from seifas.storage.state import TAG_SIZE, StateStore
from seifas.storage.state_engine import Buckets, StateWriter
from seifas.storage.state_sqlite import PAGE_SIZE
from seifas.storage.state_tree import bucket_of

SCHEMA: Final = "seifas_state"

_BUCKETS: Final = (
    "SELECT s.tag, s.body FROM unnest(%s::bytea[], %s::bytea[]) AS range (low, high) "
    "JOIN state AS s ON s.tag >= range.low AND s.tag <= range.high"
)
_WRITE: Final = (
    "WITH put AS (INSERT INTO state (tag, body) SELECT * FROM unnest(%s::bytea[], %s::bytea[]) "
    "ON CONFLICT (tag) DO UPDATE SET body = excluded.body), "
    "gone AS (DELETE FROM state WHERE tag = ANY(%s::bytea[])), "
    "appended AS (INSERT INTO leaves (idx, body) SELECT * FROM unnest(%s::bigint[], %s::bytea[])) "
    "INSERT INTO meta (name, body) SELECT * FROM unnest(%s::text[], %s::bytea[]) "
    "ON CONFLICT (name) DO UPDATE SET body = excluded.body"
)
"""One statement, so one journey; no row is in two of its parts."""


def postgres_state(place: DatabaseAt, *, founding: bool = False, fence: Fence = no_fence) -> StateStore:
    """Raises `Unavailable` where another process has it open; `Conflict` where a vault is founded on another."""
    return StateStore(_PostgresState(place, founding=founding, fence=fence))


class _PostgresState:
    """A `StateEngine` in one schema of a database."""

    def __init__(self, place: DatabaseAt, *, founding: bool, fence: Fence) -> None:
        self._db = PostgresDatabase(
            place, schema=SCHEMA, name="state", migrations=STATE, founding=founding, sole=True, fence=fence
        )
        try:
            self._size = self.edge()[1]
            if founding and self._size:
                raise Conflict("there is a vault in this database already", where="storage.database")
        except BaseException:
            self._db.close()
            raise
        self._seen: Connection | None = None

    @property
    def name(self) -> str:
        return self._db.name

    @property
    def broken(self) -> bool:
        return self._db.broken

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        with self._db.moment() as connection:
            yield from _stream(connection, "SELECT tag, body FROM state ORDER BY tag")

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        return self._db.read(lambda connection: read_buckets(connection, numbers))

    def edge(self) -> tuple[int, int]:
        found: Any = self._db.read(
            lambda connection: connection.execute("SELECT min(idx), max(idx) FROM leaves").fetchone()
        )
        first, last = found
        return (0, 0) if last is None else (first, last + 1)

    def leaves(self, first: int, last: int) -> list[tuple[int, bytes]]:
        query = "SELECT idx, body FROM leaves WHERE idx >= %s AND idx < %s ORDER BY idx"
        found: list[Any] = self._db.read(
            lambda connection: connection.execute(query, (first, last), binary=True).fetchall()
        )
        return [(index, stored_bytes(body, self.name, f"leaf {index}")) for index, body in found]

    def drop_leaves(self, below: int) -> None:
        """They stay: see above."""

    def meta(self, name: str) -> bytes | None:
        found = self._db.read(
            lambda connection: connection.execute(
                "SELECT body FROM meta WHERE name = %s", (name,), binary=True
            ).fetchone()
        )
        return None if found is None else stored_bytes(found[0], self.name, name)

    def metas(self) -> dict[str, bytes]:
        found: list[Any] = self._db.read(
            lambda connection: connection.execute("SELECT name, body FROM meta ORDER BY name", binary=True).fetchall()
        )
        return {name: stored_bytes(body, self.name, name) for name, body in found}

    def alone(self) -> AbstractContextManager[None]:
        return self._db.alone()

    @contextmanager
    def writing(self) -> Iterator[StateWriter]:
        try:
            with self._db.writing() as connection:
                if connection is not self._seen:
                    self._require_newest(connection)
                writer = _Writer(connection)
                yield writer
            self._seen = connection
            if writer.size is not None:
                self._size = writer.size
        except psycopg.IntegrityError as error:
            raise self._db.give_up("another process wrote to this vault's log; it has to be opened again") from error

    def _require_newest(self, connection: Connection) -> None:
        """Another server may be the primary by now, and behind where nothing waited for it: what was acknowledged is
        not there then, and a commit upon it would hide the gap until the vault is opened the next time."""
        found = one(connection, "SELECT max(idx) FROM leaves")
        size = 0 if found is None else found + 1
        if size != self._size:
            raise self._db.give_up("the database that answers now does not hold what was committed; it is opened anew")

    def snapshot(self, path: Path, first_leaf: int, pinned: Callable[[], None] | None) -> None:
        with self._db.moment(pinned) as connection:
            write_copy(path, name="keeper.db", page_size=PAGE_SIZE, migrations=STATE, tables=[
                ("state", _stream(connection, "SELECT tag, body FROM state ORDER BY tag")),
                ("leaves", _stream(
                    connection, "SELECT idx, body FROM leaves WHERE idx >= %s ORDER BY idx", (first_leaf,)
                )),
                ("meta", _stream(connection, "SELECT name, body FROM meta ORDER BY name")),
            ])  # fmt: skip

    def relay(self, after: bytes) -> bytes | None:
        return relay(self._db, "state", "tag", after=after)

    def size(self) -> int:
        return self._db.size("state", "meta")

    def checkpoint(self) -> bool:
        self._db.vacuum("state", "meta")
        return True

    def close(self) -> None:
        self._db.close()

    def abandon(self) -> None:
        self._db.close()


class _Writer:
    """A `StateWriter` on the write connection inside its transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.size: int | None = None
        """After the newest leaf that was written."""

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        return read_buckets(self._connection, numbers)

    def write(
        self, puts: Sequence[tuple[bytes, bytes]], deletes: Sequence[bytes], leaves: Sequence[tuple[int, bytes]],
        meta: Mapping[str, bytes],
    ) -> None:
        self._connection.execute(_WRITE, (
            [tag for tag, _ in puts], [body for _, body in puts], list(deletes),
            [index for index, _ in leaves], [body for _, body in leaves], list(meta), list(meta.values()),
        ))  # fmt: skip
        if leaves:
            self.size = leaves[-1][0] + 1


def read_buckets(connection: Connection, numbers: Iterable[int]) -> Buckets:
    """These buckets of the state that the connection's search path leads to."""
    lows = [number.to_bytes(2, "big") for number in numbers]
    # As no tag is longer than the upper bound: two bytes and thirty times 0xff.
    highs = [low + b"\xff" * (TAG_SIZE - 2) for low in lows]
    found: Buckets = {}
    for tag, body in connection.execute(_BUCKETS, (lows, highs), binary=True):
        found.setdefault(bucket_of(tag), {})[tag] = stored_bytes(body, "state", f"state bucket {bucket_of(tag):04x}")
    return found


def _stream(connection: Connection, query: Any, parameters: Sequence[Any] = ()) -> Iterator[Any]:
    with connection.cursor(name="rows") as cursor:
        cursor.itersize = 5000
        cursor.execute(query, parameters, binary=True)
        yield from cursor

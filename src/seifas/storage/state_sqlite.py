"""The keeper's state in one SQLite file, `state/keeper.db` (docs/formats/state.md).

    sqlite_state(path: Path) -> StateStore      opens it; creates the file if there is none

Two keepers on one file would each vouch for half of it, so it is open in one process at a time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from seifas.storage.durable import hold_alone, os_faults
from seifas.storage.migrations import STATE
from seifas.storage.relaying import relay
from seifas.storage.sqlite import Database, Insert, copy_pages, stored_bytes
from seifas.storage.state import TAG_SIZE, StateStore
from seifas.storage.state_engine import Buckets, StateWriter

PAGE_SIZE: Final = 8192
"""A row of up to 1,980 bytes of body does not overflow, so a sealed head leaves no trace of what it came with."""

_put_rows: Final = Insert("state (tag, body)", "ON CONFLICT (tag) DO UPDATE SET body = excluded.body")
_put_meta: Final = Insert("meta (name, body)", "ON CONFLICT (name) DO UPDATE SET body = excluded.body")
_insert_leaves: Final = Insert("leaves (idx, body)")


def sqlite_state(path: Path) -> StateStore:
    """Raises `Unavailable` where another process has it open, or the disk fails; `Tampered` for a damaged file."""
    return StateStore(_SqliteState(path))


class _SqliteState:
    """A `StateEngine` on one file."""

    def __init__(self, path: Path) -> None:
        self._held = hold_alone(path.with_name(path.name + ".lock"), "vault's state")
        try:
            self._db = Database(path, page_size=PAGE_SIZE, migrations=STATE)
        except BaseException:
            self._let_go()
            raise

    @property
    def name(self) -> str:
        return self._db.name

    @property
    def broken(self) -> bool:
        return self._db.broken

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        with self._db.reading() as connection:
            cursor = connection.execute("SELECT tag, body FROM state ORDER BY tag")
            try:
                yield from cursor
            finally:
                cursor.close()

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        with self._db.reading() as connection:
            return {number: _bucket(connection, number, self.name) for number in numbers}

    def edge(self) -> tuple[int, int]:
        with self._db.reading() as connection:
            first, last = connection.execute("SELECT min(idx), max(idx) FROM leaves").fetchone()
        return (0, 0) if last is None else (first, last + 1)

    def leaves(self, first: int, last: int) -> list[tuple[int, bytes]]:
        with self._db.reading() as connection:
            rows = connection.execute(
                "SELECT idx, body FROM leaves WHERE idx >= ? AND idx < ? ORDER BY idx", (first, last)
            ).fetchall()
        return [(index, stored_bytes(body, self.name, f"leaf {index}")) for index, body in rows]

    def drop_leaves(self, below: int) -> None:
        with self._db.writing() as connection:
            connection.execute("DELETE FROM leaves WHERE idx < ?", (below,))

    def meta(self, name: str) -> bytes | None:
        with self._db.reading() as connection:
            row = connection.execute("SELECT body FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else stored_bytes(row[0], self.name, name)

    def metas(self) -> dict[str, bytes]:
        with self._db.reading() as connection:
            rows = connection.execute("SELECT name, body FROM meta ORDER BY name").fetchall()
        return {name: stored_bytes(body, self.name, name) for name, body in rows}

    def alone(self) -> AbstractContextManager[None]:
        return self._db.alone()

    @contextmanager
    def writing(self) -> Iterator[StateWriter]:
        with self._db.writing() as connection:
            yield _Writer(connection, self.name)

    def snapshot(self, path: Path, first_leaf: int, pinned: Callable[[], None] | None) -> None:
        with self._db.reading() as source:
            try:
                with self._db.alone():
                    source.execute("BEGIN")
                    source.execute("SELECT count(*) FROM schema_version").fetchall()
                    if pinned is not None:
                        pinned()
                copy_pages(source, path, self.name)
            finally:
                if source.in_transaction:
                    source.execute("ROLLBACK")

    def relay(self, after: bytes) -> bytes | None:
        return relay(self._db, "state", "tag", after=after)

    def size(self) -> int:
        with os_faults(self.name):
            return self._db.path.stat().st_size

    def checkpoint(self) -> bool:
        return self._db.checkpoint()

    def close(self) -> None:
        self._db.close()
        self._let_go()

    def abandon(self) -> None:
        self._db.abandon()
        self._let_go()

    def _let_go(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


class _Writer:
    """A `StateWriter`: statements on the write connection inside its transaction."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        return {number: _bucket(self._connection, number, self._name) for number in numbers}

    def write(
        self, puts: Sequence[tuple[bytes, bytes]], deletes: Sequence[bytes], leaves: Sequence[tuple[int, bytes]],
        meta: Mapping[str, bytes],
    ) -> None:
        _put_rows(self._connection, puts)
        self._connection.executemany("DELETE FROM state WHERE tag = ?", ((tag,) for tag in deletes))
        _insert_leaves(self._connection, leaves)
        _put_meta(self._connection, list(meta.items()))


def _bucket(connection: Connection, number: int, name: str) -> dict[bytes, bytes]:
    # One range of the key, as no tag is longer than the upper bound: two bytes and thirty times 0xff.
    prefix = number.to_bytes(2, "big")
    found = connection.execute(
        "SELECT tag, body FROM state WHERE tag >= ? AND tag <= ?", (prefix, prefix + b"\xff" * (TAG_SIZE - 2))
    ).fetchall()
    return {tag: stored_bytes(body, name, f"state bucket {number:04x}") for tag, body in found}

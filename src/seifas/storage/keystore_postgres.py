"""The key store in PostgreSQL: one schema a generation, better in a database on a server of its own.

    seifas_keys.generations(number, placed)      placed: it was current once; the others are being written
    seifas_keys.slots(number, body)              the ways to the root, as the caller's bytes
    seifas_keys_000001.keys, .epoch              as in keystore_sqlite.py

    class PostgresKeys(place: DatabaseAt, *, fence=no_fence)      a KeyStore (keystore.py)

What destroying a generation is worth: its schema is dropped, and the server gives its files back at once; it overwrites
none of them. The write-ahead log, its archive, standbys and the server's own backups hold the old wrapped keys for as
long as they are kept. So an erasure certificate counts on their retention, as it does with files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from seifas.errors import Conflict, Invalid, Missing, Unavailable
from seifas.storage.database_places import DatabaseAt
from seifas.storage.durable import make_directory, write_new
from seifas.storage.keystore import FINISHED, LARGEST_SLOTS, Item, check_items, check_tag
from seifas.storage.keystore_sqlite import PAGE_SIZE, SLOTS, file_of
from seifas.storage.migrations import KEYS, KEYS_REGISTER
from seifas.storage.postgres import Fence, PostgresDatabase, no_fence
from seifas.storage.relaying_postgres import relay
from seifas.storage.sqlite import stored_bytes
from seifas.storage.sqlite_copies import write_copy

SCHEMA: Final = "seifas_keys"
_PAGE: Final = 4096
_DELETE: Final = "WITH gone AS (DELETE FROM keys WHERE tag = ANY(%s::bytea[]) RETURNING tag) SELECT count(*) FROM gone"
_INSERT: Final = "INSERT INTO keys (tag, body) SELECT * FROM unnest(%b::bytea[], %b::bytea[])"


class PostgresKeys:
    """The generations of one vault, of which one is open. Connects when it is first asked."""

    def __init__(self, place: DatabaseAt, *, fence: Fence = no_fence) -> None:
        self._place = place
        self._fence = fence
        self._known: PostgresDatabase | None = None
        self._opened: PostgresDatabase | None = None
        self._generation = 0

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def broken(self) -> bool:
        return self._opened is not None and self._opened.broken

    @property
    def rotating(self) -> bool:
        return any(not placed for _, placed in self._numbers())

    def generations(self) -> list[int]:
        return sorted(number for number, placed in self._numbers() if placed)

    def _register(self, *, founding: bool = False) -> PostgresDatabase:
        if self._known is None:
            self._known = PostgresDatabase(
                self._place, schema=SCHEMA, name="key store", migrations=KEYS_REGISTER, founding=founding,
                fence=self._fence,
            )
        return self._known

    def _numbers(self) -> list[tuple[int, bool]]:
        found: list[Any] = self._register().read(
            lambda connection: connection.execute("SELECT number, placed FROM generations").fetchall()
        )
        return found

    def _db(self) -> PostgresDatabase:
        if self._opened is None:
            raise Unavailable("no key store is open")
        return self._opened

    def _database(self, generation: int, *, founding: bool = False) -> PostgresDatabase:
        return PostgresDatabase(
            self._place, schema=f"{SCHEMA}_{generation:06d}", name=f"keys of generation {generation}", migrations=KEYS,
            founding=founding, fence=self._fence,
        )

    def create(self, epoch: Mapping[str, bytes]) -> None:
        first = self.begin_first(1)
        first.put_epoch(epoch)
        first.finish()
        self.open(1)

    def begin_first(self, generation: int) -> PostgresNext:
        self._register(founding=True)
        if self.generations():
            raise Conflict("there is a key store here already", where="storage.keys_database")
        return self._begin(generation)

    def _begin(self, generation: int) -> PostgresNext:
        self._destroy(generation)
        with self._register().writing() as connection:
            connection.execute("INSERT INTO generations (number, placed) VALUES (%s, false)", (generation,))
        return PostgresNext(self._database(generation, founding=True), generation, self._destroy)

    def open(self, generation: int) -> None:
        self._close_generation()
        if generation not in self.generations():
            self._put_in_place(generation)
        database = self._database(generation)
        if not _is_finished(database):
            database.close()
            raise _not_here(generation)
        self._opened, self._generation = database, generation

    def discard_leftovers(self) -> None:
        for number, placed in self._numbers():
            if not placed:
                self._destroy(number)

    def _put_in_place(self, generation: int) -> None:
        if generation not in {number for number, _ in self._numbers()}:
            raise _not_here(generation)
        database = self._database(generation)
        finished = _is_finished(database)
        database.close()
        if not finished:
            raise _not_here(generation)
        with self._register().writing() as connection:
            connection.execute("UPDATE generations SET placed = true WHERE number = %s", (generation,))

    def put_many(self, items: Sequence[Item]) -> None:
        _insert(self._db(), items)

    def get(self, tag: bytes) -> bytes:
        check_tag(tag)
        query = "SELECT body FROM keys WHERE tag = %s"
        found = self._db().read(lambda connection: connection.execute(query, (tag,), binary=True).fetchone())
        if found is None:
            raise Missing("no such key", where=tag.hex())
        return stored_bytes(found[0], "keys", tag.hex())

    def get_many(self, tags: Iterable[bytes]) -> dict[bytes, bytes]:
        asked = [check_tag(tag) for tag in tags]
        found: list[Any] = self._db().read(
            lambda connection: connection.execute(
                "SELECT tag, body FROM keys WHERE tag = ANY(%s::bytea[])", (asked,), binary=True
            ).fetchall()
        )
        return {tag: stored_bytes(body, "keys", tag.hex()) for tag, body in found}

    def items(self) -> Iterator[Item]:
        database, after = self._db(), b""
        query = "SELECT tag, body FROM keys WHERE tag > %s ORDER BY tag LIMIT %s"
        while True:
            page: list[Any] = database.read(
                lambda connection, after=after: connection.execute(query, (after, _PAGE), binary=True).fetchall()  # type: ignore[misc]
            )
            yield from ((tag, stored_bytes(body, "keys", "keys")) for tag, body in page)
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def relay(self, after: bytes = b"") -> bytes | None:
        database = self._db()
        further = relay(database, "keys", "tag", after=after)
        if further is None:
            database.vacuum("keys")
        return further

    def count(self) -> int:
        found: Any = self._db().read(lambda connection: connection.execute("SELECT count(*) FROM keys").fetchone())
        return int(found[0])

    def delete_many(self, tags: Iterable[bytes]) -> int:
        """Their bytes may stand in the table's pages until these are written over: who erases a patient ends the
        generation."""
        doomed = sorted({check_tag(tag) for tag in tags})
        if not doomed:
            return 0
        database = self._db()
        with database.writing() as connection:
            found: Any = connection.execute(_DELETE, (doomed,)).fetchone()
        gone = int(found[0])
        if gone:
            database.vacuum("keys")
        return gone

    def epoch(self) -> dict[str, bytes]:
        found: list[Any] = self._db().read(
            lambda connection: connection.execute("SELECT name, body FROM epoch", binary=True).fetchall()
        )
        return {name: stored_bytes(body, "keys", "epoch") for name, body in found if name != FINISHED}

    def begin_next(self) -> PostgresNext:
        self._db()
        return self._begin(self._generation + 1)

    def activate(self, generation: int) -> None:
        if generation != self._generation + 1:
            raise Invalid(f"generation {self._generation} is open; only the next can be activated")
        self._put_in_place(generation)
        former = self._db()
        self._opened = self._database(generation)
        self._generation = generation
        former.close()

    def destroy_older(self, than: int) -> list[int]:
        """What it is worth: see above."""
        if than > self._generation:
            raise Invalid("the open generation is not destroyed")
        older = [number for number in self.generations() if number < than]
        for number in older:
            self._destroy(number)
        return older

    def _destroy(self, generation: int) -> None:
        with self._register().writing() as connection:
            connection.execute("DELETE FROM generations WHERE number = %s", (generation,))
            connection.execute(
                sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(f"{SCHEMA}_{generation:06d}"))
            )

    def slots(self) -> bytes | None:
        found = self._register().read(
            lambda connection: connection.execute("SELECT body FROM slots WHERE number = 0", binary=True).fetchone()
        )
        return None if found is None else stored_bytes(found[0], "keys", "slots")

    def write_slots(self, data: bytes) -> None:
        if len(data) > LARGEST_SLOTS:
            raise Invalid(f"slots take at most {LARGEST_SLOTS} bytes")
        register = self._register(founding=True)
        with register.writing() as connection:
            connection.execute(
                "INSERT INTO slots (number, body) VALUES (0, %s) "
                "ON CONFLICT (number) DO UPDATE SET body = excluded.body", (data,),
            )
        register.vacuum("slots")

    def snapshot(self, directory: Path) -> int:
        database, generation = self._db(), self._generation
        make_directory(directory)
        with database.moment() as connection:
            write_copy(
                directory / file_of(generation), name="keys", page_size=PAGE_SIZE, migrations=KEYS, tables=[
                    ("keys", connection.execute("SELECT tag, body FROM keys ORDER BY tag", binary=True)),
                    ("epoch", connection.execute("SELECT name, body FROM epoch ORDER BY name", binary=True)),
                ],
            )
        if (slots := self.slots()) is not None:
            write_new(directory / SLOTS, slots)
        return generation

    def _close_generation(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened, self._generation = None, 0

    def close(self) -> None:
        self._close_generation()
        if self._known is not None:
            self._known.close()
        self._known = None

    def abandon(self) -> None:
        self.close()


class PostgresNext:
    """A `NextGeneration` in a schema of its own."""

    def __init__(self, database: PostgresDatabase, generation: int, destroy: Any) -> None:
        self._database = database
        self._number = generation
        self._destroy = destroy

    @property
    def generation(self) -> int:
        return self._number

    def put_many(self, items: Sequence[Item]) -> None:
        _insert(self._database, items)

    def put_epoch(self, rows: Mapping[str, bytes]) -> None:
        if FINISHED in rows:
            raise Invalid(f"the epoch row {FINISHED!r} is the store's own")
        self._put_rows(rows)

    def _put_rows(self, rows: Mapping[str, bytes]) -> None:
        try:
            with self._database.writing() as connection:
                connection.execute(
                    "INSERT INTO epoch (name, body) SELECT * FROM unnest(%s::text[], %s::bytea[])",
                    (list(rows), list(rows.values())),
                )
        except psycopg.IntegrityError as error:
            raise Conflict("an epoch row with this name exists already") from error

    def finish(self) -> None:
        self._put_rows({FINISHED: b"\x01"})
        self._database.close()

    def abandon(self) -> None:
        self._database.close()
        self._destroy(self._number)


def _insert(database: PostgresDatabase, items: Sequence[Item]) -> None:
    check_items(items)
    if not items:
        return
    tags, bodies = zip(*sorted(items), strict=True)
    try:
        with database.writing() as connection:
            connection.execute(_INSERT, (list(tags), list(bodies)))
    except psycopg.IntegrityError as error:
        raise Conflict("a key with this tag is stored already; nothing was written") from error


def _is_finished(database: PostgresDatabase) -> bool:
    found = database.read(
        lambda connection: connection.execute("SELECT 1 FROM epoch WHERE name = %s", (FINISHED,)).fetchone()
    )
    return found is not None


def _not_here(generation: int) -> Unavailable:
    return Unavailable(
        f"the key store of generation {generation} is not here or was not finished: restore it",
        where="storage.keys_database",
    )

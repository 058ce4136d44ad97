"""The key store in files: one SQLite file a generation (docs/formats/key-store.md).

    keys/keystore-000001.db      keys(tag 32 bytes -> body), epoch(name -> body)
    keys/keystore-000002.db.new  the next generation while it is written
    keys/slots.json              the ways to the root, as the caller's bytes

    class SqliteKeys(directory: Path)      a KeyStore (keystore.py)
    class SqliteNext(path, generation)     a NextGeneration

A switch of generations that a crash cut short leaves a finished `.new` file, which `open` puts in place.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from seifas.errors import Conflict, Invalid, Missing, Unavailable
from seifas.storage.durable import make_directory, os_faults, overwrite_and_unlink, replace, sync_directory, write_new
from seifas.storage.keystore import FINISHED, LARGEST_SLOTS, Item, check_items, check_tag
from seifas.storage.migrations import KEYS
from seifas.storage.relaying import relay
from seifas.storage.sqlite import Database, Insert, stored_bytes

PAGE_SIZE: Final = 4096

_PAGE: Final = 4096
"""Keys read at a time by `items`, so that no read transaction stays open while the caller works."""

SLOTS: Final = "slots.json"
_NAME: Final = re.compile(r"keystore-(\d{6})\.db(\.new)?")


def file_of(generation: int) -> str:
    """The name of a generation's file."""
    return f"keystore-{generation:06d}.db"


class SqliteKeys:
    """One directory of generations, of which one is open. Methods may be called from any thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._opened: Database | None = None
        self._generation = 0

    @property
    def generation(self) -> int:
        """The number of the open generation; 0 if none is."""
        return self._generation

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help, and can (sqlite.Database)."""
        return self._opened is not None and self._opened.broken

    @property
    def rotating(self) -> bool:
        """Whether a next generation is begun and neither activated nor abandoned."""
        return any(new for _, new in self._files())

    def generations(self) -> list[int]:
        """Numbers of all finished generations in the directory, ascending."""
        return sorted(number for number, new in self._files() if not new)

    def _files(self) -> Iterator[tuple[int, bool]]:
        if self._directory.is_dir():
            for path in self._directory.iterdir():
                if match := _NAME.fullmatch(path.name):
                    yield int(match[1]), match[2] is not None

    def _path(self, generation: int, *, new: bool = False) -> Path:
        return self._directory / f"{file_of(generation)}{'.new' if new else ''}"

    def _db(self) -> Database:
        if self._opened is None:
            raise Unavailable("no key store is open")
        return self._opened

    def create(self, epoch: Mapping[str, bytes]) -> None:
        """Makes and opens generation 1 with these epoch rows."""
        first = self.begin_first(1)
        first.put_epoch(epoch)
        first.finish()
        self.open(1)

    def begin_first(self, generation: int) -> SqliteNext:
        """A first generation to write; `open` puts it in place."""
        make_directory(self._directory)
        if any(not new for _, new in self._files()):
            raise Conflict("there is a key store here already", where=self._directory.name)
        _destroy(self._path(generation, new=True))
        return SqliteNext(self._path(generation, new=True), generation)

    def open(self, generation: int) -> None:
        """Opens the generation that the keeper's state names; `Unavailable` if it is not here or was never finished."""
        self.close()
        if not self._path(generation).exists():
            self._put_in_place(generation)
        database = Database(self._path(generation), page_size=PAGE_SIZE, migrations=KEYS)
        if not _is_finished(database):
            database.close()
            raise _not_here(generation)
        self._opened, self._generation = database, generation

    def discard_leftovers(self) -> None:
        """Destroys next generations that never became current.

        Only once the state has named the open generation: before that, a finished `.new` may be the current one.
        """
        for number, new in list(self._files()):
            if new:
                _destroy(self._path(number, new=True))

    def _put_in_place(self, generation: int) -> None:
        new = self._path(generation, new=True)
        if not new.exists():
            raise _not_here(generation)
        database = Database(new, page_size=PAGE_SIZE, migrations=KEYS)
        finished = _is_finished(database)
        database.close()
        # SQLite finds a write-ahead log by the name of its database: renamed away from it, commits would be lost.
        if not finished or new.with_name(new.name + "-wal").exists():
            raise _not_here(generation)
        with os_faults(new.name):
            new.rename(self._path(generation))
        sync_directory(self._directory)

    def put_many(self, items: Sequence[Item]) -> None:
        """All keys or none, on disk when it returns. `Conflict` if a tag exists."""
        _insert(self._db(), items)

    def get(self, tag: bytes) -> bytes:
        database = self._db()
        with database.reading() as connection:
            row = connection.execute("SELECT body FROM keys WHERE tag = ?", (check_tag(tag),)).fetchone()
        if row is None:
            raise Missing("no such key", where=tag.hex())
        return stored_bytes(row[0], database.name, tag.hex())

    def get_many(self, tags: Iterable[bytes]) -> dict[bytes, bytes]:
        """The bodies of those tags that there are."""
        found = {}
        database = self._db()
        with database.reading() as connection:
            for tag in tags:
                row = connection.execute("SELECT body FROM keys WHERE tag = ?", (check_tag(tag),)).fetchone()
                if row is not None:
                    found[tag] = stored_bytes(row[0], database.name, tag.hex())
        return found

    def items(self) -> Iterator[Item]:
        """All (tag, body) in tag order; keys put or deleted meanwhile may or may not appear."""
        database, after = self._db(), b""
        while True:
            with database.reading() as connection:
                page = connection.execute(
                    "SELECT tag, body FROM keys WHERE tag > ? ORDER BY tag LIMIT ?", (after, _PAGE)
                ).fetchall()
            for tag, body in page:
                yield tag, stored_bytes(body, database.name, "keys")
            if len(page) < _PAGE:
                return
            after = page[-1][0]

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the keys anew (relaying.py); where to go on, None at the end."""
        database = self._db()
        further = relay(database, "keys", "tag", after=after)
        if further is None:
            # Keys must not stand in the write-ahead log when they are erased from the file.
            database.checkpoint()
        return further

    def count(self) -> int:
        with self._db().reading() as connection:
            total: int = connection.execute("SELECT count(*) FROM keys").fetchone()[0]
        return total

    def delete_many(self, tags: Iterable[bytes]) -> int:
        """Removes keys, durable on return, and says how many there were.

        secure_delete zeroes them in the file, and the write-ahead log is emptied so that they do not stand there.
        """
        doomed = sorted({check_tag(tag) for tag in tags})
        if not doomed:
            return 0
        database = self._db()
        with database.writing() as connection:
            gone = connection.executemany("DELETE FROM keys WHERE tag = ?", ((tag,) for tag in doomed)).rowcount
        database.checkpoint()
        return gone

    def epoch(self) -> dict[str, bytes]:
        """The epoch rows of the open generation."""
        with self._db().reading() as connection:
            rows = dict(connection.execute("SELECT name, body FROM epoch").fetchall())
        rows.pop(FINISHED, None)
        return {name: stored_bytes(body, "keystore", "epoch") for name, body in rows.items()}

    def begin_next(self) -> SqliteNext:
        """An empty next generation to write; a leftover of an earlier attempt is destroyed."""
        self._db()
        path = self._path(self._generation + 1, new=True)
        _destroy(path)
        return SqliteNext(path, self._generation + 1)

    def activate(self, generation: int) -> None:
        """Puts the finished next generation in place and opens it. The older one stays until `destroy_older`."""
        if generation != self._generation + 1:
            raise Invalid(f"generation {self._generation} is open; only the next can be activated")
        self._put_in_place(generation)
        former = self._db()
        self._opened = Database(self._path(generation), page_size=PAGE_SIZE, migrations=KEYS)
        self._generation = generation
        former.close()

    def destroy_older(self, than: int) -> list[int]:
        """Overwrites and removes every generation below `than`; the open one is never touched (`Invalid`).

        What this is worth: on a disk that writes in place the old wrapped keys are gone; SSDs, copy-on-write file
        systems, volume snapshots and backups may keep them (durable.overwrite_and_unlink). An erasure certificate
        therefore counts on the retention of key-store backups, not on this.
        """
        if than > self._generation:
            raise Invalid("the open generation is not destroyed")
        older = [number for number in self.generations() if number < than]
        for number in older:
            _destroy(self._path(number))
        return older

    def slots(self) -> bytes | None:
        """The bytes last given to `write_slots`; None if there were none yet."""
        path = self._directory / SLOTS
        with os_faults(path.name):
            if not path.exists():
                return None
            if path.stat().st_size > LARGEST_SLOTS:
                raise Invalid("the slots file is larger than any that was written", where=path.name)
            return path.read_bytes()

    def write_slots(self, data: bytes) -> None:
        """Replaces the slots at once and durably, and overwrites the former ones where they lay."""
        if len(data) > LARGEST_SLOTS:
            raise Invalid(f"slots take at most {LARGEST_SLOTS} bytes")
        make_directory(self._directory)
        replace(self._directory / SLOTS, data)

    def snapshot(self, directory: Path) -> int:
        """Copies the open generation (one moment of it) and the slots into `directory`; returns the generation."""
        database, generation = self._db(), self._generation
        make_directory(directory)
        database.snapshot(directory / self._path(generation).name)
        if (slots := self.slots()) is not None:
            write_new(directory / SLOTS, slots)
        return generation

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
        self._opened, self._generation = None, 0

    def abandon(self) -> None:
        """Closes what has turned out not to be the keys that were expected (sqlite.Database.abandon)."""
        if self._opened is not None:
            self._opened.abandon()
        self._opened, self._generation = None, 0


class SqliteNext:
    """A generation being written: nothing until `finish`, and only `activate` makes it the current one."""

    def __init__(self, path: Path, generation: int) -> None:
        self.generation = generation
        self._path = path
        self._database = Database(path, page_size=PAGE_SIZE, migrations=KEYS)

    def put_many(self, items: Sequence[Item]) -> None:
        """Durable on return, so that large batches (10,000) are far faster than small ones. `Conflict` on repeats."""
        _insert(self._database, items)

    def put_epoch(self, rows: Mapping[str, bytes]) -> None:
        if FINISHED in rows:
            raise Invalid(f"the epoch row {FINISHED!r} is the store's own")
        try:
            with self._database.writing() as connection:
                connection.executemany("INSERT INTO epoch (name, body) VALUES (?, ?)", rows.items())
        except sqlite3.IntegrityError as error:
            raise Conflict("an epoch row with this name exists already") from error

    def finish(self) -> None:
        """Marks it complete and closes it, with everything in the one file."""
        with self._database.writing() as connection:
            connection.execute("INSERT INTO epoch (name, body) VALUES (?, ?)", (FINISHED, b"\x01"))
        self._database.close()

    def abandon(self) -> None:
        self._database.close()
        _destroy(self._path)


_insert_keys: Final = Insert("keys (tag, body)")


def _insert(database: Database, items: Sequence[Item]) -> None:
    check_items(items)
    try:
        with database.writing() as connection:
            _insert_keys(connection, sorted(items))
    except sqlite3.IntegrityError as error:
        raise Conflict("a key with this tag is stored already; nothing was written") from error


def _is_finished(database: Database) -> bool:
    with database.reading() as connection:
        return connection.execute("SELECT 1 FROM epoch WHERE name = ?", (FINISHED,)).fetchone() is not None


def _not_here(generation: int) -> Unavailable:
    return Unavailable(
        f"the key store of generation {generation} is not here or was not finished: restore it",
        where=file_of(generation),
    )


def _destroy(path: Path) -> None:
    for name in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))):
        if name.exists():
            overwrite_and_unlink(name)

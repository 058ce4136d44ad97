"""One SQLite file with a single writer, readers that never wait for it, and commits that are on disk when they return.

Every database of the vault is opened here, so that what durability and secrecy rest on is set and checked in one
place: WAL, synchronous=FULL, secure_delete, mode 0600, no temporary files.

    Database(path, *, page_size, migrations)
        .writing()  -> context of sqlite3.Connection   one IMMEDIATE transaction; durable when the context ends
        .reading()  -> context of sqlite3.Connection   a read connection of its own, lent to one thread
        .snapshot(path)   .checkpoint()   .close()   .abandon()
        .broken     True when only opening it again can help, and can
    stored_bytes(value, name, where) -> bytes          what a BLOB column gave, or Tampered

A file that was unlinked or replaced while it is open still takes writes, which nobody would find again: so before and
after each transaction the file (and its write-ahead log) must still be the one under its name (2 µs).

Errors: `Unavailable` (disk full, I/O, busy, closed: nothing was written), `Tampered` (the file is not what was
written). sqlite3.IntegrityError passes through: only the caller knows what it means.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.storage import kept_log
from seifas.storage.durable import create_private, sync_directory, sync_file
from seifas.storage.migrations import Migration, apply

_BUSY_MS: Final = 5000
_WAL_LIMIT: Final = 64 * 1024 * 1024
"""Bytes to which the WAL file shrinks again after a long reader has kept it from being reset."""

_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_LEFT_OPEN: Final[list[sqlite3.Connection]] = []
"""Connections whose file was exchanged under them; they end with the process, which is the one way that writes nothing
more."""

_SYNC_FAILED: Final = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
_REASONS: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened",
    sqlite3.SQLITE_READONLY: "the file is read-only",
    sqlite3.SQLITE_PERM: "the file may not be opened",
    sqlite3.SQLITE_BUSY: "another process holds it",
    sqlite3.SQLITE_LOCKED: "another connection holds it",
    sqlite3.SQLITE_NOMEM: "memory ran out",
}


_AT_ONCE: Final = (128, 32, 8, 1)


class Insert:
    """`INSERT INTO <into> VALUES` of pairs, many in one statement. Each statement that a commit thread runs is a fight
    for the interpreter with the threads beside it; 128 pairs cost half of what `executemany` takes, 8 two thirds."""

    def __init__(self, into: str, instead: str = "") -> None:
        self._statements = {
            rows: f"INSERT INTO {into} VALUES {','.join(['(?, ?)'] * rows)} {instead}"  # noqa: S608 - words of ours
            for rows in _AT_ONCE
        }

    def __call__(self, connection: sqlite3.Connection, pairs: Sequence[tuple[int | str | bytes, bytes]]) -> None:
        at = 0
        for rows in _AT_ONCE:
            while len(pairs) - at >= rows:
                values = [value for pair in pairs[at : at + rows] for value in pair]
                connection.execute(self._statements[rows], values)
                at += rows


_FAULTS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What a damaged schema page makes sqlite3 raise: text that is not UTF-8 comes out as the second."""


def fault(error: Exception, name: str) -> SeifasError:
    """What an SQLite error means to the vault; `name` is the file's, never a row's content."""
    code = getattr(error, "sqlite_errorcode", None)
    unreadable = isinstance(error, UnicodeDecodeError) or (code is None and "decode" in str(error))
    if unreadable or (code is not None and code & 0xFF in _DAMAGED):
        return Tampered(f"{name} is damaged or is not a database: restore it", where=name)
    reason = _REASONS.get(code & 0xFF, "the database refused") if code is not None else "it is closed"
    return Unavailable(f"{name}: {reason}; nothing was written", where=name)


def stored_bytes(value: object, name: str, where: str) -> bytes:
    """The value of a BLOB column. Raises Tampered for any other type: every one of ours is NOT NULL and checked, so
    only a damaged or forged page holds one."""
    if not isinstance(value, bytes):
        raise Tampered(f"{name} holds something that was never written there: restore it", where=where)
    return value


class Database:
    """An open database file. Thread-safe; several threads may read while one writes."""

    def __init__(self, path: Path, *, page_size: int, migrations: Sequence[Migration], cache_kib: int = 16384) -> None:
        self.path = path
        self.name = path.name
        self._page_size = page_size
        self._cache_kib = cache_kib
        self._lock = threading.RLock()
        self._idle: deque[sqlite3.Connection] = deque()
        self._broken = ""
        self._closed = False
        self._proven = False
        create_private(path)
        if kept_log.keep(path) and path.stat().st_size == 0:
            # Never so by a crash: the file's first page is written before there is a log.
            raise Tampered(f"{self.name} is empty, its write-ahead log is not: put it back or restore", where=self.name)
        try:
            self._writer = self._connect()
            try:
                apply(self._writer, migrations, subject=self.name)
                if self._writer.total_changes:
                    # New, or migrated: the log of before must not come back over it.
                    kept_log.drop(path)
                    self._proven = True
                self._files = tuple(
                    (place, _identity(place)) for place in (path, path.with_name(path.name + "-wal"))
                )
            except BaseException:
                self._writer.close()
                raise
        except BaseException as error:
            if not self._proven:
                kept_log.put_back(path)
            if isinstance(error, _FAULTS):
                raise fault(error, self.name) from error
            raise
        sync_directory(path.parent)

    def _connect(self) -> sqlite3.Connection:
        # mode=rw: a file that is gone is not made anew, which would also take over the log of the one that is gone.
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, check_same_thread=False,
            timeout=_BUSY_MS / 1000, cached_statements=64,
        )
        try:
            _configure(connection, self._page_size, self._cache_kib, self.name)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The write connection inside one transaction: committed and synced at the end, rolled back on any error."""
        with self._lock:
            self._check_usable()
            self._check_in_place()
            if not self._proven:
                kept_log.drop(self.path)
                self._proven = True
            connection = self._writer
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                self._commit(connection)
                self._check_stayed()
            except sqlite3.IntegrityError:
                self._undo(connection)
                raise
            except _FAULTS as error:
                self._undo(connection)
                raise fault(error, self.name) from error
            except BaseException:
                self._undo(connection)
                raise

    def _check_usable(self) -> None:
        if self._closed:
            raise Unavailable(f"{self.name} is closed", where=self.name)
        if self._broken:
            raise Unavailable(self._broken, where=self.name)

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help. Not while its file is gone or exchanged: what this process has open
        may be the last copy, so it is kept until the file is back."""
        (place, known), (log_place, log_known) = self._files
        return bool(self._broken) and _identity(place) == known and _identity(log_place) in (log_known, None)

    def _check_in_place(self) -> None:
        for place, known in self._files:
            if _identity(place) != known:
                self._save_log()
                raise Unavailable(
                    f"{place.name} is gone, or another file is in its place; nothing is written until it is back "
                    "(where it is a restored copy: restart)", where=place.name,
                )

    def _save_log(self) -> None:
        """Where only the write-ahead log was removed, what stands in it is moved into the database while it can be."""
        (place, known), (log_place, _) = self._files
        if _identity(place) != known or _identity(log_place) is not None:
            return
        with self._lock:
            try:
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except _FAULTS as error:
                raise fault(error, self.name) from error
        if not busy:
            self._broken = f"{log_place.name} was removed; what stood in it is kept; {self.name} has to be opened again"

    def _check_stayed(self) -> None:
        try:
            self._check_in_place()
        except Unavailable as error:
            # The transaction stands, in a file that may be nobody's: what is in memory and what is under the name
            # must be read anew before anything is built on either.
            self._broken = f"{error.where} was moved or replaced while it was written; it has to be opened again"
            raise Unavailable(self._broken, where=error.where) from None

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
        except _FAULTS as error:
            # After a failed fsync the kernel may drop the dirty pages and report the next fsync as good. Whether this
            # commit is on disk is then unknown; only reopening, which reads the file again, settles it.
            if getattr(error, "sqlite_errorcode", None) in _SYNC_FAILED:
                self._broken = f"{self.name}: the disk failed to confirm a write; restart to read again what is there"
            raise

    def _undo(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except _FAULTS as error:
            self._broken = f"{self.name}: a transaction could not be undone; restart"
            raise fault(error, self.name) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A read connection that no other thread uses meanwhile. Sees the last commit, never an open transaction."""
        self._check_usable()
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                self._check_in_place()
                connection = self._connect()
                connection.execute("PRAGMA query_only=ON")
            try:
                yield connection
            finally:
                if self._closed:
                    connection.close()
                else:
                    self._idle.append(connection)
        except _FAULTS as error:
            raise fault(error, self.name) from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keeps every writer out (not the readers): for what must see no commit between two of its own steps."""
        with self._lock:
            yield

    def snapshot(self, target: Path) -> None:
        """A copy of one committed moment, page by page, synced, in a new file of mode 0600. Writers go on meanwhile."""
        with self.reading() as source:
            copy_pages(source, target, self.name)

    def checkpoint(self) -> bool:
        """Moves everything out of the WAL and empties it; False if a reader stands in the way (nothing is lost)."""
        with self._lock:
            self._check_usable()
            try:
                busy = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            except _FAULTS as error:
                raise fault(error, self.name) from error
        return not busy

    def close(self) -> None:
        """Empties the WAL and closes; a second call does nothing. Where another file lies under the name nothing is
        closed: SQLite would remove a log that is not its own."""
        self._close(wrong=False)

    def _close(self, *, wrong: bool) -> None:
        with self._lock:
            if self._closed:
                return
            # On a full disk the log cannot be emptied; it is read again at the next opening, so nothing is lost.
            if not wrong:
                with suppress(Unavailable):
                    self.checkpoint()
            self._closed = True
            if any(_identity(place) != known for place, known in self._files):
                _LEFT_OPEN.extend([*self._idle, self._writer])
                return
            while self._idle:
                self._idle.pop().close()
            self._writer.close()
            if self._proven or not wrong:
                kept_log.drop(self.path)
            else:
                kept_log.put_back(self.path)

    def abandon(self) -> None:
        """Closes what has turned out to be the wrong database, and leaves its write-ahead log as it was found."""
        self._close(wrong=True)


def _identity(place: Path) -> tuple[int, int] | None:
    """Which file is under this name; None for none."""
    try:
        found = os.stat(place, follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _configure(connection: sqlite3.Connection, page_size: int, cache_kib: int, name: str) -> None:
    # page_size only takes effect on an empty file, and must precede the switch to WAL.
    settings = {
        "page_size": page_size,
        "journal_mode": "wal",
        "synchronous": 2,
        "secure_delete": 1,
        "temp_store": 2,
        "cell_size_check": 1,
        "trusted_schema": 0,
        "journal_size_limit": _WAL_LIMIT,
        "cache_size": -cache_kib,
    }
    for setting, value in settings.items():
        connection.execute(f"PRAGMA {setting}={value}").fetchall()
    for setting, value in settings.items():
        found = connection.execute(f"PRAGMA {setting}").fetchone()[0]
        if found != value:
            raise Unavailable(f"{name}: SQLite keeps {setting}={found}, {value} is required", where=name)


def copy_pages(source: sqlite3.Connection, target: Path, name: str) -> None:
    """Copies the database behind `source` into the new file `target` and syncs it. Raises `Unavailable`."""
    with fresh_copy(target, name) as copy:
        source.backup(copy)


@contextmanager
def fresh_copy(target: Path, name: str) -> Iterator[sqlite3.Connection]:
    """A connection that fills the new file `target`; synced when the context ends, gone when it fails.

    Without a journal: beside `target` nothing is created or removed, so it may lie where files can only be added.
    """
    create_private(target, fresh=True)
    try:
        copy = sqlite3.connect(target, isolation_level=None)
        try:
            copy.execute("PRAGMA journal_mode=OFF").fetchall()
            copy.execute("PRAGMA synchronous=OFF").fetchall()
            yield copy
        finally:
            copy.close()
    except _FAULTS as error:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise fault(error, name) from error
    sync_file(target)
    sync_directory(target.parent)

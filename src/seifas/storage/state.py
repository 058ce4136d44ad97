"""The keeper's sealed state and the tail of its audit log in one file, `state/keeper.db`; one commit point for both.

    class Group(Struct, frozen)      what one caller wants written, all of it or nothing
        leaves: Sequence[bytes]                          bodies without index: the store numbers them
        puts: Sequence[tuple[bytes, bytes]]              (tag of 32 bytes, body): creates or replaces
        deletes: Sequence[bytes]                         tags; after the puts; an absent one is no error
        expects: Sequence[tuple[bytes, bytes | None]]    (tag, SHA-256 of the body it must have now; None: absent)
    class Change(Struct, frozen)     what one commit wrote: first, leaves, puts, deletes, meta, root
    SealLast = Callable[[bytes, int, list[bytes]], tuple[bytes | None, Mapping[str, bytes]]]

    class StateStore(path: Path)
        load() -> Iterator[tuple[bytes, bytes]]     every (tag, body) in tag order; when exhausted, `root` is known
        root: bytes                                 of the state tree (state_tree.py)
        commit(*, groups, seal_last, on_durable=None) -> list[Conflict | None]
        get(tag) -> bytes | None                    checked against the tree: `Tampered` if changed behind our back
        meta(name) -> bytes | None
        leaf_count: int      first_leaf: int        indexes first_leaf .. leaf_count - 1 are in the file
        leaf_range(first, last=None) -> Iterator[tuple[int, bytes]]      last is exclusive
        drop_leaves(below)                          after they are published elsewhere; the newest always stays
        snapshot(path, *, pinned=None)              pinned() is called when the moment of the copy is fixed
        checkpoint() -> bool      close()

`commit` is one transaction with one fsync. Groups are judged in order, each seeing the earlier ones; a group whose
`expects` fail is left out whole and gets its `Conflict` in the list, the others get None. Then
`seal_last(state_root, size, leaves)` is called inside the transaction: `size` is the number of leaves in the log and
`leaves` the bodies of this commit in their order (their indexes end at size - 1). It returns a closing leaf (or None)
that takes index `size`, and rows of `meta` to set. If groups were given and all fail, it is not called and nothing
is written. Whatever it raises undoes everything. `on_durable(Change)` is called after the commit is on disk, before
`commit` returns and before any other commit: for the copy in a second place; what it raises passes through, and then
the commit stands but must not be acknowledged.

Errors: `Unavailable` (disk full, I/O, not loaded, another process), nothing written; `Tampered` (a row on disk is
not the one that was committed); `Invalid` (a tag that is not 32 bytes).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from sqlite3 import Connection
from typing import Final

import msgspec

from seifas.errors import Conflict, Invalid, Tampered, Unavailable
from seifas.storage.durable import create_private, os_faults
from seifas.storage.migrations import STATE
from seifas.storage.relaying import relay
from seifas.storage.sqlite import Database, copy_pages, stored_bytes
from seifas.storage.state_tree import Builder, StateTree, bucket_digest, bucket_of, row_digest

PAGE_SIZE: Final = 8192
"""A row of up to 1,980 bytes of body does not overflow, so a sealed head leaves no trace of what it came with."""

TAG_SIZE: Final = 32
_LEAVES: Final = 1024
"""Leaves read or dropped at a time, so that neither readers nor writers wait long."""

_PUT: Final = "INSERT INTO state (tag, body) VALUES (?, ?) ON CONFLICT (tag) DO UPDATE SET body = excluded.body"
_META: Final = "INSERT INTO meta (name, body) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET body = excluded.body"
_LEAF: Final = "INSERT INTO leaves (idx, body) VALUES (?, ?)"


class Group(msgspec.Struct, frozen=True, gc=False):
    """What one caller wants written, all of it or nothing."""

    leaves: Sequence[bytes] = ()
    puts: Sequence[tuple[bytes, bytes]] = ()
    deletes: Sequence[bytes] = ()
    expects: Sequence[tuple[bytes, bytes | None]] = ()


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What one commit wrote; enough to repeat it on a copy. `first` is the index of the first leaf."""

    first: int
    leaves: list[bytes]
    puts: list[tuple[bytes, bytes]]
    deletes: list[bytes]
    meta: dict[str, bytes]
    root: bytes


SealLast = Callable[[bytes, int, list[bytes]], tuple[bytes | None, Mapping[str, bytes]]]


class StateStore:
    """keeper.db, open in one process at a time. Methods may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._held = _hold(path.with_name(path.name + ".lock"))
        try:
            self._db = Database(path, page_size=PAGE_SIZE, migrations=STATE)
        except BaseException:
            os.close(self._held)
            raise
        try:
            self._tree: StateTree | None = None
            self._commits = 0
            with self._db.reading() as connection:
                first, last = connection.execute("SELECT min(idx), max(idx) FROM leaves").fetchone()
            self._first: int = first or 0
            self._size: int = 0 if last is None else last + 1
        except BaseException:
            self.abandon()
            raise

    @property
    def root(self) -> bytes:
        """Of the state tree after the last commit. `Unavailable` before `load` has run to its end."""
        return self._loaded().root

    @property
    def leaf_count(self) -> int:
        """Leaves ever appended, dropped ones included: the size of the log."""
        return self._size

    @property
    def first_leaf(self) -> int:
        """Index of the oldest leaf still in the file."""
        return self._first

    def _loaded(self) -> StateTree:
        if self._tree is None:
            raise Unavailable("the state is not loaded yet", where=self._db.name)
        return self._tree

    def load(self) -> Iterator[tuple[bytes, bytes]]:
        """All rows in tag order. Must be exhausted before `root`, `get` and `commit`; `Conflict` if commits ran."""
        commits = self._commits
        builder = Builder()
        add = builder.add
        with self._db.reading() as connection:
            cursor = connection.execute("SELECT tag, body FROM state ORDER BY tag")
            try:
                for row in cursor:
                    add(*row)
                    yield row
            finally:
                cursor.close()
        tree = builder.finish()
        with self._db.alone():
            if self._commits != commits:
                raise Conflict("the state changed while it was loaded: load again", where=self._db.name)
            self._tree = tree

    def get(self, tag: bytes) -> bytes | None:
        """The body under this tag now, None if there is none."""
        number = bucket_of(_checked(tag))
        with self._db.reading() as connection:
            rows = _bucket(connection, number)
        if _digest(_digests(rows)) != self._loaded().bucket(number):
            # Between the read and the look at the tree a commit may have passed; without writers it must agree.
            with self._db.alone(), self._db.reading() as connection:
                rows = _bucket(connection, number)
                _verify(number, _digests(rows), self._loaded())
        return rows.get(tag)

    def meta(self, name: str) -> bytes | None:
        with self._db.reading() as connection:
            row = connection.execute("SELECT body FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else stored_bytes(row[0], self._db.name, name)

    def commit(
        self,
        *,
        groups: Sequence[Group],
        seal_last: SealLast,
        on_durable: Callable[[Change], None] | None = None,
    ) -> list[Conflict | None]:
        """Writes all groups that can be written, durable on return. The module's docstring has the rules."""
        with self._db.alone():
            tree = self._loaded()
            undo = []
            try:
                with self._db.writing() as connection:
                    work = _Work(connection, tree)
                    leaves: list[bytes] = []
                    outcomes: list[Conflict | None] = []
                    for group in groups:
                        conflict = work.take(group)
                        outcomes.append(conflict)
                        if conflict is None:
                            leaves.extend(group.leaves)
                    if outcomes and all(outcomes):
                        return outcomes
                    undo = work.write()
                    root = tree.root
                    first = self._size
                    closing, meta = seal_last(root, first + len(leaves), leaves)
                    if closing is not None:
                        leaves = [*leaves, closing]
                    connection.executemany(_LEAF, enumerate(leaves, first))
                    connection.executemany(_META, meta.items())
            except BaseException:
                tree.restore(undo)
                raise
            self._size = first + len(leaves)
            self._commits += 1
            if on_durable is not None:
                on_durable(Change(first, leaves, work.puts(), work.deletes(), dict(meta), root))
            return outcomes

    def leaf_range(self, first: int, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        """(index, body) from `first` up to and without `last` (default: all). `Tampered` if an index is skipped."""
        end = self._size if last is None else min(last, self._size)
        while first < end:
            until = min(end, first + _LEAVES)
            with self._db.reading() as connection:
                rows = connection.execute(
                    "SELECT idx, body FROM leaves WHERE idx >= ? AND idx < ? ORDER BY idx", (first, until)
                ).fetchall()
            if [index for index, _ in rows] != list(range(first, until)):
                raise Tampered(f"audit leaves {first} to {until - 1} are not all there", where=f"leaf {first}")
            for index, body in rows:
                yield index, stored_bytes(body, self._db.name, f"leaf {index}")
            first = until

    def drop_leaves(self, below: int) -> None:
        """Removes leaves with an index under `below`, a thousand a transaction. The newest one always stays.

        It stays so that the size of the log can be read from the file alone.
        """
        below = min(below, self._size - 1)
        while self._first < below:
            until = min(below, self._first + _LEAVES)
            with self._db.alone():
                with self._db.writing() as connection:
                    connection.execute("DELETE FROM leaves WHERE idx < ?", (until,))
                self._first = until

    def snapshot(self, path: Path, *, pinned: Callable[[], None] | None = None) -> None:
        """Copies one committed moment to the new file `path` (0600, synced) while commits go on.

        `pinned` is called when that moment is fixed and no commit is under way: whoever keeps a journal of commits
        notes its position there.
        """
        with self._db.reading() as source:
            try:
                with self._db.alone():
                    source.execute("BEGIN")
                    source.execute("SELECT count(*) FROM schema_version").fetchall()
                    if pinned is not None:
                        pinned()
                copy_pages(source, path, self._db.name)
            finally:
                if source.in_transaction:
                    source.execute("ROLLBACK")

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help, and can (sqlite.Database)."""
        return self._db.broken

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the rows anew (relaying.py); where to go on, None at the end. The tree stays as it is."""
        return relay(self._db, "state", "tag", after=after)

    def checkpoint(self) -> bool:
        """Empties the write-ahead log, where replaced bodies may still stand; False if a reader was in the way."""
        return self._db.checkpoint()

    def close(self) -> None:
        self._db.close()
        self._let_go()

    def abandon(self) -> None:
        """Closes what has turned out not to be the state that was expected (sqlite.Database.abandon)."""
        self._db.abandon()
        self._let_go()

    def _let_go(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


class _Work:
    """The rows one commit touches: as they are on disk (checked against the tree), and as they will be."""

    def __init__(self, connection: Connection, tree: StateTree) -> None:
        self._connection = connection
        self._tree = tree
        self._rows: dict[int, dict[bytes, bytes]] = {}
        self._digests: dict[int, dict[bytes, bytes]] = {}
        self._changed: dict[bytes, bytes | None] = {}

    def take(self, group: Group) -> Conflict | None:
        """Takes the group's changes, or says why not."""
        for tag, digest in group.expects:
            body = self._bucket(tag).get(tag)
            if (None if body is None else hashlib.sha256(body).digest()) != digest:
                return Conflict("somebody else wrote first: read again and repeat", where=tag.hex())
        for tag, body in group.puts:
            if not isinstance(body, bytes):
                raise Invalid("a state row is bytes", where=_checked(tag).hex())
            self._bucket(tag)[tag] = body
            self._changed[tag] = body
        for tag in group.deletes:
            self._bucket(tag).pop(tag, None)
            self._changed[tag] = None
        return None

    def _bucket(self, tag: bytes) -> dict[bytes, bytes]:
        number = bucket_of(_checked(tag))
        rows = self._rows.get(number)
        if rows is None:
            # Checked before it is changed: otherwise a row exchanged on disk would be vouched for by the new root.
            rows = _bucket(self._connection, number)
            digests = _digests(rows)
            _verify(number, digests, self._tree)
            self._rows[number] = rows
            self._digests[number] = digests
        return rows

    def write(self) -> list[tuple[int, int, bytes]]:
        """Writes the rows and updates the tree; returns what restores the tree."""
        if not self._changed:
            return []
        self._connection.executemany(_PUT, self.puts())
        self._connection.executemany("DELETE FROM state WHERE tag = ?", ((tag,) for tag in self.deletes()))
        touched = set()
        for tag, body in self._changed.items():
            number = bucket_of(tag)
            touched.add(number)
            if body is None:
                self._digests[number].pop(tag, None)
            else:
                self._digests[number][tag] = row_digest(tag, body)
        return self._tree.update({number: _digest(self._digests[number]) for number in touched})

    def puts(self) -> list[tuple[bytes, bytes]]:
        return sorted((tag, body) for tag, body in self._changed.items() if body is not None)

    def deletes(self) -> list[bytes]:
        return sorted(tag for tag, body in self._changed.items() if body is None)


def _hold(path: Path) -> int:
    """Two keepers on one state would each vouch for half of it; the lock falls with the process."""
    create_private(path)
    with os_faults(path.name):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable("another process has this vault's state open", where=path.name) from error
    return descriptor


def _checked(tag: bytes) -> bytes:
    if not isinstance(tag, bytes) or len(tag) != TAG_SIZE:
        raise Invalid(f"a state tag is {TAG_SIZE} bytes")
    return tag


def _bucket(connection: Connection, number: int) -> dict[bytes, bytes]:
    # One range of the key, as no tag is longer than the upper bound: two bytes and thirty times 0xff.
    prefix = number.to_bytes(2, "big")
    return dict(
        connection.execute(
            "SELECT tag, body FROM state WHERE tag >= ? AND tag <= ?", (prefix, prefix + b"\xff" * (TAG_SIZE - 2))
        ).fetchall()
    )


def _digests(rows: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {
        tag: row_digest(tag, stored_bytes(body, "keeper.db", f"state bucket {bucket_of(tag):04x}"))
        for tag, body in rows.items()
    }


def _digest(digests: Mapping[bytes, bytes]) -> bytes:
    return bucket_digest(digests[tag] for tag in sorted(digests))


def _verify(number: int, digests: Mapping[bytes, bytes], tree: StateTree) -> None:
    if _digest(digests) != tree.bucket(number):
        raise Tampered("a row of the state is not the one that was committed", where=f"state bucket {number:04x}")

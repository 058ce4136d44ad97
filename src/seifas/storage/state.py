"""The keeper's sealed state and its audit log's newest leaves in one database; one commit point for both.

    class Group(Struct, frozen)      what one caller wants written, all of it or nothing
        leaves: Sequence[bytes]                          bodies without index: the store numbers them
        puts: Sequence[tuple[bytes, bytes]]              (tag of 32 bytes, body): creates or replaces
        deletes: Sequence[bytes]                         tags; after the puts; an absent one is no error
        expects: Sequence[tuple[bytes, bytes | None]]    (tag, SHA-256 of the body it must have now; None: absent)
    class Change(Struct, frozen)     what one commit wrote: first, leaves, puts, deletes, meta, root
    SealLast = Callable[[bytes, int, list[bytes]], tuple[bytes | None, Mapping[str, bytes]]]

    class StateStore(engine: StateEngine)
        load() -> Iterator[tuple[bytes, bytes]]     every (tag, body) in tag order; when exhausted, `root` is known
        take_up(tree)                               the same, where all rows have been read already (following.py)
        root: bytes                                 of the state tree (state_tree.py)
        commit(*, groups, seal_last, on_durable=None) -> list[Conflict | None]
        get(tag) -> bytes | None                    checked against the tree: `Tampered` if changed behind our back
        meta(name) -> bytes | None
        leaf_count: int      first_leaf: int        indexes first_leaf .. leaf_count - 1 are there
        leaf_range(first, last=None) -> Iterator[tuple[int, bytes]]      last is exclusive
        drop_leaves(below)                          after they are published elsewhere; the newest always stays
        size() -> int                               bytes, roughly
        metas() -> dict[str, bytes]                 all of them
        adopt(rows, leaves, meta)                   fills an empty state with what another one holds
        snapshot(path, *, pinned=None)              pinned() is called when the moment of the copy is fixed
        checkpoint() -> bool      close()

What the tree vouches for, how groups are judged and what a commit writes is decided here, once for every engine; an
engine (state_engine.py) only reads and writes rows, in transactions that are durable when they end.

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

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from seifas.errors import Conflict, Invalid, Tampered, Unavailable
from seifas.storage.state_engine import StateEngine, StateWriter
from seifas.storage.state_tree import Builder, StateTree, bucket_digest, bucket_of, row_digest

TAG_SIZE: Final = 32
_ADOPTED: Final = 5000
_LEAVES: Final = 1024
"""Leaves read or dropped at a time, so that neither readers nor writers wait long."""


T = TypeVar("T")


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
    """The state, open in one process at a time. Methods may be called from any thread."""

    def __init__(self, engine: StateEngine) -> None:
        self._engine = engine
        self._tree: StateTree | None = None
        self._commits = 0
        try:
            self._first, self._size = engine.edge()
        except BaseException:
            engine.abandon()
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
        """Index of the oldest leaf that was not dropped."""
        return self._first

    def _loaded(self) -> StateTree:
        if self._tree is None:
            raise Unavailable("the state is not loaded yet", where=self._engine.name)
        return self._tree

    def load(self) -> Iterator[tuple[bytes, bytes]]:
        """All rows in tag order. Must be exhausted before `root`, `get` and `commit`; `Conflict` if commits ran."""
        commits = self._commits
        builder = Builder()
        add = builder.add
        for row in self._engine.rows():
            add(*row)
            yield row
        tree = builder.finish()
        with self._engine.alone():
            if self._commits != commits:
                raise Conflict("the state changed while it was loaded: load again", where=self._engine.name)
            self._tree = tree

    def take_up(self, tree: StateTree) -> None:
        """In place of `load`, by who has followed what another node wrote here: the tree of the rows that were read.

        The caller holds its root against the signed one; every row is held against the tree before it is used.
        """
        with self._engine.alone():
            if self._commits:
                raise Conflict("the state changed while it was loaded: load again", where=self._engine.name)
            self._tree = tree

    def get(self, tag: bytes) -> bytes | None:
        """The body under this tag now, None if there is none."""
        number = bucket_of(_checked(tag))
        rows = self._engine.buckets((number,)).get(number, {})
        if _digest(_digests(rows)) != self._loaded().bucket(number):
            # Between the read and the look at the tree a commit may have passed; without writers it must agree.
            with self._engine.alone():
                rows = self._engine.buckets((number,)).get(number, {})
                _verify(number, _digests(rows), self._loaded())
        return rows.get(tag)

    def meta(self, name: str) -> bytes | None:
        return self._engine.meta(name)

    def metas(self) -> dict[str, bytes]:
        return self._engine.metas()

    def adopt(
        self, rows: Iterable[tuple[bytes, bytes]], leaves: Iterable[tuple[int, bytes]], meta: Mapping[str, bytes]
    ) -> None:
        """Fills this empty state as another one is, in transactions of a few thousand rows; `load` it afterwards.

        Killed half-way it is no state: the caller begins anew with an empty one. `Conflict` where it is not empty.
        """
        with self._engine.alone():
            if self._size or self._engine.metas() or next(iter(self._engine.rows()), None) is not None:
                raise Conflict("this state is not empty", where=self._engine.name)
            for part in _parts(rows):
                with self._engine.writing() as writer:
                    writer.write(part, (), (), {})
            for leaf_part in _parts(leaves):
                with self._engine.writing() as writer:
                    writer.write((), (), leaf_part, {})
            with self._engine.writing() as writer:
                writer.write((), (), (), meta)
            self._first, self._size = self._engine.edge()
            self._tree = None

    def commit(
        self,
        *,
        groups: Sequence[Group],
        seal_last: SealLast,
        on_durable: Callable[[Change], None] | None = None,
    ) -> list[Conflict | None]:
        """Writes all groups that can be written, durable on return. The module's docstring has the rules."""
        with self._engine.alone():
            tree = self._loaded()
            undo = []
            try:
                with self._engine.writing() as writer:
                    work = _Work(writer, tree, groups)
                    leaves: list[bytes] = []
                    outcomes: list[Conflict | None] = []
                    for group in groups:
                        conflict = work.take(group)
                        outcomes.append(conflict)
                        if conflict is None:
                            leaves.extend(group.leaves)
                    if outcomes and all(outcomes):
                        return outcomes
                    undo = work.update_tree()
                    root = tree.root
                    first = self._size
                    closing, meta = seal_last(root, first + len(leaves), leaves)
                    if closing is not None:
                        leaves = [*leaves, closing]
                    puts, deletes = work.puts(), work.deletes()
                    writer.write(puts, deletes, list(enumerate(leaves, first)), meta)
            except BaseException:
                tree.restore(undo)
                raise
            self._size = first + len(leaves)
            self._commits += 1
            if on_durable is not None:
                on_durable(Change(first, leaves, puts, deletes, dict(meta), root))
            return outcomes

    def leaf_range(self, first: int, last: int | None = None) -> Iterator[tuple[int, bytes]]:
        """(index, body) from `first` up to and without `last` (default: all). `Tampered` if an index is skipped."""
        end = self._size if last is None else min(last, self._size)
        while first < end:
            until = min(end, first + _LEAVES)
            rows = self._engine.leaves(first, until)
            if [index for index, _ in rows] != list(range(first, until)):
                raise Tampered(f"audit leaves {first} to {until - 1} are not all there", where=f"leaf {first}")
            yield from rows
            first = until

    def drop_leaves(self, below: int) -> None:
        """Gives up leaves with an index under `below`, a thousand a transaction. The newest one always stays.

        It stays so that the size of the log can be read from the database alone.
        """
        below = min(below, self._size - 1)
        while self._first < below:
            until = min(below, self._first + _LEAVES)
            with self._engine.alone():
                self._engine.drop_leaves(until)
                self._first = until

    def snapshot(self, path: Path, *, pinned: Callable[[], None] | None = None) -> None:
        """Copies one committed moment to the new SQLite file `path` (0600, synced) while commits go on.

        `pinned` is called when that moment is fixed and no commit is under way: whoever keeps a journal of commits
        notes its position there.
        """
        self._engine.snapshot(path, self._first, pinned)

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help, and can."""
        return self._engine.broken

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the rows anew (relaying.py); where to go on, None at the end. The tree stays as it is."""
        return self._engine.relay(after)

    def size(self) -> int:
        """About how many bytes it takes."""
        return self._engine.size()

    def checkpoint(self) -> bool:
        """Empties the write-ahead log, where replaced bodies may still stand; False if a reader was in the way."""
        return self._engine.checkpoint()

    def close(self) -> None:
        self._engine.close()

    def abandon(self) -> None:
        """Closes what has turned out not to be the state that was expected."""
        self._engine.abandon()


class _Work:
    """The rows one commit touches: as they are stored (checked against the tree), and as they will be."""

    def __init__(self, writer: StateWriter, tree: StateTree, groups: Sequence[Group]) -> None:
        self._tree = tree
        self._digests: dict[int, dict[bytes, bytes]] = {}
        self._changed: dict[bytes, bytes | None] = {}
        numbers = sorted({bucket_of(_checked(tag)) for group in groups for tag in _tags(group)})
        self._rows = writer.buckets(numbers) if numbers else {}
        for number in numbers:
            # Checked before it is changed: otherwise a row exchanged behind us would be vouched for by the new root.
            rows = self._rows.setdefault(number, {})
            self._digests[number] = digests = _digests(rows)
            _verify(number, digests, tree)

    def take(self, group: Group) -> Conflict | None:
        """Takes the group's changes, or says why not."""
        for tag, digest in group.expects:
            body = self._rows[bucket_of(tag)].get(tag)
            if (None if body is None else hashlib.sha256(body).digest()) != digest:
                return Conflict("somebody else wrote first: read again and repeat", where=tag.hex())
        for tag, body in group.puts:
            if not isinstance(body, bytes):
                raise Invalid("a state row is bytes", where=tag.hex())
            self._rows[bucket_of(tag)][tag] = body
            self._changed[tag] = body
        for tag in group.deletes:
            self._rows[bucket_of(tag)].pop(tag, None)
            self._changed[tag] = None
        return None

    def update_tree(self) -> list[tuple[int, int, bytes]]:
        """Makes the tree that of the changed rows; returns what restores it."""
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


def _parts(pairs: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(pairs)
    while part := list(islice(waiting, _ADOPTED)):
        yield part


def _tags(group: Group) -> Iterator[bytes]:
    yield from (tag for tag, _ in group.expects)
    yield from (tag for tag, _ in group.puts)
    yield from group.deletes


def _checked(tag: bytes) -> bytes:
    if not isinstance(tag, bytes) or len(tag) != TAG_SIZE:
        raise Invalid(f"a state tag is {TAG_SIZE} bytes")
    return tag


def _digests(rows: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    return {tag: row_digest(tag, body) for tag, body in rows.items()}


def _digest(digests: Mapping[bytes, bytes]) -> bytes:
    return bucket_digest(digests[tag] for tag in sorted(digests))


def _verify(number: int, digests: Mapping[bytes, bytes], tree: StateTree) -> None:
    if _digest(digests) != tree.bucket(number):
        raise Tampered("a row of the state is not the one that was committed", where=f"state bucket {number:04x}")

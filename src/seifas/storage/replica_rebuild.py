"""Rebuilds keeper.db, key store and rows from a replica, when the first place is lost.

    rebuild(replica: Path, *, state: Path, keys: Path, rows: Path, open_sealed=None) -> Rebuilt
        state = the new keeper.db, keys = the new keys/ directory, rows = the new rows.db; none may exist
    class Rebuilt(size, root, generation, records, last)

Base first, then every journal record in order. Rows and keys that the base has already are passed over if they are
the same; the state's root is compared with the one that each commit had. What comes out is as new as the last commit
the replica confirmed; the audit log, not this, proves that nothing newer existed. A generation of keys that the
journal began and the state may not name yet is left as a finished `.new` file, for SqliteKeys.open to decide.

Raises `Tampered` (naming the file or record) if base or journal are not as written, `Missing` if there is no base.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import Conflict, Missing, Tampered
from seifas.storage.durable import make_directory, os_faults, sync_directory, sync_file
from seifas.storage.keystore_sqlite import SqliteKeys, SqliteNext
from seifas.storage.replica import Base, file_digest, newest_base
from seifas.storage.replica_format import Seal, read
from seifas.storage.replica_records import Epoch, Keys, KeysGone, Kind, decode
from seifas.storage.rows import Item
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state import Change, Group, StateStore
from seifas.storage.state_sqlite import sqlite_state

_TOGETHER: Final = 256
"""Commits replayed in one transaction; a clinic's day in seconds instead of one fsync each."""


class Rebuilt(msgspec.Struct, frozen=True):
    """Where the rebuilt vault stands: log size, state root, key-store generation, and the last record applied."""

    size: int
    root: bytes
    generation: int
    records: int
    last: int


def rebuild(replica: Path, *, state: Path, keys: Path, rows: Path, open_sealed: Seal | None = None) -> Rebuilt:
    """Makes the three stores anew. On an error what was made so far stays, for looking at, and must be removed."""
    base = newest_base(replica)
    if base is None:
        raise Missing("the replica holds no complete base", where=replica.name)
    if state.exists() or rows.exists() or (keys.exists() and any(keys.iterdir())):
        raise Conflict("a vault is rebuilt into an empty place: move what is there away first")
    _copy_base(replica, base, state=state, keys=keys, rows=rows)
    work = _Rebuilding(sqlite_state(state), SqliteKeys(keys), SqliteRows(rows), base)
    try:
        records, last = 0, base.position.number - 1
        for record in read(replica, base.position, open_sealed=open_sealed):
            work.apply(Kind(record.kind), decode(record))
            records, last = records + 1, record.number
        return work.finish(records, last)
    finally:
        work.close()


def _copy_base(replica: Path, base: Base, *, state: Path, keys: Path, rows: Path) -> None:
    make_directory(state.parent)
    make_directory(keys)
    for name, digest in base.files.items():
        target = state if name == "keeper.db" else keys / name
        _copy(replica / f"base-{base.number:08d}" / name, target)
        if file_digest(target) != digest:
            raise Tampered(f"{name} in the replica's base is damaged", where=name)
    if (replica / "rows.db").exists():
        # Through SQLite and not as a file: a replica that was not closed has rows in its write-ahead log.
        copied = SqliteRows(replica / "rows.db")
        try:
            copied.backup(rows)
        finally:
            copied.close()


def _copy(source: Path, target: Path) -> None:
    with os_faults(source.name):
        shutil.copyfile(source, target)
        target.chmod(0o600)
    sync_file(target)
    sync_directory(target.parent)


class _Rebuilding:
    """The three stores while records are applied."""

    def __init__(self, state: StateStore, keystore: SqliteKeys, rows: SqliteRows, base: Base) -> None:
        self._state, self._keys, self._rows = state, keystore, rows
        self._next: SqliteNext | None = None
        self._waiting: list[Change] = []
        for _ in state.load():
            pass
        if (state.leaf_count, state.root) != (base.size, base.root):
            raise Tampered("the state in the replica's base is not the one described", where="keeper.db")
        keystore.open(base.generation)

    def apply(self, kind: Kind, value: object) -> None:
        match value:
            case Change():
                self._waiting.append(value)
                if len(self._waiting) >= _TOGETHER:
                    self._commit()
            case Keys():
                self._put_keys(value)
            case KeysGone():
                if value.generation != self._keys.generation:
                    self._activate()  # keys are only taken out of the generation that is open
                self._keys.delete_many(value.tags)
            case Epoch():
                self._begin(value.generation, value.rows)
            case bytes():
                self._keys.write_slots(value)
            case list() if kind == Kind.ROWS:
                _put_missing(self._rows, value)
            case list():
                self._rows.delete_many(value)

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        meta: dict[str, bytes] = {}
        at = self._state.leaf_count
        for change in waiting:
            if change.first != at:
                raise Tampered(f"a commit in the replica begins at leaf {change.first}, not {at}")
            at += len(change.leaves)
            meta |= change.meta
        groups = [Group(leaves=change.leaves, puts=change.puts, deletes=change.deletes) for change in waiting]

        def check(root: bytes, size: int, leaves: list[bytes]) -> tuple[None, Mapping[str, bytes]]:
            if (root, size) != (waiting[-1].root, at):
                raise Tampered(f"the replica's commits up to leaf {at} do not give the state they had")
            return None, meta

        self._state.commit(groups=groups, seal_last=check)

    def _put_keys(self, value: Keys) -> None:
        if self._next is not None and value.generation == self._next.generation:
            self._next.put_many(value.items)
        elif value.generation == self._keys.generation:
            known = self._keys.get_many(tag for tag, _ in value.items)
            _check_same(known, value.items, "key")
            self._keys.put_many([item for item in value.items if item[0] not in known])
        else:
            raise Tampered(f"the replica has keys of generation {value.generation} without its beginning")

    def _begin(self, generation: int, rows: dict[str, bytes]) -> None:
        if self._next is not None and generation == self._next.generation:
            self._next.abandon()  # the first place began this generation again
            self._next = None
        self._activate()
        if generation != self._keys.generation + 1:
            raise Tampered(f"the replica begins key-store generation {generation} out of order")
        self._next = self._keys.begin_next()
        self._next.put_epoch(rows)

    def _activate(self) -> None:
        if self._next is not None:
            self._next.finish()
            self._keys.activate(self._next.generation)
            self._next = None

    def finish(self, records: int, last: int) -> Rebuilt:
        self._commit()
        if self._next is not None:
            self._next.finish()
        return Rebuilt(self._state.leaf_count, self._state.root, self._keys.generation, records, last)

    def close(self) -> None:
        self._state.close()
        self._keys.close()
        self._rows.close()


def _put_missing(rows: SqliteRows, items: Sequence[Item]) -> None:
    try:
        rows.put_many(items)
    except Conflict:
        known = {}
        for row, _ in items:
            try:
                known[row] = rows.get(row)
            except Missing:
                continue
        _check_same(known, items, "row")
        rows.put_many([item for item in items if item[0] not in known])


def _check_same(known: Mapping[bytes, bytes], items: Iterable[Item], what: str) -> None:
    for name, body in items:
        if known.get(name, body) != body:
            raise Tampered(f"the replica has two different bodies of one {what}", where=name.hex())

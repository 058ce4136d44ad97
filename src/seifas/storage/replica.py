"""The second place: a copy of state, keys, slots and rows that follows the first, write by write.

    class Replica(directory: Path, *, seal: Seal | None = None, segment_bytes=64 MiB)
        append(records) -> int     read(start=None, *, open_sealed=None)     raw records (replica_journal, _format)
        copy_state(change: Change) -> None           durable on return: the `on_durable` of StateStore.commit
        copy_rows(items)  copy_rows_gone(ids)  copy_keys(generation, items)  copy_keys_gone(generation, tags)
        copy_slots(data)                             ride with the next copy_state, in front of it
        copy_epoch(generation, rows)                 when the first rows of the next key-store generation are written
        flush() -> None                              makes all that rides durable now
        take_base(state, keystore, rows=None) -> Base      fresh copy of everything; forgets older copies and records
        base() -> Base | None                        the newest complete one
        in_step(size: int, root: bytes, *, open_sealed=None) -> bool    whether the copy ends where the state does
        cut: int                                     bytes of an unfinished append removed at opening
        close() -> None

    directory/ journal-NNNNNNNNNNNNNNNNNNNN.seg   rows.db
               base-NNNNNNNN/ {base, keeper.db, keystore-NNNNNN.db, slots.json}

Copy a change after the first place has it and before it is acknowledged. Rows and keys need no sync of their own: no
acknowledgement rests on them before the state that names them is copied. A replica that is not `in_step` when the
vault opens (a crash fell between the two places, or it was away) gets a new base. So it does after what is not
copied write by write: a bulk load of rows, a restore. After an erasure the old keys leave the replica with the next
base, which overwrites what it forgets. A journal too damaged to be opened is put out of the way with
replica_journal.set_aside.

Records in the journal stand in the order of writing, so they show which rows came together, unless `seal` is given.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import Conflict, Missing, Tampered
from seifas.storage.durable import make_directory, os_faults, overwrite_and_unlink, replace, sync_directory
from seifas.storage.keystore import KeyStore
from seifas.storage.replica_format import Position, Record, Seal, read
from seifas.storage.replica_journal import SET_ASIDE, Journal
from seifas.storage.replica_records import Epoch, Keys, KeysGone, Kind, decode, encode
from seifas.storage.rows import Item, RowStore
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state import Change, StateStore

_BATCH: Final = 2000
_HASHED: Final = 1024 * 1024
_BASE: Final = re.compile(r"base-(\d{8})")
_MANIFEST: Final = "base"


class Base(msgspec.Struct, frozen=True):
    """One full copy: where the journal continues it, what the state was, and the SHA-256 of each of its files."""

    number: int
    position: Position
    size: int
    root: bytes
    generation: int
    files: dict[str, bytes]


class Replica:
    """The second place, open in one process. Methods may be called from any thread."""

    def __init__(self, directory: Path, *, seal: Seal | None = None, segment_bytes: int = 64 * 1024 * 1024) -> None:
        self._directory = directory
        self._rows_path = directory / "rows.db"
        self._journal = Journal(directory, segment_bytes=segment_bytes, seal=seal)
        self.cut = self._journal.cut

    def append(self, records: Sequence[tuple[int, bytes]]) -> int:
        """Adds records, durable on return; the number of the last."""
        return self._journal.append(records)

    def read(self, start: Position | None = None, *, open_sealed: Seal | None = None) -> Iterator[Record]:
        """The records, checked one by one; `Tampered` names the first that is damaged."""
        return read(self._directory, start, open_sealed=open_sealed)

    def copy_state(self, change: Change) -> None:
        self._journal.append([encode(Kind.STATE, change)])

    def copy_rows(self, items: Sequence[Item]) -> None:
        self._journal.queue([encode(Kind.ROWS, sorted(items))])

    def copy_rows_gone(self, rows: Sequence[bytes]) -> None:
        """Rows that were deliberately deleted. Nothing else takes rows out of the replica: not even `take_base`.

        So rows that the first place lost by accident or attack are still here.
        """
        self._journal.queue([encode(Kind.ROWS_GONE, sorted(rows))])
        if self._rows_path.exists():
            copy = SqliteRows(self._rows_path)
            try:
                copy.delete_many(rows)
            finally:
                copy.close()

    def copy_keys(self, generation: int, items: Sequence[Item]) -> None:
        self._journal.queue([encode(Kind.KEYS, Keys(generation, sorted(items)))])

    def copy_keys_gone(self, generation: int, tags: Sequence[bytes]) -> None:
        self._journal.queue([encode(Kind.KEYS_GONE, KeysGone(generation, sorted(tags)))])

    def copy_epoch(self, generation: int, rows: dict[str, bytes]) -> None:
        self._journal.queue([encode(Kind.EPOCH, Epoch(generation, rows))])

    def copy_slots(self, data: bytes) -> None:
        self._journal.queue([encode(Kind.SLOTS, data)])

    def flush(self) -> None:
        self._journal.append([])

    def in_step(self, size: int, root: bytes, *, open_sealed: Seal | None = None) -> bool:
        """Whether base and journal end at a log of `size` leaves and a state tree of this root. Reads the journal.

        `Tampered` if it is damaged: say so, and take a new base, which replaces what is damaged.
        """
        base = self.base()
        if base is None:
            return False
        last = (base.size, base.root)
        for record in self.read(base.position, open_sealed=open_sealed):
            if record.kind == Kind.STATE:
                change: Change = decode(record)
                if change.first != last[0]:
                    return False  # a commit was not copied, and later ones were
                last = (change.first + len(change.leaves), change.root)
        return last == (size, root)

    def base(self) -> Base | None:
        """The newest complete base; `Tampered` if its description is damaged."""
        return newest_base(self._directory)

    def take_base(self, state: StateStore, keystore: KeyStore, rows: RowStore | None = None) -> Base:
        """Copies everything afresh while commits go on, then overwrites and removes older bases and records.

        With `rows` the replica gets every row that it has not. `Conflict` while a key rotation is under way.
        """
        if keystore.rotating:
            raise Conflict("a new generation of keys is being written: take the base after it")
        number = max((int(match[1]) for match in map(_BASE.match, self._names()) if match), default=0) + 1
        new = self._directory / f"base-{number:08d}.new"
        make_directory(new)
        pinned: list[tuple[Position, int, bytes]] = []
        state.snapshot(
            new / "keeper.db",
            pinned=lambda: pinned.append((self._journal.rotate(), state.leaf_count, state.root)),
        )
        generation = keystore.snapshot(new)
        if rows is not None:
            self._fill(rows)
        [(position, size, root)] = pinned
        files = {path.name: file_digest(path) for path in sorted(new.iterdir())}
        base = Base(number, position, size, root, generation, files)
        body = msgspec.msgpack.encode(base)
        replace(new / _MANIFEST, hashlib.sha256(body).digest() + body)
        with os_faults(new.name):
            new.rename(new.with_suffix(""))
        sync_directory(self._directory)
        self._forget(number, position)
        return base

    def _names(self) -> list[str]:
        with os_faults(self._directory.name):
            return sorted(path.name for path in self._directory.iterdir())

    def _fill(self, rows: RowStore) -> None:
        copy = SqliteRows(self._rows_path)
        try:
            for missing in _batches(_only_first(rows.ids(), copy.ids())):
                copy.put_many(list(_present(rows, missing)))
        finally:
            copy.close()

    def _forget(self, number: int, position: Position) -> None:
        for name in self._names():
            match = _BASE.match(name)
            if match and name != f"base-{number:08d}":
                for path in (self._directory / name).iterdir():
                    overwrite_and_unlink(path)
                with os_faults(name):
                    shutil.rmtree(self._directory / name)
            elif name.endswith(SET_ASIDE):
                overwrite_and_unlink(self._directory / name)
        self._journal.drop_before(position.number)
        sync_directory(self._directory)

    def close(self) -> None:
        self._journal.close()


def newest_base(directory: Path) -> Base | None:
    """The newest complete base under `directory`. `Tampered` if its description is not as written."""
    found = sorted(path for path in directory.iterdir() if _BASE.fullmatch(path.name)) if directory.is_dir() else []
    if not found:
        return None
    name = found[-1].name
    with os_faults(name):
        data = (found[-1] / _MANIFEST).read_bytes()
    try:
        if hashlib.sha256(data[32:]).digest() != data[:32]:
            raise Tampered("the description of the replica's base is damaged", where=name)
        return msgspec.msgpack.decode(data[32:], type=Base)
    except msgspec.DecodeError:
        raise Tampered("the description of the replica's base is damaged", where=name) from None


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file, in little memory."""
    with os_faults(path.name), path.open("rb") as file:
        state = hashlib.sha256()
        for chunk in iter(lambda: file.read(_HASHED), b""):
            state.update(chunk)
    return state.digest()


def _only_first(one: Iterator[bytes], other: Iterator[bytes]) -> Iterator[bytes]:
    """What stands in the first of two ascending sequences and not in the second."""
    against = next(other, None)
    for item in one:
        while against is not None and against < item:
            against = next(other, None)
        if item != against:
            yield item


def _batches(items: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(items, _BATCH)):
        yield batch


def _present(rows: RowStore, wanted: Sequence[bytes]) -> Iterator[Item]:
    """The rows that are still there; what was deleted since its id was read is left out."""
    for row in wanted:
        try:
            yield row, rows.get(row)
        except Missing:
            continue


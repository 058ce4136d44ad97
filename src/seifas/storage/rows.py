"""The seam for sealed rows: immutable bytes under random 16-byte ids, durable when a write returns.

    class RowStore(Protocol)
        put_many(items: Sequence[tuple[bytes, bytes]]) -> None     create-only, one transaction, durable on return
        get(row: bytes) -> bytes                                   raises Missing
        get_many(rows: Sequence[bytes]) -> list[bytes]             in the order asked; raises Missing if one is absent
        delete_many(rows: Iterable[bytes]) -> int                  how many there were; absent ones are no error
        ids(after: bytes = b"") -> Iterator[bytes]                 ascending, holds no transaction between pages
        count() -> int
        bulk() -> context of BulkWriter                            for initial loads
        backup(path: Path, *, progress=None) -> None               a synced copy of one moment, in id order
        checkpoint() -> bool                                       empties the write-ahead log (after deletions)
        relay(after: bytes = b"") -> bytes | None                  lays a slice of the rows anew (relaying.py)
        size() -> int                                              bytes, roughly
        broken: bool                                               only opening it again can help, and can
        close() -> None
    class BulkWriter(Protocol)
        put_many(items) -> None                                    durable and visible when the bulk context ends

Ids are 16 bytes, bodies 1 to 4,000 bytes (fragments.py), else `Invalid`. An id that exists is a `Conflict` and
nothing of that call is written. A full or failing disk is `Unavailable` and nothing is written. All methods may be
called from any thread; reads do not wait for writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Protocol

from seifas.errors import Invalid, Missing
from seifas.storage.fragments import PIECE
from seifas.storage.sqlite import stored_bytes

ID_SIZE: Final = 16

Item = tuple[bytes, bytes]


class BulkWriter(Protocol):
    """Collects rows of an initial load. What it was given is nowhere until its context ends without an error."""

    def put_many(self, items: Sequence[Item]) -> None:
        """Takes rows; a duplicate or existing id shows as `Conflict` when the context ends."""


class RowStore(Protocol):
    """Rows of one vault. Nothing in it says what belongs together."""

    @property
    def broken(self) -> bool:
        """Whether writes are refused until it is opened again, and opening it can help."""

    def put_many(self, items: Sequence[Item]) -> None:
        """All rows or none, on disk when it returns. `Conflict` if an id exists or stands twice in `items`."""

    def get(self, row: bytes) -> bytes:
        """The body under this id. `Missing` if there is none."""

    def get_many(self, rows: Sequence[bytes]) -> list[bytes]:
        """The bodies in the order of `rows`. `Missing` (naming the id) if one is absent."""

    def delete_many(self, rows: Iterable[bytes]) -> int:
        """Removes rows, durable on return; says how many were there. Must be safe to repeat."""

    def ids(self, after: bytes = b"") -> Iterator[bytes]:
        """All ids above `after`, ascending. Rows written or deleted meanwhile may or may not appear."""

    def count(self) -> int:
        """How many rows there are; reads the whole index."""

    def bulk(self) -> AbstractContextManager[BulkWriter]:
        """For loads of many rows: written in id order at the end of the context, whatever order they came in.

        An error inside the context writes nothing. `put_many` of the store itself stays durable at once meanwhile.
        On `Conflict` or `Unavailable` at the end some rows may be in already: they belong to no record yet and are
        swept like those of a killed import.
        """

    def backup(self, path: Path, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Writes a copy of one committed moment to the new file `path`, without stopping readers or writers.

        `progress` is told steps done and steps in all. Beside `path` nothing is created or removed.
        """

    def relay(self, after: bytes = b"") -> bytes | None:
        """Lays a slice of the rows anew (relaying.py); where to go on, None at the end."""

    def size(self) -> int:
        """About how many bytes it takes."""

    def checkpoint(self) -> bool:
        """Empties the write-ahead log, where deleted bodies may still stand; False if a reader was in the way."""

    def close(self) -> None:
        """Nothing may be called afterwards."""

    def abandon(self) -> None:
        """Closes what has turned out not to be the rows that were expected."""


def check_items(items: Iterable[Item]) -> None:
    """Raises `Invalid` unless every id is 16 bytes and every body 1 to 4,000."""
    for row, body in items:
        check_id(row)
        if not isinstance(body, bytes) or not 0 < len(body) <= PIECE:
            raise Invalid(f"a row's body is 1 to {PIECE} bytes", where=row.hex())


def check_id(row: bytes) -> None:
    if not isinstance(row, bytes) or len(row) != ID_SIZE:
        raise Invalid(f"a row id is {ID_SIZE} bytes")


def doomed(rows: Iterable[bytes]) -> list[bytes]:
    """Each id once, ascending: two who delete the same rows meet them in the same order. Raises `Invalid`."""
    once = set(rows)
    for row in once:
        check_id(row)
    return sorted(once)


def in_order(found: Mapping[bytes, object], rows: Sequence[bytes], name: str) -> list[bytes]:
    """The bodies that the store `name` gave, as `rows` asked for them. Raises `Missing` (naming the id), `Tampered`."""
    try:
        return [stored_bytes(found[row], name, row.hex()) for row in rows]
    except KeyError as error:
        raise Missing("no such row", where=error.args[0].hex()) from None

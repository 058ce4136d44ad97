"""Reads a database of a backup without touching it: no lock, no write-ahead log, no migration.

    Look(path)   .load() -> (tag, body) in tag order, .root when exhausted   .meta(name)   .leaves(first)
                 .epoch() -> {name: body}   .get(tag)   .get_many(tags)   .close()
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from seifas.errors import Missing, Unavailable
from seifas.storage.sqlite import fault
from seifas.storage.state_tree import Builder

_AT_ONCE = 500


class Look:
    """One database file, of any of the vault's kinds, as it lies there. Not for one that is in use."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        if not path.is_file():
            raise Missing("there is no such file", where=str(path))
        # A key store that was not closed (its disk outlived the machine) has its last writes in a log beside it; a copy
        # from a backup has none, and must not get one.
        still = "" if path.with_name(path.name + "-wal").exists() else "&immutable=1"
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(str(path.resolve()))}?mode=ro{still}", uri=True, isolation_level=None,
                check_same_thread=False,
            )
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        except sqlite3.Error as error:
            raise fault(error, self._name) from error
        self._root: bytes | None = None

    @property
    def root(self) -> bytes:
        """Of the state tree, once `load` is exhausted."""
        if self._root is None:
            raise Unavailable("the state is not read yet", where=self._name)
        return self._root

    def load(self) -> Iterator[tuple[bytes, bytes]]:
        """All state rows in tag order."""
        builder = Builder()
        try:
            for row in self._connection.execute("SELECT tag, body FROM state ORDER BY tag"):
                builder.add(*row)
                yield row
        except sqlite3.Error as error:
            raise fault(error, self._name) from error
        self._root = builder.finish().root

    def meta(self, name: str) -> bytes | None:
        found = self._all("SELECT body FROM meta WHERE name = ?", name)
        body: bytes | None = found[0][0] if found else None
        return body

    def leaves(self, first: int) -> Iterator[tuple[int, bytes]]:
        """(index, leaf) from `first` on, those that are in the file."""
        try:
            yield from self._connection.execute("SELECT idx, body FROM leaves WHERE idx >= ? ORDER BY idx", (first,))
        except sqlite3.Error as error:
            raise fault(error, self._name) from error

    def epoch(self) -> dict[str, bytes]:
        return dict(self._all("SELECT name, body FROM epoch"))

    def get(self, tag: bytes) -> bytes:
        found = self._all("SELECT body FROM keys WHERE tag = ?", tag)
        if not found:
            raise Missing("no such key", where=tag.hex())
        body: bytes = found[0][0]
        return body

    def get_many(self, tags: Iterable[bytes]) -> dict[bytes, bytes]:
        """The bodies of those tags that there are."""
        asked = list(tags)
        found: dict[bytes, bytes] = {}
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            marks = ",".join("?" * len(part))
            found.update(self._all(f"SELECT tag, body FROM keys WHERE tag IN ({marks})", *part))  # noqa: S608 - marks
        return found

    def _all(self, sql: str, *values: object) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise fault(error, self._name) from error

    def close(self) -> None:
        self._connection.close()

"""The seam between the keeper's state and the database that holds it: rows in, rows out, transactions.

    class StateEngine(Protocol)      state_sqlite.py, state_postgres.py
    class StateWriter(Protocol)      one of its transactions
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

Buckets = dict[int, dict[bytes, bytes]]
"""Rows of the tree's buckets: number -> tag -> body; one that has no rows may be left out."""


class StateWriter(Protocol):
    """One transaction of an engine."""

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        """These buckets as they are now, and stay until the transaction ends."""

    def write(
        self, puts: Sequence[tuple[bytes, bytes]], deletes: Sequence[bytes], leaves: Sequence[tuple[int, bytes]],
        meta: Mapping[str, bytes],
    ) -> None:
        """Creates or replaces, removes, appends, sets."""


class StateEngine(Protocol):
    """A database of three tables: state(tag, body), leaves(idx, body), meta(name, body)."""

    @property
    def name(self) -> str:
        """As errors name it."""

    @property
    def broken(self) -> bool:
        """Whether only opening it again can help, and can."""

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """All of `state` at one moment, in tag order."""

    def buckets(self, numbers: Iterable[int]) -> Buckets:
        """These buckets as of the last commit."""

    def edge(self) -> tuple[int, int]:
        """(index of the oldest leaf, index after the newest); (0, 0) without leaves."""

    def leaves(self, first: int, last: int) -> list[tuple[int, bytes]]:
        """Those from `first` up to and without `last`, ascending."""

    def drop_leaves(self, below: int) -> None:
        """These are not asked for again."""

    def meta(self, name: str) -> bytes | None: ...

    def metas(self) -> dict[str, bytes]: ...

    def alone(self) -> AbstractContextManager[None]:
        """Keeps every writer out, not the readers."""

    def writing(self) -> AbstractContextManager[StateWriter]:
        """One transaction: durable when the context ends, undone on any error."""

    def snapshot(self, path: Path, first_leaf: int, pinned: Callable[[], None] | None) -> None:
        """One moment as a new SQLite file; leaves under `first_leaf` may be left out."""

    def relay(self, after: bytes) -> bytes | None: ...

    def size(self) -> int: ...

    def checkpoint(self) -> bool: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...

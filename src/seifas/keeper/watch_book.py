"""Watched addresses as the keeper stores them: sealed state rows. Fields are only ever added at the end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

MOST_CHANGES: Final = 50


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A look that found another page than the one before. `file` is the evidence kept of it (16 bytes), `sha256` of
    its bytes; `added` and `removed` count lines; `prices` and `deadlines` are those that the page names now."""

    at_ms: int
    status: int
    sha256: bytes
    file: bytes
    added: int
    removed: int
    prices: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()


class Watch(msgspec.Struct, frozen=True, array_like=True):
    """One address of one case. `every_min` minutes between looks; `looked_ms` the last look, `failed` how many in a
    row brought nothing, `trouble` the word for why. The newest changes come last. `owed`: one of them has not rung yet,
    since another alarm like it was live. `unmatched`: files that were kept and not searched yet (watch_matching.py)."""

    id: bytes
    case: bytes
    url: str
    every_min: int
    by: bytes
    made_ms: int
    stopped_ms: int = 0
    looked_ms: int = 0
    failed: int = 0
    trouble: str = ""
    changes: tuple[Change, ...] = ()
    owed: bool = False
    unmatched: tuple[bytes, ...] = ()


class WatchBook:
    """All watches by id."""

    def __init__(self) -> None:
        self._watches: dict[bytes, Watch] = {}

    def load(self, watches: Iterable[Watch]) -> None:
        self._watches = {one.id: one for one in watches}

    def put(self, watch: Watch) -> None:
        self._watches[watch.id] = watch

    def of_case(self, case: bytes) -> list[Watch]:
        """All watches of a case, also those that were stopped."""
        return [one for one in self._watches.values() if one.case == case]

    def get(self, ident: bytes) -> Watch | None:
        return self._watches.get(ident)

    def all(self) -> list[Watch]:
        """Newest first."""
        return sorted(self._watches.values(), key=lambda one: -one.made_ms)

    def under_way(self) -> list[Watch]:
        return [one for one in self.all() if not one.stopped_ms]

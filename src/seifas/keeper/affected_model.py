"""Snapshots of who is affected, as the keeper stores them: what they were computed from, their rows, the book of them.

People stand in them under the pseudonyms of the log. Nothing of a snapshot is ever changed: whoever is erased later is
found under no pseudonym any more, and stays in it as one of a number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from seifas.errors import Missing
from seifas.keeper.affected_grading import Fall, Row

FORMAT: Final = 1
_KEPT: Final = 2  # snapshots that stay read: numbers of one filing ask the same one again and again


class Basis(msgspec.Struct, frozen=True):
    """What a snapshot was computed from: the time (ms, the end not included), whose deeds count as hostile, exports,
    keys that fell, and files and results that are evidence no more."""

    since_ms: int
    until_ms: int
    sessions: tuple[bytes, ...] = ()
    accounts: tuple[bytes, ...] = ()
    exports: tuple[bytes, ...] = ()
    fall: Fall | None = None
    retracted: tuple[bytes, ...] = ()


class Frozen(msgspec.Struct, frozen=True):
    """The bytes of a snapshot (docs/formats/incidents.md). `gone`: by grade, those who had been erased; `undecided`
    rows of evidence point at nobody for sure; `broken` results did not open; `log_size` lines were looked at, in which
    the clock was set `jumps` times; `decoys`: (set, kind, rows that name one of it)."""

    format: int
    snapshot: bytes
    case: bytes
    made_ms: int
    basis: Basis
    rows: tuple[Row, ...]
    gone: dict[str, int]
    undecided: int
    results: tuple[bytes, ...]
    broken: int
    log_size: int
    jumps: int
    decoys: tuple[tuple[bytes, str, int], ...]


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """The state row of a snapshot. `counts` by grade in order, `gone` likewise; `exempt` of the living; `reopened`:
    who was exempt in the one before and is no more; `by` an account."""

    id: bytes
    case: bytes
    made_ms: int
    by: bytes
    object: bytes
    key: bytes
    epoch: int
    size: int
    sha256: bytes
    counts: tuple[int, int, int, int]
    gone: tuple[int, int, int, int]
    exempt: int
    reopened: int
    basis: Basis
    undecided: int = 0
    broken: int = 0
    jumps: int = 0
    took_ms: int = 0

    def __repr__(self) -> str:
        return "Snapshot(...)"


class Affected(msgspec.Struct, frozen=True):
    """One living person of a snapshot: `grade` and `categories` as words, `sure` a probability."""

    grade: str
    sure: float
    exempt: bool
    categories: tuple[str, ...]
    proofs: tuple[tuple[str, str], ...]
    country: str
    language: str
    minor: bool


class AffectedBook:
    """All snapshots, by id and by case."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, Snapshot] = {}
        self._read: OrderedDict[bytes, Frozen] = OrderedDict()
        self.sealing: set[bytes] = set()
        """Objects that are being sealed: no sweep takes them for left over."""
        self.hinted: dict[bytes, tuple[frozenset[bytes], Any]] = {}
        """By case: the objects of the results that its hints were read from, and what they say: affected_opening.py."""

    def load(self, snapshots: Iterable[Snapshot]) -> None:
        """Replaces everything, as at unlock."""
        self._by_id = {one.id: one for one in snapshots}
        self._read.clear()
        self.hinted.clear()

    def put(self, snapshot: Snapshot) -> None:
        self._by_id[snapshot.id] = snapshot

    def get(self, ident: bytes) -> Snapshot:
        """Raises Missing."""
        found = self._by_id.get(ident)
        if found is None:
            raise Missing("there is no such snapshot")
        return found

    def of_case(self, case: bytes) -> list[Snapshot]:
        """Newest first."""
        return sorted((one for one in self._by_id.values() if one.case == case), key=lambda one: (-one.made_ms, one.id))

    def objects(self) -> set[bytes]:
        return {one.object for one in self._by_id.values()} | self.sealing

    def remember(self, frozen: Frozen) -> None:
        self._read[frozen.snapshot] = frozen
        while len(self._read) > _KEPT:
            self._read.popitem(last=False)

    def remembered(self, ident: bytes) -> Frozen | None:
        return self._read.get(ident)

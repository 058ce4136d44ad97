"""Bulk exports as they are kept: who asked for what, what two people allowed, which sealed files came of it.

A sealed state row of the clinic each. The files are objects; each holds lines of JSON sealed to the recipient's key, so
that even an open keeper could not read them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

FETCHED_MS: Final = 24 * 3_600_000
"""How long after it was made an export may be fetched."""

KEPT_MS: Final = 90 * 86_400_000
MOST_TRIES: Final = 3
LOCK: Final = b"exports"
"""The keeper's lock under which a job changes its state."""

ASKED: Final = "asked"
ALLOWED: Final = "allowed"
RUNNING: Final = "running"
DONE: Final = "done"
REFUSED: Final = "refused"
FAILED: Final = "failed"
ENDED: Final = "ended"
LIVE: Final = frozenset({ASKED, ALLOWED, RUNNING, DONE})


class SealedFile(msgspec.Struct, frozen=True, array_like=True):
    """One file: `lines` resources of one type, `size` bytes as sealed for the recipient, in `object` of `epoch`."""

    type: str
    lines: int
    size: int
    object: bytes
    epoch: int


class ExportJob(msgspec.Struct, frozen=True, array_like=True):
    """`client` is the program's account id, `recipient` its public key as it stood when this was asked for. `kind` is
    system, patient or group; `patients` those it is about, empty for all; `types` empty for all that the program may
    read. `key` seals the files once more for the store. `begun_ms` is of the budget's clock. `erased` counts the
    erasures there had been when it began."""

    id: bytes
    client: bytes
    recipient: bytes
    kind: str
    types: tuple[str, ...]
    scopes: tuple[str, ...]
    patients: tuple[bytes, ...]
    since_ms: int
    approval: bytes
    asked_ms: int
    state: str = ASKED
    begun_ms: int = 0
    done_ms: int = 0
    tries: int = 0
    erased: int = 0
    counted: int = 0
    key: bytes = b""
    files: tuple[SealedFile, ...] = ()

    def __repr__(self) -> str:
        return "ExportJob(...)"


class ExportBook:
    """All exports that are remembered; at most one is being made."""

    def __init__(self) -> None:
        self._jobs: dict[bytes, ExportJob] = {}
        self._progress: dict[bytes, tuple[int, int]] = {}
        self.underway: set[bytes] = set()
        """Objects that no stored row names yet."""

    def load(self, jobs: Iterable[ExportJob]) -> None:
        """What was being made when the keeper ended is still allowed, and is made anew."""
        self._jobs = {
            one.id: msgspec.structs.replace(one, state=ALLOWED) if one.state == RUNNING else one for one in jobs
        }

    def put(self, job: ExportJob) -> None:
        self._jobs[job.id] = job

    def remove(self, ident: bytes) -> None:
        self._jobs.pop(ident, None)

    def get(self, ident: bytes) -> ExportJob | None:
        return self._jobs.get(ident)

    def all(self) -> list[ExportJob]:
        return sorted(self._jobs.values(), key=lambda one: -one.asked_ms)

    def live_of(self, client: bytes) -> ExportJob | None:
        return next((one for one in self._jobs.values() if one.client == client and one.state in LIVE), None)

    def begun_since(self, budget_ms: int) -> int:
        """How many exports began after a moment of the budget's clock."""
        return sum(1 for one in self._jobs.values() if one.begun_ms > budget_ms)

    def asked_since(self, client: bytes, wall_ms: int) -> int:
        """How many this client asked for after a moment, whatever became of them."""
        return sum(1 for one in self._jobs.values() if one.client == client and one.asked_ms > wall_ms)

    def objects(self) -> set[bytes]:
        """Every object that must not be swept."""
        return self.underway | {file.object for one in self._jobs.values() for file in one.files}

    def progress(self, ident: bytes, done: int, of: int) -> None:
        self._progress[ident] = (done, of)

    def progress_of(self, ident: bytes) -> tuple[int, int]:
        """(patients gone through, patients there are)."""
        return self._progress.get(ident, (0, 0))

    def ended(self, ident: bytes) -> None:
        self._progress.pop(ident, None)

    @property
    def busy(self) -> bool:
        return bool(self._progress)

"""Searches for a lot, as they are kept: what was asked, by whom, who was found. Sealed state rows of the clinic."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

KEPT_MS = 30 * 86_400_000
"""A recall is worked through in weeks; afterwards the search is made again."""

MOST_A_DAY = 6
"""Lots that one account looks for in a day."""


class LotJob(msgspec.Struct, frozen=True, array_like=True):
    """`state`: running, done or stopped. `found` are patients (16 bytes each), `taken` the parts that became worklists,
    `approval` the request for a second person."""

    id: bytes
    lot: str
    made_by: bytes
    made_ms: int
    state: str = "running"
    found: tuple[bytes, ...] = ()
    checked: int = 0
    done_ms: int = 0
    approval: bytes = b""
    taken: tuple[int, ...] = ()


class LotJobs:
    """All searches; at most one runs."""

    def __init__(self) -> None:
        self._jobs: dict[bytes, LotJob] = {}
        self._progress: dict[bytes, tuple[int, int]] = {}

    def load(self, jobs: Iterable[LotJob]) -> None:
        """What ran when the keeper ended does not run any more."""
        self._jobs = {
            one.id: msgspec.structs.replace(one, state="stopped") if one.state == "running" else one for one in jobs
        }
        self._progress = {}

    def put(self, job: LotJob) -> None:
        self._jobs[job.id] = job

    def get(self, ident: bytes) -> LotJob | None:
        return self._jobs.get(ident)

    def begin(self, ident: bytes) -> None:
        self._progress[ident] = (0, 0)

    def progress(self, ident: bytes, checked: int, total: int) -> None:
        self._progress[ident] = (checked, total)

    def ended(self, ident: bytes) -> None:
        self._progress.pop(ident, None)

    def running(self) -> bool:
        return bool(self._progress)

    def progress_of(self, job: LotJob) -> tuple[int, int]:
        """(patients looked through, patients there are)."""
        return self._progress.get(job.id, (job.checked, job.checked))

    def of(self, account: bytes, since_ms: int) -> list[LotJob]:
        found = [one for one in self._jobs.values() if one.made_by == account and one.made_ms >= since_ms]
        return sorted(found, key=lambda one: -one.made_ms)

    def made_since(self, account: bytes, since_ms: int) -> int:
        return len(self.of(account, since_ms))

    def without(self, patient: bytes) -> list[LotJob]:
        """The searches that found this patient, each without: what erasing has to store instead."""
        return [
            msgspec.structs.replace(one, found=tuple(other for other in one.found if other != patient))
            for one in self._jobs.values()
            if patient in one.found
        ]

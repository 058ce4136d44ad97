"""Worklists: one signature over at most 40 named patients, whose cards (never charts) may be opened for five days.

For recalls. Charged once to the clinic when it is made (budget: worklists a week), opened by the one who made it and
by whoever wears reception's hat.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

RESULTS = ("booked", "reached", "no-answer", "later", "declined")
"""What may come of a call."""


class Worklist(msgspec.Struct, frozen=True, array_like=True):
    id: bytes
    title: str
    made_by: bytes
    made_ms: int
    expires_ms: int
    patients: tuple[bytes, ...]
    results: tuple[tuple[bytes, str, int], ...] = ()
    """(patient, one of RESULTS, when in ms) of those who were called."""


class WorklistBook:
    """The live worklists; each is also a sealed state row."""

    def __init__(self) -> None:
        self._lists: dict[bytes, Worklist] = {}

    def load(self, lists: Iterable[Worklist]) -> None:
        self._lists = {one.id: one for one in lists}

    def put(self, worklist: Worklist) -> None:
        self._lists[worklist.id] = worklist

    def get(self, ident: bytes, now_ms: int) -> Worklist | None:
        found = self._lists.get(ident)
        return found if found is not None and found.expires_ms > now_ms else None

    def live(self, now_ms: int) -> list[Worklist]:
        return sorted((w for w in self._lists.values() if w.expires_ms > now_ms), key=lambda w: -w.made_ms)

    def holds(self, patient: bytes, now_ms: int) -> Worklist | None:
        """A live worklist with this patient on it."""
        return next((w for w in self._lists.values() if w.expires_ms > now_ms and patient in w.patients), None)

    def expired(self, now_ms: int) -> list[Worklist]:
        return [w for w in self._lists.values() if w.expires_ms <= now_ms]

    def without(self, patient: bytes) -> list[Worklist]:
        """The lists that hold this patient, each without: what erasing has to store instead."""
        return [
            msgspec.structs.replace(
                one, patients=tuple(other for other in one.patients if other != patient),
                results=tuple(row for row in one.results if row[0] != patient),
            )
            for one in self._lists.values()
            if patient in one.patients
        ]

    def remove(self, ident: bytes) -> None:
        self._lists.pop(ident, None)

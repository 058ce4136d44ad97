"""All incident cases and their entries in memory, as they stand in the state rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any

from seifas.errors import Missing
from seifas.keeper.case_model import Case, CaseEntry
from seifas.keeper.case_sending_model import QUEUED, Sending

_MOST_TOLD = 4_096


class CaseBook:
    """Cases by id; entries by case in the order in which they became durable; what is sent out by id."""

    def __init__(self) -> None:
        self._cases: dict[bytes, Case] = {}
        self._entries: dict[bytes, list[CaseEntry]] = {}
        self._by_id: dict[bytes, CaseEntry] = {}
        self._next: dict[bytes, int] = {}
        self._sendings: dict[bytes, Sending] = {}
        self._queued: dict[bytes, None] = {}
        self._told: dict[tuple[bytes, bytes], None] = {}
        self.sealing: set[bytes] = set()
        """Objects that are being written, not yet named by any row: no sweep may take them."""
        self.read: dict[bytes, Any] = {}
        """The lines of a case that were read from the log, by case (case_lines.Read)."""
        self.numbers: dict[bytes, int] = {}
        """Line numbers by entry, as far as they were looked up."""

    def load(self, cases: Iterable[Case], entries: Iterable[CaseEntry], sendings: Iterable[Sending] = ()) -> None:
        """Replaces everything, as at unlock."""
        tables: tuple[dict[Any, Any], ...] = (
            self._entries, self._by_id, self._next, self._told, self._sendings, self._queued, self.read, self.numbers,
        )
        for table in tables:
            table.clear()
        self.sealing.clear()
        self._cases = {one.id: one for one in cases}
        for entry in sorted(entries, key=lambda one: one.seq):
            self.put_entry(entry)
        for sending in sendings:
            self.put_sending(sending)

    # -- cases

    def put(self, case: Case) -> None:
        self._cases[case.id] = case

    def put_back(self, changed: Case, before: Case) -> None:
        """As it was, where storing it failed and nothing else has changed it since."""
        if self._cases.get(before.id) is changed:
            self._cases[before.id] = before

    def is_exercise(self, ident: bytes) -> bool:
        """Whether this is a case, and one of an exercise."""
        case = self._cases.get(ident)
        return case is not None and case.exercise

    def get(self, ident: bytes) -> Case:
        """Raises Missing."""
        case = self._cases.get(ident)
        if case is None:
            raise Missing("there is no such case")
        return case

    def cases(self) -> list[Case]:
        """Newest first."""
        return sorted(self._cases.values(), key=lambda one: -one.opened_ms)

    # -- entries

    def next_seq(self, case: bytes) -> int:
        """The number of the next entry; taken with this call."""
        seq = self._next.get(case, 0) + 1
        self._next[case] = seq
        return seq

    def put_entry(self, entry: CaseEntry) -> None:
        self._entries.setdefault(entry.case, []).append(entry)
        self._by_id[entry.id] = entry
        self._next[entry.case] = max(self._next.get(entry.case, 0), entry.seq)

    def entry(self, case: bytes, ident: bytes) -> CaseEntry:
        """Raises Missing where the case has none of this id."""
        found = self._by_id.get(ident)
        if found is None or found.case != case:
            raise Missing("there is no such entry in this case")
        return found

    def entries(self, case: bytes, after: int = 0) -> list[CaseEntry]:
        """Those with a higher number than `after`, in order."""
        found = self._entries.get(case, [])
        return found[bisect_right(found, after, key=lambda one: one.seq) :]

    def count(self, case: bytes) -> int:
        return len(self._entries.get(case, ()))

    # -- what goes out

    def put_sending(self, sending: Sending) -> None:
        self._sendings[sending.id] = sending
        if sending.state == QUEUED:
            self._queued[sending.id] = None
        else:
            self._queued.pop(sending.id, None)

    def sending(self, ident: bytes) -> Sending:
        """Raises Missing."""
        found = self._sendings.get(ident)
        if found is None:
            raise Missing("nothing of the kind was to be sent")
        return found

    def queued(self) -> list[Sending]:
        """What waits to go out, or is on its way; oldest first."""
        return sorted((self._sendings[one] for one in self._queued), key=lambda one: one.queued_ms)

    def sendings_of(self, case: bytes) -> list[Sending]:
        """Oldest first."""
        return sorted((one for one in self._sendings.values() if one.case == case), key=lambda one: one.queued_ms)

    # -- memory

    def first_look(self, session: bytes, case: bytes) -> bool:
        """Whether this session has not read the case yet."""
        return (session, case) not in self._told

    def looked(self, session: bytes, case: bytes) -> None:
        """The line of its look stands in the log."""
        self._told[session, case] = None
        while len(self._told) > _MOST_TOLD:
            del self._told[next(iter(self._told))]

    def objects(self) -> Iterator[bytes]:
        """Every object that a case names or is about to."""
        yield from self.sealing
        for entry in self._by_id.values():
            if entry.object:
                yield entry.object
        for sending in self._sendings.values():
            yield from sending.objects

"""Brings the patients of a table into the vault, a hundred a call; a call is one commit or nothing.

Where a call is refused its patients go one by one, so that the one that was wrong is named and the others come in.
"""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import msgspec

from seifas.errors import Locked, SeifasError, Unavailable
from seifas.fhir.bundle import Change
from seifas.keeper.client import BlockingClient
from seifas.tables import patients
from seifas.tables.patients import Person
from seifas.tables.rows import Rows
from seifas.tables.table import Fault

_PATIENTS = 100  # a call, and a commit
_CHANGES = 4_000
_BYTES = 8 * 2**20

_DOUBTS = {
    "repeated": "rows repeat another row word for word; they are imported once",
    "here": "patients are here already; what their rows add is imported with --update",
    "renamed": "patients have several surnames in the table; that of the latest visit is in use, the others are old",
    "planned": "visits lie ahead; they are imported as planned",
    "split": "names of three words or more stand in one cell; which is the surname was told by the order of the words",
}


class Progress(msgspec.Struct):
    """What became of the import so far."""

    faults: list[Fault]
    imported: int = 0
    updated: int = 0
    skipped: int = 0
    resources: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)

    def doubts(self) -> list[str]:
        """What a person should look at, with how often."""
        return [f"{self.counts[kind]} {what}" for kind, what in _DOUBTS.items() if self.counts[kind]]


class Todo(msgspec.Struct, frozen=True):
    """One patient's changes, all of them or none. `new` is false where they add to a patient who is here."""

    row: int
    changes: tuple[Change, ...]
    new: bool


class Batches:
    """One import. Without a keeper it is a rehearsal: everything is planned and checked, nothing looked up or sent."""

    def __init__(
        self, keeper: BlockingClient | None, key: bytes, rows: Rows, zone: str, today: date, *, update: bool
    ) -> None:
        self._keeper = keeper
        self._key = key
        self._rows = rows
        self._zone = zone
        self._today = today
        self._update = update
        self._whole_names = rows.mapping.has("given_family", "family_given")

    def run(self, groups: list[list[int]], progress: Progress, advance: Callable[[int], None]) -> None:
        """Raises Unavailable and Locked, with how far the import came; every other failure is one patient's."""
        try:
            for start in range(0, len(groups), _PATIENTS):
                some = groups[start : start + _PATIENTS]
                for batch in _bounded(self._prepare(some, progress)):
                    self._send(batch, progress)
                advance(len(some))
        except (Unavailable, Locked) as error:
            raise type(error)(
                f"{error.message}. {progress.imported} patients were imported before; run the same command again, what "
                "is here already is passed over",
                where=error.where,
            ) from error

    def _prepare(self, groups: list[list[int]], progress: Progress) -> Iterator[Todo]:
        people: list[Person] = []
        for group in groups:
            found, faults = patients.person(self._rows, group)
            progress.faults += faults
            if not faults:
                people.append(found)
                self._doubt(found, progress)
        here = self._who_is_here(people, progress)
        for found, patient in zip(people, here, strict=True):
            if patient is None:
                ident = self._patient_id(found)
                made = patients.resources(found, ident, self._ids(ident), zone=self._zone, today=self._today)
                yield from self._planned(
                    found, patients.plan_new(found, ident, made, now_ms=_now()), progress, new=True
                )
            elif patient:
                yield from self._additions(found, patient, progress)

    def _who_is_here(self, people: list[Person], progress: Progress) -> list[bytes | None]:
        """For each person the patient of the vault, None for a new one, b"" for one who is refused."""
        here: list[bytes | None] = [None] * len(people)
        if self._keeper is None or not people:
            return here
        idents = [self._patient_id(found) for found in people]
        open_ones = []
        for index, have in enumerate(self._keeper.call("admin.have", patients=idents)):
            if have:
                here[index] = idents[index]
            else:
                open_ones.append(index)
        asked = [patients.sought(people[index]) for index in open_ones]
        for index, fitting in zip(open_ones, self._keeper.call("admin.find_code", people=asked), strict=True):
            if len(fitting) > 1:
                why = "fits more than one patient of the vault: those have to be told apart first"
                progress.faults += [Fault(row.number, "", why) for row in people[index].rows]
                here[index] = b""
            elif fitting:
                here[index] = fitting[0]
        return here

    def _additions(self, found: Person, patient: bytes, progress: Progress) -> Iterator[Todo]:
        """What the rows add to a patient who is here; nothing without --update."""
        if not self._update:
            progress.skipped += 1
            progress.counts["here"] += 1
            return
        assert self._keeper is not None
        made = patients.resources(found, patient, self._ids(patient), zone=self._zone, today=self._today)
        idents = [one.id for one in made]
        known = self._keeper.call("admin.have_records", records=[(patient, idents)])[0]
        held = {ident for ident, have in zip(idents, known, strict=True) if have}
        if len(held) == len(made):
            progress.skipped += 1
            return
        yield from self._planned(found, patients.plan_more(made, held, now_ms=_now()), progress, new=False)

    def _planned(
        self, found: Person, planned: tuple[tuple[Change, ...], list[Fault]], progress: Progress, *, new: bool
    ) -> Iterator[Todo]:
        changes, faults = planned
        progress.faults += faults
        if not faults:
            yield Todo(found.number, changes, new)

    def _send(self, batch: list[Todo], progress: Progress) -> None:
        try:
            self._call(batch)
        except (Unavailable, Locked):
            raise
        except SeifasError as error:
            if len(batch) > 1:
                for one in batch:
                    self._send([one], progress)
            else:
                progress.faults.append(Fault(batch[0].row, "", f"the vault refused this patient: {error.message}"))
            return
        for one in batch:
            progress.resources += len(one.changes)
            if one.new:
                progress.imported += 1
            else:
                progress.updated += 1

    def _call(self, batch: list[Todo]) -> None:
        if self._keeper is not None:
            changes: list[dict[str, Any]] = [msgspec.structs.asdict(one) for todo in batch for one in todo.changes]
            self._keeper.call("admin.import", changes=changes)

    def _doubt(self, found: Person, progress: Progress) -> None:
        counts = progress.counts
        counts["repeated"] += found.repeated
        counts["renamed"] += len({row.family.casefold() for row in found.rows}) > 1
        today = self._today.isoformat()
        counts["planned"] += sum(1 for row in found.rows if row.visit.when and row.visit.when.day > today)
        if self._whole_names:
            counts["split"] += len(f"{found.rows[0].given} {found.rows[0].family}".split()) > 2

    def _patient_id(self, found: Person) -> bytes:
        return hmac.digest(self._key, b"csv patient\0" + patients.core(found), "sha256")[:16]

    def _ids(self, patient: bytes) -> Callable[[str, bytes], bytes]:
        def make_id(kind: str, content: bytes) -> bytes:
            return hmac.digest(self._key, b"csv record\0" + patient + kind.encode() + b"\0" + content, "sha256")[:16]

        return make_id


def _bounded(todos: Iterator[Todo]) -> Iterator[list[Todo]]:
    """Batches that one call can carry: whole patients, few enough changes and bytes."""
    batch: list[Todo] = []
    changes = size = 0
    for todo in todos:
        own = sum(len(change.body) for change in todo.changes)
        if batch and (changes + len(todo.changes) > _CHANGES or size + own > _BYTES):
            yield batch
            batch, changes, size = [], 0, 0
        batch.append(todo)
        changes += len(todo.changes)
        size += own
    if batch:
        yield batch


def _now() -> int:
    return time.time_ns() // 1_000_000

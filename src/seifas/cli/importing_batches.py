"""Brings the patients of a table into the vault, a hundred a call; a call is one commit or nothing.

Where a call is refused its patients go one by one, so that the one that was wrong is named and the others come in.
"""

from __future__ import annotations

import hmac
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
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

_SEVERAL = "fits more than one patient of the vault: those have to be told apart first"
_OTHER_NAME = "has a personal code that the vault holds under another given name: one of the two is wrong"
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


    def took(self, batch: list[Todo], refused: list[Fault]) -> None:
        """Count in what a call brought; `refused` are those of the batch that the vault did not take."""
        self.faults += refused
        rows = {fault.row for fault in refused}
        for one in batch:
            if one.rows[0] not in rows:
                self.resources += len(one.changes)
                self.imported += one.new
                self.updated += not one.new


class Todo(msgspec.Struct, frozen=True):
    """One patient's changes, all of them or none. `new` is false where they add to a patient who is here."""

    rows: list[int]
    changes: tuple[Change, ...]
    new: bool


class Vault(msgspec.Struct, frozen=True):
    """Two connections to the same vault: while one waits for a commit, the other looks up the next patients."""

    lookups: BlockingClient
    writes: BlockingClient


class Batches:
    """One import. Without a vault it is a rehearsal: everything is planned and checked, nothing looked up or sent."""

    def __init__(
        self, vault: Vault | None, key: bytes, rows: Rows, zone: str, today: date, *, update: bool
    ) -> None:
        self._vault = vault
        self._key = key
        self._rows = rows
        self._zone = zone
        self._today = today
        self._update = update
        self._whole_names = rows.mapping.has("given_family", "family_given")

    def run(self, groups: list[list[int]], progress: Progress, advance: Callable[[int], None]) -> None:
        """Raises Unavailable and Locked, with how far the import came; every other failure is one patient's."""
        try:
            with ThreadPoolExecutor(1) as sender:
                under_way: list[tuple[list[Todo], Future[list[Fault]]]] = []
                for start in range(0, len(groups), _PATIENTS):
                    some = groups[start : start + _PATIENTS]
                    for batch in _bounded(self._prepare(some, progress)):
                        self._settle(under_way, progress)
                        under_way.append((batch, sender.submit(self._send, batch)))
                    advance(len(some))
                self._settle(under_way, progress)
        except (Unavailable, Locked) as error:
            raise type(error)(
                f"{error.message}. {progress.imported} patients were imported before; run the same command again, what "
                "is here already is passed over",
                where=error.where,
            ) from error

    @staticmethod
    def _settle(under_way: list[tuple[list[Todo], Future[list[Fault]]]], progress: Progress) -> None:
        """Wait for the call that is under way, so that at most one is."""
        while under_way:
            batch, call = under_way.pop()
            progress.took(batch, call.result())

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
        if self._vault is None or not people:
            return here
        lookups = self._vault.lookups
        idents = [self._patient_id(found) for found in people]
        open_ones = []
        for index, have in enumerate(lookups.call("admin.have", patients=idents)):
            if have:
                here[index] = idents[index]
            else:
                open_ones.append(index)
        asked = [patients.sought(people[index]) for index in open_ones]
        for index, answer in zip(open_ones, lookups.call("admin.find_code", people=asked), strict=True):
            fitting = answer["patients"]
            if len(fitting) > 1 or not answer["certain"]:
                why = _SEVERAL if answer["certain"] else _OTHER_NAME
                progress.faults += [Fault(number, "", why) for number in people[index].numbers]
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
        assert self._vault is not None
        made = patients.resources(found, patient, self._ids(patient), zone=self._zone, today=self._today)
        idents = [one.id for one in made]
        known = self._vault.lookups.call("admin.have_records", records=[(patient, idents)])[0]
        held = {ident for ident, have in zip(idents, known, strict=True) if have}
        if len(held) == len(made):
            progress.skipped += 1
            return
        yield from self._planned(found, patients.plan_more(found, made, held, now_ms=_now()), progress, new=False)

    def _planned(
        self, found: Person, planned: tuple[tuple[Change, ...], list[Fault]], progress: Progress, *, new: bool
    ) -> Iterator[Todo]:
        changes, faults = planned
        progress.faults += faults
        if not faults:
            yield Todo(found.numbers, changes, new)

    def _send(self, batch: list[Todo]) -> list[Fault]:
        """Who of the batch was refused. Runs beside the planning of the next batch."""
        if self._vault is None:
            return []
        changes: list[dict[str, Any]] = [msgspec.structs.asdict(one) for todo in batch for one in todo.changes]
        try:
            self._vault.writes.call("admin.import", changes=changes)
        except (Unavailable, Locked):
            raise
        except SeifasError as error:
            if len(batch) == 1:
                rows = batch[0].rows
                return patients.whole(rows, [Fault(rows[0], "", f"the vault refused this patient: {error.message}")])
            return [fault for one in batch for fault in self._send([one])]
        return []

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

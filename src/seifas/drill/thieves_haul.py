"""What got out: every answer that a thief gets is searched for patients, whichever way it came.

A chart counts as out with the first clinical resource of a patient, a card with the first unmasked Patient, a patient
as listed with a masked hit. Answers to the thief's own writes are not counted: they say what he had said.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final

import msgspec

from seifas.errors import Invalid
from seifas.fhir.resources import CLINIC, patient_of

_CARD: Final = re.compile(rb'<h2 id="card">')
_CHART: Final = re.compile(rb'<div class="chart">')


class Haul(msgspec.Struct):
    """Patients by id (hex). `answers` counts what the server said, by status and FHIR issue."""

    charts: set[str] = msgspec.field(default_factory=set)
    cards: set[str] = msgspec.field(default_factory=set)
    listed: set[str] = msgspec.field(default_factory=set)
    answers: Counter[str] = msgspec.field(default_factory=Counter)
    ways: Counter[str] = msgspec.field(default_factory=Counter)

    @property
    def out(self) -> set[str]:
        """Whose chart or card got out."""
        return self.charts | self.cards

    def json(self, body: bytes, way: str) -> None:
        """Counts what a FHIR answer holds."""
        before = len(self.charts) + len(self.cards)
        self._resource(msgspec.json.decode(body))
        self.ways[way] += len(self.charts) + len(self.cards) - before

    def page(self, body: bytes, patient: str, way: str) -> None:
        """Counts what a page of the desk shows of the patient that it was asked for."""
        before = len(self.charts) + len(self.cards)
        if _CARD.search(body):
            self.cards.add(patient)
        if _CHART.search(body):
            self.charts.add(patient)
        self.ways[way] += len(self.charts) + len(self.cards) - before

    def rows(self, rows: list[dict[str, Any]], way: str) -> None:
        """Counts resources as the keeper's wire gives them: [{body, ...}]."""
        for row in rows:
            self.json(row["body"], way)

    def add(self, other: Haul) -> None:
        """Several thieves put together what they have."""
        self.charts |= other.charts
        self.cards |= other.cards
        self.listed |= other.listed
        self.answers += other.answers
        self.ways += other.ways

    def _resource(self, found: Any) -> None:
        if not isinstance(found, dict):
            return
        kind = found.get("resourceType")
        if kind == "Bundle":
            for entry in found.get("entry", []):
                self._resource(entry.get("resource"))
        elif kind == "Patient":
            masked = any(one.get("code") == "MASKED" for one in found.get("meta", {}).get("security", []))
            (self.listed if masked else self.cards).add(found["id"])
        elif isinstance(kind, str) and kind != "OperationOutcome":
            try:
                patient = patient_of(found, own_id=bytes.fromhex(found["id"]))
            except Invalid:
                return
            if patient != CLINIC:
                self.charts.add(patient.hex())

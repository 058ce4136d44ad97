"""Turns FHIR resources into plain lines for a page: date, title, value, state, and everything else as label and text.

Nothing is interpreted: numbers stay as written, narrative HTML is never shown, codes stand beside their words.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.records.plain import Resource, items, text_of

_DATES = (
    "effectiveDateTime", "effectiveInstant", "performedDateTime", "occurrenceDateTime", "onsetDateTime", "recordedDate",
    "authoredOn", "dateTime", "date", "created", "issued", "started", "start", "sent", "effectivePeriod",
    "performedPeriod", "occurrencePeriod", "onsetPeriod", "period", "billablePeriod",
)  # fmt: skip
_TITLES = (
    "code", "medicationCodeableConcept", "vaccineCode", "type", "category", "scope", "serviceType", "description",
    "title", "name",
)  # fmt: skip
_SKIPPED = frozenset(
    {"resourceType", "id", "meta", "text", "subject", "patient", "contained", "extension", "implicitRules"}
)
_MOST_FACTS = 60
_ORDER = (
    "AllergyIntolerance", "Condition", "Encounter", "Procedure", "Media", "MedicationRequest", "Immunization",
    "DiagnosticReport", "Observation", "ImagingStudy", "DocumentReference", "Consent", "CarePlan", "CareTeam",
)  # fmt: skip


class Entry(msgspec.Struct, frozen=True):
    """One line of a chart."""

    date: str
    title: str
    value: str
    state: str
    facts: list[tuple[str, str]]


class Group(msgspec.Struct, frozen=True):
    """The lines of one resource type, newest first."""

    kind: str
    entries: list[Entry]


def grouped(resources: list[Resource]) -> list[Group]:
    """All resources of a chart by type, each group newest first; what a visit is about comes before accounts."""
    groups: dict[str, list[Entry]] = {}
    for resource in resources:
        groups.setdefault(resource["resourceType"], []).append(entry_of(resource))
    order = sorted(groups, key=lambda kind: (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), kind))
    return [Group(kind, sorted(groups[kind], key=lambda entry: entry.date, reverse=True)) for kind in order]


def entry_of(resource: Resource) -> Entry:
    """One resource as a line."""
    title = next(filter(None, (text_of(resource.get(name)) for name in _TITLES)), resource["resourceType"])
    value = next((text_of(inner) for key, inner in resource.items() if key.startswith("value")), "")
    if not value:
        value = "; ".join(_component(one) for one in items(resource.get("component"))[:6])
    state = text_of(resource.get("clinicalStatus")) or text_of(resource.get("status"))
    facts: list[tuple[str, str]] = []
    for key, inner in resource.items():
        if key not in _SKIPPED:
            _facts(key, inner, facts)
    return Entry(_date(resource), title, value, state, facts[:_MOST_FACTS])


def _component(one: Resource) -> str:
    value = next((text_of(inner) for key, inner in one.items() if key.startswith("value")), "")
    return f"{text_of(one.get('code'))}: {value}"


def _date(resource: Resource) -> str:
    for name in _DATES:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str):
            return value[:10]
    return ""


def _facts(label: str, value: Any, facts: list[tuple[str, str]]) -> None:
    if len(facts) >= _MOST_FACTS:
        return
    plain = text_of(value)
    if plain:
        facts.append((label, plain))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key not in ("extension", "id"):
                _facts(f"{label} · {key}", inner, facts)
    elif isinstance(value, list):
        for inner in value:
            _facts(label, inner, facts)

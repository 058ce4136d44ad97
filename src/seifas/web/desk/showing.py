"""Turns FHIR resources into plain lines for a page: date, title, value, state, and everything else as label and text.

Nothing is interpreted: numbers stay as written, narrative HTML is never shown, codes stand beside their words.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.fhir.json_text import Number

Resource = dict[str, Any]
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


class Card(msgspec.Struct, frozen=True):
    """What a card shows."""

    name: str
    born: str
    sex: str
    active: bool
    deceased: str
    identifiers: list[tuple[str, str]]
    contacts: list[tuple[str, str]]
    addresses: list[str]


def card_of(patient: Resource) -> Card:
    """The card of a FHIR Patient."""
    names = [human_name(one) for one in patient.get("name", [])]
    deceased = patient.get("deceasedDateTime") or patient.get("deceasedBoolean") or ""
    return Card(
        name=next(filter(None, names), "?"),
        born=patient.get("birthDate", ""),
        sex={"male": "m", "female": "f", "other": "o"}.get(patient.get("gender", ""), "u"),
        active=patient.get("active") is not False,
        deceased="" if not deceased else (deceased if isinstance(deceased, str) else "✓"),
        identifiers=[
            (text_of(one.get("type")) or one.get("system", ""), one["value"])
            for one in patient.get("identifier", [])
            if "value" in one
        ],
        contacts=[(one.get("system", ""), one["value"]) for one in patient.get("telecom", []) if "value" in one],
        addresses=[address(one) for one in patient.get("address", [])],
    )


def human_name(name: Resource) -> str:
    """A HumanName as one line."""
    if "text" in name:
        return str(name["text"])
    parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", ""), *name.get("suffix", [])]
    return " ".join(part for part in parts if part)


def address(one: Resource) -> str:
    """An Address as one line."""
    if "text" in one:
        return str(one["text"])
    parts = [
        *one.get("line", []),
        one.get("postalCode", ""),
        one.get("city", ""),
        one.get("state", ""),
        one.get("country", ""),
    ]
    return ", ".join(part for part in parts if part)


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
    if not value and isinstance(resource.get("component"), list):
        value = "; ".join(_component(one) for one in resource["component"][:6])
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


def text_of(value: Any) -> str:
    """A value as text where it has one: primitives, concepts, quantities, periods, references, names; else ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Number):
        return value.text
    if isinstance(value, list):
        found = [text_of(one) for one in value]
        return "; ".join(found) if found and all(found) else ""
    if not isinstance(value, dict):
        return ""
    if "coding" in value or ("text" in value and "div" not in value):
        codings = value.get("coding")
        first = text_of(codings[0]) if isinstance(codings, list) and codings else ""
        return text_of(value.get("text")) or first
    if "code" in value and ("system" in value or "display" in value) and "value" not in value:
        display = value.get("display", "")
        return f"{display} ({value['code']})" if display else str(value["code"])
    if "value" in value and ("unit" in value or "code" in value or "currency" in value):
        amount = f"{value.get('comparator', '')}{text_of(value['value'])}"
        return f"{amount} {value.get('unit', value.get('currency', ''))}".strip()
    if "currency" in value:
        return str(value["currency"])
    if value.keys() and value.keys() <= {"start", "end"}:
        return f"{text_of(value.get('start'))[:16] or '…'} – {text_of(value.get('end'))[:16] or '…'}"
    if "family" in value or "given" in value:
        return human_name(value)
    if "reference" in value:
        return str(value.get("display", "")) or str(value["reference"]).partition("/")[0]
    if value.keys() == {"display"}:
        return str(value["display"])
    return ""

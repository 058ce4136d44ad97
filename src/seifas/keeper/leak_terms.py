"""What a chart says of a patient's care, in words that a leaked row may repeat: terms, doctors, dates, the city. Pure.

Never fails on parts of another shape than FHIR says: what is not there is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

TYPES: Final = frozenset({
    "Patient", "Encounter", "Condition", "Procedure", "Immunization", "MedicationRequest", "MedicationStatement",
    "AllergyIntolerance", "Appointment", "Device",
})  # fmt: skip
"""Types that tell what somebody came for and what was done. Findings and consents tell a matcher nothing more."""

MOST: Final = 64
"""Terms, doctors or dates of one patient that are told."""

_CONCEPTS: Final = ("code", "reasonCode", "medicationCodeableConcept", "vaccineCode", "serviceType", "type", "usedCode")
_PEOPLE: Final = ("performer", "participant", "recorder", "requester", "asserter", "author")
_DATES: Final = (
    "recordedDate", "onsetDateTime", "performedDateTime", "authoredOn", "occurrenceDateTime", "start", "date",
)
_PERIODS: Final = ("period", "performedPeriod")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST: Final = 200


def terms_in(resource: Mapping[str, Any]) -> Iterator[str]:
    """The words of its codes, as written and as the coding displays them."""
    for name in _CONCEPTS:
        for concept in _each(resource.get(name)):
            yield from _texts(concept.get("text"))
            for coding in _each(concept.get("coding")):
                yield from _texts(coding.get("display"))
    if resource.get("resourceType") == "Device":
        for called in _each(resource.get("deviceName")):
            yield from _texts(called.get("name"))


def doctors_in(resource: Mapping[str, Any], named: Mapping[str, str]) -> Iterator[str]:
    """Who did it, by the display written there or else by `named`, names by reference ("Practitioner/…")."""
    for field in _PEOPLE:
        for one in _each(resource.get(field)):
            for who in (one, *_each(one.get("actor")), *_each(one.get("individual"))):
                reference, display = who.get("reference"), who.get("display")
                if isinstance(reference, str) and reference.startswith("Practitioner/"):
                    yield from _texts(display if isinstance(display, str) else named.get(reference))


def dates_in(resource: Mapping[str, Any]) -> Iterator[str]:
    """Days (YYYY-MM-DD) on which it happened or was written."""
    values = [resource.get(name) for name in _DATES]
    values += [period.get("start") for name in _PERIODS for period in _each(resource.get(name))]
    for value in values:
        if isinstance(value, str) and _DAY.match(value):
            yield value[:10]


def city_in(resource: Mapping[str, Any]) -> str:
    """Of a Patient: the city of the first address that has one."""
    cities = (text for one in _each(resource.get("address")) for text in _texts(one.get("city")))
    return next(cities, "")


def name_in(resource: Mapping[str, Any]) -> str:
    """Of a Practitioner: the first name, as one line."""
    for name in _each(resource.get("name")):
        given = name.get("given")
        parts = [*(given if isinstance(given, list) else []), name.get("family")]
        line = " ".join(part for part in parts if isinstance(part, str) and part)
        said = next(_texts(name.get("text")), "") or line
        if said:
            return said[:_LONGEST]
    return ""


def few(values: Iterable[str]) -> tuple[str, ...]:
    """Each once, in their order, at most MOST."""
    return tuple(dict.fromkeys(values))[:MOST]


def _each(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        # A lone surrogate in a resource must not stop what is sent on.
        yield value.strip()[:_LONGEST].encode("utf-8", "replace").decode()

"""What a card shows of a FHIR Patient; and the strip on every page of a patient: who, how old, what to mind."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import msgspec

from seifas.records.plain import Resource, address, code_of, human_name, items, target, text_of, word

OF_AGE = 18
"""Years; in Lithuania as in most countries (Civil Code of the Republic of Lithuania, art. 2.5)."""

ALERTS = ("AllergyIntolerance", "Flag")
_OVER = frozenset({"resolved", "inactive", "entered-in-error", "refuted"})


class Card(msgspec.Struct, frozen=True):
    """What a card shows. `merged` is the id of the record that this one was merged into, or ""."""

    name: str
    born: str
    sex: str
    active: bool
    deceased: str
    identifiers: list[tuple[str, str]]
    contacts: list[tuple[str, str]]
    addresses: list[str]
    language: str = ""
    merged: str = ""


class Alert(msgspec.Struct, frozen=True):
    """Something to mind: an allergy, or a flag. `high` as the record says so; `id` is 32 hex or ""."""

    kind: str
    text: str
    high: bool
    id: str = ""


class Strip(msgspec.Struct, frozen=True):
    """The strip over a patient's pages. `age` in whole years, -1 where the birth date does not tell; `months` under 2
    years, else -1. `sex` one of m, f, o, u. `charts`: whether the hat may open more than the card; `minded`: whether
    what is to be minded was read at all (it is of the chart, so a card alone does not say)."""

    name: str
    born: str
    age: int
    months: int
    sex: str
    active: bool
    deceased: str
    merged: str
    alerts: tuple[Alert, ...] = ()
    charts: bool = True
    minded: bool = True

    @property
    def minor(self) -> bool:
        return 0 <= self.age < OF_AGE


def card_of(patient: Resource) -> Card:
    """The card of a FHIR Patient."""
    names = [human_name(one) for one in items(patient.get("name"))]
    deceased = patient.get("deceasedDateTime") or patient.get("deceasedBoolean") or ""
    languages = items(patient.get("communication"))
    return Card(
        name=next(filter(None, names), "?"),
        born=word(patient.get("birthDate")),
        sex={"male": "m", "female": "f", "other": "o"}.get(word(patient.get("gender")), "u"),
        active=patient.get("active") is not False,
        deceased="" if not deceased else (deceased if isinstance(deceased, str) else "✓"),
        identifiers=[
            (text_of(one.get("type")) or word(one.get("system")), word(one["value"]))
            for one in items(patient.get("identifier"))
            if "value" in one
        ],
        contacts=[
            (word(one.get("system")), word(one["value"])) for one in items(patient.get("telecom")) if "value" in one
        ],
        addresses=[address(one) for one in items(patient.get("address"))],
        language=code_of(languages[0].get("language")) if languages else "",
        merged=next(
            (
                target(one.get("other"), "Patient")
                for one in items(patient.get("link"))
                if one.get("type") == "replaced-by"
            ),
            "",
        ),
    )


def age_on(born: str, today: datetime.date) -> tuple[int, int]:
    """(whole years, whole months) on a day; (-1, -1) unless the birth date is whole and not after that day."""
    try:
        date = datetime.date.fromisoformat(born)
    except ValueError:
        return -1, -1
    months = (today.year - date.year) * 12 + today.month - date.month - (today.day < date.day)
    return (months // 12, months) if months >= 0 else (-1, -1)


def strip_of(
    card: Card, alerts: Iterable[Alert], today: datetime.date, *, charts: bool, minded: bool = True
) -> Strip:
    """The strip of a card and what is to be minded."""
    years, months = age_on(card.born, today)
    return Strip(
        name=card.name, born=card.born, age=years, months=months if 0 <= months < 24 else -1, sex=card.sex,
        active=card.active, deceased=card.deceased, merged=card.merged, alerts=tuple(alerts), charts=charts,
        minded=minded,
    )  # fmt: skip


def alerts_of(resources: Iterable[Resource]) -> list[Alert]:
    """What is in force among allergies and flags, the grave ones first."""
    found = []
    for one in resources:
        kind = one.get("resourceType")
        states = {
            word(one.get("status")), code_of(one.get("clinicalStatus")), code_of(one.get("verificationStatus"))
        }
        if kind not in ALERTS or states & _OVER:
            continue
        allergy = kind == "AllergyIntolerance"
        high = one.get("criticality") == "high" if allergy else _grave(one)
        found.append(Alert("allergy" if allergy else "flag", _said(one.get("code")) or "?", high, word(one.get("id"))))
    return sorted(found, key=lambda alert: (not alert.high, alert.kind, alert.text))


def _grave(flag: Resource) -> bool:
    return any(code_of(one) in ("safety", "clinical") for one in items(flag.get("category")))


def _said(concept: object) -> str:
    """The words of a concept without its code."""
    if not isinstance(concept, dict):
        return ""
    shown = (word(one.get("display")) for one in items(concept.get("coding")))
    return word(concept.get("text")) or next(filter(None, shown), "") or text_of(concept)

"""The rows of one patient as FHIR R4: the Patient, and for each row an Encounter, Conditions, Procedures and notes.

Nothing is made up: what the rows do not say is left out, words stay as they were written, and a code is given only
where the table gives one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from seifas.fhir.json_text import Number
from seifas.names.folding import fold
from seifas.tables.dates import When
from seifas.tables.rows import Labelled, Row

# As used for the personal code in an example of the Lithuanian lung guide (HL7LT); a draft, not a national rule.
PERSONAL_CODE_SYSTEM = "https://hl7.lt/fhir/sid/lt-patient-pid"
CARD_SYSTEM = "urn:seifas:card-number"
IMPORT_SYSTEM = "urn:seifas:import"

_HL7 = "http://terminology.hl7.org/CodeSystem"
_UCUM = "http://unitsofmeasure.org"
_ICD = re.compile(r"([A-Z]\d\d(?:\.\d{1,4})?)\+?\Z", re.ASCII)
_LEADING_ICD = re.compile(r"([A-Z]\d\d\.\d{1,2})(?![\w.])", re.ASCII)  # without a point it may be a vitamin (B12)
_NO_ALLERGY = frozenset(("nera", "ne", "neigia", "no", "none", "denies", "nkda", "no known allergies"))

_NOT_SAID = frozenset(("subject", "patient", "resourceType", "status", "reasonReference"))

MakeId = Callable[[str, bytes], bytes]
"""(kind, content) -> 16 bytes: the id of a resource of that kind that says this of this patient."""


class Made(msgspec.Struct, frozen=True):
    """One resource, its id, and the row and column it was made from (for messages)."""

    id: bytes
    resource: dict[str, Any]
    row: int
    column: str = ""


def patient(rows: Iterable[Row]) -> dict[str, Any]:
    """Who the patient is by all rows together; where they differ, the row of the latest visit is the one in use."""
    ordered = sorted(
        enumerate(rows), key=lambda one: (one[1].visit.when.day if one[1].visit.when else "", one[0]), reverse=True
    )
    newest_first = [row for _, row in ordered]
    resource: dict[str, Any] = {
        "resourceType": "Patient",
        "identifier": _identifiers(newest_first),
        "active": True,
        "name": _names(newest_first),
        "telecom": [
            *({"system": "phone", "value": value} for value in _each(row.phones for row in newest_first)),
            *({"system": "email", "value": value} for value in _each(row.emails for row in newest_first)),
        ],
        "gender": next((row.sex for row in newest_first if row.sex), ""),
        "birthDate": max((row.birth for row in newest_first), key=len, default=""),
        "address": _addresses(newest_first),
        "contact": _contacts(newest_first),
        "generalPractitioner": [
            {"display": name}
            for name in _each((row.visit.doctor,) for row in newest_first if row.visit.doctor and not row.visit.is_one)
        ],
    }
    return {key: value for key, value in resource.items() if value}


def entries(rows: Iterable[Row], *, patient: bytes, make_id: MakeId, zone: str, today: date) -> list[Made]:
    """Everything beside the Patient. Rows of the same visit (moment and doctor) share one Encounter."""
    chart = _Chart(patient.hex(), make_id, ZoneInfo(zone), today)
    for row in rows:
        chart.add(row)
    return chart.made


def _each(groups: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(value for group in groups for value in group))


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _identifiers(rows: list[Row]) -> list[dict[str, Any]]:
    codes = [
        {"use": "official", "type": _coded(f"{_HL7}/v2-0203", "NI"), "system": PERSONAL_CODE_SYSTEM, "value": code}
        for code in _each((row.code,) for row in rows if row.code)
    ]
    cards = [
        {"use": "secondary", "type": _coded(f"{_HL7}/v2-0203", "MR"), "system": CARD_SYSTEM, "value": card}
        for card in _each((row.card,) for row in rows if row.card)
    ]
    others = [
        {"type": {"text": label}, "value": value}
        for label, value in dict.fromkeys(pair for row in rows for pair in row.other_codes)
    ]
    return codes + cards + others


def _names(rows: list[Row]) -> list[dict[str, Any]]:
    main = next((row for row in rows if row.given), rows[0])
    names: list[dict[str, Any]] = [_named("official", main.family, main.given)]
    known = {fold(main.family)}
    for row in rows:
        for use, family, given in (("maiden", row.maiden, ""), ("old", row.family, row.given)):
            if family and fold(family) not in known:
                known.add(fold(family))
                names.append(_named(use, family, given))
    return names


def _named(use: str, family: str, given: str) -> dict[str, Any]:
    name: dict[str, Any] = {"use": use, "family": family}
    if given:
        name["given"] = given.split()
    return name


def _addresses(rows: list[Row]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        address = {
            "text": row.address,
            "line": [row.street] if row.street else [],
            "city": row.city,
            "postalCode": row.postal_code,
            "country": row.country,
        }
        filled = {key: value for key, value in address.items() if value}
        if filled:
            use = "old" if found else "home"
            found.setdefault(fold(" ".join(str(value) for value in filled.values())), {"use": use} | filled)
    return list(found.values())


def _contacts(rows: list[Row]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        contact: dict[str, Any] = {}
        if row.guardian:
            contact["name"] = {"text": row.guardian}
        if row.guardian_phones:
            contact["telecom"] = [{"system": "phone", "value": value} for value in row.guardian_phones]
        if contact:
            found.setdefault(fold(row.guardian) + "|" + "|".join(row.guardian_phones), contact)
    return list(found.values())


class _Chart:
    """The growing list of one patient's resources."""

    def __init__(self, patient: str, make_id: MakeId, zone: ZoneInfo, today: date) -> None:
        self.made: list[Made] = []
        self._subject = {"reference": f"Patient/{patient}"}
        self._make_id = make_id
        self._zone = zone
        self._today = today.isoformat()
        self._times: Counter[tuple[str, bytes]] = Counter()
        self._content: dict[str, str] = {}
        self._encounters: dict[bytes, bytes] = {}

    def add(self, row: Row) -> None:
        visit = row.visit
        when = self._moment(visit.when) if visit.when else ""
        ahead = when[:10] > self._today
        about: dict[str, Any] = {"subject": self._subject}
        if visit.when:
            about["encounter"] = {"reference": f"Encounter/{self._encounter(row, when, ahead=ahead).hex()}"}
        doctor = {"display": visit.doctor} if visit.doctor else None
        reasons = self._conditions(row, about, when, doctor)
        for label, text in visit.procedures:
            self._put(row, label, {
                "resourceType": "Procedure", "status": "preparation" if ahead else "completed", "code": {"text": text},
                **about, "performedDateTime": when, "performer": [{"actor": doctor}] if doctor else [],
                "reasonReference": reasons,
            })  # fmt: skip
        for label, text in visit.notes:
            self._observe(row, label, about, when, {"code": _note(label), "valueString": text})
        for kind, value in (("height", visit.height), ("weight", visit.weight)):
            if value:
                self._observe(row, kind, about, when, _measure(kind, value))
        for label, text in row.patient_notes:
            self._observe(row, label, {"subject": self._subject}, "", {"code": _note(label), "valueString": text})
        for label, text in row.allergies:
            self._put(row, label, {
                "resourceType": "AllergyIntolerance", "code": _allergy(text), "patient": self._subject,
                "recordedDate": when,
            })  # fmt: skip
        if row.kept:
            code = _coded(IMPORT_SYSTEM, "other-columns") | {"text": "Other columns of the imported table"}
            parts = [{"code": {"text": label}, "valueString": text} for label, text in row.kept]
            self._observe(row, "", about, when, {"code": code, "component": parts})

    def _conditions(
        self, row: Row, about: dict[str, Any], when: str, doctor: dict[str, Any] | None
    ) -> list[dict[str, Any]]:
        """Complaints and diagnoses; references to the latter, or to the complaints where there is no diagnosis."""
        by = {"recordedDate": when, "recorder": doctor}
        complaints, diagnoses = [], []
        for label, text in row.visit.complaints:
            category = [_coded(IMPORT_SYSTEM, "complaint") | {"text": "Complaint"}]
            complaints.append(self._put(row, label, {
                "resourceType": "Condition", "category": category, "code": {"text": text}, **about, **by,
            }))  # fmt: skip
        category = [_coded(f"{_HL7}/condition-category", "encounter-diagnosis")]
        for code in _diagnoses(row.visit.diagnoses, row.visit.diagnosis_code):
            diagnoses.append(self._put(row, code.pop("label"), {
                "resourceType": "Condition", "category": category, "code": code, **about, **by,
            }))  # fmt: skip
        return [{"reference": f"Condition/{ident.hex()}"} for ident in diagnoses or complaints]

    def _encounter(self, row: Row, when: str, *, ahead: bool) -> bytes:
        doctor = row.visit.doctor
        key = msgspec.msgpack.encode((when, fold(doctor)))
        ident = self._encounters.get(key)
        if ident is None:
            ident = self._encounters[key] = self._make_id("Encounter", key)
            self.made.append(Made(ident, {
                "resourceType": "Encounter", "status": "planned" if ahead else "finished",
                "class": {"system": f"{_HL7}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
                "subject": self._subject,
                **({"participant": [{"individual": {"display": doctor}}]} if doctor else {}),
                "period": {"start": when},
            }, row.number))  # fmt: skip
        return ident

    def _observe(self, row: Row, label: str, about: dict[str, Any], when: str, what: dict[str, Any]) -> None:
        self._put(row, label, {
            "resourceType": "Observation", "status": "final", **what, **about, "effectiveDateTime": when,
        })  # fmt: skip

    def _put(self, row: Row, label: str, resource: dict[str, Any]) -> bytes:
        """The id is made from what the resource says and how often it was said before, so a second run of the same
        rows, in whatever order, gives the same ids. The status does not count: what was planned comes to pass."""
        filled = {key: value for key, value in resource.items() if value}
        said = [value for key, value in filled.items() if key not in _NOT_SAID]
        # Reasons count by what they say: of two that say the same, which one is meant would depend on the order.
        said += [self._content[one["reference"]] for one in filled.get("reasonReference", ())]
        content = msgspec.json.encode(said, enc_hook=_number)
        kind = resource["resourceType"]
        self._times[kind, content] += 1
        ident = self._make_id(kind, self._times[kind, content].to_bytes(4, "big") + content)
        self._content[f"{kind}/{ident.hex()}"] = content.decode()
        self.made.append(Made(ident, filled, row.number, label))
        return ident

    def _moment(self, when: When) -> str:
        if not when.clock:
            return when.day
        if when.zone:
            return f"{when.day}T{when.clock}{when.zone}"
        return datetime.fromisoformat(f"{when.day}T{when.clock}").replace(tzinfo=self._zone).isoformat()


def _number(value: Any) -> Any:
    if isinstance(value, Number):
        return value.text
    raise TypeError(type(value).__name__)


def _note(label: str) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": "34109-9", "display": "Note"}], "text": label}


def _measure(kind: str, value: str) -> dict[str, Any]:
    if kind == "height":
        code, display, unit = "8302-2", "Body height", "m" if float(value) < 3 else "cm"
    else:
        code, display, unit = "29463-7", "Body weight", "kg"
    return {
        "category": [_coded(f"{_HL7}/observation-category", "vital-signs")],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
        "valueQuantity": {"value": Number(value) if "." in value else int(value), "unit": unit, "system": _UCUM,
                          "code": unit},
    }  # fmt: skip


def _allergy(text: str) -> dict[str, Any]:
    if fold(text) not in _NO_ALLERGY:
        return {"text": text}
    return {
        "coding": [{"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}],
        "text": text,
    }


def _diagnoses(texts: tuple[Labelled, ...], code: str) -> list[dict[str, Any]]:
    """CodeableConcepts, each with the label of its column. A code of the table's own column belongs to the first."""
    concepts: list[dict[str, Any]] = [{"label": label, "text": text} for label, text in texts]
    if code and not concepts:
        concepts = [{"label": "", "text": code}]
    for concept in concepts:
        found = _ICD.match(code.upper()) if code and concept is concepts[0] else None
        found = found or _LEADING_ICD.match(concept["text"])
        if found:
            concept["coding"] = [{"system": "http://hl7.org/fhir/sid/icd-10", "code": found[1]}]
        elif code and concept is concepts[0] and concept["text"] != code:
            concept["text"] = f"{code} {concept['text']}"
    return concepts

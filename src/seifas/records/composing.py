"""Composes FHIR R4 resources from what a page asks: visits, notes, complaints, measurements, alerts, corrections.

Resources come without id and meta: whoever stores them stamps them (fhir.stamp). A note is an Observation (LOINC
34109-9) and not a DocumentReference or ClinicalImpression; docs/decisions/0013-charts.md says why.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.records import codes
from seifas.records.codes import coded, status
from seifas.records.plain import Resource, items, word

MOST_TEXT = 20_000
"""Letters of a note."""
MOST_LINE = 300
"""Letters of one line: a complaint, a product, a doctor's name."""

_NUMBER = re.compile(r"-?\d{1,6}(?:\.\d{1,4})?\Z", re.ASCII)
_ICD = re.compile(r"[A-Z]\d{2}(?:\.\d{1,2})?\Z", re.ASCII)
_NEVER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Scene(msgspec.Struct, frozen=True):
    """Whose record, in which visit, when and by whom. `patient` and `encounter` are 32 hex (`encounter` may be ""),
    `at` a FHIR dateTime with its offset, `by` the writer's name."""

    patient: str
    encounter: str
    at: str
    by: str

    @property
    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = {"subject": {"reference": f"Patient/{self.patient}"}}
        if self.encounter:
            found["encounter"] = {"reference": f"Encounter/{self.encounter}"}
        return found


def text_typed(value: str, where: str, *, most: int = MOST_TEXT, needed: bool = True) -> str:
    """What was typed, with plain line ends and no control characters. Raises Invalid naming the field."""
    text = _NEVER.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if needed and not text:
        raise Invalid("Write something first.", where=where)
    if len(text) > most:
        raise Invalid(f"At most {most} letters fit here.", where=where)
    return text


def line_typed(value: str, where: str, *, needed: bool = True) -> str:
    """One line of what was typed. Raises Invalid naming the field."""
    return " ".join(text_typed(value, where, most=MOST_LINE, needed=needed).split())


def visit(scene: Scene, kind: str) -> Resource:
    """An Encounter that begins now; `kind` in words, "" for none."""
    return {
        "resourceType": "Encounter", "status": "in-progress",
        "class": {"system": f"{codes.HL7}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        **({"type": [{"text": kind}]} if kind else {}),
        "subject": {"reference": f"Patient/{scene.patient}"},
        "participant": [{"individual": {"display": scene.by}}],
        "period": {"start": scene.at},
    }  # fmt: skip


def visit_ended(encounter: Resource, at: str) -> Resource:
    """The same visit, finished at `at`."""
    period = encounter.get("period")
    start = word(period.get("start")) if isinstance(period, dict) else ""
    return encounter | {"status": "finished", "period": ({"start": start} if start else {}) | {"end": at}}


def note(scene: Scene, text: str) -> Resource:
    """What the doctor wrote."""
    return {
        "resourceType": "Observation", "status": "final",
        "category": [status("observation-category", "exam")],
        "code": coded(codes.LOINC, codes.NOTE, "Note", "Įrašas"),
        **scene.about, "effectiveDateTime": scene.at, "performer": [{"display": scene.by}],
        "valueString": text_typed(text, "text"),
    }  # fmt: skip


def complaint(scene: Scene, text: str, *, icd: str = "", since: str = "", more: str = "") -> Resource:
    """What the patient complains of: a Condition. `icd` a code of ICD-10, `since` a FHIR date, both may be ""."""
    icd = icd.strip().upper()
    if icd and not _ICD.match(icd):
        raise Invalid("An ICD-10 code looks like L70.0.", where="icd")
    code: dict[str, Any] = {"text": line_typed(text, "text")}
    if icd:
        code = {"coding": [{"system": codes.ICD_10, "code": icd}], **code}
    more = text_typed(more, "more", most=2000, needed=False)
    return {
        "resourceType": "Condition",
        "clinicalStatus": status(codes.CONDITION_CLINICAL, "active"),
        "verificationStatus": status(codes.CONDITION_CERTAIN, "confirmed"),
        "category": [status("condition-category", "encounter-diagnosis" if scene.encounter else "problem-list-item")],
        "code": code, **scene.about,
        **({"onsetDateTime": since} if since else {}),
        "recordedDate": scene.at, "recorder": {"display": scene.by},
        **({"note": [_annotation(scene, more)]} if more else {}),
    }  # fmt: skip


def complaint_over(condition: Resource, at: str) -> Resource:
    """The same complaint, no longer there."""
    return condition | {"clinicalStatus": status(codes.CONDITION_CLINICAL, "resolved"), "abatementDateTime": at}


def measurement(scene: Scene, key: str, value: str) -> Resource:
    """One figure of codes.MEASURES, to the letter as it was typed (a decimal comma becomes a point)."""
    if key not in codes.MEASURES:
        raise Invalid("Choose what was measured.", where="measure")
    code, display, unit, shown = codes.MEASURES[key]
    return _measured(scene, coded(codes.LOINC, code, display)) | {
        "valueQuantity": {"value": _figure(value, "value"), "unit": shown, "system": codes.UCUM, "code": unit}
    }


def pressure(scene: Scene, systolic: str, diastolic: str) -> Resource:
    """Blood pressure: one Observation with two components, as the vital signs of FHIR have it."""
    parts = [
        {
            "code": coded(codes.LOINC, *names),
            "valueQuantity": {"value": _figure(value, "value"), "unit": "mmHg", "system": codes.UCUM, "code": "mm[Hg]"},
        }
        for names, value in ((codes.SYSTOLIC, systolic), (codes.DIASTOLIC, diastolic))
    ]
    return _measured(scene, coded(codes.LOINC, *codes.PRESSURE)) | {"component": parts}


def _measured(scene: Scene, code: dict[str, Any]) -> Resource:
    return {
        "resourceType": "Observation", "status": "final",
        "category": [status("observation-category", "vital-signs")],
        "code": code, **scene.about, "effectiveDateTime": scene.at, "performer": [{"display": scene.by}],
    }  # fmt: skip


def _figure(value: str, where: str) -> msgspec.Raw:
    text = value.strip().replace(",", ".").replace(" ", "")
    if not _NUMBER.match(text):
        raise Invalid("Write a number.", where=where)
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, point, rest = digits.partition(".")
    return msgspec.Raw(f"{sign}{whole.lstrip('0') or '0'}{point}{rest}".encode("ascii"))


def allergy(scene: Scene, text: str, *, high: bool, reaction: str = "") -> Resource:
    """An allergy: shown over every page of the patient."""
    reaction = line_typed(reaction, "reaction", needed=False)
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": status(codes.ALLERGY_CLINICAL, "active"),
        "verificationStatus": status(codes.ALLERGY_CERTAIN, "confirmed"),
        "criticality": "high" if high else "low",
        "code": {"text": line_typed(text, "text")},
        "patient": {"reference": f"Patient/{scene.patient}"},
        **({"encounter": {"reference": f"Encounter/{scene.encounter}"}} if scene.encounter else {}),
        "recordedDate": scene.at, "recorder": {"display": scene.by},
        **({"reaction": [{"manifestation": [{"text": reaction}]}]} if reaction else {}),
    }  # fmt: skip


def flag(scene: Scene, text: str, *, high: bool) -> Resource:
    """Anything else to mind: a blood thinner, a language, a fear of needles."""
    return {
        "resourceType": "Flag", "status": "active",
        "category": [status("flag-category", "safety" if high else "behavioral")],
        "code": {"text": line_typed(text, "text")}, **scene.about,
        "period": {"start": scene.at}, "author": {"display": scene.by},
    }  # fmt: skip


def _annotation(scene: Scene, text: str) -> dict[str, Any]:
    return {"authorString": scene.by, "time": scene.at, "text": text}


def ended(resource: Resource, at: str) -> Resource:
    """What is over: a visit, a complaint, an alert. Raises Invalid for anything else, and for what was never true."""
    kind = "" if is_wrong(resource) else resource.get("resourceType")
    if kind == "Encounter":
        return visit_ended(resource, at)
    if kind == "Condition":
        return complaint_over(resource, at)
    if kind == "AllergyIntolerance":
        return resource | {"clinicalStatus": status(codes.ALLERGY_CLINICAL, "inactive")}
    if kind == "Flag":
        period = resource.get("period")
        return resource | {"status": "inactive", "period": (period if isinstance(period, dict) else {}) | {"end": at}}
    raise Invalid("This does not end.", where="do")


# -- corrections: a new version; the vault keeps the one before


def text_in(resource: Resource) -> str:
    """The words of a record that a correction changes."""
    if resource.get("resourceType") == "Observation":
        return word(resource.get("valueString"))
    if resource.get("resourceType") == "Procedure" and items(resource.get("note")):
        return word(items(resource["note"])[0].get("text"))
    code = resource.get("code")
    return word(code.get("text")) if isinstance(code, dict) else ""


def correctable(resource: Resource) -> bool:
    """Whether a page may change its words: notes, complaints, procedures' notes, alerts; not figures or files."""
    kind = resource.get("resourceType")
    if kind == "Observation":
        return "valueString" in resource
    return kind in ("Condition", "Procedure", "AllergyIntolerance", "Flag")


def corrected(resource: Resource, text: str, scene: Scene) -> Resource:
    """The same record with other words; everything else of it stays. Raises Invalid where it has no words to change."""
    if not correctable(resource) or is_wrong(resource):
        raise Invalid("This record has no words to correct; mark it as entered in error instead.", where="text")
    kind = resource["resourceType"]
    if kind == "Observation":
        return resource | {"status": "corrected", "valueString": text_typed(text, "text")}
    if kind == "Procedure":
        typed = text_typed(text, "text", needed=False)
        rest = items(resource.get("note"))[1:]
        notes = ([_annotation(scene, typed)] if typed else []) + rest
        without = {name: value for name, value in resource.items() if name != "note"}
        return without | ({"note": notes} if notes else {})
    code = resource.get("code")
    kept = {name: value for name, value in code.items() if name != "coding"} if isinstance(code, dict) else {}
    # Codes said the old words; they go with them.
    return resource | {"code": kept | {"text": line_typed(text, "text")}}


_WRONG = {
    "Observation": "status", "Procedure": "status", "Encounter": "status", "Flag": "status", "Device": "status",
}  # fmt: skip
_CERTAIN = {"Condition": codes.CONDITION_CERTAIN, "AllergyIntolerance": codes.ALLERGY_CERTAIN}


def entered_in_error(resource: Resource, why: str, scene: Scene) -> Resource:
    """The same record, marked as wrong. It stays, struck through. Raises Invalid for a type that is not marked here."""
    kind = resource.get("resourceType", "")
    why = line_typed(why, "why", needed=False)
    if kind in _WRONG:
        found = resource | {"status": "entered-in-error"}
    elif kind in _CERTAIN:
        # con-5 and ait-2: what is no longer claimed has no clinical status either.
        found = {name: value for name, value in resource.items() if name != "clinicalStatus"} | {
            "verificationStatus": status(_CERTAIN[kind], "entered-in-error")
        }
    else:
        raise Invalid("This record cannot be marked here.", where="type")
    if why and kind in ("Observation", "Procedure", "Condition", "AllergyIntolerance"):
        found = found | {"note": [*items(found.get("note")), _annotation(scene, why)]}
    return found


def is_wrong(resource: Resource) -> bool:
    """Whether it is marked as entered in error."""
    certain = resource.get("verificationStatus")
    codings = items(certain.get("coding")) if isinstance(certain, dict) else []
    return resource.get("status") == "entered-in-error" or any(
        one.get("code") == "entered-in-error" for one in codings
    )

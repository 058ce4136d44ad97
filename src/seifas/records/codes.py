"""The code systems that our own records use, and the few codes of each."""

from __future__ import annotations

from typing import Any

HL7 = "http://terminology.hl7.org/CodeSystem"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
ICD_10 = "http://hl7.org/fhir/sid/icd-10"
PERSONAL_CODE = "https://hl7.lt/fhir/sid/lt-patient-pid"
"""The Lithuanian personal code, as the drafts of HL7 Lithuania write it."""

NOTE = "34109-9"
"""LOINC: Note."""


def coded(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def status(system: str, code: str) -> dict[str, Any]:
    """A CodeableConcept of one of HL7's own status lists."""
    return {"coding": [{"system": f"{HL7}/{system}", "code": code}]}


CONDITION_CLINICAL, CONDITION_CERTAIN = "condition-clinical", "condition-ver-status"
ALLERGY_CLINICAL, ALLERGY_CERTAIN = "allergyintolerance-clinical", "allergyintolerance-verification"

MEASURES: dict[str, tuple[str, str, str, str]] = {
    "weight": ("29463-7", "Body weight", "kg", "kg"),
    "height": ("8302-2", "Body height", "cm", "cm"),
    "temperature": ("8310-5", "Body temperature", "Cel", "°C"),
    "pulse": ("8867-4", "Heart rate", "/min", "/min"),
    "saturation": ("2708-6", "Oxygen saturation in Arterial blood", "%", "%"),
    "glucose": ("15074-8", "Glucose in Blood", "mmol/L", "mmol/l"),
}
"""key → (LOINC, display, UCUM code, unit as shown). Blood pressure is two figures and stands apart."""

PRESSURE = ("85354-9", "Blood pressure panel with all children optional")
SYSTOLIC = ("8480-6", "Systolic blood pressure")
DIASTOLIC = ("8462-4", "Diastolic blood pressure")

"""The R4 table agrees with itself and, for types that R4B left alone, with an independent model of FHIR."""

import importlib

import pytest

from seifas.fhir.definitions import RESOURCE_TYPES, shape
from seifas.fhir.resources import NEVER_STORED, OWNER

# Common types that R4B did not change.
UNCHANGED = [
    "AllergyIntolerance",
    "Appointment",
    "CarePlan",
    "Claim",
    "Composition",
    "Condition",
    "Consent",
    "Coverage",
    "DiagnosticReport",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Goal",
    "ImagingStudy",
    "Immunization",
    "Location",
    "Media",
    "MedicationRequest",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "Provenance",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Specimen",
    "Task",
]


def test_all_types_of_r4_are_there() -> None:
    # 148 definitions in R4 4.0.1 with the abstract Resource and DomainResource, which nobody sends.
    assert len(RESOURCE_TYPES) == 146


@pytest.mark.parametrize("kind", UNCHANGED)
def test_elements_agree_with_an_independent_model(kind: str) -> None:
    model = getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    theirs = {
        name
        for field in model.model_fields.values()
        for name in [field.alias or ""]
        if name and not name.startswith("_") and name not in ("resourceType", "fhir_comments", "resource_type")
    }
    assert set(shape(kind).fields) == theirs


def test_every_owner_element_exists_and_may_point_at_a_patient() -> None:
    for kind, path in OWNER.items():
        at = kind
        for name in path[:-1]:
            at = shape(at).fields[name].kind
        last = shape(at).fields[path[-1]]
        assert last.kind == "Reference", kind
        assert not last.targets or "Patient" in last.targets, kind


def test_no_type_with_an_element_called_patient_or_subject_was_forgotten() -> None:
    for kind in RESOURCE_TYPES - NEVER_STORED - OWNER.keys():
        for name in ("patient", "subject", "beneficiary", "individual", "candidate"):
            field = shape(kind).fields.get(name)
            assert field is None or "Patient" not in field.targets, (kind, name)

"""Which patient a resource belongs to: one, named by one element of its type, and never another later.

Resources that name no patient live in the clinic compartment (practitioners, places, code lists). Other elements may
mention patients (a performer, a linked record) without moving the resource.
"""

from __future__ import annotations

import re
from typing import Any

from seifas.errors import Invalid
from seifas.fhir.definitions import RESOURCE_TYPES

CLINIC = bytes(16)
SOURCE_ID = "urn:seifas:source-id"

_BY_SUBJECT = (
    "Account AdverseEvent Basic CarePlan CareTeam ChargeItem ClinicalImpression Communication CommunicationRequest "
    "Composition Condition Contract DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest "
    "DocumentReference Encounter Flag Goal GuidanceResponse ImagingStudy Invoice List MeasureReport Media "
    "MedicationAdministration MedicationDispense MedicationRequest MedicationStatement Observation Procedure "
    "QuestionnaireResponse RequestGroup RiskAssessment ServiceRequest Specimen"
)
_BY_PATIENT = (
    "AllergyIntolerance BodyStructure Claim ClaimResponse Consent CoverageEligibilityRequest "
    "CoverageEligibilityResponse DetectedIssue Device EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory "
    "Immunization ImmunizationEvaluation ImmunizationRecommendation MolecularSequence NutritionOrder RelatedPerson "
    "SupplyDelivery VisionPrescription"
)
# Where each type names its patient: a path of elements under the resource.
OWNER: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_BY_SUBJECT.split(), ("subject",)),
    **dict.fromkeys(_BY_PATIENT.split(), ("patient",)),
    "Appointment": ("participant", "actor"),
    "AppointmentResponse": ("actor",),
    "AuditEvent": ("entity", "what"),
    "Binary": ("securityContext",),
    "Coverage": ("beneficiary",),
    "EnrollmentRequest": ("candidate",),
    "Group": ("member", "entity"),
    "Person": ("link", "target"),
    "Provenance": ("target",),
    "ResearchSubject": ("individual",),
    "Schedule": ("actor",),
    "SupplyRequest": ("deliverTo",),
    "Task": ("for",),
    "VerificationResult": ("target",),
}
# Types of which a record may list several things, not all of them patients; a nameless entry there is no fault.
_LISTS = frozenset(
    {"Account", "Appointment", "AuditEvent", "Contract", "Group", "Person", "Provenance", "Schedule"}
    | {"VerificationResult"}
)
# Carriers of other resources or of an answer: stored as they are, they would hold patients that no compartment names.
NEVER_STORED = frozenset({"Bundle", "OperationOutcome", "Parameters"})

STORED_ID = re.compile(r"[0-9a-f]{32}\Z")
_LOCAL = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?\Z")


def known_type(name: Any, *, where: str = "resourceType") -> str:
    """The R4 resource type of that name. Raises Invalid."""
    if isinstance(name, str) and name in RESOURCE_TYPES:
        return name
    raise Invalid(
        "resourceType is missing." if name is None else "This is no FHIR R4 resource type.",
        where=where,
    )


def belongs_to_patient(kind: str) -> bool:
    """Whether resources of this type can belong to a patient."""
    return kind == "Patient" or kind in OWNER


def local(reference: str) -> tuple[str, str] | None:
    """(type, id) of a relative reference `Type/id` or `Type/id/_history/n`; None for anything else."""
    match = _LOCAL.match(reference)
    if match is None or match[1] not in RESOURCE_TYPES:
        return None
    return match[1], match[2]


def owners(resource: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """(path, Reference) of every entry of the element that names the patient of this resource."""
    kind = resource["resourceType"]
    found: list[tuple[str, Any]] = [(kind, resource)]
    for name in OWNER.get(kind, ()):
        inner: list[tuple[str, Any]] = []
        for path, value in found:
            below = value.get(name) if isinstance(value, dict) else None
            if isinstance(below, list):
                inner += [(f"{path}.{name}[{index}]", item) for index, item in enumerate(below)]
            elif below is not None:
                inner.append((f"{path}.{name}", below))
        found = inner
    return [(path, value) for path, value in found if isinstance(value, dict)] if kind in OWNER else []


def patient_of(resource: dict[str, Any], *, own_id: bytes) -> bytes:
    """The patient id (16 bytes) this resource belongs to, or CLINIC. References must be resolved already.

    `own_id` is the resource's id: a Patient belongs to itself. Raises Invalid with the path where the patient cannot
    be told: two patients, a contained or unnamed one, or an address in another system.
    """
    kind = resource["resourceType"]
    if kind in NEVER_STORED:
        raise Invalid(f"{kind} is not stored: send its resources, as a transaction if need be.", where=kind)
    if kind == "Patient":
        return own_id
    patient = CLINIC
    for path, reference in owners(resource):
        found = _patient_named(kind, path, reference)
        if found is None:
            continue
        if patient not in (CLINIC, found):
            raise Invalid("Two patients are named here; a resource belongs to one.", where=path)
        patient = found
    if kind == "Binary" and patient == CLINIC:
        # Whoever a Binary belongs to decides who may read it; without a patient that would be everybody signed in.
        raise Invalid("A Binary needs securityContext: the patient it belongs to.", where="Binary.securityContext")
    return patient


def _patient_named(kind: str, path: str, reference: dict[str, Any]) -> bytes | None:
    target = reference.get("reference")
    says_patient = reference.get("type") == "Patient"
    if not isinstance(target, str):
        if kind in _LISTS and not says_patient:
            return None
        raise Invalid(
            "This element decides whose record this is, so it needs a literal reference (Patient/<id>).", where=path
        )
    if target.startswith("#"):
        raise Invalid("A contained resource cannot be the patient; store the Patient on its own.", where=path)
    named = local(target)
    if named is None:
        raise Invalid("Not a reference into this vault (Patient/<id>).", where=f"{path}.reference")
    if named[0] != "Patient":
        if says_patient:
            raise Invalid("type says Patient, the reference does not.", where=f"{path}.type")
        return None
    if not STORED_ID.match(named[1]):
        raise Invalid("No patient of this vault has such an id.", where=f"{path}.reference")
    if bytes.fromhex(named[1]) == CLINIC:
        raise Invalid("No patient of this vault has such an id.", where=f"{path}.reference")
    return bytes.fromhex(named[1])

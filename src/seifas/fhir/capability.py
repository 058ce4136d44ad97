"""What the server says of itself: the CapabilityStatement and the SMART configuration. Both are made once, at start."""

from __future__ import annotations

from typing import Any

from seifas import __version__
from seifas.fhir import filters
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.json_text import write
from seifas.fhir.resources import NEVER_STORED, belongs_to_patient

_PATIENT_PARAMETERS = [
    ("_id", "token"), ("birthdate", "date"), ("email", "token"), ("family", "string"), ("gender", "token"),
    ("given", "string"), ("identifier", "token"), ("name", "string"), ("phone", "token"), ("telecom", "token"),
]  # fmt: skip
_CLINIC_TYPES = ("Organization", "Practitioner", "PractitionerRole", "Location", "HealthcareService")


def _parameters(kind: str) -> list[dict[str, str]]:
    if kind == "Patient":
        return [{"name": name, "type": form} for name, form in _PATIENT_PARAMETERS]
    found = [{"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"}]
    if belongs_to_patient(kind):
        found.append({"name": "patient", "type": "reference"})
    found += [{"name": name, "type": "token"} for name in sorted(filters.TOKENS)]
    found += [{"name": name, "type": "date"} for name in sorted(filters.DATES)]
    found += [{"name": name, "type": "reference"} for name in sorted(filters.REFERENCES)]
    if kind in _CLINIC_TYPES:
        found += [{"name": name, "type": "string"} for name in sorted(filters.STRINGS)]
    return found


def _resource(kind: str) -> dict[str, Any]:
    codes = ["read", "vread", "update", "create", "search-type"] + ([] if kind == "Patient" else ["delete"])
    resource: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": False,
        "conditionalCreate": kind in _CLINIC_TYPES,
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "logical", "local"],
        "searchParam": _parameters(kind),
    }
    if kind == "Patient":
        resource["operation"] = [
            {"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}
        ]
    return resource


def capability_statement(base: str, token_url: str) -> bytes:
    """The CapabilityStatement (kind: instance) of this server."""
    oauth = {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [{"url": "token", "valueUri": token_url}],
    }
    service = "http://terminology.hl7.org/CodeSystem/restful-security-service"
    return write(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": "2026-11-21",
            "kind": "instance",
            "software": {"name": "Seifas", "version": __version__},
            "implementation": {"description": "Seifas patient-record vault", "url": base},
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json", "json"],
            "rest": [
                {
                    "mode": "server",
                    "documentation": "Patients are found masked, at most 20 at once. Clinical searches name one "
                    "patient. A patient outside the caller's own work is opened with a reason (header Seifas-Reason). "
                    "Names belong into POST _search, not into addresses.",
                    "security": {
                        "extension": [oauth],
                        "cors": False,
                        "service": [{"coding": [{"system": service, "code": "SMART-on-FHIR"}]}],
                        "description": "SMART Backend Services (private_key_jwt); staff use the desk's session.",
                    },
                    "resource": [_resource(kind) for kind in sorted(RESOURCE_TYPES - NEVER_STORED)],
                    "interaction": [{"code": "transaction"}],
                }
            ],
        }
    )


def smart_configuration(base: str, token_url: str) -> bytes:
    """SMART App Launch 2.2, "Conformance": what Backend Services need, and no more."""
    return write(
        {
            "issuer": base,
            "token_endpoint": token_url,
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES384", "RS384"],
            "grant_types_supported": ["client_credentials"],
            "scopes_supported": ["system/*.cruds", "system/*.rs", "system/Patient.rs"],
            "capabilities": ["client-confidential-asymmetric", "permission-v2"],
        }
    )

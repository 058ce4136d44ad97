"""What the server says of itself: the CapabilityStatement and the SMART configuration. Both are made once, at start."""

from __future__ import annotations

import functools
from typing import Any

from seifas import __version__
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.derived_types import DERIVED
from seifas.fhir.json_text import write
from seifas.fhir.parameters import Parameter, parameters_of, targets
from seifas.fhir.references import LOOKED_UP
from seifas.fhir.resources import NEVER_STORED, OWNER, belongs_to_patient

_PATIENT_PARAMETERS = [
    ("_id", "token"), ("active", "token"), ("birthdate", "date"), ("email", "token"), ("family", "string"),
    ("gender", "token"), ("given", "string"), ("identifier", "token"), ("name", "string"), ("phone", "token"),
    ("telecom", "token"),
]  # fmt: skip
_WHOSE = ("patient", "subject")
_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition"
_OPERATIONS = {
    "": (("export", f"{_BULK}/export"),),
    "Group": (("export", f"{_BULK}/group-export"),),
    "Patient": (
        ("everything", "http://hl7.org/fhir/OperationDefinition/Patient-everything"),
        ("export", f"{_BULK}/patient-export"),
    ),
}
"""By type; without one: of the whole server. What an export here asks for besides stands in docs/fhir-content.md."""


def _parameters(kind: str) -> list[dict[str, str]]:
    if kind == "Patient":
        return [{"name": name, "type": form} for name, form in _PATIENT_PARAMETERS]
    found = [{"name": "_id", "type": "token"}, {"name": "_lastUpdated", "type": "date"}]
    if belongs_to_patient(kind):
        found += [{"name": name, "type": "reference"} for name in _WHOSE]
    found += [{"name": one.name, "type": one.form} for one in parameters_of(kind).values()]
    return found


def _interactions(kind: str) -> list[str]:
    own = DERIVED.get(kind)
    codes = ["read", "search-type"]
    if own is not None and not own.stored:
        written = (("create", own.create), ("update", own.update), ("delete", own.delete))
        return codes + [name for name, deed in written if deed is not None]
    codes += ["vread", "history-instance", "create", "update"]
    return codes + ([] if kind == "Patient" else ["delete"])


def _references(kind: str) -> list[Parameter]:
    return [one for one in parameters_of(kind).values() if one.form == "reference"]


@functools.cache
def _included_back() -> dict[str, list[str]]:
    """Type -> `Source:parameter` of every reference that may point at it, in the order of the sources."""
    found: dict[str, list[str]] = {}
    for source in sorted(RESOURCE_TYPES - NEVER_STORED):
        if source in OWNER:
            found.setdefault("Patient", []).append(f"{source}:patient")
        for parameter in _references(source):
            reach: frozenset[str] = frozenset().union(*(targets(source, path) for path in parameter.paths))
            for target in reach:
                found.setdefault(target, []).append(f"{source}:{parameter.name}")
    return found


def _operations(kind: str) -> list[dict[str, str]]:
    return [{"name": name, "definition": definition} for name, definition in _OPERATIONS[kind]]


def _resource(kind: str) -> dict[str, Any]:
    codes = _interactions(kind)
    own = DERIVED.get(kind)
    stored = own is None or own.stored
    resource: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in codes],
        "versioning": "versioned-update" if "update" in codes else "no-version",
        "readHistory": stored,
        "updateCreate": False,
        "conditionalCreate": kind in LOOKED_UP or (stored and belongs_to_patient(kind)),
        "conditionalRead": "not-match",
        "conditionalUpdate": False,
        "conditionalDelete": "not-supported",
        "referencePolicy": ["literal", "logical", "local"],
    }
    includes = [f"{kind}:{name}" for name in _WHOSE if kind in OWNER]
    includes += [f"{kind}:{one.name}" for one in _references(kind)]
    # Whatever is someone's has a Provenance, whose target may be of any type.
    back = _included_back().get(kind, []) + (["Provenance:target"] if belongs_to_patient(kind) else [])
    resource |= ({"searchInclude": includes} if includes else {}) | ({"searchRevInclude": back} if back else {})
    resource["searchParam"] = _parameters(kind)
    if kind in _OPERATIONS:
        resource["operation"] = _operations(kind)
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
                    "interaction": [{"code": "transaction"}, {"code": "batch"}],
                    "operation": _operations(""),
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

"""AuditEvents from the vault's own log, in the shape of IHE's Basic Audit Log Patterns (BALP 1.1): who did what to
whose record, with which outcome. Nobody writes one: the log is the keeper's.

Ids are `<line number>-<patient id>`. A line's subtype bears our own word for the deed beside FHIR's.
"""

from __future__ import annotations

import re
from typing import Any

from seifas.fhir.derived import Derived, Row, Session
from seifas.fhir.json_text import write
from seifas.fhir.provenance import agent_of
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient

DEED = "urn:seifas:deed"
_IDS = re.compile(r"(0|[1-9]\d{0,11})-([0-9a-f]{32})\Z")
_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_REST = "http://hl7.org/fhir/restful-interaction"
_PART = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
# deed -> AuditEvent.action and, where FHIR has a word for it, the interaction; all others execute something (E).
_DEEDS = {
    "open-card": ("R", "read"), "open-chart": ("R", "read"), "caller": ("R", "search-type"),
    "worklist-open": ("R", "read"), "break-glass": ("R", "read"), "photo-shown": ("R", "read"),
    "portal-view": ("R", "read"), "create": ("C", "create"), "import": ("C", "create"), "photo-kept": ("C", "create"),
    "update": ("U", "update"), "undo": ("U", "update"), "delete": ("D", "delete"),
}  # fmt: skip
# R4, audit-event-outcome: 0 success, 4 minor failure (refused), 8 serious failure (a bound stopped it).
_OUTCOMES = {0: "0", 1: "4", 2: "8"}


def _coding(system: str, code: str, display: str = "") -> dict[str, str]:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def _row(patient: str, fact: dict[str, Any]) -> Row:
    action, interaction = _DEEDS.get(fact["action"], ("E", ""))
    rest = _coding(_TYPE, "rest", "RESTful Operation")
    kind = rest if interaction else _coding(_DICOM, "110110", "Patient Record")
    ident = f"{fact['index']}-{patient}"
    at = instant(fact["wall_ms"])
    who = agent_of(fact) if fact["login"] else {"display": "the patient, or the vault itself"}
    role = _coding(_DICOM, "110153", "Source Role ID") if fact["program"] else _coding(_PART, "IRCP")
    entities = [
        {
            "what": {"reference": f"Patient/{patient}"},
            "type": _coding(_ENTITY, "1", "Person"),
            "role": _coding(_ROLE, "1", "Patient"),
        }
    ]
    entities += [
        {
            "what": {"reference": f"{name}/{one.hex()}"},
            "type": _coding(_ENTITY, "2", "System Object"),
            "role": _coding(_ROLE, "4", "Domain Resource"),
        }
        for name, one in fact["objects"]
        if name != "Patient"
    ]
    body = {
        "resourceType": "AuditEvent",
        "id": ident,
        "meta": {"versionId": "1", "lastUpdated": at},
        "type": kind,
        "subtype": [*([_coding(_REST, interaction)] if interaction else []), _coding(DEED, fact["action"])],
        "action": action,
        "recorded": at,
        "outcome": _OUTCOMES[fact["outcome"]],
        "agent": [
            {"type": {"coding": [role]}, "who": who, "requestor": True},
            {
                "type": {"coding": [_coding(_DICOM, "110152", "Destination Role ID")]},
                "who": {"display": "Seifas"},
                "requestor": False,
            },
        ],
        "source": {
            "observer": {"display": "Seifas"},
            "type": [_coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server")],
        },
        "entity": entities,
    }
    return {"type": "AuditEvent", "id": ident, "body": write(body), "version": 1, "updated_ms": fact["wall_ms"]}


async def _rows(client: KeeperClient, session: Session, patient: bytes) -> list[Row]:
    facts = await client.call("audit.events", session=session.token, patient=patient, reason=session.reason)
    return [_row(patient.hex(), fact) for fact in facts]


async def _one(client: KeeperClient, session: Session, ident: str) -> Row:
    match = _IDS.match(ident)
    assert match is not None
    facts = await client.call(
        "audit.events", session=session.token, patient=bytes.fromhex(match[2]), index=int(match[1]),
        reason=session.reason,
    )  # fmt: skip
    return _row(match[2], facts[0])


AUDIT_EVENT = Derived(ids=_IDS, rows=_rows, one=_one)

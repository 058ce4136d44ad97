"""Provenance of our own: who wrote which version of which resource, and when, as the vault holds it.

Ids are `<resource id>.<version>`, with a `d` after it for a deletion: stable, and nothing that would have to be kept.
What other systems send as Provenance (an import's) is stored beside it as it came.
"""

from __future__ import annotations

import re
from typing import Any

from seifas.errors import Missing
from seifas.fhir.derived import Derived, Row, Session
from seifas.fhir.json_text import write
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient

ACCOUNT = "urn:seifas:account"
_IDS = re.compile(r"([0-9a-f]{32})\.([1-9]\d{0,8})(d?)\Z")
_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_DEEDS = {"create": ("CREATE", "create"), "update": ("UPDATE", "revise"), "delete": ("DELETE", "delete")}


def agent_of(fact: dict[str, Any]) -> dict[str, Any]:
    """A Reference to whoever did it: the login of a person or program as an identifier, never a link to a resource."""
    if not fact["login"]:
        return {"display": "import"}
    who: dict[str, Any] = {"identifier": {"system": ACCOUNT, "value": fact["login"]}}
    return who | ({"display": fact["display"]} if fact["display"] else {})


def _row(fact: dict[str, Any]) -> Row:
    resource = f"{fact['type']}/{fact['id'].hex()}"
    ident = f"{fact['id'].hex()}.{fact['version']}{'d' if fact['deed'] == 'delete' else ''}"
    code, display = _DEEDS[fact["deed"]]
    role = "author" if fact["login"] and not fact["program"] else "assembler"
    at = instant(fact["at_ms"])
    body = {
        "resourceType": "Provenance",
        "id": ident,
        "meta": {"versionId": "1", "lastUpdated": at},
        "target": [{"reference": f"{resource}/_history/{fact['version']}"}],
        "occurredDateTime": at,
        "recorded": at,
        "activity": {"coding": [{"system": _OPERATION, "code": code, "display": display}]},
        "agent": [{"type": {"coding": [{"system": _PARTICIPANT, "code": role}]}, "who": agent_of(fact)}],
    }
    return {"type": "Provenance", "id": ident, "body": write(body), "version": 1, "updated_ms": fact["at_ms"]}


async def _rows(client: KeeperClient, session: Session, patient: bytes) -> list[Row]:
    facts = await client.call("record.writers", session=session.token, patient=patient, reason=session.reason)
    return [_row(fact) for fact in facts]


async def _one(client: KeeperClient, session: Session, ident: str) -> Row:
    match = _IDS.match(ident)
    assert match is not None
    facts = await client.call(
        "record.writers", session=session.token, id=bytes.fromhex(match[1]), reason=session.reason
    )
    for fact in facts:
        if fact["version"] == int(match[2]) and (fact["deed"] == "delete") is bool(match[3]):
            return _row(fact)
    raise Missing("there is no such record")


PROVENANCE = Derived(ids=_IDS, rows=_rows, one=_one, stored=True)

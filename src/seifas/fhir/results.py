"""Builds the Bundles that searches and $everything answer with. Stored bytes go in as they are, unparsed."""

from __future__ import annotations

import os
from typing import Any

import msgspec

from seifas.fhir.json_text import write

_OBSERVATION_VALUE = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
_SEX = {"m": "male", "f": "female", "o": "other", "u": "unknown"}


def entry(base: str, kind: str, id_hex: str, body: bytes, *, mode: str = "match") -> dict[str, Any]:
    """One entry of a searchset."""
    return {"fullUrl": f"{base}/{kind}/{id_hex}", "resource": msgspec.Raw(body), "search": {"mode": mode}}


def searchset(entries: list[dict[str, Any]], links: list[tuple[str, str]], *, total: int | None = None) -> bytes:
    """A searchset Bundle. `links` are (relation, url); `total` is left out where a count would be an answer itself."""
    bundle: dict[str, Any] = {"resourceType": "Bundle", "id": os.urandom(16).hex(), "type": "searchset"}
    if total is not None:
        bundle["total"] = total
    bundle["link"] = [{"relation": relation, "url": url} for relation, url in links]
    if entries:
        bundle["entry"] = entries
    return write(bundle)


def masked_patient(hit: dict[str, Any]) -> bytes:
    """A search hit as a Patient that says it is masked: typed letters and initials, birth year, end of the phone."""
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": hit["patient"].hex(),
        "meta": {
            "security": [{"system": _OBSERVATION_VALUE, "code": "MASKED"}],
            "tag": [{"system": _OBSERVATION_VALUE, "code": "SUBSETTED"}],
        },
        "name": [{"text": f"{hit['label']} {hit['initial']}".strip() or "…"}],
    }
    if hit["phone_tail"]:
        patient["telecom"] = [{"system": "phone", "value": f"…{hit['phone_tail']}"}]
    patient["gender"] = _SEX.get(hit["sex"], "unknown")
    if hit["year"]:
        patient["birthDate"] = hit["year"]
    return write(patient)

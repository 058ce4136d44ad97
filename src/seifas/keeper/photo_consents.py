"""Reads from a FHIR Consent whether it permits one use of one photo: these bytes, this purpose, today.

    {"resourceType": "Consent", "status": "active", "patient": {"reference": "Patient/<id>"}, ...,
     "provision": {"type": "permit", "code": [{"coding": [{"code": "publication"}]}], "period": {"end": "2027-01-01"},
       "data": [{"meaning": "instance",
                 "reference": {"reference": "Media/<id>", "identifier": {"value": "<SHA-256 of the original, hex>"}}}]}}

A permit may also stand among the provisions of a provision. A denial of the same use, of this photo or of all, wins
over any permit, wherever it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


def permits(body: bytes, *, patient: bytes, photo: bytes, sha256: bytes, use: str, day: str) -> bool:
    """Whether the consent permits `use` ("teaching", "publication") of the photo with these bytes on `day` (ISO)."""
    try:
        consent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(consent, Mapping) or consent.get("resourceType") != "Consent":
        return False
    if consent.get("status") != "active" or _reference(consent.get("patient")) != f"Patient/{patient.hex()}":
        return False
    found = False
    for provision in _provisions(consent.get("provision"), 0):
        if use not in _codes(provision):
            continue
        named = list(_data(provision))
        about = [one for one in named if _reference(one) == f"Media/{photo.hex()}"]
        if provision.get("type") == "deny" and (about or not named):
            return False
        if provision.get("type") == "permit" and _in_period(provision, day):
            found = found or any(_bytes_named(one) == sha256.hex() for one in about)
    return found


def _provisions(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, Mapping) or depth > 4:
        return
    yield value
    inner = value.get("provision")
    for one in inner if isinstance(inner, list) else ():
        yield from _provisions(one, depth + 1)


def _codes(provision: Mapping[str, Any]) -> set[str]:
    found = set()
    for concept in _listed(provision.get("code")):
        for coding in _listed(concept.get("coding")):
            code = coding.get("code")
            if isinstance(code, str):
                found.add(code)
    return found


def _data(provision: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for one in _listed(provision.get("data")):
        reference = one.get("reference")
        if isinstance(reference, Mapping):
            yield reference


def _listed(value: object) -> Iterator[Mapping[str, Any]]:
    return (one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else iter(())


def _reference(value: object) -> str:
    named = value.get("reference") if isinstance(value, Mapping) else None
    return named if isinstance(named, str) else ""


def _bytes_named(reference: Mapping[str, Any]) -> str:
    identifier = reference.get("identifier")
    value = identifier.get("value") if isinstance(identifier, Mapping) else None
    return value.lower() if isinstance(value, str) else ""


def _in_period(provision: Mapping[str, Any], day: str) -> bool:
    """A period without a beginning or an end is open there; what is no date permits nothing."""
    period = provision.get("period")
    if period is None:
        return True
    if not isinstance(period, Mapping):
        return False
    start, end = period.get("start", "0000"), period.get("end", "9999")
    if not isinstance(start, str) or not isinstance(end, str) or len(start) < 4 or len(end) < 4:
        return False
    # Partial dates (2027, 2027-03) cover all of their days: compared by as many letters as they have.
    return start[:10] <= day[: len(start[:10])] and day[: len(end[:10])] <= end[:10]

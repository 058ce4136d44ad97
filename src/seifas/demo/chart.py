"""FHIR R4 resources as JSON text, filled into templates: a tenth of the cost of building and dumping dictionaries.

Texts come from the package's own tables, which hold nothing that JSON would escape; no outside text passes here.
Every resource is tagged as synthetic, so that no copy of a demo can be taken for a real clinic's records.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from seifas.demo.days import Moment

SYNTHETIC_SYSTEM = "urn:seifas:demo"
SYNTHETIC_CODE = "synthetic"
_TAG = f'"tag":[{{"system":"{SYNTHETIC_SYSTEM}","code":"{SYNTHETIC_CODE}"}}]'
# HTEST: HL7's own label for test health data. It goes on people and the clinic; on every visit's resources it would
# push a third of them into the next size class.
_HTEST = '"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}],'
_LABELLED = frozenset(("Patient", "RelatedPerson", "Organization", "Practitioner", "PractitionerRole"))


class Resource(msgspec.Struct, frozen=True):
    """`body` is the final JSON in UTF-8; `id` (32 hex characters), `type` and `updated_ms` repeat what it says."""

    type: str
    id: str
    updated_ms: int
    body: bytes


class PatientFile(msgspec.Struct, frozen=True):
    """Everything about one patient. The first resource is the Patient, whose id is `id`; versions are all 1."""

    id: str
    resources: tuple[Resource, ...]


def resource(kind: str, ident: str, at: Moment, body: str) -> Resource:
    """`body` is what follows `meta`, without the closing brace."""
    label = _HTEST if kind in _LABELLED else ""
    text = (
        f'{{"resourceType":"{kind}","id":"{ident}",'
        f'"meta":{{"versionId":"1","lastUpdated":"{at.text}",{label}{_TAG}}},{body}}}'
    )
    return Resource(type=kind, id=ident, updated_ms=at.ms, body=text.encode())


def reference(kind: str, ident: str) -> str:
    return f'{{"reference":"{kind}/{ident}"}}'


def concept(system: str, code: str, display: str, text: str) -> str:
    """A CodeableConcept with one coding."""
    return f'{{"coding":[{{"system":"{system}","code":"{code}","display":"{display}"}}],"text":"{text}"}}'


class Chart:
    """The growing file of one patient: hands out ids and collects resources in order."""

    def __init__(self, patient: str, ids: Iterator[str]) -> None:
        self.patient = patient
        self.subject = reference("Patient", patient)
        self.resources: list[Resource] = []
        self.newest = Moment(ms=0, text="")
        self._ids = ids

    def next_id(self) -> str:
        return next(self._ids)

    def add(self, kind: str, at: Moment, body: str, ident: str = "") -> str:
        """Files a resource and returns its id, which is `ident` where others already point to it."""
        ident = ident or next(self._ids)
        self.resources.append(resource(kind, ident, at, body))
        if at.ms > self.newest.ms:
            self.newest = at
        return ident

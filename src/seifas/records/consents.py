"""Consents as FHIR R4: to a treatment, by a form that was read and signed; to one use of one photo; on paper.

A consent names the very text that was signed (template, version, SHA-256) and, for a photo, its very bytes: another
text or another picture is not what was consented to. One Consent is for one thing, so each can be withdrawn alone.
Pure.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from seifas.errors import Invalid, Missing
from seifas.records import codes
from seifas.records.plain import Resource, code_of, items, target, word

USES: Final = ("treatment", "teaching", "publication")
"""What a photo may be used for. The first needs no publication, the others get a copy under a key of its own."""

USE_SYSTEM: Final = "urn:seifas:photo-use"
HASH_SYSTEM: Final = "urn:seifas:sha256"
MOST_CAPTION: Final = 50  # letters in each language
PAIR_LETTERS: Final = 12
_CAPTION = re.compile(r"([^|]*)\|([^|]*)\|(?:([0-9a-f]{12})([ba]))?\Z")
_POLICY = re.compile(r"(.*) · v(\d{1,6}) · sha256:([0-9a-f]{64})\Z", re.DOTALL)
_SCOPE: Final = f"{codes.HL7}/consentscope"


class Text(msgspec.Struct, frozen=True):
    """What was signed: a template's title, version, language and digest (SHA-256 in hex)."""

    title: str
    version: int
    digest: str
    language: str

    @property
    def policy(self) -> str:
        """How a Consent names it."""
        return f"{self.title} · v{self.version} · sha256:{self.digest}"


class Signing(msgspec.Struct, frozen=True):
    """Who signed what and when. `patient` 32 hex; `at` a FHIR dateTime with its offset; `signer` the name as signed;
    `relation` "" where the patient signed; `by` the member of staff who was there."""

    patient: str
    at: str
    signer: str
    relation: str
    by: str
    text: Text


class PhotoUse(msgspec.Struct, frozen=True):
    """One use of one photo: its id (32 hex), the SHA-256 of its bytes (hex), one of USES."""

    photo: str
    sha256: str
    use: str


class Line(msgspec.Struct, frozen=True):
    """A consent as a list shows it. `kind` is treatment, photo, paper or other; `status` FHIR's; `document` the id of
    the DocumentReference or ""."""

    id: str
    version: int
    kind: str
    status: str
    title: str
    at: str
    signer: str
    document: str
    digest: str = ""
    photo: str = ""
    use: str = ""
    until: str = ""

    @property
    def active(self) -> bool:
        return self.status == "active"


def treatment(signing: Signing, document: str) -> Resource:
    """Consent to a treatment, by the form whose PDF is `document`."""
    return _consent(signing, document, "treatment") | {"provision": {"type": "permit"}}


def photo(signing: Signing, document: str, use: PhotoUse, *, until: str = "") -> Resource:
    """Consent to one use of one photo; `until` an ISO date or "". Raises Invalid for a use that is none."""
    if use.use not in USES:
        raise Invalid("A photo is used for treatment, teaching or publication.", where="use")
    provision: Resource = {"type": "permit"}
    if until:
        provision["period"] = {"end": until}
    provision["code"] = [{"coding": [{"system": USE_SYSTEM, "code": use.use}]}]
    provision["data"] = [{
        "meaning": "instance",
        "reference": {
            "reference": f"Media/{use.photo}", "identifier": {"system": HASH_SYSTEM, "value": use.sha256},
        },
    }]
    return _consent(signing, document, "patient-privacy") | {"provision": provision}


def paper(patient: str, at: str, title: str, signed: str, document: str) -> Resource:
    """A consent that was signed on paper on the day `signed` (ISO); its scan is `document`."""
    return {
        "resourceType": "Consent", "status": "active", "scope": _scope("treatment"), "category": [_CATEGORY],
        "patient": {"reference": f"Patient/{patient}"}, "dateTime": signed or at,
        "sourceReference": {"reference": f"DocumentReference/{document}"},
        "policyRule": {"text": title},
    }


_CATEGORY: Final[Resource] = {
    "coding": [{"system": codes.LOINC, "code": "59284-0", "display": "Patient Consent"}], "text": "Paciento sutikimas",
}


def _scope(code: str) -> Resource:
    return {"coding": [{"system": _SCOPE, "code": code}]}


def _consent(signing: Signing, document: str, scope: str) -> Resource:
    own = {"reference": f"Patient/{signing.patient}"}
    signer = f"{signing.signer} ({signing.relation})" if signing.relation else signing.signer
    who = {"display": signer} if signing.relation else own | {"display": signer}
    return {
        "resourceType": "Consent", "status": "active", "scope": _scope(scope), "category": [_CATEGORY],
        "patient": own, "dateTime": signing.at, "performer": [who],
        "sourceReference": {"reference": f"DocumentReference/{document}"},
        "policyRule": {"text": signing.text.policy},
        "verification": [{"verified": True, "verificationDate": signing.at}],
    }


def document(
    patient: str, at: str, by: str, title: str, binary: str, body: bytes, kind: str, *, strokes: bytes = b""
) -> Resource:
    """The DocumentReference of a signed form or a scan, whose bytes are Binary/`binary`. `strokes` are the signature's
    pen strokes as they were made (JSON), kept as evidence beside the picture of them."""
    files = [{"attachment": _attachment(kind, title, body) | {"url": f"Binary/{binary}"}}]
    if strokes:
        data = {"data": base64.b64encode(strokes).decode("ascii")}
        files.append({"attachment": _attachment("application/json", "signature", strokes) | data})
    return {
        "resourceType": "DocumentReference", "status": "current",
        "type": {"coding": _CATEGORY["coding"], "text": title},
        "subject": {"reference": f"Patient/{patient}"}, "date": at, "author": [{"display": by}],
        "content": files,
    }


def _attachment(kind: str, title: str, body: bytes) -> Resource:
    # R4 has SHA-1 here and nothing else; that the bytes are those that were stored the vault's own hashes say.
    sha1 = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode("ascii")
    return {"contentType": kind, "title": title, "size": len(body), "hash": sha1}


def binary(patient: str, body: bytes, kind: str) -> Resource:
    """The bytes of a document, in the patient's compartment."""
    return {
        "resourceType": "Binary", "contentType": kind, "securityContext": {"reference": f"Patient/{patient}"},
        "data": base64.b64encode(body).decode("ascii"),
    }


def bytes_of(resource: Resource) -> tuple[str, bytes]:
    """(content type, bytes) of a Binary. Raises Invalid, and Missing for a picture that the keeper holds back."""
    if "data" not in resource:
        raise Missing("there is no such document")
    try:
        return word(resource.get("contentType")), base64.b64decode(word(resource.get("data")), validate=True)
    except ValueError:
        raise Invalid("The document cannot be read.", where="data") from None


def binary_of(resource: Resource) -> str:
    """The id of the Binary of a DocumentReference, "" where there is none in this vault."""
    for one in items(resource.get("content")):
        attachment = one.get("attachment")
        found = word(attachment.get("url")) if isinstance(attachment, dict) else ""
        if re.fullmatch(r"Binary/[0-9a-f]{32}", found):
            return found.removeprefix("Binary/")
    return ""


def lines(resources: Iterable[Resource], versions: dict[str, int]) -> list[Line]:
    """The consents among resources, newest first."""
    found = [_line(one, versions.get(word(one.get("id")), 0)) for one in resources
             if one.get("resourceType") == "Consent"]
    return sorted(found, key=lambda one: (one.at, one.id), reverse=True)


def _line(consent: Resource, version: int) -> Line:
    provision = consent.get("provision")
    provision = provision if isinstance(provision, dict) else {}
    named, use = _named(provision), next(
        (code for code in (code_of(one) for one in items(provision.get("code"))) if code in USES), ""
    )
    rule = consent.get("policyRule")
    policy = word(rule.get("text")) if isinstance(rule, dict) else ""
    signed = _POLICY.match(policy)
    period = provision.get("period")
    if named and use:
        kind = "photo"
    elif signed is not None:
        kind = "treatment"
    else:
        kind = "paper" if consent.get("sourceReference") else "other"
    performers = items(consent.get("performer"))
    return Line(
        id=word(consent.get("id")), version=version, kind=kind, status=word(consent.get("status")),
        title=signed[1] if signed is not None else policy,
        at=word(consent.get("dateTime")), signer=word(performers[0].get("display")) if performers else "",
        document=target(consent.get("sourceReference"), "DocumentReference"),
        digest=signed[3] if signed is not None else "", photo=named, use=use,
        until=word(period.get("end")) if isinstance(period, dict) else "",
    )


def _named(provision: Resource) -> str:
    for one in items(provision.get("data")):
        found = target(one.get("reference"), "Media")
        if found:
            return found
    return ""


# -- captions: a published photo carries its words in both languages and its place in a pair, in one short line


def caption_of(lithuanian: str, english: str, *, pair: str = "", side: str = "") -> str:
    """The caption that publication.make takes. `pair` is PAIR_LETTERS hex letters that two photos share, `side` is
    before or after. Raises Invalid."""
    parts = [" ".join(one.replace("|", "/").split()) for one in (lithuanian, english)]
    if any(len(one) > MOST_CAPTION for one in parts):
        raise Invalid(f"A caption has at most {MOST_CAPTION} letters in each language.", where="caption")
    mark = f"{pair}{side[:1]}" if pair and side in ("before", "after") else ""
    return f"{parts[0]}|{parts[1]}|{mark}"


def caption_read(caption: str) -> tuple[dict[str, str], str, str]:
    """({"lt": …, "en": …}, pair, side) of a caption; any other text is the caption in every language."""
    found = _CAPTION.match(caption)
    if found is None:
        return {"lt": caption, "en": caption}, "", ""
    lithuanian, english = found[1] or found[2], found[2] or found[1]
    return {"lt": lithuanian, "en": english}, found[3] or "", {"b": "before", "a": "after"}.get(found[4] or "", "")

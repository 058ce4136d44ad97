"""The clinic's photos in FHIR: a DocumentReference for each beside its Media, and Binary for its renditions.

FHIR R5 has no Media; whoever reads both finds the same photo under the same id. What a Binary of a rendition holds is
made by the darkroom at that moment: marked for this session and view, without metadata, never the original.
"""

from __future__ import annotations

import base64
import functools
import re
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.darkroom.client import DarkroomClient
from seifas.errors import Missing, Unavailable
from seifas.fhir.derived import Derived, Row, Session
from seifas.fhir.json_text import write
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient

RENDITIONS: Final = ("screen", "full", "thumb")
"""Attachments of a photo's DocumentReference, the one that most want first."""

KIND: Final = "image/jpeg"
_IDS: Final = re.compile(r"[0-9a-f]{32}\Z")
_RENDITION_IDS: Final = re.compile(rf"([0-9a-f]{{32}})-({'|'.join(RENDITIONS)})\Z")
_TYPE: Final = {"coding": [{"system": "http://loinc.org", "code": "72170-4", "display": "Photographic image"}]}
_CATEGORY: Final = {"coding": [{"system": "urn:seifas:document", "code": "photo"}]}


def document(told: dict[str, Any]) -> Row:
    """The DocumentReference of one photo out of what the keeper tells of it (op record.photos)."""
    media: dict[str, Any] = msgspec.json.decode(told["media"])
    ident = told["photo"].hex()
    said = [_words(media.get(name)) for name in ("view", "bodySite")]
    body: dict[str, Any] = {
        "resourceType": "DocumentReference", "id": ident,
        "meta": {"versionId": str(told["version"]), "lastUpdated": instant(told["updated_ms"])},
        "status": "entered-in-error" if media.get("status") == "entered-in-error" else "current",
        "type": _TYPE, "category": [_CATEGORY], "subject": media.get("subject"), "date": instant(told["updated_ms"]),
    }  # fmt: skip
    if any(said):
        body["description"] = ", ".join(filter(None, said))
    created = {"creation": media["createdDateTime"]} if isinstance(media.get("createdDateTime"), str) else {}
    body["content"] = [
        {"attachment": {"contentType": KIND, "url": f"Binary/{ident}-{one}", "title": one, **created}}
        for one in RENDITIONS
    ]
    body["context"] = {"related": [{"reference": f"Media/{ident}"}]}
    return {
        "type": "DocumentReference", "id": ident, "body": write(body), "version": told["version"],
        "updated_ms": told["updated_ms"],
    }


def _words(concept: object) -> str:
    text = concept.get("text") if isinstance(concept, dict) else None
    return text if isinstance(text, str) else ""


async def _documents(client: KeeperClient, session: Session, patient: bytes) -> list[Row]:
    told = await client.call("record.photos", session=session.token, patient=patient, reason=session.reason)
    return [document(one) for one in told]


async def _document(client: KeeperClient, session: Session, ident: str) -> Row:
    told = await client.call(
        "record.photo", session=session.token, photo=bytes.fromhex(ident), reason=session.reason
    )
    return document(told)


async def shown(client: KeeperClient, session: Session, ident: str) -> tuple[dict[str, Any], bytes]:
    """(what the keeper tells of it, the marked JPEG) of a rendition `<photo>-<rendition>`. The line is durable before
    the darkroom opens anything. Raises Missing, and what opening a chart's photos raises."""
    named = _RENDITION_IDS.match(ident)
    if named is None:
        raise Missing("there is no such record")
    told: dict[str, Any] = await client.call(
        "record.picture", session=session.token, photo=bytes.fromhex(named[1]), rendition=named[2],
        reason=session.reason,
    )  # fmt: skip
    picture = await _darkroom(client.path).show(told["ticket"])
    if picture["kind"] != KIND:
        raise Unavailable("the darkroom answered with something that is no picture")
    return told, picture["body"]


@functools.lru_cache(maxsize=8)
def _darkroom(keeper: str) -> DarkroomClient:
    """The darkroom beside the keeper at this socket; one connection a process."""
    return DarkroomClient(Path(keeper).with_name("pictures.sock"))


async def _binary(client: KeeperClient, session: Session, ident: str) -> Row:
    told, picture = await shown(client, session, ident)
    body = write({
        "resourceType": "Binary", "id": ident,
        "meta": {"versionId": str(told["version"]), "lastUpdated": instant(told["updated_ms"])},
        "contentType": KIND, "securityContext": {"reference": f"Patient/{told['patient'].hex()}"},
        "data": base64.b64encode(picture).decode("ascii"),
    })  # fmt: skip
    return {
        "type": "Binary", "id": ident, "body": body, "version": told["version"], "updated_ms": told["updated_ms"],
    }


async def _none(client: KeeperClient, session: Session, patient: bytes) -> list[Row]:
    """A search lists documents; pictures are fetched one by one, each with its line."""
    return []


DOCUMENTS: Final = Derived(ids=_IDS, rows=_documents, one=_document, stored=True)
BINARIES: Final = Derived(ids=_RENDITION_IDS, rows=_none, one=_binary, stored=True)

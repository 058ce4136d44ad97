"""Binary in its own form: read as the bytes that it holds, created from bytes, as R4 says ("Binary", 2.36.4).

Whoever asks for a FHIR format gets the resource. Bytes go out as a file to be kept, never as a page: what is in them
strangers may have written. A Binary always belongs to a patient: raw bytes name it in X-Security-Context.
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Refused
from seifas.fhir.exchange import GUARDS, Exchange, Headers
from seifas.fhir.negotiation import version_headers
from seifas.fhir.outcomes import NotSupported

FHIR_KINDS: Final = frozenset({
    "application/fhir+json", "application/json", "application/json+fhir", "text/json", "json",
})  # fmt: skip
SECURITY_CONTEXT: Final = b"x-security-context"
_KIND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+\-]{0,63}\Z")
# What browsers would run, were it ever shown: given out as mere bytes.
_SAFE: Final = re.compile(r"(image/(jpeg|png|webp|heic)|application/(pdf|json|dicom)|text/plain)\Z")
_GUARDS: Final[Headers] = [
    *((name, value) for name, value in GUARDS if name != b"content-security-policy"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"content-disposition", b"attachment"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


def wants_bytes(exchange: Exchange) -> bool:
    """Whether a reader of a Binary asks for its bytes: by naming a form that is not FHIR's before any that is."""
    if b"_format" in exchange.query:
        return False
    first = exchange.header(b"accept").partition(",")[0].partition(";")[0].strip().lower()
    return bool(first) and first not in FHIR_KINDS and "*" not in first


def sends_bytes(exchange: Exchange) -> bool:
    """Whether a creator of a Binary sends its bytes instead of a resource."""
    kind = exchange.header(b"content-type").partition(";")[0].strip().lower()
    return bool(kind) and kind not in FHIR_KINDS


def resource_of(exchange: Exchange, body: bytes) -> dict[str, Any]:
    """The Binary that raw bytes become. Raises Invalid for an unreadable Content-Type or without a patient."""
    if exchange.header(b"content-encoding").strip().lower() not in ("", "identity"):
        raise NotSupported("Send the body as it is, without Content-Encoding.", status=415)
    kind = exchange.header(b"content-type").partition(";")[0].strip().lower()
    if _KIND.match(kind) is None:
        raise Invalid("Content-Type is no media type.", where="Binary.contentType")
    patient = exchange.header(SECURITY_CONTEXT).strip()
    if not patient:
        raise Invalid("A Binary needs X-Security-Context: Patient/<id>.", where="Binary.securityContext")
    return {
        "resourceType": "Binary", "contentType": kind, "securityContext": {"reference": patient},
        "data": base64.b64encode(body).decode("ascii"),
    }


async def answer_bytes(exchange: Exchange, record: dict[str, Any]) -> None:
    """Answers with what a Binary holds. Raises Refused for a picture, which the keeper holds back, and Invalid."""
    resource = msgspec.json.decode(record["body"])
    if "data" not in resource and "_data" in resource:
        raise Refused("a picture inside a record is not given out; photos are shown beside their Media", where="Binary")
    kind, data = resource.get("contentType", ""), resource.get("data", "")
    try:
        body = base64.b64decode(data, validate=True)
    except (ValueError, TypeError):
        raise Invalid("This Binary holds no bytes.", where="Binary.data") from None
    said = kind if isinstance(kind, str) and _SAFE.match(kind) else "application/octet-stream"
    headers = [(b"content-type", said.encode("ascii")), *_GUARDS]
    await exchange.answer(200, body, [*headers, *version_headers(record["version"], record["updated_ms"])])

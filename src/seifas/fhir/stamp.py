"""Gives a resource its id, version and time, and nothing else: what remains is stored as it was received.

`resourceType`, `id` and `meta` stand first; all other elements keep their order.
"""

from __future__ import annotations

import datetime
from typing import Any

from seifas.fhir.definitions import shape
from seifas.fhir.json_text import write
from seifas.fhir.resources import SOURCE_ID


def instant(ms: int) -> str:
    """A FHIR instant in UTC of milliseconds since the epoch."""
    seconds, rest = divmod(ms, 1000)
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def stamped(resource: dict[str, Any], *, id_hex: str, version: int, updated_ms: int) -> dict[str, Any]:
    """The resource with server-side id, meta.versionId and meta.lastUpdated; other parts of meta stay."""
    kept = resource.get("meta")
    meta: dict[str, Any] = {"versionId": str(version), "lastUpdated": instant(updated_ms)}
    if isinstance(kept, dict):
        meta.update({key: value for key, value in kept.items() if key.lstrip("_") not in ("versionId", "lastUpdated")})
    head = {"resourceType": resource["resourceType"], "id": id_hex, "meta": meta}
    return head | {key: value for key, value in resource.items() if key not in head and key != "_id"}


def body(resource: dict[str, Any], *, id_hex: str, version: int, updated_ms: int) -> bytes:
    """`stamped` as the bytes that are stored and later returned untouched."""
    return write(stamped(resource, id_hex=id_hex, version=version, updated_ms=updated_ms))


def keep_source_id(resource: dict[str, Any]) -> dict[str, Any]:
    """A client's own id becomes an identifier (or, where the type has none free, a tag): the id itself is ours."""
    source = resource.get("id")
    if not isinstance(source, str):
        return resource
    kind = resource["resourceType"]
    rest = {key: value for key, value in resource.items() if key not in ("id", "_id")}
    identifier = {"system": SOURCE_ID, "value": source}
    field = shape(kind).fields.get("identifier")
    if field is not None and field.kind == "Identifier" and field.many:
        present = rest.get("identifier", [])
        same = [one for one in present if one.get("system") == SOURCE_ID and one.get("value") == source]
        return rest | {"identifier": present if same else [*present, identifier]}
    if field is not None and field.kind == "Identifier" and "identifier" not in rest:
        return rest | {"identifier": identifier}
    meta = rest.get("meta", {})
    return rest | {"meta": meta | {"tag": [*meta.get("tag", []), {"system": SOURCE_ID, "code": source}]}}

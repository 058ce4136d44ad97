"""`_history` of one resource: every version, newest first. Of a deleted one the versions are told of and not shown."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.fhir import filters
from seifas.fhir.derived import Session
from seifas.fhir.inside import MOST_PAGE, whole_number
from seifas.fhir.json_text import write
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.resources import STORED_ID
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient

Pairs = list[tuple[str, str]]


async def history_of(client: KeeperClient, session: Session, base: str, kind: str, ident: str, pairs: Pairs) -> bytes:
    """The history Bundle of `kind/ident`. Parameters: `_count`, `_offset` (of its own links), `_since`."""
    page, start, since = MOST_PAGE, 0, ""
    for name, value in pairs:
        if name == "_count":
            page = whole_number(value, "_count", MOST_PAGE)
        elif name == "_offset":
            start = whole_number(value, "_offset", 10**8)
        elif name == "_since":
            since = value
        elif name not in ("_format", "_pretty"):
            raise NotSupported("_history takes _count and _since.")
    after = filters.updated_test(f"ge{since}") if since else None
    if STORED_ID.match(ident) is None:
        await client.call("session.who", session=session.token)
        raise Missing("there is no such record")
    told = await client.call(
        "record.history", session=session.token, type=kind, id=bytes.fromhex(ident), reason=session.reason
    )
    name = f"{kind}/{ident}"
    entries: list[dict[str, Any]] = []
    if told["deleted_ms"] and (after is None or after(told["deleted_ms"])):
        entries.append({
            "fullUrl": f"{base}/{name}", "request": {"method": "DELETE", "url": name},
            "response": {"status": "204 No Content", "lastModified": instant(told["deleted_ms"])},
        })  # fmt: skip
    for one in told["versions"]:
        if after is not None and not after(one["updated_ms"]):
            continue
        first = one["version"] == 1
        entry: dict[str, Any] = {"fullUrl": f"{base}/{name}"}
        if one["body"]:
            entry["resource"] = msgspec.Raw(one["body"])
        status = ("201 Created" if first else "200 OK") if one["body"] else "410 Gone"
        entry["request"] = {"method": "POST", "url": kind} if first else {"method": "PUT", "url": name}
        entry["response"] = {
            "status": status, "etag": f'W/"{one["version"]}"', "lastModified": instant(one["updated_ms"]),
        }  # fmt: skip
        entries.append(entry)
    links = [{"relation": "self", "url": f"{base}/{name}/_history"}]
    if start + page < len(entries) and page:
        again = f"_count={page}&_offset={start + page}"
        links.append({"relation": "next", "url": f"{base}/{name}/_history?{again}"})
    bundle = {"resourceType": "Bundle", "type": "history", "total": len(entries), "link": links}
    shown = entries[start : start + page]
    return write(bundle | ({"entry": shown} if shown else {}))

"""Carries out a transaction Bundle: look-ups, versions and reads first, then one write that the keeper takes whole."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing
from seifas.fhir.bundle import Change, Draft, Plan, plan, read_bundle
from seifas.fhir.json_text import write
from seifas.fhir.references import condition
from seifas.fhir.resources import CLINIC, patient_of
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient
from seifas.settings import Sizes

# Parsing and checking take about 35 µs a KiB: above this they would hold up other requests, so a thread does them.
THREAD_FROM = 128 * 1024


class Session(msgspec.Struct, frozen=True):
    """In whose name, and why."""

    token: str
    reason: str


async def find_conditions(client: KeeperClient, session: Session, wanted: tuple[str, ...]) -> dict[str, str]:
    """condition -> `Type/id`, looked up among the clinic's own resources. What is not found is left out.

    Raises Invalid where a condition fits several.
    """
    found: dict[str, str] = {}
    stored: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for text in wanted:
        look = condition(text, where=text.partition("?")[0])
        if look.kind not in stored:
            try:
                rows = await client.call(
                    "record.list", session=session.token, patient=CLINIC, types=[look.kind], reason=session.reason
                )
            except Missing:
                rows = []
            stored[look.kind] = [(row["id"].hex(), msgspec.json.decode(row["body"])) for row in rows]
        fitting = [ident for ident, resource in stored[look.kind] if look.matches(resource)]
        if len(fitting) > 1:
            raise Invalid(f"The condition fits several resources of type {look.kind}.")
        if fitting:
            found[text] = f"{look.kind}/{fitting[0]}"
    return found


def for_keeper(change: Change, patient: bytes) -> dict[str, Any]:
    """A change as the keeper's op takes it."""
    return {
        "op": change.op, "type": change.type, "id": change.id, "patient": patient, "expect": change.expect,
        "body": change.body,
    }  # fmt: skip


async def owner_of(client: KeeperClient, session: Session, kind: str, ident: bytes) -> tuple[bytes, int]:
    """(patient, version) of a stored resource, for its deletion. Costs what reading costs."""
    record = await client.call("record.read", session=session.token, type=kind, id=ident, reason=session.reason)
    return patient_of(msgspec.json.decode(record["body"]), own_id=ident), record["version"]


async def execute(
    client: KeeperClient, session: Session, raw: bytes, base: str, sizes: Sizes, *, bodies: bool
) -> bytes:
    """All of the transaction or nothing; the transaction-response Bundle. `bodies`: with the resources as stored."""
    large = len(raw) > THREAD_FROM
    limit = sizes.bundle_bytes
    draft: Draft = await asyncio.to_thread(read_bundle, raw, limit=limit) if large else read_bundle(raw, limit=limit)
    known = await find_conditions(client, session, draft.outside)
    versions: dict[tuple[str, str], int] = {}
    owners: dict[tuple[str, str], bytes] = {}
    for number, entry in enumerate(draft.entries):
        if entry.op == "delete" and entry.type == "Patient":
            where = f"Bundle.entry[{number}]"
            raise Invalid("A patient is not deleted but erased; the officer does that.", where=where)
    for kind, ident in draft.versions_needed:
        with _named(draft, kind, ident):
            owners[kind, ident], versions[kind, ident] = await owner_of(client, session, kind, bytes.fromhex(ident))
    for entry in draft.entries:
        if entry.op == "delete" and (entry.type, entry.id) not in owners:
            with _named(draft, entry.type, entry.id):
                owners[entry.type, entry.id], _ = await owner_of(client, session, entry.type, bytes.fromhex(entry.id))
    seen: dict[str, dict[str, Any]] = {}
    for entry in draft.entries:
        if entry.op == "read":
            with _named(draft, entry.type, entry.id):
                seen[f"{entry.type}/{entry.id}"] = await client.call(
                    "record.read", session=session.token, type=entry.type, id=bytes.fromhex(entry.id),
                    reason=session.reason,
                )  # fmt: skip
    build = functools.partial(plan, draft, known=known, versions=versions, limit=sizes.resource_bytes)
    made: Plan = await asyncio.to_thread(build) if large else build()
    results: list[dict[str, Any]] = []
    if made.changes:
        changes = [
            for_keeper(one, one.patient if one.patient is not None else owners[one.type, one.id.hex()])
            for one in made.changes
        ]
        try:
            results = await client.call("record.write", session=session.token, changes=changes, reason=session.reason)
        except Conflict as error:
            kind, _, ident = error.where.partition("/")
            raise Conflict(error.message, where=_place(draft, kind, ident) or error.where) from None
    return _response(made, results, seen, base, bodies=bodies)


def _place(draft: Draft, kind: str, ident: str) -> str:
    """The entry that names this resource: Bundle.entry[3], or ""."""
    numbers = (number for number, entry in enumerate(draft.entries) if (entry.type, entry.id) == (kind, ident))
    return next((f"Bundle.entry[{number}]" for number in numbers), "")


@contextlib.contextmanager
def _named(draft: Draft, kind: str, ident: str) -> Iterator[None]:
    """What is missing is named by the sender's own entry."""
    try:
        yield
    except Missing as error:
        raise Missing(error.message, where=_place(draft, kind, ident)) from None


def _response(
    made: Plan, results: list[dict[str, Any]], seen: dict[str, dict[str, Any]], base: str, *, bodies: bool
) -> bytes:
    written = {f"{change.type}/{change.id.hex()}": number for number, change in enumerate(made.changes)}
    entries: list[dict[str, Any]] = []
    for step in made.steps:
        name = f"{step.type}/{step.id}"
        if step.op == "found":
            entries.append({"response": {"status": "200 OK", "location": f"{base}/{name}"}})
            continue
        if step.op == "read" and name not in written:
            record = seen[name]
            response = _said("200 OK", record["version"], record["updated_ms"])
            entries.append({"resource": msgspec.Raw(record["body"]), "response": response})
            continue
        number = written[name]
        change, result = made.changes[number], results[number]
        if step.op == "delete" or change.op == "delete":
            status = "204 No Content" if step.op == "delete" else "410 Gone"
            entries.append({"response": {"status": status}})
            continue
        response = _said("201 Created" if step.op == "create" else "200 OK", result["version"], result["updated_ms"])
        if step.op != "read":
            response["location"] = f"{base}/{name}/_history/{result['version']}"
        entry = {"fullUrl": f"{base}/{name}", "response": response}
        entries.append(entry | ({"resource": msgspec.Raw(change.body)} if bodies or step.op == "read" else {}))
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction-response"}
    return write(bundle | ({"entry": entries} if entries else {}))


def _said(status: str, version: int, updated_ms: int) -> dict[str, Any]:
    return {"status": status, "etag": f'W/"{version}"', "lastModified": instant(updated_ms)}

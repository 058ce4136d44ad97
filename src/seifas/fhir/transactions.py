"""Carries out a transaction Bundle: look-ups, versions and reads first, then one write that the keeper takes whole."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Iterator
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, SeifasError
from seifas.fhir.appointments import booking
from seifas.fhir.bundle import Change, Draft, Plan, draft_bundle, plan
from seifas.fhir.derived import Session
from seifas.fhir.derived_types import DERIVED
from seifas.fhir.json_text import write
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.reading import one_of
from seifas.fhir.references import condition
from seifas.fhir.resources import CLINIC, patient_of
from seifas.fhir.shaping import refuse_parts
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient
from seifas.settings import Sizes

# Parsing and checking take about 35 µs a KiB: above this they would hold up other requests, so a thread does them.
THREAD_FROM = 128 * 1024
_BOOKED = ("Appointment", "create")


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
    client: KeeperClient, session: Session, bundle: dict[str, Any], base: str, sizes: Sizes, *, bodies: bool,
    large: bool,
) -> bytes:  # fmt: skip
    """All of the transaction or nothing; the transaction-response Bundle. `bodies`: with the resources as stored;
    `large`: worth a thread."""
    draft: Draft = await asyncio.to_thread(draft_bundle, bundle) if large else draft_bundle(bundle)
    for entry in draft.entries:
        own = DERIVED.get(entry.type)
        if entry.op != "read" and own is not None and not own.stored and (entry.type, entry.op) != _BOOKED:
            raise NotSupported(
                f"{entry.type} is no part of a transaction, but for new appointments: send it alone, or in a batch.",
                where=entry.where,
            )
        if entry.op == "update" and entry.resource is not None:
            refuse_parts(entry.resource)
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
    results: dict[str, dict[str, Any]] = {}
    if made.changes:
        records = [one for one in made.changes if one.type != "Appointment" or one.op != "create"]
        changes = [
            for_keeper(one, one.patient if one.patient is not None else owners[one.type, one.id.hex()])
            for one in records
        ]
        bookings = _bookings(draft)
        try:
            told = await client.call(
                "record.write", session=session.token, changes=changes, reason=session.reason, bookings=bookings,
                unless=_unless(draft, records),
            )
        except (Conflict, Invalid) as error:
            if error.where.startswith("exists:"):
                raise Conflict("Somebody made what ifNoneExist asks for at the same moment; send this again.") from None
            kind, _, ident = error.where.partition("/")
            where = _place(draft, kind, ident)
            if not where:
                raise
            if kind == "Appointment" and isinstance(error, Conflict):
                raise NotSupported(error.message, where=where, status=409, issue="conflict") from None
            raise type(error)(error.message, where=where) from None
        names = [f"{one.type}/{one.id.hex()}" for one in records]
        names += [f"Appointment/{one['id'].hex()}" for one in bookings]
        results = dict(zip(names, told, strict=True))
        for name in names[len(records) :] if bodies else ():
            with contextlib.suppress(SeifasError):  # it is booked, whatever may be read of it
                results[name] = await one_of(client, session, "Appointment", name.partition("/")[2])
    return _response(made, results, seen, base, bodies=bodies)


def _unless(draft: Draft, records: list[Change]) -> list[dict[str, Any]]:
    """The conditions of what is created, for the keeper, which looks again while nobody else writes."""
    numbers = {(one.type, one.id.hex()): number for number, one in enumerate(records)}
    found = []
    for entry in draft.entries:
        if entry.condition and (entry.type, entry.id) in numbers:
            look = condition(entry.condition, where=entry.where)
            found.append({"change": numbers[entry.type, entry.id], "system": look.system, "value": look.value})
    return found


def _bookings(draft: Draft) -> list[dict[str, Any]]:
    """What the schedule is asked for, under the ids that other entries may point at, in the order of the entries. A
    sender's own id is left aside, as it is of one that comes alone. Raises Invalid with its path."""
    found = []
    for entry in draft.entries:
        if (entry.type, entry.op) == _BOOKED and entry.resource is not None:
            asked = {name: value for name, value in entry.resource.items() if name not in ("id", "meta")}
            try:
                found.append({"id": bytes.fromhex(entry.id), **booking(asked)})
            except Invalid as error:
                where = f"{entry.where}.resource{error.where.removeprefix('Appointment')}"
                raise Invalid(error.message, where=where) from None
    return found


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
    made: Plan, results: dict[str, dict[str, Any]], seen: dict[str, dict[str, Any]], base: str, *, bodies: bool
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
        change, result = made.changes[number], results[name]
        if step.op == "delete" or change.op == "delete":
            status = "204 No Content" if step.op == "delete" else "410 Gone"
            entries.append({"response": {"status": status}})
            continue
        response = _said("201 Created" if step.op == "create" else "200 OK", result["version"], result["updated_ms"])
        if step.op != "read":
            response["location"] = f"{base}/{name}/_history/{result['version']}"
        entry = {"fullUrl": f"{base}/{name}", "response": response}
        body = result.get("body", change.body if change.type != "Appointment" else b"")
        entries.append(entry | ({"resource": msgspec.Raw(body)} if (body and bodies) or step.op == "read" else {}))
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "transaction-response"}
    return write(bundle | ({"entry": entries} if entries else {}))


def _said(status: str, version: int, updated_ms: int) -> dict[str, Any]:
    return {"status": status, "etag": f'W/"{version}"', "lastModified": instant(updated_ms)}

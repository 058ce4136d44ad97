"""Appointment: the clinic's schedule as FHIR reads and writes it, by the schedule's own rules and budgets.

The schedule holds when, with whom, for how long, what became of it and one note. A resource that says more is refused
by name: what is dropped in silence is missed later. Appointments that an import brought from elsewhere are stored as
they came; they lie beside the schedule and take nobody's time.
"""

from __future__ import annotations

import datetime
import re
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid
from seifas.fhir.bundle import plan_parsed
from seifas.fhir.derived import Derived, Row, Session
from seifas.fhir.json_text import write
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.resources import STORED_ID, local
from seifas.fhir.stamp import instant
from seifas.fhir.validate import check
from seifas.keeper.client import KeeperClient

_IDS: Final = re.compile(r"[0-9a-f]{32}\Z")
_WALK_IN: Final = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0276", "code": "WALKIN"}], "text": "walk-in",
}
_SHOWN: Final = {
    "booked": "booked", "arrived": "arrived", "started": "checked-in", "done": "fulfilled", "missed": "noshow",
    "cancelled": "cancelled", "walkin": "arrived",
}
_TAKEN: Final = {shown: ours for ours, shown in _SHOWN.items() if ours != "walkin"}
_HELD: Final = frozenset({
    "resourceType", "id", "meta", "status", "start", "end", "minutesDuration", "participant", "comment", "created",
    "appointmentType",
})  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """What a resource asks of the schedule. Ids are 16 bytes, `start_ms` since the epoch."""

    patient: bytes
    doctor: bytes
    start_ms: int
    minutes: int
    status: str
    note: str


def appointment(told: dict[str, Any]) -> Row:
    """The Appointment of what the keeper tells of one entry (op record.appointments), or the stored one as it came."""
    ident = told["id"].hex()
    row = {"type": "Appointment", "id": ident, "version": told["version"], "updated_ms": told["updated_ms"]}
    if "body" in told:
        return {**row, "body": told["body"]}
    end_ms = told["start_ms"] + told["minutes"] * 60_000
    body: dict[str, Any] = {
        "resourceType": "Appointment", "id": ident,
        "meta": {"versionId": str(told["version"]), "lastUpdated": instant(told["updated_ms"])},
        "status": _SHOWN[told["status"]],
    }  # fmt: skip
    if told["walk_in"]:
        body["appointmentType"] = _WALK_IN
    body |= {"start": instant(told["start_ms"]), "end": instant(end_ms), "minutesDuration": told["minutes"],
             "created": instant(told["made_ms"])}
    if told["note"]:
        body["comment"] = told["note"]
    body["participant"] = [
        {"actor": {"reference": f"Patient/{told['patient'].hex()}"},
         "status": "accepted" if told["confirmed"] else "needs-action"},
        {"actor": {"reference": f"Practitioner/{told['doctor'].hex()}"}, "status": "accepted"},
    ]
    return {**row, "body": write(body)}


def asked(resource: dict[str, Any]) -> Asked:
    """Reads what is asked of the schedule. Raises BadResource, and Invalid for what the schedule has no place for."""
    check(resource)
    for name in resource:
        if name.lstrip("_") not in _HELD or name.startswith("_"):
            raise Invalid("The schedule has no place for this element; leave it out.", where=f"Appointment.{name}")
    status = _TAKEN.get(resource.get("status", ""))
    if status is None:
        raise Invalid(f"A status here is one of {', '.join(sorted(_TAKEN))}.", where="Appointment.status")
    start_ms = _ms(resource, "start")
    minutes = resource.get("minutesDuration")
    if "end" in resource:
        length, rest = divmod(_ms(resource, "end") - start_ms, 60_000)
        if rest or minutes not in (None, length):
            raise Invalid("The end must be whole minutes after the start, as minutesDuration says.",
                          where="Appointment.end")
        minutes = length
    if not isinstance(minutes, int):
        raise Invalid("The schedule needs an end, or minutesDuration.", where="Appointment.end")
    found = _participants(resource)
    return Asked(found["Patient"], found["Practitioner"], start_ms, minutes, status, resource.get("comment", ""))


def _participants(resource: dict[str, Any]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number, one in enumerate(resource.get("participant", [])):
        where = f"Appointment.participant[{number}].actor"
        named = local(one.get("actor", {}).get("reference", ""))
        if named is None or named[0] not in ("Patient", "Practitioner") or named[0] in found:
            raise Invalid("An appointment here is of one Patient with one Practitioner.", where=where)
        if not STORED_ID.match(named[1]):
            raise Invalid(f"No {named[0]} of this vault has such an id.", where=f"{where}.reference")
        found[named[0]] = bytes.fromhex(named[1])
    for kind in ("Patient", "Practitioner"):
        if kind not in found:
            raise Invalid(f"An appointment here names its {kind}.", where="Appointment.participant")
    return found


def _ms(resource: dict[str, Any], name: str) -> int:
    try:
        moment = datetime.datetime.fromisoformat(str(resource[name]).replace("Z", "+00:00"))
    except (KeyError, ValueError):
        raise Invalid("The schedule needs the moment with its offset.", where=f"Appointment.{name}") from None
    if moment.tzinfo is None:
        raise Invalid("The schedule needs the moment with its offset.", where=f"Appointment.{name}")
    return int(moment.timestamp()) * 1000


async def _rows(client: KeeperClient, session: Session, patient: bytes) -> list[Row]:
    told = await client.call("record.appointments", session=session.token, patient=patient, reason=session.reason)
    return [appointment(one) for one in told]


async def _told(client: KeeperClient, session: Session, ident: str) -> dict[str, Any]:
    told: dict[str, Any] = await client.call(
        "record.appointment", session=session.token, id=bytes.fromhex(ident), reason=session.reason
    )
    return told


async def _one(client: KeeperClient, session: Session, ident: str) -> Row:
    return appointment(await _told(client, session, ident))


def booking(resource: dict[str, Any]) -> dict[str, Any]:
    """What the keeper is told to book. Raises BadResource, Invalid."""
    wanted = asked(resource)
    if wanted.status not in ("booked", "arrived"):
        raise Invalid("A new appointment is booked, or arrived for who came without one.", where="Appointment.status")
    return {
        "doctor": wanted.doctor, "start_ms": wanted.start_ms, "minutes": wanted.minutes, "patient": wanted.patient,
        "note": wanted.note, "walk_in": wanted.status == "arrived",
    }  # fmt: skip


async def _create(client: KeeperClient, session: Session, resource: dict[str, Any]) -> Row:
    try:
        made = await client.call("schedule.book", session=session.token, **booking(resource))
    except Conflict as error:
        raise _taken(error) from None
    return await _one(client, session, made["id"].hex())


async def _update(
    client: KeeperClient, session: Session, ident: str, resource: dict[str, Any], expect: int
) -> Row:
    told = await _told(client, session, ident)
    if resource.get("id") != ident:
        raise Invalid("The id in the resource must be the one in the address.", where="Appointment.id")
    if "body" in told:
        await _update_stored(client, session, ident, resource, told, expect)
        return await _one(client, session, ident)
    wanted = asked(resource)
    if wanted.patient != told["patient"]:
        raise Invalid("An appointment stays its patient's: cancel it, book another.", where="Appointment.participant")
    if wanted.note != told["note"]:
        raise Invalid("The note of an appointment is written when it is booked.", where="Appointment.comment")
    before = "arrived" if told["status"] == "walkin" else told["status"]
    moved = (wanted.doctor, wanted.start_ms, wanted.minutes) != (told["doctor"], told["start_ms"], told["minutes"])
    if moved and wanted.status != before:
        raise Invalid("Move an appointment or change its status, one after the other.", where="Appointment.status")
    about = {"session": session.token, "id": told["id"], "expect": expect or told["version"]}
    try:
        if moved:
            await client.call(
                "schedule.move", doctor=wanted.doctor, start_ms=wanted.start_ms, minutes=wanted.minutes, **about
            )
        else:
            status = told["status"] if wanted.status == before else wanted.status
            if status != told["status"] or expect not in (0, told["version"]):
                await client.call("schedule.status", status=status, **about)
    except Conflict as error:
        raise _taken(error) from None
    return await _one(client, session, ident)


async def _update_stored(
    client: KeeperClient, session: Session, ident: str, resource: dict[str, Any], told: dict[str, Any], expect: int
) -> None:
    """One that an import brought: a record like any other."""
    change = plan_parsed(resource, kind="Appointment", id_hex=ident, expect=expect or told["version"]).changes[0]
    await _write(client, session, {
        "op": change.op, "type": change.type, "id": change.id, "patient": change.patient, "expect": change.expect,
        "body": change.body,
    })  # fmt: skip


async def _delete(client: KeeperClient, session: Session, ident: str, expect: int) -> None:
    told = await _told(client, session, ident)
    if "body" not in told:
        raise NotSupported("An appointment is not deleted: PUT it with status cancelled.", status=405)
    await _write(client, session, {
        "op": "delete", "type": "Appointment", "id": told["id"], "patient": b"", "expect": expect or told["version"],
    })  # fmt: skip


async def _write(client: KeeperClient, session: Session, change: dict[str, Any]) -> None:
    await client.call("record.write", session=session.token, changes=[change], reason=session.reason)


def _taken(error: Conflict) -> Exception:
    """409 for a time that is taken or a state that does not allow it; 412 stays for who wrote first."""
    if error.where in ("start", "status"):
        return NotSupported(error.message, status=409, issue="conflict")
    return error


APPOINTMENTS: Final = Derived(
    ids=_IDS, rows=_rows, one=_one, stored=False, create=_create, update=_update, delete=_delete
)

"""A patient's appointments for FHIR: what the schedule holds, and what an import has brought from elsewhere.

Appointments belong to the card, so reading them is charged as a card. What an import has brought may say why
somebody comes, which the schedule does not: that is the chart, charged as such and not shown to who opens cards only.
Nobody sees here whom a doctor sees on a day: that list is a day page, which programs do not open.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Missing
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import hats, scopes
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.inline_pictures import withheld
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head
from seifas.keeper.model import Entry as StoredEntry
from seifas.keeper.opening import acting, admit, may_open
from seifas.keeper.schedule.pages import PATIENT, Entry
from seifas.keeper.scheduling import note_of, version_of

TYPE: Final = "Appointment"


class OfPatient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""


class OfId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    reason: str = ""


@OPS.op("record.appointments", OfPatient, "desk")
async def of_patient(keeper: Keeper, caller: Caller, args: OfPatient) -> list[dict[str, Any]]:
    """All of a patient: those of the schedule as `told` says, stored ones as {id, version, updated_ms, body}."""
    moment = keeper.now()
    session = _reader(keeper, args.session, "record.appointments", moment)
    if len(args.patient) != 16 or args.patient == CLINIC:
        raise Missing("there is no such record")
    head = keeper.require_unlocked().vault.head(args.patient)
    chart = may_open(session, TYPE) and bool(_entries(keeper, head))
    line = Action.OPEN_CHART if chart else Action.OPEN_CARD
    charged = await admit(keeper, moment, session, head.patient, chart=chart, reason=args.reason, line=line)
    head = keeper.require_unlocked().vault.head(args.patient)
    found = [*(_stored(keeper, head) if chart else ()), *of_schedule(keeper, head.patient)]
    await _line(keeper, moment, session, line, head.patient, [one["id"] for one in found], charged, args.reason)
    return found


@OPS.op("record.appointment", OfId, "desk")
async def by_id(keeper: Keeper, caller: Caller, args: OfId) -> dict[str, Any]:
    """One of them."""
    moment = keeper.now()
    session = _reader(keeper, args.session, "record.appointment", moment)
    vault = keeper.require_unlocked().vault
    patient = _whose(keeper, args.id)
    chart = all(one["id"] != args.id for one in of_schedule(keeper, patient))
    if chart and not may_open(session, TYPE):
        raise Missing("there is no such record")
    vault.head(patient)
    line = Action.OPEN_CHART if chart else Action.OPEN_CARD
    charged = await admit(keeper, moment, session, patient, chart=chart, reason=args.reason, line=line)
    found = _stored(keeper, vault.head(patient)) if chart else of_schedule(keeper, patient)
    only = next((one for one in found if one["id"] == args.id), None)
    if only is None:
        raise Missing("there is no such record")
    await _line(keeper, moment, session, line, patient, [args.id], charged, args.reason)
    return only


def of_schedule(keeper: Keeper, patient: bytes) -> list[dict[str, Any]]:
    """The schedule's entries of a patient that somebody made as such. No charge and no line: the caller makes them."""
    return [told(keeper, entry) for entry in keeper.schedule.calendar.of(patient) if not _of_encounter(entry)]


def told(keeper: Keeper, entry: Entry) -> dict[str, Any]:
    """{id, patient, doctor, start_ms, minutes, status, walk_in, confirmed, made_ms, note, version, updated_ms}."""
    return {
        "id": entry.id, "patient": entry.patient, "doctor": entry.doctor, "start_ms": entry.start_ms,
        "minutes": entry.minutes, "status": entry.status, "walk_in": entry.kind == "visit",
        "confirmed": entry.confirmed or entry.made_by == PATIENT, "made_ms": entry.made_at_ms,
        "note": note_of(keeper, entry), "version": version_of(entry),
        "updated_ms": max(entry.made_at_ms, entry.touched_at_ms),
    }


def _of_encounter(entry: Entry) -> bool:
    """Visits told by Encounters lie under no doctor (scheduling.with_visit); FHIR has the Encounter itself."""
    return not any(entry.doctor[:15])


def _entries(keeper: Keeper, head: Head) -> list[StoredEntry]:
    held = keeper.require_unlocked().vault.manifest(head).values()
    return [one for one in held if one.type == TYPE and not one.deleted]


def _stored(keeper: Keeper, head: Head) -> list[dict[str, Any]]:
    vault = keeper.require_unlocked().vault
    return [
        {
            "id": one.id, "version": one.version, "updated_ms": one.updated_ms,
            "body": withheld(vault.record(head, one).body),
        }
        for one in _entries(keeper, head)
    ]


def _whose(keeper: Keeper, ident: bytes) -> bytes:
    if len(ident) != 16:
        raise Missing("there is no such record")
    try:
        entry = keeper.schedule.calendar.find(ident).entry(ident)
    except Missing:
        patient = keeper.require_unlocked().vault.patient_of(TYPE, ident)
        if patient == CLINIC:
            raise Missing("there is no such record") from None
        return patient
    if _of_encounter(entry):
        raise Missing("there is no such record")
    return entry.patient


def _reader(keeper: Keeper, token: str, op: str, moment: Moment) -> Session:
    session = acting(keeper, token, op, moment)
    covered = session.strength is not Strength.TOKEN or scopes.covers(session.scopes, TYPE, "r")
    if not covered or not hats.allows(session.hat, "open.card"):
        raise Missing("there is no such record")
    return session


async def _line(
    keeper: Keeper, moment: Moment, session: Session, line: Action, patient: bytes, ids: list[bytes], charged: bytes,
    reason: str,
) -> None:
    leaf = keeper.leaf(
        moment, line, account=session.account, session=session.id, patient=patient, objects=ids[:1000],
        charge=charged, reason=reason if charged else "", note="appointments",
    )  # fmt: skip
    await keeper.commit([leaf])
    keeper.count("opened")

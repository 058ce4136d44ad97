"""A person's own record and appointments, to that person: the whole record, one line first."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Missing
from seifas.keeper.door import OPS, Caller
from seifas.keeper.inline_pictures import of_record
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head
from seifas.keeper.portal_doors import Inside, OfSession, inside, line, practitioner
from seifas.keeper.schedule import pages
from seifas.keeper.scheduling import page_row

INTERNAL: Final = frozenset({"Photo"})
"""Types of records that are the vault's own and never leave it."""

_BYTES: Final = frozenset({"Binary"})
"""Types that hold a document's bytes: opened one by one, or exported."""

_FORMS: Final = frozenset({"pdf", "fhir"})
_MOST_DOCTORS: Final = 300


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`types`: only these; where there are none, all but the bytes of documents."""

    session: str
    types: tuple[str, ...] = ()


class Export(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    form: str


class OnIdent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


@OPS.op("portal.record", Record, "portal")
async def record(keeper: Keeper, caller: Caller, args: Record) -> dict[str, Any]:
    """{records: [{type, id, version, updated_ms, body}], doctors: {id in hex: name}}."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    found = _records(keeper, here.head, frozenset(args.types), without=_BYTES)
    leaf = line(keeper, moment, here, Action.PORTAL_VIEW, "record", objects=[one["id"] for one in found[:1000]])
    await keeper.commit([leaf])
    return {"records": found, "doctors": _doctors(keeper)}


@OPS.op("portal.export", Export, "portal")
async def export(keeper: Keeper, caller: Caller, args: Export) -> dict[str, Any]:
    """Everything, to take away (GDPR 15(3) and 20): as `portal.record`, with a line that says it was taken."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    if args.form not in _FORMS:
        raise Missing("there is no such form of export")
    found = _records(keeper, here.head, frozenset())
    leaf = line(
        keeper, moment, here, Action.EXPORTED, f"portal-{args.form}", objects=[one["id"] for one in found[:1000]]
    )
    await keeper.commit([leaf])
    return {"records": found, "doctors": _doctors(keeper), "at_ms": moment.wall_ms}


@OPS.op("portal.document", OnIdent, "portal")
async def document(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """The bytes of one document: {body} of its Binary. Raises Missing in the same words for another patient's."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    if len(args.id) != 16:
        raise Missing("there is no such document")
    vault = keeper.require_unlocked().vault
    entry = vault.entry(here.head, "Binary", args.id)
    found = vault.record(here.head, entry)
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "document", objects=(args.id,))])
    return {"body": of_record(vault, here.head, found, entry)}


def _records(
    keeper: Keeper, head: Head, types: frozenset[str], without: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    vault = keeper.require_unlocked().vault
    return [
        {
            "type": entry.type, "id": entry.id, "body": of_record(vault, head, vault.record(head, entry), entry),
            "version": entry.version, "updated_ms": entry.updated_ms,
        }
        for entry in vault.manifest(head).values()
        if not entry.deleted and entry.type not in INTERNAL | without and (not types or entry.type in types)
    ]


def _doctors(keeper: Keeper) -> dict[str, str]:
    vault = keeper.require_unlocked().vault
    clinic = vault.heads.get(CLINIC)
    if clinic is None:
        return {}
    ids = [entry.id for entry in vault.manifest(clinic).values() if entry.type == "Practitioner" and not entry.deleted]
    return {ident.hex(): practitioner(keeper, ident) for ident in ids[:_MOST_DOCTORS]}


@OPS.op("portal.appointments", OfSession, "portal")
async def appointments(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """What is booked and what was: [{id, start_ms, minutes, doctor, status, confirmed, asked}], oldest first. Notes of
    the staff are not on it."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "appointments")])
    asked = {
        one.about for one in keeper.portal.requests_of(here.head.patient)
        if one.kind == "cancel" and one.state == "open"
    }
    return [
        {
            "id": entry.id, "start_ms": entry.start_ms, "minutes": entry.minutes,
            "doctor": practitioner(keeper, entry.doctor), "status": entry.status, "confirmed": entry.confirmed,
            "ahead": entry.start_ms > moment.wall_ms, "asked": entry.id in asked,
        }
        for entry in keeper.schedule.calendar.of(here.head.patient) if entry.kind == "appointment"
    ]


def own_appointment(keeper: Keeper, here: Inside, ident: bytes) -> pages.Entry:
    """An entry of this patient. Raises Missing, in the same words for another's."""
    for entry in keeper.schedule.calendar.of(here.head.patient):
        if entry.id == ident and entry.kind == "appointment":
            return entry
    raise Missing("there is no such appointment")


@OPS.op("portal.confirm", OnIdent, "portal")
async def confirm(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """The patient says that they will come."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    async with keeper.lock_of(b"schedule"):
        entry = own_appointment(keeper, here, args.id)
        if entry.start_ms <= moment.wall_ms or entry.status != "booked":
            raise Conflict("this appointment is not ahead any more", where="status")
        changed = pages.confirm(keeper.schedule.calendar.find(args.id), args.id, now_ms=moment.wall_ms)
        leaf = line(keeper, moment, here, Action.SCHEDULE, "confirmed", objects=(args.id,))
        await keeper.commit([leaf], [page_row(keeper, changed)])
        keeper.schedule.put(changed)
    return {}


@OPS.op("portal.consents", OfSession, "portal")
async def consents(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Every Consent of the patient: [{id, version, updated_ms, body}]."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    found = _records(keeper, here.head, frozenset({"Consent"}))
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "consents")])
    return found

"""Opens a whole chart for a page, and the versions of one record: who wrote what, when.

A chart is one opening although it may hold the records of more than one patient id: those that were merged into it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Missing
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.inline_pictures import withheld
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Entry, Head, Record
from seifas.keeper.opening import CARD_TYPES, acting, admit, may_open, require_person

NEVER_SHOWN = frozenset({"Photo"})
"""Internal types: they hold keys, not what a person reads."""

_CORRECTED = frozenset({"Observation", "Condition", "Procedure", "AllergyIntolerance", "Flag", "Encounter"})
_FORMER_SHOWN = 3
_MOST_VERSIONS = 200


class Chart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    patient: bytes
    reason: str = ""


class Versions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    type: str
    id: bytes
    reason: str = ""


@OPS.op("record.chart", Chart, "desk")
async def chart(keeper: Keeper, caller: Caller, args: Chart) -> dict[str, Any]:
    """{records, survivor}: everything of the patient and of the records merged into it, each with its patient, version,
    time, writer, and for corrected ones up to three former versions; `survivor` is the id that this record was merged
    into, or empty. One charge; a line for every patient id that is shown."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.chart", moment)
    require_person(session)
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16 or args.patient == CLINIC or not may_open(session, "Condition"):
        raise Missing("there is no such record")
    vault.head(args.patient)
    charged = await admit(
        keeper, moment, session, args.patient, chart=True, reason=args.reason, line=Action.OPEN_CHART
    )
    merged = [one.other for one in keeper.merges.others_of(args.patient) if one.other in vault.heads]
    found: list[dict[str, Any]] = []
    leaves: list[bytes] = []
    for patient in (args.patient, *merged):
        head = vault.head(patient)
        entries = [
            entry for entry in vault.manifest(head).values() if not entry.deleted and entry.type not in NEVER_SHOWN
        ]
        found += [record_told(keeper, head, entry) for entry in entries]
        own = patient == args.patient
        leaves.append(
            keeper.leaf(
                moment, Action.OPEN_CHART, account=session.account, session=session.id, patient=patient,
                objects=[entry.id for entry in entries[:1000]], charge=charged if own else b"",
                reason=args.reason if charged else "",
                note=("list" if len(entries) <= 1000 else "list-long") if own else "merged",
            )
        )
    await keeper.commit(leaves)
    keeper.count("opened")
    into = keeper.merges.of(args.patient)
    return {"records": found, "survivor": into.survivor if into is not None else b""}


def signed(keeper: Keeper, account: bytes) -> str:
    """The name that stands under a record: the person's as they are called, else the login; "" for an import."""
    if not account:
        return ""
    try:
        found = keeper.accounts.get(account)
    except Missing:
        return account_name(keeper, account)
    return found.display or found.name


def record_told(keeper: Keeper, head: Head, entry: Entry) -> dict[str, Any]:
    """One record with its patient, version, time, writer, and for corrected ones its former versions."""
    record = keeper.require_unlocked().vault.record(head, entry)
    former = []
    if entry.version > 1 and entry.type in _CORRECTED:
        former = _former(keeper, head, entry, record, _FORMER_SHOWN)
    return {
        "patient": head.patient, "type": entry.type, "id": entry.id, "body": withheld(record.body),
        "version": entry.version, "updated_ms": entry.updated_ms, "by": signed(keeper, entry.by), "former": former,
    }


def _former(keeper: Keeper, head: Head, entry: Entry, record: Record, most: int) -> list[dict[str, Any]]:
    """Earlier versions, the newest first, one step at a time from the current one."""
    vault = keeper.require_unlocked().vault
    found: list[dict[str, Any]] = []
    version, current = entry.version, record
    while version > 1 and len(found) < most and current.before_row:
        step = msgspec.structs.replace(entry, version=version)
        version -= 1
        current = vault.before(head, step, current, version)
        found.append({
            "version": version, "body": withheld(current.body), "updated_ms": current.updated_ms,
            "by": signed(keeper, current.by),
        })  # fmt: skip
    return found


@OPS.op("record.versions", Versions, "desk")
async def versions(keeper: Keeper, caller: Caller, args: Versions) -> dict[str, Any]:
    """{patient, versions}: all versions of one record, newest first: who, when, and the body. Costs what reading it
    costs."""
    moment = keeper.now()
    session = acting(keeper, args.session, "record.read", moment)
    require_person(session)
    vault = keeper.require_unlocked().vault
    if len(args.id) != 16 or args.type in NEVER_SHOWN:
        raise Missing("there is no such record")
    patient = vault.patient_of(args.type, args.id)
    if patient == CLINIC or not may_open(session, args.type):
        raise Missing("there is no such record")
    head = vault.head(patient)
    own_chart = args.type not in CARD_TYPES
    line = Action.OPEN_CHART if own_chart else Action.OPEN_CARD
    charged = await admit(keeper, moment, session, patient, chart=own_chart, reason=args.reason, line=line)
    entry = vault.entry(head, args.type, args.id)
    record = vault.record(head, entry)
    now = {
        "version": entry.version, "body": withheld(record.body), "updated_ms": entry.updated_ms,
        "by": signed(keeper, entry.by),
    }
    found = [now, *_former(keeper, head, entry, record, _MOST_VERSIONS)]
    leaf = keeper.leaf(
        moment, line, account=session.account, session=session.id, patient=patient, objects=(args.id,),
        charge=charged, reason=args.reason if charged else "", note="versions",
    )
    await keeper.commit([leaf])
    keeper.count("opened")
    return {"patient": patient, "versions": found}

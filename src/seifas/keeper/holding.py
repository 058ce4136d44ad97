"""What keeps a patient from being erased: a legal hold, and the years for which the law has records kept.

A hold is set and cleared by an officer, or at the machine; why is sealed under the patient's own key. The years count
from the patient's last visit; where there is none, from the last change of the record.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from seifas.crypto import envelope
from seifas.crypto.aad import Purpose
from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import CLINIC, Head, Hold, Kind
from seifas.keeper.opening import acting
from seifas.keeper.schedule.links import visit_of

LONGEST_WHY: Final = 200
_MACHINE: Final = "at the machine"


class SetHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient: bytes
    why: str
    session: str = ""


class ClearHold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    patient: bytes
    why: str
    session: str = ""


@OPS.op("admin.hold_set", SetHold, "admin")
async def set_at_machine(keeper: Keeper, caller: Caller, args: SetHold) -> dict[str, Any]:
    return await _set(keeper, keeper.now(), args, b"", b"")


@OPS.op("hold.set", SetHold, "desk")
async def set_at_desk(keeper: Keeper, caller: Caller, args: SetHold) -> dict[str, Any]:
    """An officer's hold: this patient is not erased until it is cleared."""
    moment = keeper.now()
    session = acting(keeper, args.session, "incident.hold", moment)
    return await _set(keeper, moment, args, session.account, session.id)


@OPS.op("admin.hold_clear", ClearHold, "admin")
async def clear_at_machine(keeper: Keeper, caller: Caller, args: ClearHold) -> dict[str, Any]:
    return await _clear(keeper, keeper.now(), args, b"", b"")


@OPS.op("hold.clear", ClearHold, "desk")
async def clear_at_desk(keeper: Keeper, caller: Caller, args: ClearHold) -> dict[str, Any]:
    moment = keeper.now()
    session = acting(keeper, args.session, "incident.hold", moment)
    return await _clear(keeper, moment, args, session.account, session.id)


@OPS.op("admin.hold_list", NoArgs, "admin")
async def list_at_machine(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """Who is held, since when and by whom; why is for the officer's desk."""
    return [{"patient": one.patient, "since_ms": one.set_ms, "by": one.by} for one in _in_order(keeper)]


def _in_order(keeper: Keeper) -> list[Hold]:
    return sorted(keeper.holds.values(), key=lambda one: one.set_ms)


async def _set(keeper: Keeper, moment: Moment, args: SetHold, account: bytes, session: bytes) -> dict[str, Any]:
    why = _why(args.why)
    async with keeper.lock_of(args.patient):
        head = patient_head(keeper, args.patient)
        if head.patient in keeper.holds:
            raise Conflict("this patient is held already", where="patient")
        keyring = keeper.require_unlocked().keyring
        sealed = envelope.seal(
            keyring.patient(head.patient, head.check).card, why.encode(), purpose=Purpose.STATE, clinic=keyring.clinic,
            patient=head.patient, record=head.patient, version=0, epoch=keyring.epoch,
        )
        by = account_name(keeper, account) or _MACHINE
        hold = Hold(head.patient, moment.wall_ms, by, sealed)
        leaf = keeper.leaf(
            moment, Action.HOLD, account=account, session=session, patient=head.patient, note="set", reason=why
        )
        await keeper.commit([leaf], [keeper.row(Kind.HOLD, head.patient, hold)])
        keeper.holds[head.patient] = hold
    return {"patient": head.patient, "held": True, "since_ms": moment.wall_ms, "by": by}


async def _clear(keeper: Keeper, moment: Moment, args: ClearHold, account: bytes, session: bytes) -> dict[str, Any]:
    why = _why(args.why)
    async with keeper.lock_of(args.patient):
        if args.patient not in keeper.holds:
            raise Missing("this patient is not held", where="patient")
        leaf = keeper.leaf(
            moment, Action.HOLD, account=account, session=session, patient=args.patient, note="cleared", reason=why
        )
        rings = ring(keeper, moment, "hold-cleared", 1, "A legal hold was cleared.", account=account, session=session)
        await keeper.commit([leaf], rings, [keeper.tag(Kind.HOLD, args.patient)])
        keeper.holds.pop(args.patient, None)
    return {"patient": args.patient, "held": False}


def why_held(keeper: Keeper, hold: Hold) -> str:
    keyring = keeper.require_unlocked().keyring
    head = patient_head(keeper, hold.patient)
    return envelope.open_sealed(
        keyring.patient(head.patient, head.check).card, hold.why, purpose=Purpose.STATE, clinic=keyring.clinic,
        patient=head.patient, record=head.patient, version=0,
    ).decode()


def patient_head(keeper: Keeper, patient: bytes) -> Head:
    """Raises Missing for what is no patient."""
    if len(patient) != 16 or patient == CLINIC:
        raise Missing("there is no such patient", where="patient")
    head = keeper.require_unlocked().vault.heads.get(patient)
    if head is None:
        raise Missing("there is no such patient", where="patient")
    return head


def refuse_if_kept(keeper: Keeper, head: Head, today: date) -> None:
    """Raises Refused with the reason where this patient may not be erased now."""
    hold = keeper.holds.get(head.patient)
    if hold is not None:
        since = datetime.fromtimestamp(hold.set_ms / 1000, UTC).date()
        raise Refused(
            f"a legal hold keeps this patient, set {since} by {hold.by}: `seifas hold clear` it first", where="hold"
        )
    until = kept_until(keeper, head)
    if until is not None and today < until:
        raise Refused(
            f"the record is kept until {until}: {keeper.settings.retention.years} years from the last visit "
            "([retention] years)", where="retention",
        )


def kept_until(keeper: Keeper, head: Head) -> date | None:
    """The day until which the record is kept; None where the clinic set no years."""
    years = keeper.settings.retention.years
    if not years:
        return None
    vault = keeper.require_unlocked().vault
    entries = [entry for entry in vault.manifest(head).values() if not entry.deleted]
    visits = []
    for entry in entries:
        if entry.type == "Encounter":
            try:
                visits.append(visit_of(msgspec.json.decode(vault.record(head, entry).body))[0])
            except Invalid:
                continue
    last = max(visits or [entry.updated_ms for entry in entries] or [head.created_ms])
    day = datetime.fromtimestamp(last / 1000, keeper.schedule.zone).date()
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year + years, month=3, day=1)


def _why(text: str) -> str:
    why = text.strip()
    if not 3 <= len(why) <= LONGEST_WHY:
        raise Invalid(f"say why in 3 to {LONGEST_WHY} letters", where="why")
    return why

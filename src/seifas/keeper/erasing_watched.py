"""Erasures, holds and certificates as the officer's desk shows them. Patients are ids here; nothing of a chart."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Missing, SeifasError
from seifas.keeper import certifying
from seifas.keeper.approving import told
from seifas.keeper.certifying import GROUNDS
from seifas.keeper.door import OPS, Caller
from seifas.keeper.holding import kept_until, why_held
from seifas.keeper.identity import approvals
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.notices import may_announce
from seifas.keeper.opening import acting


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class Numbered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    number: int


@OPS.op("erase.list", OfSession, "desk")
async def erasures(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{requests, done, holds, grounds, years, key_days}. A request has, beside what every approval has, `patient` (id),
    `ground`, `held`, `kept_until` and `ripens` (whether it can be announced as things are)."""
    moment = keeper.now()
    session = acting(keeper, args.session, "incident.erase", moment)
    leaf = keeper.leaf(moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note="erasures")
    await keeper.commit([leaf])
    requests = []
    for one in sorted(keeper.approvals, key=lambda one: -one.created_ms):
        if one.kind is not approvals.Kind.ERASE:
            continue
        details = msgspec.msgpack.decode(one.details)
        requests.append({
            **told(keeper, one), "patient": details["patient"], "ground": details["ground"],
            "held": details["patient"] in keeper.holds, "kept_until": _kept(keeper, details["patient"]),
            "ripens": _channels(keeper) >= 2 or keeper.settings.demo or may_announce(keeper, one, moment),
            "mine": one.asked_by == session.account,
        })
    holds = [
        {"patient": one.patient, "since_ms": one.set_ms, "by": one.by, "why": _why(keeper, one.patient)}
        for one in sorted(keeper.holds.values(), key=lambda one: one.set_ms)
    ]
    stones = sorted(keeper.tombstones.values(), key=lambda one: -one.number)
    done = [
        {"number": one.number, "patient": one.patient, "erased_ms": one.erased_ms, "certificate": bool(one.certificate)}
        for one in stones[:500]
    ]
    return {
        "requests": requests[:200], "done": done, "holds": holds,
        "grounds": [word for word in GROUNDS if word != "demo" or keeper.settings.demo],
        "years": keeper.settings.retention.years, "key_days": keeper.settings.retention.key_backup_days,
        "channels": _channels(keeper),
    }


@OPS.op("erase.certificate", Numbered, "desk")
async def certificate(keeper: Keeper, caller: Caller, args: Numbered) -> dict[str, Any]:
    """{text, json, name} of an erasure's certificate."""
    moment = keeper.now()
    session = acting(keeper, args.session, "incident.erase", moment)
    for stone in keeper.tombstones.values():
        if stone.number == args.number and stone.certificate:
            made = certifying.decode(stone.certificate)
            leaf = keeper.leaf(
                moment, Action.AUDIT_VIEW, account=session.account, session=session.id,
                note=f"certificate:{stone.number}",
            )
            await keeper.commit([leaf])
            name = f"erasure-{stone.number}.txt"
            return {"text": certifying.as_text(made), "json": certifying.as_json(made), "name": name}
    raise Missing("there is no such certificate", where="number")


def _channels(keeper: Keeper) -> int:
    alarms = keeper.settings.alarms
    return bool(alarms.smtp_host and alarms.mail_to) + bool(alarms.webhook)


def _kept(keeper: Keeper, patient: bytes) -> str:
    head = keeper.require_unlocked().vault.heads.get(patient)
    until = kept_until(keeper, head) if head is not None else None
    return until.isoformat() if until is not None else ""


def _why(keeper: Keeper, patient: bytes) -> str:
    try:
        return why_held(keeper, keeper.holds[patient])
    except SeifasError:
        return ""

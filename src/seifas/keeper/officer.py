"""The officer's acts: alarms, sessions, budgets, approvals, the log, and undoing a vandal's day; and the outbox.

An officer sees no chart here: who did what, to how many, when; undoing puts earlier versions back without showing them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.keeper.alarming import account_name, delivered
from seifas.keeper.alarming import put as alarm_row
from seifas.keeper.budget import charges
from seifas.keeper.budget import officer as budget_officer
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity.gestures import request_digest
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.log_reading import lines_back
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting
from seifas.keeper.signing_in import described
from seifas.keeper.undoing import preview_account, undo_account

_DAY_MS = 86_400_000
_MOST_NOTE = 200


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class OnIdent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Watching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`watch`: a page asks by itself every few seconds; that keeps no session awake."""

    session: str
    watch: bool = False


class Acknowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    note: str = ""


class OnAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: str


class Undo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    account: str
    since_ms: int


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes
    channels: tuple[str, ...]


@OPS.op("outbox.due", NoArgs, "jobs")
async def outbox(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """Alarms that somebody has to be told of now."""
    return [
        {
            "id": one.id, "kind": one.kind, "severity": one.severity, "text": one.text, "account": one.account,
            "raised_ms": one.raised_ms, "level": one.level,
        }
        for one in keeper.alarms.due(keeper.now().wall_ms)[:20]
    ]


@OPS.op("outbox.told", Told, "jobs")
async def told(keeper: Keeper, caller: Caller, args: Told) -> dict[str, Any]:
    alarm = keeper.alarms.get(args.id)
    if alarm is None:
        raise Missing("there is no such alarm")
    now = keeper.now().wall_ms
    changed = keeper.alarms.told(alarm, args.channels, now)
    keeper.alarms.put(changed)
    await keeper.commit([], [alarm_row(keeper, changed), *delivered(keeper, alarm, args.channels, now)])
    return {}


@OPS.op("alarm.list", Watching, "desk")
async def alarms(keeper: Keeper, caller: Caller, args: Watching) -> list[dict[str, Any]]:
    """The newest 200, live ones first, each with all of its fields; `display` is the name of whose account it is."""
    acting(keeper, args.session, "alarm.list", keeper.now(), touch=not args.watch)
    found = sorted(keeper.alarms.all(), key=lambda one: (bool(one.acknowledged_ms), -one.severity, -one.raised_ms))
    return [{**msgspec.structs.asdict(one), "display": _display(keeper, one.account)} for one in found[:200]]


def _display(keeper: Keeper, login: str) -> str:
    account = keeper.accounts.find(login) if login else None
    return account.display if account is not None else ""


@OPS.op("alarm.acknowledge", Acknowledge, "desk")
async def acknowledge(keeper: Keeper, caller: Caller, args: Acknowledge) -> dict[str, Any]:
    """Somebody has it in hand, and may say how. What was answered once keeps its first answer."""
    moment = keeper.now()
    session = acting(keeper, args.session, "alarm.acknowledge", moment)
    note = args.note.strip()
    if len(note) > _MOST_NOTE or not (note.isprintable() or not note):
        raise Invalid(f"a note is one line of at most {_MOST_NOTE} letters", where="note")
    alarm = keeper.alarms.get(args.id)
    if alarm is None:
        raise Missing("there is no such alarm")
    if alarm.acknowledged_ms:
        return {}
    by = account_name(keeper, session.account)
    changed = keeper.alarms.acknowledged(alarm, by, moment.wall_ms, note)
    leaf = keeper.leaf(
        moment, Action.ALARM, account=session.account, session=session.id, objects=(alarm.id,), note="acknowledged"
    )
    await keeper.commit([leaf], [alarm_row(keeper, changed)])
    keeper.alarms.put(changed)
    return {}


@OPS.op("session.all", Watching, "desk")
async def all_sessions(keeper: Keeper, caller: Caller, args: Watching) -> list[dict[str, Any]]:
    """Every live session, frozen ones first, with what its account has left."""
    moment = keeper.now()
    acting(keeper, args.session, "session.all", moment, touch=not args.watch)
    shown = []
    for one in sorted(keeper.sessions, key=lambda one: (not one.frozen, -one.created_ms))[:500]:
        left = keeper.ledger.remaining(one.account, one.id, moment.budget_ms)
        shown.append(
            {**described(one), "account": account_name(keeper, one.account), "left": msgspec.structs.asdict(left)}
        )
    return shown


@OPS.op("session.thaw", OnIdent, "desk")
async def thaw(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    moment = keeper.now()
    session = acting(keeper, args.session, "session.thaw", moment)
    thawed = keeper.sessions.thaw(args.id, by=session, now_ms=moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.SESSION_THAWED, account=session.account, session=session.id, objects=(args.id,)
    )
    await keeper.commit([leaf], [keeper.row(Kind.SESSION, thawed.id, thawed)])
    return {}


@OPS.op("budget.suspend", OnAccount, "desk")
async def suspend(keeper: Keeper, caller: Caller, args: OnAccount) -> dict[str, Any]:
    """One click: everything this account asks for is stopped, and its sessions are frozen."""
    moment = keeper.now()
    session = acting(keeper, args.session, "budget.suspend", moment)
    account = account_named(keeper, args.account)
    frozen = keeper.sessions.freeze_account(account, "suspended")
    return await _act(
        keeper, moment, session, budget_officer.suspend(moment.budget_ms, account), "suspend",
        [keeper.row(Kind.SESSION, one.id, one) for one in frozen],
    )


@OPS.op("budget.release", OnAccount, "desk")
async def release(keeper: Keeper, caller: Caller, args: OnAccount) -> dict[str, Any]:
    moment = keeper.now()
    session = acting(keeper, args.session, "budget.release", moment)
    account = account_named(keeper, args.account)
    _not_oneself(session, account)
    await _not_who_refunded(keeper, moment, session, account)
    return await _act(keeper, moment, session, budget_officer.release(moment.budget_ms, account), "release", [])


@OPS.op("budget.refund_session", OnIdent, "desk")
async def refund_one(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """Gives back what one stopped session used in the last day, cold openings and searches, and ends it. Once a day for
    an account, by one officer."""
    moment = keeper.now()
    session = acting(keeper, args.session, "budget.refund", moment)
    other = keeper.sessions.get(args.id)
    _not_oneself(session, other.account)
    if not other.frozen:
        raise Refused("only a session that is stopped is given its budget back", where="session")
    await _not_who_refunded(keeper, moment, session, other.account)
    keeper.sessions.remove(other.id)
    keeper.gestures.remove(other.id)
    charge = budget_officer.refund_session(moment.budget_ms, other.account, other.id)
    return await _act(keeper, moment, session, charge, "refund", [], [keeper.tag(Kind.SESSION, other.id)])


@OPS.op("budget.refund", OnAccount, "desk")
async def refund(keeper: Keeper, caller: Caller, args: OnAccount) -> dict[str, Any]:
    """Gives back what an account used in the last day, to it and to the clinic. Only of one that is suspended, and who
    gives back does not release within a day: else one officer's session refills another's budget without end."""
    moment = keeper.now()
    session = acting(keeper, args.session, "budget.refund", moment)
    account = account_named(keeper, args.account)
    _not_oneself(session, account)
    if not keeper.ledger.remaining(account, bytes(16), moment.budget_ms).suspended:
        raise Refused("suspend the account first: its budget is given back while it is stopped", where="account")
    return await _act(keeper, moment, session, budget_officer.refund_account(moment.budget_ms, account), "refund", [])


async def _act(
    keeper: Keeper, moment: Moment, session: Session, charge: charges.Charge, note: str,
    puts: list[tuple[bytes, bytes]], deletes: Sequence[bytes] = (),
) -> dict[str, Any]:
    keeper.ledger.apply(charge)
    leaf = keeper.leaf(
        moment, Action.BUDGET_ACT, account=session.account, session=session.id, objects=(charge.account,),
        charge=charges.encode(charge), note=note,
    )
    await keeper.commit([leaf], puts, deletes)
    return {}


def account_named(keeper: Keeper, name: str) -> bytes:
    """The id of an account by its login, or of a program by "client NAME"."""
    found = keeper.accounts.find(name)
    if found is not None:
        return found.id
    raise Missing("there is no such account", where="account")


def _not_oneself(session: Session, account: bytes) -> None:
    if session.account == account:
        raise Refused("nobody gives budget back to themselves; another officer has to", where="account")


async def _not_who_refunded(keeper: Keeper, moment: Moment, session: Session, account: bytes) -> None:
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    async for _, line in lines_back(keeper, since_ms=moment.wall_ms - _DAY_MS):
        given_back = line.action == Action.BUDGET_ACT and line.note == "refund" and account in line.objects
        if given_back and line.account == session.account and moment.wall_ms - line.wall_ms < _DAY_MS:
            raise Refused(
                "you gave this account its budget back within a day; another officer releases it, or you tomorrow",
                where="account",
            )


@OPS.op("change.undo_preview", Undo, "desk")
async def undo_preview(keeper: Keeper, caller: Caller, args: Undo) -> dict[str, Any]:
    """What undoing would do, counted: {patients, back, removed, changed_since_by_others, digest}. The deed itself takes
    a gesture over `digest` from whoever has a passkey."""
    moment = keeper.now()
    session = acting(keeper, args.session, "change.undo", moment)
    account = _whose(keeper, args, moment)
    counted = await preview_account(keeper, moment, account, args.since_ms)
    leaf = keeper.leaf(
        moment, Action.AUDIT_VIEW, account=session.account, session=session.id, objects=(account,), note="undo-preview"
    )
    await keeper.commit([leaf])
    return {**counted, "digest": _undo_digest(account, args.since_ms)}


@OPS.op("change.undo", Undo, "desk")
async def undo(keeper: Keeper, caller: Caller, args: Undo) -> dict[str, Any]:
    """Puts back what an account overwrote or deleted since a moment. Every version stays; nothing is shown."""
    moment = keeper.now()
    session = acting(keeper, args.session, "change.undo", moment)
    account = _whose(keeper, args, moment)
    if keeper.accounts.get(session.account).passkeys:
        digest = _undo_digest(account, args.since_ms)
        taken = keeper.gestures.take(
            session=session.id, account=session.account, digest=digest, now_ms=moment.wall_ms
        )
        if not taken:
            raise StepUp("Confirm with your passkey that you undo these changes.", where=digest.hex())
    restored, kept = await undo_account(keeper, moment, session, account, args.since_ms)
    return {"restored": restored, "changed_since_by_others": kept}


def _whose(keeper: Keeper, args: Undo, moment: Moment) -> bytes:
    account = account_named(keeper, args.account)
    if not 0 < args.since_ms <= moment.wall_ms:
        raise Invalid("undoing begins at a moment in the past", where="since_ms")
    return account


def _undo_digest(account: bytes, since_ms: int) -> bytes:
    return request_digest("change.undo", {"account": account, "since_ms": since_ms})

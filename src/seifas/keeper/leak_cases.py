"""Leak cases at the officer's desk: begun with their legal basis, approved by two people, closed.

A search through everybody is what a thief wants. So it belongs to a case; two people say yes to it, one of them an
officer; their yes is good for a day and for so many mentions, and is then asked for again (leak_searching.py).
"""

from __future__ import annotations

import os
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused
from seifas.keeper.alarming import account_name, announce, ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.approvals import Request, State
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_model import APPROVED_MS, MENTIONS, LeakCase
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting, officer_only, require_person

MOST_OPEN: Final = 200
_MOST_TITLE: Final = 120
_MOST_GROUND: Final = 300


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ground`: the legal basis on which the sample is looked at, and who decided it."""

    session: str
    title: str
    ground: str


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class Watching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`watch`: a page asks by itself every few seconds; that keeps no session awake."""

    session: str
    case: bytes
    watch: bool = False


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


def officer_of(keeper: Keeper, token: str, op: str, moment: Moment, *, touch: bool = True) -> Session:
    """The officer's session that asks. Raises SignIn, StepUp, Refused."""
    session = acting(keeper, token, op, moment, touch=touch)
    require_person(session)
    officer_only(session)
    return session


@OPS.op("leak.begin", Begin, "desk")
async def begin(keeper: Keeper, caller: Caller, args: Begin) -> dict[str, Any]:
    """{case}: a new case. Nothing can be searched with it before two people have said yes."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.begin", moment)
    case = new_case(keeper, moment, args.title, args.ground, session.account)
    leaf = keeper.leaf(
        moment, Action.LEAK_CASE, account=session.account, session=session.id, objects=(case.id,), note="begun"
    )
    rings = ring(keeper, moment, "leak-case", 1, "A leak case was begun.", account=session.account, session=session.id)
    await keeper.commit([leaf], [keeper.row(Kind.LEAK_CASE, case.id, case), *rings])
    keeper.leaks.put(case)
    return {"case": case.id}


def new_case(keeper: Keeper, moment: Moment, title: str, ground: str, by: bytes) -> LeakCase:
    """Not stored yet. Raises Invalid without a title or a legal basis, OverBudget past the most open cases."""
    if sum(not one.closed_ms for one in keeper.leaks.cases()) >= MOST_OPEN:
        raise OverBudget(f"{MOST_OPEN} cases are open; close some first", where="leaks")
    title = _text(title, 3, _MOST_TITLE, "title", "give the case a name that you will know it by")
    ground = _text(ground, 3, _MOST_GROUND, "ground", "say on which legal basis the sample is looked at")
    return LeakCase(os.urandom(16), title, ground, by, moment.wall_ms, os.urandom(32))


def _text(text: str, least: int, most: int, where: str, what: str) -> str:
    said = " ".join(text.split())
    if not least <= len(said) <= most or not said.isprintable():
        raise Invalid(f"{what}: {least} to {most} letters", where=where)
    return said


@OPS.op("leak.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """All cases, newest first, each as `leak.status` tells it."""
    moment = keeper.now()
    officer_of(keeper, args.session, "leak.list", moment)
    return [told(keeper, moment, one) for one in keeper.leaks.cases()]


@OPS.op("leak.status", Watching, "desk")
async def status(keeper: Keeper, caller: Caller, args: Watching) -> dict[str, Any]:
    """{case, title, ground, by, made_ms, state, mentions_left, approved_until_ms, searches, spent, files, results}.

    `state`: new, asked, approved, used-up, over (its day), refused or closed. Nobody is named.
    """
    moment = keeper.now()
    officer_of(keeper, args.session, "leak.status", moment, touch=not args.watch)
    return told(keeper, moment, keeper.leaks.get(args.case))


def told(keeper: Keeper, moment: Moment, case: LeakCase) -> dict[str, Any]:
    """One case for a page or a command."""
    until_ms, left = allowance(keeper, case)
    return {
        "case": case.id, "title": case.title, "ground": case.ground, "by": account_name(keeper, case.by),
        "made_ms": case.made_ms, "closed_ms": case.closed_ms, "state": state_of(keeper, moment, case),
        "mentions_left": left, "approved_until_ms": until_ms, "spent": case.spent, "approval": case.approval,
        "searches": keeper.leaks.under_way(case.id, moment.boot_ms),
        "files": [
            {"id": one.id, "name": one.name, "sha256": one.sha256, "size": one.size, "kept_ms": one.kept_ms}
            for one in keeper.leaks.files_of(case.id)
        ],
        "results": [
            {"id": one.id, "kind": one.kind, "made_ms": one.made_ms, "size": one.size}
            for one in keeper.leaks.results_of(case.id)
        ],
    }


def allowance(keeper: Keeper, case: LeakCase) -> tuple[int, int]:
    """(until, mentions left) of the newest yes, used already or not; (0, 0) where there is none."""
    if case.closed_ms:
        return 0, 0
    request = request_of(keeper, case)
    if request is not None and request.state is State.APPROVED:
        return request.settled_ms + APPROVED_MS, MENTIONS
    return case.until_ms, case.left


def state_of(keeper: Keeper, moment: Moment, case: LeakCase) -> str:
    """One word for where the case stands; only in "approved" may it be searched."""
    if case.closed_ms:
        return "closed"
    until_ms, left = allowance(keeper, case)
    if moment.wall_ms < until_ms and left > 0:
        return "approved"
    request = request_of(keeper, case)
    if request is not None and request.state is State.PENDING:
        return "asked"
    if request is not None and request.state is State.REFUSED:
        return "refused"
    if until_ms:
        return "over" if left > 0 else "used-up"
    return "new" if request is None else "over"


def request_of(keeper: Keeper, case: LeakCase) -> Request | None:
    """The newest request for approval, if it is still kept."""
    try:
        return keeper.approvals.get(case.approval) if case.approval else None
    except Missing:
        return None


@OPS.op("leak.ask", OfCase, "desk")
async def ask(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{approval}: asks for a second person's yes to search with this case. Good for 24 hours and 5,000 mentions."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.ask", moment)
    case = open_case(keeper, args.case)
    if state_of(keeper, moment, case) in ("asked", "approved"):
        raise Conflict("this case is approved, or was asked for already", where="approval")
    details = {"case": case.id, "ground": case.ground, "label": case.title, "mentions": MENTIONS}
    request = approvals.ask(
        keeper.approvals, approvals.Kind.LEAK_SEARCH, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode(details), now_ms=moment.wall_ms,
    )
    changed = msgspec.structs.replace(case, approval=request.id, until_ms=0, left=0, people=())
    leaf = keeper.leaf(
        moment, Action.LEAK_CASE, account=session.account, session=session.id, objects=(case.id, request.id),
        note="asked",
    )
    keeper.leaks.put(changed)  # at once: put later, it would undo what closes the case meanwhile
    try:
        await keeper.commit([leaf], [
            keeper.row(Kind.APPROVAL, request.id, request), keeper.row(Kind.LEAK_CASE, case.id, changed),
            *announce(keeper, moment, request),
        ])  # fmt: skip
    except BaseException:
        keeper.approvals.remove(request.id)
        keeper.leaks.put_back(changed, case)
        raise
    return {"approval": request.id}


def open_case(keeper: Keeper, ident: bytes) -> LeakCase:
    """Raises Missing, Refused for one that is closed."""
    case = keeper.leaks.get(ident)
    if case.closed_ms:
        raise Refused("this case is closed; begin another one", where="leak-closed")
    return case


@OPS.op("leak.close", OfCase, "desk")
async def close(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """Ends the case and every search of it at once. What was found stays."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "leak.close", moment)
    await closed(keeper, moment, open_case(keeper, args.case), session.account, session.id)
    return {"state": "closed"}


async def closed(keeper: Keeper, moment: Moment, case: LeakCase, account: bytes, session: bytes) -> None:
    """Closes it, durable on return; its searches end before that."""
    keeper.leaks.end_case(case.id)
    changed = msgspec.structs.replace(
        case, closed_ms=moment.wall_ms, closed_by=account, until_ms=0, left=0, people=()
    )
    keeper.leaks.put(changed)
    puts = [keeper.row(Kind.LEAK_CASE, case.id, changed)]
    request = request_of(keeper, case)
    if request is not None and request.state in (State.PENDING, State.APPROVED):
        # A yes that nobody used opens nothing later.
        ended = msgspec.structs.replace(request, state=State.EXPIRED, settled_ms=moment.wall_ms, settled_by=account)
        keeper.approvals.put(ended)
        puts.append(keeper.row(Kind.APPROVAL, ended.id, ended))
    leaf = keeper.leaf(
        moment, Action.LEAK_CASE, account=account, session=session, objects=(case.id,), note="closed"
    )
    await keeper.commit([leaf], puts)

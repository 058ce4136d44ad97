"""Everybody's budgets today, for the officer: bars of used and left, who is near the end; and raising one with two."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Invalid
from seifas.keeper.alarming import announce
from seifas.keeper.budget import officer as budget_officer
from seifas.keeper.budget.asks import NOBODY
from seifas.keeper.budget.overview import Bar
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import approvals
from seifas.keeper.identity.machine import account_of
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.officer import account_named
from seifas.keeper.opening import acting

NEAR_PERCENT: Final = 80
MOST_DAYS: Final = 30
_MOST_BY: Final = 1000


class Watching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    watch: bool = False


class AskRaise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`account` is a login, empty for the clinic; `by` patients for `days` days."""

    session: str
    bound: str
    by: int
    days: int
    account: str = ""


@OPS.op("budget.people", Watching, "desk")
async def people(keeper: Keeper, caller: Caller, args: Watching) -> dict[str, Any]:
    """{clinic: bars, people: [{id, name, display, hats, suspended, frozen, sessions, near, fullest, bars}], programs,
    bounds}; a bar is {bound, used, most, raised}. Who is nearest to an end comes first. Counts only: no patient."""
    moment = keeper.now()
    acting(keeper, args.session, "budget.people", moment, touch=not args.watch)
    ledger, now = keeper.ledger, moment.budget_ms
    found = []
    for one in keeper.accounts:
        bars = ledger.bars(one.id, now)
        sessions = keeper.sessions.of_account(one.id)
        if one.disabled and not any(bar.used for bar in bars):
            continue
        found.append({
            "id": one.id, "name": one.name, "display": one.display, "hats": [hat.value for hat in one.hats],
            "suspended": ledger.remaining(one.id, bytes(16), now).suspended, "sessions": len(sessions),
            "frozen": [each.id for each in sessions if each.frozen], "near": near(bars), "fullest": fullest(bars),
            "bars": _told(bars),
        })
    programs = []
    for client in keeper.clients:
        bars = ledger.bars_of_machine(account_of(client.id), client.effective_per_day, now)
        programs.append({
            "name": f"client {client.name}", "display": client.name, "disabled": client.disabled,
            "suspended": ledger.remaining(account_of(client.id), bytes(16), now).suspended, "near": near(bars),
            "fullest": fullest(bars), "bars": _told(bars),
        })
    return {
        "clinic": _told(ledger.bars_of_clinic(now)),
        "people": sorted(found, key=_urgency),
        "programs": sorted(programs, key=lambda one: (-one["fullest"], one["name"])),
        "bounds": {"account": budget_officer.ACCOUNT_BOUNDS, "clinic": budget_officer.CLINIC_BOUNDS},
    }


def _urgency(one: dict[str, Any]) -> tuple[Any, ...]:
    return (not one["suspended"], not one["frozen"], -one["fullest"], one["name"])


def near(bars: tuple[Bar, ...]) -> bool:
    """Whether an end is in sight."""
    return any(bar.used * 100 >= bar.most * NEAR_PERCENT for bar in bars if bar.most)


def fullest(bars: tuple[Bar, ...]) -> int:
    """Percent used of the bound that is used the most."""
    return max((min(100, bar.used * 100 // bar.most) for bar in bars if bar.most), default=0)


def _told(bars: tuple[Bar, ...]) -> list[dict[str, Any]]:
    return [msgspec.structs.asdict(bar) for bar in bars]


@OPS.op("budget.raise_ask", AskRaise, "desk")
async def raise_ask(keeper: Keeper, caller: Caller, args: AskRaise) -> dict[str, Any]:
    """{id}: asks that a bound be raised for at most 30 days; the officer who asks is one of the two."""
    moment = keeper.now()
    session = acting(keeper, args.session, "budget.raise_ask", moment)
    account = account_named(keeper, args.account) if args.account else NOBODY
    bounds = budget_officer.ACCOUNT_BOUNDS if args.account else budget_officer.CLINIC_BOUNDS
    if args.bound not in bounds:
        raise Invalid(f"this bound cannot be raised; these can: {', '.join(bounds)}", where="bound")
    if not 1 <= args.by <= _MOST_BY or not 1 <= args.days <= MOST_DAYS:
        raise Invalid(f"a bound is raised by 1 to {_MOST_BY} for 1 to {MOST_DAYS} days", where="by")
    details = {"account": account, "name": args.account, "bound": args.bound, "by": args.by, "days": args.days}
    request = approvals.ask(
        keeper.approvals, approvals.Kind.RAISE_LIMIT, account=keeper.accounts.get(session.account), hat=session.hat,
        details=msgspec.msgpack.encode(details), now_ms=moment.wall_ms,
    )
    leaf = keeper.leaf(
        moment, Action.APPROVAL, account=session.account, session=session.id, objects=(request.id,),
        note="raise-limit:asked",
    )
    puts = [keeper.row(Kind.APPROVAL, request.id, request), *announce(keeper, moment, request)]
    await keeper.commit([leaf], puts)
    return {"id": request.id}

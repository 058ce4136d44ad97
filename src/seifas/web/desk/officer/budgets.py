"""Budgets: everybody today, and the officer's acts on them."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.officer.frame import ident, number, of_hat, show
from seifas.web.desk.officer.kinds import BARS
from seifas.web.desk.room import Room

_SHOWN = 3  # bars of a person that stand open; the others unfold


async def budgets(room: Room, exchange: Exchange) -> None:
    """/desk/budgets: bars of used and left; suspend, release, refund, ask for more."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    if exchange.method == "POST":
        await _act(room, exchange, visit.token, await room.guard.fields(exchange, visit.token))
        return
    told = await room.client.call("budget.people", session=visit.token)
    for one in (*told["people"], *told["programs"]):
        one["bars"] = [_bar(bar) for bar in one["bars"]]
        one["first"] = sorted(one["bars"], key=lambda bar: -bar["percent"])[:_SHOWN]
        one["rest"] = [bar for bar in one["bars"] if bar not in one["first"]]
        one["frozen"] = [each.hex() for each in one.get("frozen", ())]
    await show(
        room, exchange, "officer/budgets.html", visit, tab="/desk/budgets",
        clinic_bars=[_bar(bar) for bar in told["clinic"]], people=told["people"], programs=told["programs"],
        near=[one for one in told["people"] if one["near"]],
        busy=[one for one in told["people"] if one["fullest"] or one["suspended"] or one["frozen"]],
        quiet=[one for one in told["people"] if not (one["fullest"] or one["suspended"] or one["frozen"])],
        bounds={"account": _named(told["bounds"]["account"]), "clinic": _named(told["bounds"]["clinic"])},
    )  # fmt: skip


def _bar(bar: dict[str, Any]) -> dict[str, Any]:
    percent = min(100, bar["used"] * 100 // bar["most"]) if bar["most"] else 0
    return {**bar, "words": BARS[bar["bound"]], "percent": percent, "left": max(0, bar["most"] - bar["used"])}


def _named(bounds: list[str]) -> list[tuple[str, str]]:
    return [(bound, BARS[bound]) for bound in bounds if bound in BARS]


async def _act(room: Room, exchange: Exchange, token: str, sent: dict[str, str]) -> None:
    do, account = sent.get("do", ""), sent.get("account", "")
    if do in ("suspend", "release", "refund"):
        await room.client.call(f"budget.{do}", session=token, account=account)
    elif do == "refund-session":
        await room.client.call("budget.refund_session", session=token, id=ident(sent.get("id", "")))
    elif do == "raise":
        bound, _, whose = sent.get("bound", "").partition(" ")
        await room.client.call(
            "budget.raise_ask", session=token, account=account if whose != "clinic" else "", bound=bound,
            by=number(sent.get("by", ""), "by"), days=number(sent.get("days", ""), "days"),
        )
        await answers.see_other(exchange, "/desk/approvals")
        return
    else:
        raise Invalid("There is no such button.", where="do")
    await answers.see_other(exchange, "/desk/budgets")

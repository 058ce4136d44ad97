"""Finding and opening patients: masked hits, the caller's proof, card, chart, and the reason where one is due."""

from __future__ import annotations

from typing import Any

from seifas.errors import Missing, OverBudget, ReasonNeeded, Refused, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.desk.showing import Group, card_of, grouped
from seifas.web.forms import patient_id

REASONS = ("visit", "call", "results", "followup", "colleague", "billing")


async def search(room: Room, exchange: Exchange) -> None:
    """POST /desk/search: masked hits for what was typed."""
    exchange.route("/desk/search")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    query = sent.get("query", "").strip()
    try:
        hits = await room.client.call("patient.search", session=visit.token, name=query)
    except StepUp as error:
        await confirm(room, exchange, visit, error, "/desk/search", {"query": query})
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    rows = [{**hit, "address": f"/desk/patient/{hit['patient'].hex()}"} for hit in hits]
    await room.show(exchange, "found.html", visit, rows=rows, most=len(rows) >= 20)


async def caller(room: Room, exchange: Exchange) -> None:
    """POST /desk/caller: the card of the one patient that surname and birth date or telephone prove."""
    exchange.route("/desk/caller")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    typed = {name: sent.get(name, "").strip() for name in ("surname", "birthdate", "phone")}
    try:
        found = await room.client.call("patient.caller", session=visit.token, **typed)
    except StepUp as error:
        await confirm(room, exchange, visit, error, "/desk/caller", typed)
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    await _card(room, exchange, visit, found["patient"].hex(), found, "")


async def patient(room: Room, exchange: Exchange, ident: str, part: str) -> None:
    """/desk/patient/{id} is the card, /desk/patient/{id}/chart the chart; a POST brings the reason."""
    exchange.route("/desk/patient/{id}/chart" if part else "/desk/patient/{id}")
    visit = await room.visit(exchange)
    chart = part == "chart"
    if part and not chart:
        raise Missing("there is no such page")
    if chart and visit.hat not in TREATING:
        raise Refused("This hat opens cards, not charts.")
    reason = ""
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        reason = sent.get("reason", "").strip() or sent.get("other", "").strip()
    key = patient_id(ident)
    try:
        if chart:
            await _chart(room, exchange, visit, key, reason)
        else:
            found = await room.client.call("record.read", session=visit.token, type="Patient", id=key, reason=reason)
            await _card(room, exchange, visit, ident, found, reason)
    except ReasonNeeded:
        await room.show(
            exchange, "reason.html", visit, status=403, address=_address(ident, chart), reasons=REASONS,
            ident=ident if visit.hat in TREATING else "",
        )  # fmt: skip
    except StepUp as error:
        await confirm(room, exchange, visit, error, _address(ident, chart), {"reason": reason})
    except OverBudget as error:
        await stopped(room, exchange, visit, error, ident)


def _address(ident: str, chart: bool) -> str:
    return f"/desk/patient/{ident}/chart" if chart else f"/desk/patient/{ident}"


async def _card(room: Room, exchange: Exchange, visit: Visit, ident: str, found: dict[str, Any], reason: str) -> None:
    await room.show(
        exchange, "card.html", visit, card=card_of(read(found["body"], limit=len(found["body"]))), ident=ident,
        reason=reason, version=found["version"], updated_ms=found["updated_ms"], groups=None,
    )  # fmt: skip


async def _chart(room: Room, exchange: Exchange, visit: Visit, key: bytes, reason: str) -> None:
    rows = await room.client.call("record.list", session=visit.token, patient=key, types=(), reason=reason)
    resources = [(read(row["body"], limit=len(row["body"])), row) for row in rows]
    own = next((one for one in resources if one[1]["type"] == "Patient"), None)
    if own is None:
        raise Missing("there is no such record")
    groups: list[Group] = grouped([resource for resource, row in resources if row["type"] != "Patient"])
    await room.show(
        exchange, "card.html", visit, card=card_of(own[0]), ident=key.hex(), reason=reason, version=own[1]["version"],
        updated_ms=own[1]["updated_ms"], groups=groups,
    )  # fmt: skip

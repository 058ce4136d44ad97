"""Finding and opening patients: masked hits, the caller's proof, card, chart, and the reason where one is due."""

from __future__ import annotations

from typing import Any

from seifas.errors import Missing, OverBudget, ReasonNeeded, Refused, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.desk.showing import Group, card_of, grouped
from seifas.web.forms import patient_id
from seifas.web.pages import language_of
from seifas.web.words import say

REASONS = ("visit", "call", "results", "followup", "colleague", "billing")


async def search(room: Room, exchange: Exchange) -> None:
    """POST /desk/search: masked hits for what was typed."""
    exchange.route("/desk/search")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    hits = await room.client.call("patient.search", session=visit.token, name=sent.get("query", "").strip())
    rows = [{**hit, "address": f"/desk/patient/{hit['patient'].hex()}"} for hit in hits]
    await room.show(exchange, "found.html", visit, rows=rows, most=len(rows) >= 20)


async def caller(room: Room, exchange: Exchange) -> None:
    """POST /desk/caller: the card of the one patient that surname and birth date or telephone prove."""
    exchange.route("/desk/caller")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    found = await room.client.call(
        "patient.caller", session=visit.token, surname=sent.get("surname", "").strip(),
        birthdate=sent.get("birthdate", "").strip(), phone=sent.get("phone", "").strip(),
    )  # fmt: skip
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
            exchange, "reason.html", visit, status=403, address=_address(ident, chart), reasons=REASONS, digest=""
        )
    except StepUp as error:
        # What is to be signed comes from the keeper: a gesture opens this patient and no other.
        language = language_of(exchange, room.pages.languages)
        said = say(language, "step-up" if visit.who.get("passkeys") else "step-up-none")
        await room.show(
            exchange, "step_up.html", visit, status=403, said=said, address=_address(ident, chart), reason=reason,
            fields={}, digest=error.where if visit.who.get("passkeys") else "",
        )  # fmt: skip
    except OverBudget as error:
        # The keeper's words say which bound was met and when it frees; that is for whoever was stopped.
        await room.show(exchange, "trouble.html", visit, status=error.http, said=error.message)


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

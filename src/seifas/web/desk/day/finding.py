"""The telephone and the search: one line that lists masked hits while it is typed, or opens the card of who calls."""

from __future__ import annotations

from typing import Any

from seifas.errors import Missing, OverBudget, SeifasError, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.day.typed import MOST, Proof, proof_of
from seifas.web.desk.room import Room, Visit

_MOST_HITS = 20


async def typing(room: Room, exchange: Exchange) -> None:
    """POST /desk/typing: the hits for what stands in the line now, as a piece of a page. Fails without words: the line
    itself still works, with Enter."""
    token = exchange.cookie()
    try:
        sent = await room.guard.fields(exchange, token)
        text = sent.get("query", "").strip()[:MOST]
        told: dict[str, Any] = {"hits": [], "many": False, "ask": False}
        proof = proof_of(text)
        if proof is None:
            told = await room.client.call("patient.typing", session=token, text=text)
    except SeifasError:
        await answers.text(exchange, "", status=204)
        return
    html = room.pages.render(exchange, "day/hits.html", rows=_rows(told["hits"]), proof=proof is not None,
                             many=told["many"], ask=told["ask"], typed=len(text))  # fmt: skip
    await answers.page(exchange, html)


async def search(room: Room, exchange: Exchange) -> None:
    """POST /desk/search: the card of the caller whom the line proves, else masked hits for what was typed."""
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    query = sent.get("query", "").strip()[:MOST]
    proof = proof_of(query)
    if proof is not None:
        await _prove(room, exchange, visit, proof, "/desk/search", {"query": query}, query)
        return
    try:
        hits = await room.client.call("patient.search", session=visit.token, name=query)
    except StepUp as error:
        await confirm(room, exchange, visit, error, "/desk/search", {"query": query})
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    await room.show(
        exchange, "day/found.html", visit, rows=_rows(hits), most=len(hits) >= _MOST_HITS, missed=False, typed=query,
        finding=True,
    )  # fmt: skip


async def caller(room: Room, exchange: Exchange) -> None:
    """POST /desk/caller: the same proof from fields of their own."""
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    typed = {name: sent.get(name, "").strip()[:MOST] for name in ("surname", "birthdate", "phone")}
    await _prove(room, exchange, visit, Proof(**typed), "/desk/caller", typed, " ".join(filter(None, typed.values())))


async def _prove(
    room: Room, exchange: Exchange, visit: Visit, proof: Proof, address: str, fields: dict[str, str], typed: str
) -> None:
    try:
        found = await room.client.call(
            "patient.caller", session=visit.token, surname=proof.surname, birthdate=proof.birthdate, phone=proof.phone
        )
    except Missing as error:
        # The same page for nobody, for several and for a name that is known with another date.
        after = await room.visit(exchange)
        await room.show(
            exchange, "day/found.html", after, status=error.http, rows=[], most=False, missed=True, typed=typed,
            finding=True,
        )  # fmt: skip
    except StepUp as error:
        await confirm(room, exchange, visit, error, address, fields)
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
    else:
        # What was opened a moment ago is opened again free of charge: the card has an address, and one page.
        await answers.see_other(exchange, f"/desk/patient/{found['patient'].hex()}")


def _rows(hits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**hit, "address": f"/desk/patient/{hit['patient'].hex()}"} for hit in hits]

"""The requests that came in: which wait, one opened, closed when it was answered. The keeper writes a line for each."""

from __future__ import annotations

import re

from seifas.errors import Missing, OverBudget, Refused
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import stopped
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit

LIST = "/desk/requests-in"
_SAID = {b"kept": "came-in-kept", b"gone": "came-in-gone"}
_ID = re.compile(r"[0-9a-f]{32}\Z")


async def _answering(room: Room, exchange: Exchange) -> Visit:
    visit = await room.visit(exchange)
    if visit.hat not in SEES_PATIENTS:
        raise Refused("This hat does not answer requests.")
    return visit


def _ident(text: str) -> bytes:
    if not _ID.match(text):
        raise Missing("there is no such request")
    return bytes.fromhex(text)


async def waiting(room: Room, exchange: Exchange) -> None:
    """GET /desk/requests-in: when each came, oldest of those that wait first; nothing of what is in them."""
    visit = await _answering(room, exchange)
    rows = await room.client.call("drop.list", session=visit.token)
    said = _SAID.get(exchange.query, "")
    await room.show(
        exchange, "requests_in/list.html", visit, address=LIST,
        waiting=sorted((row for row in rows if not row["done_ms"]), key=lambda row: int(row["received_ms"])),
        closed=[row for row in rows if row["done_ms"]], good=room.words(exchange, said) if said else "",
    )  # fmt: skip


async def one(room: Room, exchange: Exchange, request: str) -> None:
    """GET /desk/requests-in/{request}: one, opened."""
    visit = await _answering(room, exchange)
    try:
        found = await room.client.call("drop.open", session=visit.token, id=_ident(request))
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    await room.show(
        exchange, "requests_in/one.html", visit, row=found, ident=request, address=LIST,
        surname=found["name"].split()[-1] if found["name"].split() else "", phone=_phone(found["contact"]),
        mail=_mail(found["contact"]),
    )  # fmt: skip


async def done(room: Room, exchange: Exchange, request: str) -> None:
    """POST /desk/requests-in/{request}/done: `act` is done, again or remove."""
    visit = await _answering(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    act = sent.get("act", "done")
    await room.client.call(
        "drop.done", session=visit.token, id=_ident(request), done=act != "again", remove=act == "remove"
    )
    await answers.see_other(
        exchange, f"{LIST}/{request}" if act == "again" else f"{LIST}?{'gone' if act == 'remove' else 'kept'}"
    )


def _phone(contact: str) -> str:
    """The telephone number in it, as digits with a plus; "" where there is none."""
    found = re.search(r"\+?[0-9][0-9 ()-]{5,24}", contact) if "@" not in contact else None
    return re.sub(r"[^0-9+]", "", found[0]) if found is not None else ""


def _mail(contact: str) -> str:
    found = re.search(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,120}\.[A-Za-z]{2,24}", contact)
    return found[0] if found is not None else ""

"""Messages with patients: who has written, one exchange, a reply."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid, Missing
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.portal_requests.requests import ident
from seifas.web.desk.room import Room


async def threads(room: Room, exchange: Exchange) -> None:
    """GET /desk/messages: who has written, those unread first; no words of any message."""
    visit = await room.visit(exchange)
    rows = await room.client.call("portal.threads", session=visit.token)
    for row in rows:
        row["address"] = f"/desk/patient/{row['patient'].hex()}/messages"
    await room.show(exchange, "portal_desk/threads.html", visit, rows=rows)


async def thread(room: Room, exchange: Exchange, patient: str) -> None:
    """GET /desk/patient/{patient}/messages opens the exchange; POST with `text` writes to the patient."""
    visit = await room.visit(exchange)
    address = f"/desk/patient/{patient}/messages"
    sent = await room.guard.fields(exchange, visit.token) if exchange.method == "POST" else {}
    said = ""
    if sent.get("do") == "reply":

        async def reply(reason: str) -> bool:
            await room.client.call(
                "portal.reply", session=visit.token, patient=ident(patient), text=sent.get("text", "")
            )
            return True

        try:
            if await opening(room, exchange, visit, patient, address, reply, sent=sent) is None:
                return
        except Invalid:
            said = room.words(exchange, "my-message-wrong")
        except Missing:
            said = room.words(exchange, "mydesk-nobody")
        else:
            await answers.see_other(exchange, address)
            return

    async def read(reason: str) -> tuple[Any, dict[str, Any]]:
        strip = await strip_read(room, visit, ident(patient), reason or "message")
        found: dict[str, Any] = await room.client.call(
            "portal.thread", session=visit.token, patient=ident(patient), reason=reason
        )
        return strip, found

    read_of = await opening(room, exchange, visit, patient, address, read, sent=sent)
    if read_of is not None:
        card, found = read_of
        await room.show(
            exchange, "portal_desk/thread.html", visit, card=card, ident=patient, rows=found["messages"],
            reached=found["reached"], address=address, text=sent.get("text", "") if said else "", said=said,
        )  # fmt: skip

"""What patients ask for through the portal: which wait, one opened, one answered. The keeper writes a line for each."""

from __future__ import annotations

from typing import Any

from seifas.errors import Conflict, Invalid, Missing
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.room import Room, Visit

LIST = "/desk/requests"


async def waiting(room: Room, exchange: Exchange) -> None:
    """GET /desk/requests: by due date, with surname and initial; nothing of what was written."""
    visit = await room.visit(exchange)
    rows = await room.client.call("portal.requests", session=visit.token)
    await room.show(
        exchange, "portal_desk/requests.html", visit, waiting=[row for row in rows if row["state"] == "open"],
        settled=[row for row in rows if row["state"] != "open"],
        good=room.words(exchange, "mydesk-settled") if exchange.query == b"settled" else "",
    )  # fmt: skip


async def one(room: Room, exchange: Exchange, request: str) -> None:
    """GET /desk/requests/{request} opens it; POST with `do` (done, refused) and `text` answers it."""
    visit = await room.visit(exchange)
    address = f"{LIST}/{request}"
    sent = await room.guard.fields(exchange, visit.token) if exchange.method == "POST" else {}
    said = ""
    if sent.get("do") in ("done", "refused"):
        try:
            if await _answer(room, exchange, visit, request, address, sent) is None:
                return
        except Invalid:
            said = room.words(exchange, "mydesk-refuse-hint")
        except Conflict:
            said = room.words(exchange, "conflict")
        else:
            await answers.see_other(exchange, f"{LIST}?settled")
            return

    async def read(reason: str) -> dict[str, Any]:
        found: dict[str, Any] = await room.client.call(
            "portal.request", session=visit.token, id=ident(request)
        )
        return found

    found = await opening(room, exchange, visit, "", address, read, sent=sent)
    if found is not None:
        await room.show(
            exchange, "portal_desk/request.html", visit, row=found, address=address, text=sent.get("text", ""),
            said=said,
        )  # fmt: skip


async def _answer(
    room: Room, exchange: Exchange, visit: Visit, request: str, address: str, sent: dict[str, str]
) -> bool | None:
    async def settle(reason: str) -> bool:
        await room.client.call(
            "portal.answer", session=visit.token, id=ident(request), state=sent["do"], text=sent.get("text", "")
        )
        return True

    return await opening(room, exchange, visit, "", address, settle, sent=sent)


def ident(text: str) -> bytes:
    """An id out of an address. Raises Missing."""
    if len(text) == 32 and all(letter in "0123456789abcdef" for letter in text):
        return bytes.fromhex(text)
    raise Missing("there is no such request")

"""Who has the portal for a patient; an invitation on a slip of paper; shutting what was opened."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid, Refused
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.portal_requests.requests import ident
from seifas.web.desk.room import Room, Visit


async def portal(room: Room, exchange: Exchange, patient: str) -> None:
    """GET /desk/patient/{patient}/portal; POST with `do`: invite (`related`), shut (`account`)."""
    visit = await room.visit(exchange)
    address = f"/desk/patient/{patient}/portal"
    sent = await room.guard.fields(exchange, visit.token) if exchange.method == "POST" else {}
    said, do = "", sent.get("do", "")
    if do == "invite":
        try:
            await _invite(room, exchange, visit, patient, address, sent)
        except (Invalid, Refused) as error:
            if error.where not in ("invite", "birth", "age", "patient", "related"):
                raise
            said = room.words(exchange, "mydesk-no", why=error.message)
        else:
            return
    elif do == "shut":

        async def shut(reason: str) -> bool:
            await room.client.call(
                "portal.shut", session=visit.token, patient=ident(patient), account=ident(sent.get("account", ""))
            )
            return True

        if await opening(room, exchange, visit, patient, address, shut, sent=sent) is not None:
            await answers.see_other(exchange, address)
        return

    async def read(reason: str) -> tuple[Any, dict[str, Any]]:
        strip = await strip_read(room, visit, ident(patient), reason or "portal")
        found: dict[str, Any] = await room.client.call(
            "portal.people", session=visit.token, patient=ident(patient), reason=reason
        )
        return strip, found

    read_of = await opening(room, exchange, visit, patient, address, read, sent={})
    if read_of is not None:
        card, found = read_of
        names = {one["id"]: one["name"] for one in found["guardians"]}
        await room.show(
            exchange, "portal_desk/patient.html", visit, card=card, ident=patient, address=address, said=said,
            names=names, **found,
        )  # fmt: skip


async def _invite(
    room: Room, exchange: Exchange, visit: Visit, patient: str, address: str, sent: dict[str, str]
) -> None:
    related = ident(sent["related"]) if sent.get("related") else b""

    async def make(reason: str) -> dict[str, Any]:
        made: dict[str, Any] = await room.client.call(
            "portal.invite", session=visit.token, patient=ident(patient), related=related, reason=reason
        )
        return made

    made = await opening(room, exchange, visit, patient, address, make, sent=sent)
    if made is not None:
        await room.show(
            exchange, "portal_desk/slip.html", visit, code=made["code"], until_ms=made["expires_ms"],
            again=made["again"], back=address, url=f"{room.settings.portal_url}/my",
        )  # fmt: skip

"""/desk/withheld: lines of the log that are kept from a patient while a case is open; the officer's decision."""

from __future__ import annotations

import re
from typing import Any

from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.room import Room

ADDRESS = "/desk/withheld"
_FIELDS = ("patient", "lines", "days", "why")


async def withheld(room: Room, exchange: Exchange) -> None:
    """GET: the decisions. POST: a new one; the passkey is asked for over exactly these lines."""
    visit = await room.visit(exchange)
    if visit.hat != "officer":
        raise Refused("this is for the officer's hat")
    sent = await room.guard.fields(exchange, visit.token) if exchange.method == "POST" else {}
    said, detail = "", ""
    if sent.get("why"):

        async def decide(reason: str) -> dict[str, Any]:
            made: dict[str, Any] = await room.client.call("case.withhold", session=visit.token, **_decision(sent))
            return made

        try:
            if await opening(room, exchange, visit, "", ADDRESS, decide, sent=sent) is not None:
                await answers.see_other(exchange, ADDRESS)
            return
        except StepUp:
            raise
        except (Invalid, Missing, Refused) as error:
            if error.where in ("frozen", "idle"):
                raise
            said, detail = room.words(exchange, "mydesk-withhold-not"), error.message
    rows = await room.client.call("case.withheld", session=visit.token)
    await room.show(
        exchange, "portal_desk/withheld.html", visit, rows=rows, address=ADDRESS, said=said, detail=detail,
        typed={name: sent.get(name, "") for name in _FIELDS},
    )  # fmt: skip


def _decision(sent: dict[str, str]) -> dict[str, Any]:
    """What was typed, as the op takes it. Raises Invalid."""
    patient = sent.get("patient", "").strip().lower()
    if not re.fullmatch(r"[0-9a-f]{32}", patient):
        raise Invalid("a patient is named by the 32 letters of their page's address", where="patient")
    numbers = re.findall(r"\d{1,15}", sent.get("lines", "")[:8000])
    days = sent.get("days", "").strip()
    if not re.fullmatch(r"\d{1,2}", days, re.ASCII):
        raise Invalid("days are a number", where="days")
    return {
        "patient": bytes.fromhex(patient), "lines": tuple(int(one) for one in numbers), "days": int(days),
        "why": sent.get("why", ""),
    }

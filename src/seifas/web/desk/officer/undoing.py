"""Undoing a vandal's day: first counted, then confirmed, then done. Nothing of any record is shown."""

from __future__ import annotations

import time

from seifas.errors import Invalid, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web.desk.confirming import confirm
from seifas.web.desk.officer.frame import number, of_hat, show
from seifas.web.desk.room import Room

_HOURS = (1, 4, 12, 24, 72, 168)
_HOUR_MS = 3_600_000


async def undo(room: Room, exchange: Exchange) -> None:
    """/desk/undo: whose changes and how far back; the count; the deed with a gesture; what was done."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    people = await room.client.call("audit.accounts", session=visit.token)
    values = {"people": people, "hours": _HOURS, "counted": None, "done": None, "account": "", "span": 24, "since": 0}
    if exchange.method == "GET":
        await show(room, exchange, "officer/undo.html", visit, tab="/desk/undo", **values)
        return
    sent = await room.guard.fields(exchange, visit.token)
    do, account = sent.get("do", ""), sent.get("account", "").strip()
    values |= {"account": account}
    if do == "count":
        span = number(sent.get("span", ""), "span", 24 * 31)
        since = time.time_ns() // 1_000_000 - max(1, span) * _HOUR_MS
        counted = await room.client.call(
            "change.undo_preview", session=visit.token, account=account, since_ms=since
        )
        values |= {"counted": counted, "span": span, "since": since}
    elif do == "undo":
        since = number(sent.get("since", ""), "since", 10**14)
        try:
            done = await room.client.call("change.undo", session=visit.token, account=account, since_ms=since)
        except StepUp as error:
            fields = {"do": "undo", "account": account, "since": str(since)}
            await confirm(room, exchange, visit, error, "/desk/undo", fields, deed="touch-undo")
            return
        values |= {"done": done, "since": since}
    else:
        raise Invalid("There is no such button.", where="do")
    await show(room, exchange, "officer/undo.html", visit, tab="/desk/undo", **values)

"""The officer's first page: what rings now, which sessions are stopped, what waits, which incidents are open. It asks
again by itself every few seconds; without scripts it is loaded again by hand. That keeps no session awake."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import Any

import msgspec

from seifas.fhir.exchange import Exchange
from seifas.keeper.alarm_book import ANNOUNCED
from seifas.web import answers
from seifas.web.desk.officer.frame import asked, of_hat, show
from seifas.web.desk.officer.kinds import kind_of
from seifas.web.desk.room import Room, Visit

_OLD = 8  # answered alarms that stay on the page


async def home(room: Room, exchange: Exchange, visit: Visit) -> None:
    """GET /desk for the officer's hat."""
    waiting = await room.client.call("alarm.waiting", session=visit.token)
    cases = await room.client.call("case.list", session=visit.token)
    await show(
        room, exchange, "officer/alarms.html", visit, tab="/desk", **waiting, **await _now(room, visit),
        incidents=[one["case"].hex() for one in cases if not one["closed_ms"]],
    )  # fmt: skip


async def live(room: Room, exchange: Exchange) -> None:
    """GET /desk/alarms/live?seen=MARK: the list anew if it is another than the page has, else nothing (204)."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    values = await _now(room, visit)
    if asked(exchange).get("seen") == values["mark"]:
        await exchange.answer(204, b"", answers.PAGE_GUARDS)
        return
    await room.show(exchange, "officer/live.html", visit, **values)


async def _now(room: Room, visit: Visit) -> dict[str, Any]:
    """What rings and which sessions there are, with a mark of both."""
    alarms, sessions = await asyncio.gather(
        room.client.call("alarm.list", session=visit.token, watch=True),
        room.client.call("session.all", session=visit.token, watch=True),
    )
    ringing = [_alarm(one) for one in alarms if not one["acknowledged_ms"]]
    answered = [_alarm(one) for one in alarms if one["acknowledged_ms"]]
    answered.sort(key=lambda one: -one["acknowledged_ms"])
    for one in sessions:
        one["id"] = one["id"].hex()
    stopped = {one["id"]: one for one in sessions if one["frozen"]}
    for one in ringing:
        one["stopped"] = one["session"] in stopped
    mark = sha256(
        msgspec.msgpack.encode([
            [(one["id"], len(one["delivered"])) for one in ringing], [one["id"] for one in answered[:_OLD]],
            sorted((one["id"], one["frozen"], one["idle"]) for one in sessions),
        ])
    ).hexdigest()[:32]
    return {"ringing": ringing, "answered": answered[:_OLD], "sessions": sessions, "mark": mark}


def _alarm(one: dict[str, Any]) -> dict[str, Any]:
    kind = kind_of(one["kind"])
    told = [each.partition(":") for each in one["delivered"]]
    return {
        **one, "id": one["id"].hex(), "session": one["session"].hex(), "means": kind.means, "next": kind.next,
        "asks": one["kind"].startswith(ANNOUNCED),
        "told": [(channel, whom) for channel, _, whom in told],
    }

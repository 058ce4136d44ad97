"""The officer's and administrator's acts on the desk: alarms, approvals, sessions, suspending; changing hats."""

from __future__ import annotations

import time
from typing import Any

from seifas.errors import Invalid, Missing, Refused, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import ask_gesture
from seifas.web.desk.room import Room, Visit

_UNDONE_MS = 24 * 3_600_000


async def home_values(room: Room, visit: Visit) -> dict[str, Any]:
    """What the first page shows to those who watch: each list only where the hat may see it."""
    values: dict[str, Any] = {"alarms": None, "approvals": None, "sessions": None, "accounts": None}
    for name, op in (
        ("alarms", "alarm.list"), ("approvals", "approval.list"), ("sessions", "session.all"),
        ("accounts", "account.list"),
    ):  # fmt: skip
        try:
            rows = await room.client.call(op, session=visit.token)
        except Refused as error:
            if error.where in ("idle", "frozen"):
                raise
            continue
        if name == "alarms":
            rows = [row for row in rows if not row["acknowledged_ms"]] + [
                row for row in rows if row["acknowledged_ms"]
            ][:5]
        if name == "approvals":
            rows = [row for row in rows if row["state"] == "pending"]
        for row in rows:
            if isinstance(row.get("id"), bytes):
                row["id"] = row["id"].hex()
        values[name] = rows
    return values


async def act(room: Room, exchange: Exchange, what: str) -> None:
    """POST /desk/{alarms,approvals,sessions,people}: one button of those lists."""
    exchange.route(f"/desk/{what}")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    do = sent.get("do", "")
    token = visit.token
    if what == "alarms" and do == "acknowledge":
        await room.client.call("alarm.acknowledge", session=token, id=_ident(sent))
    elif what == "approvals" and do in ("approve", "refuse"):
        try:
            await room.client.call("approval.decide", session=token, id=_ident(sent), approve=do == "approve")
        except StepUp as error:
            if error.where == "idle":
                raise
            await _confirm(room, exchange, visit, sent)
            return
    elif what == "sessions" and do == "end":
        await room.client.call("session.end_other", session=token, id=_ident(sent))
    elif what == "sessions" and do == "thaw":
        await room.client.call("session.thaw", session=token, id=_ident(sent))
    elif what == "sessions" and do == "suspend":
        await room.client.call("budget.suspend", session=token, account=sent.get("account", ""))
    elif what == "people":
        await _person(room, token, do, sent.get("account", "").strip())
    else:
        raise Invalid("There is no such button.", where="do")
    await answers.see_other(exchange, "/desk/account" if sent.get("back") == "account" else "/desk")


async def _person(room: Room, token: str, do: str, account: str) -> None:
    """What an officer does to one account: undo a day's changes, give its budget back, let it go on."""
    if do == "undo":
        since = time.time_ns() // 1_000_000 - _UNDONE_MS
        await room.client.call("change.undo", session=token, account=account, since_ms=since)
    elif do == "refund":
        await room.client.call("budget.refund", session=token, account=account)
    elif do == "release":
        await room.client.call("budget.release", session=token, account=account)
    else:
        raise Invalid("There is no such button.", where="do")


async def _confirm(room: Room, exchange: Exchange, visit: Visit, sent: dict[str, str]) -> None:
    """The page that asks for the passkey, with the same form behind it."""
    rows = await room.client.call("approval.list", session=visit.token)
    digest = next((row["digest"] for row in rows if row["id"] == _ident(sent)), None)
    if digest is None:
        raise Missing("there is no such request")
    await ask_gesture(
        room, exchange, visit, digest.hex(), "/desk/approvals", {"do": sent["do"], "id": sent["id"]}
    )


async def hat(room: Room, exchange: Exchange) -> None:
    """POST /desk/hat: wear another of one's own hats."""
    exchange.route("/desk/hat")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    await room.client.call("session.hat", session=visit.token, hat=sent.get("hat", ""))
    await answers.see_other(exchange, "/desk")


def _ident(sent: dict[str, str]) -> bytes:
    try:
        return bytes.fromhex(sent.get("id", ""))
    except ValueError:
        raise Invalid("This is no id.", where="id") from None

"""Buttons of those who watch: alarms, approvals, sessions, people; and changing hats.

Each is a form of one of the officer's or administrator's pages (officer/, administrator/) and leads back to it.
"""

from __future__ import annotations

import time

from seifas.errors import Invalid, Missing, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import ask_gesture, confirm
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit
from seifas.web.forms import desk_path

_UNDONE_MS = 24 * 3_600_000


async def act(room: Room, exchange: Exchange, what: str) -> None:
    """POST /desk/{alarms,approvals,sessions,people}: one button of those lists."""
    exchange.route(f"/desk/{what}")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    do = sent.get("do", "")
    token = visit.token
    if what == "alarms" and do == "acknowledge":
        await room.client.call("alarm.acknowledge", session=token, id=ident(sent.get("id", "")), note=_note(sent))
    elif what == "approvals" and do in ("approve", "refuse"):
        if not await _decide(room, exchange, visit, sent):
            return
    elif what == "sessions" and do in _SESSIONS:
        await room.client.call(_SESSIONS[do], session=token, id=ident(sent.get("id", "")))
    elif what == "sessions" and do == "suspend":
        await room.client.call("budget.suspend", session=token, account=sent.get("account", ""))
    elif what == "people" and do in ("suspend", "refund", "release"):
        await room.client.call(f"budget.{do}", session=token, account=sent.get("account", "").strip())
    elif what == "people" and do == "undo":
        if not await _undo(room, exchange, visit, sent):
            return
    else:
        raise Invalid("There is no such button.", where="do")
    back = sent.get("back", "")
    await answers.see_other(exchange, "/desk/account" if back == "account" else desk_path(back))


_SESSIONS = {"end": "session.end_other", "thaw": "session.thaw", "refund": "budget.refund_session"}


def _note(sent: dict[str, str]) -> str:
    return " ".join(sent.get("note", "").split())[:200]


async def _decide(room: Room, exchange: Exchange, visit: Visit, sent: dict[str, str]) -> bool:
    """Yes or no to a request; False where the page that asks for the passkey was answered."""
    wanted = ident(sent.get("id", ""))
    try:
        await room.client.call(
            "approval.decide", session=visit.token, id=wanted, approve=sent["do"] == "approve", word=_note(sent)[:120]
        )
    except StepUp as error:
        if error.where == "idle":
            raise
        rows = await room.client.call("approval.list", session=visit.token)
        digest = next((row["digest"] for row in rows if row["id"] == wanted), None)
        if digest is None:
            raise Missing("there is no such request") from None
        fields = {"do": sent["do"], "id": sent["id"], "back": desk_path(sent.get("back", ""))}
        deed = "touch-approve" if sent["do"] == "approve" else "touch-refuse"
        await ask_gesture(room, exchange, visit, digest.hex(), "/desk/approvals", fields, deed=deed)
        return False
    return True


async def _undo(room: Room, exchange: Exchange, visit: Visit, sent: dict[str, str]) -> bool:
    """Undoes a day's changes of an account at once; False where the page that asks for the passkey was answered."""
    since = sent.get("since", "")
    now = time.time_ns() // 1_000_000
    since_ms = int(since) if since.isascii() and since.isdigit() and len(since) <= 15 else now - _UNDONE_MS
    account = sent.get("account", "").strip()
    try:
        await room.client.call("change.undo", session=visit.token, account=account, since_ms=since_ms)
    except StepUp as error:
        fields = {"do": "undo", "account": account, "since": str(since_ms)}
        await confirm(room, exchange, visit, error, "/desk/people", fields, deed="touch-undo")
        return False
    return True


async def hat(room: Room, exchange: Exchange) -> None:
    """POST /desk/hat: wear another of one's own hats."""
    exchange.route("/desk/hat")
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    await room.client.call("session.hat", session=visit.token, hat=sent.get("hat", ""))
    await answers.see_other(exchange, "/desk")

"""The page that asks for a passkey and then sends the same form again, and the page of what was stopped."""

from __future__ import annotations

import re

from seifas.errors import OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web.desk.room import TREATING, Room, Visit

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


async def confirm(
    room: Room, exchange: Exchange, visit: Visit, error: StepUp, address: str, fields: dict[str, str]
) -> None:
    """Ask for the gesture that `error` demands. What is to be signed comes from the keeper: a gesture is for this deed
    and no other. Raises the error again where it demands something else (a session that locked itself)."""
    if not _DIGEST.match(error.where):
        raise error
    await ask_gesture(room, exchange, visit, error.where, address, fields)


async def ask_gesture(
    room: Room, exchange: Exchange, visit: Visit, digest: str, address: str, fields: dict[str, str]
) -> None:
    """The page itself: a form with `fields` for `address`, sent when the passkey was touched over `digest` (hex)."""
    has = bool(visit.who.get("passkeys"))
    await room.show(
        exchange, "step_up.html", visit, status=403, said=room.words(exchange, "step-up" if has else "step-up-none"),
        address=address, fields=fields, digest=digest if has else "",
    )  # fmt: skip


async def stopped(room: Room, exchange: Exchange, visit: Visit, error: OverBudget, ident: str = "") -> None:
    """Says that a bound was met; that the session is stopped, if it is now; and the way for emergencies."""
    after = await room.visit(exchange)
    if after.who["frozen"]:
        await frozen(room, exchange, after, status=error.http)
        return
    # The keeper's words say which bound was met and when it frees; that is for whoever was stopped.
    await room.show(
        exchange, "trouble.html", visit, status=error.http, said=room.words(exchange, "over-budget"),
        detail=error.message, heading="", ident=ident if visit.hat in TREATING else "",
    )  # fmt: skip


async def frozen(room: Room, exchange: Exchange, visit: Visit, *, status: int = 403) -> None:
    """The page of a stopped session, in the same words whatever stopped it: the reason may tell a decoy."""
    await room.show(
        exchange, "trouble.html", visit, status=status, said=room.words(exchange, "frozen"),
        heading=room.words(exchange, "frozen-head"), ident="",
    )  # fmt: skip

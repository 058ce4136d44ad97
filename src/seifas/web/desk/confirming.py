"""The page that asks for a passkey and then sends the same form again, and the page of what was stopped."""

from __future__ import annotations

from seifas.errors import OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.pages import language_of
from seifas.web.refusals import demand_of, detail_of


async def confirm(
    room: Room, exchange: Exchange, visit: Visit, error: StepUp, address: str, fields: dict[str, str], *, deed: str = ""
) -> None:
    """Ask for the gesture that `error` demands. What is to be signed comes from the keeper: a gesture is for this deed
    and no other. The page says which bound was reached, or, where it is none, what `deed` (a key of words) does. Raises
    the error again where it demands something else (a session that locked itself)."""
    language = language_of(exchange, room.pages.languages)
    digest, bound = demand_of(language, error, room.settings.budget.cold_session_hour)
    if not digest:
        raise error
    await ask_gesture(room, exchange, visit, digest, address, fields, deed=deed, bound=bound)


async def ask_gesture(
    room: Room, exchange: Exchange, visit: Visit, digest: str, address: str, fields: dict[str, str], *, deed: str = "",
    bound: str = "",
) -> None:  # fmt: skip
    """The page itself: a form with `fields` for `address`, sent when the passkey was touched over `digest` (hex)."""
    has = bool(visit.who.get("passkeys"))
    await room.show(
        exchange, "step_up.html", visit, status=403, said=room.words(exchange, "step-up" if has else "step-up-none"),
        why=bound or (room.words(exchange, deed) if deed else ""), address=address, fields=fields,
        digest=digest if has else "",
    )  # fmt: skip


async def stopped(room: Room, exchange: Exchange, visit: Visit, error: OverBudget, ident: str = "") -> None:
    """Says that a bound was met; that the session is stopped, if it is now; and the way for emergencies."""
    after = await room.visit(exchange)
    if after.who["frozen"]:
        await frozen(room, exchange, after, status=error.http)
        return
    # Which bound was met and when it frees is for whoever was stopped.
    await room.show(
        exchange, "trouble.html", visit, status=error.http, said=room.words(exchange, "over-budget"),
        detail=detail_of(language_of(exchange, room.pages.languages), error), heading="",
        ident=ident if visit.hat in TREATING else "",
    )  # fmt: skip


async def frozen(room: Room, exchange: Exchange, visit: Visit, *, status: int = 403) -> None:
    """The page of a stopped session, in the same words whatever stopped it: the reason may tell a decoy."""
    await room.show(
        exchange, "trouble.html", visit, status=status, said=room.words(exchange, "frozen"),
        heading=room.words(exchange, "frozen-head"), ident="",
    )  # fmt: skip

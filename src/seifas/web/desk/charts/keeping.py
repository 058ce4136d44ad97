"""What was being written when a session locked itself or ended: kept in the page, sent again afterwards, on no disk."""

from __future__ import annotations

from collections.abc import Mapping

from seifas.errors import Refused, SignIn
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.web.desk.room import Room, Visit
from seifas.web.forms import FIELD


async def written(room: Room, exchange: Exchange, address: str) -> tuple[Visit, dict[str, str]] | None:
    """(visit, fields) of a form in which somebody wrote. None where the session had ended or the page was out of date:
    the text was answered back in a page that sends it again. Raises Refused for a form that is not of our pages."""
    room.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    text = {name: value for name, value in sent.items() if name != FIELD}
    try:
        visit = await room.visit(exchange)
    except SignIn:
        await kept_page(room, exchange, None, address, text)
        return None
    if visit.who["frozen"]:
        raise Refused("This session is stopped.", where="frozen")
    try:
        room.guard.check(sent, visit.token)
    except Refused:
        # Another session of this browser since, or the desk was started again. Whoever is signed in now says so once
        # more: what comes back is what this very browser has just sent.
        await kept_page(room, exchange, visit, address, text)
        return None
    return visit, text


async def visited(room: Room, exchange: Exchange, address: str) -> tuple[Visit, dict[str, str]] | None:
    """The same for a page that is both looked at and written in: a GET has no fields."""
    if exchange.method == "POST":
        return await written(room, exchange, address)
    return await room.visit(exchange), {}


async def kept_page(
    room: Room, exchange: Exchange, visit: Visit | None, address: str, fields: Mapping[str, str]
) -> None:
    """The page that holds `fields` for `address`. With a locked session it asks for the touch and then sends them; with
    none it says how to sign in beside it; with a live one it waits for the button."""
    locked = visit is not None and bool(visit.who["idle"])
    key = "kept-locked" if locked else "kept-ended" if visit is None else "kept-again"
    await room.show(
        exchange, "charts/kept.html", visit, status=403 if visit is None or locked else 200, address=address,
        fields=dict(fields), locked=locked, ended=visit is None, said=room.words(exchange, key),
    )  # fmt: skip

"""Orders by hand: a listener's mode for some time, and the notice on the public site. Each is a line of the log."""

from __future__ import annotations

from seifas.errors import Invalid, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.officer.frame import number
from seifas.web.desk.room import Room
from seifas.web.desk.shield.frame import AT, LISTENER_WORDS, said_of, visitor
from seifas.web.desk.shield.now import ORDERS, SPANS, page


async def order(room: Room, exchange: Exchange) -> None:
    """POST /desk/shield/order: `listener` (or "all"), `mode`, and `minutes` for which it holds; "auto" lets the shield
    decide again."""
    visit = await visitor(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    try:
        wanted, mode = sent.get("listener", ""), sent.get("mode", "")
        listeners = tuple(LISTENER_WORDS) if wanted == "all" else (wanted,)
        minutes = 0 if mode == "auto" else number(sent.get("minutes", ""), "minutes", SPANS[-1])
        if mode not in ORDERS or not set(listeners) <= LISTENER_WORDS.keys():
            raise Invalid("choose one of those that the page offers", where="mode")
        if mode != "auto" and minutes not in SPANS:
            raise Invalid("choose for how long", where="minutes")
        for one in listeners:
            await room.client.call(
                "shield.override", session=visit.token, listener=one, mode=mode, minutes=minutes
            )
    except SeifasError as error:
        await page(room, exchange, visit, said=room.words(exchange, said_of(error)), status=error.http)
        return
    await answers.see_other(exchange, AT)


async def notice(room: Room, exchange: Exchange) -> None:
    """POST /desk/shield/notice with `do` = on or off: the fixed notice on every public page."""
    visit = await visitor(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    if sent.get("do") not in ("on", "off"):
        raise Invalid("There is no such button.", where="do")
    await room.client.call("shield.notice", session=visit.token, on=sent["do"] == "on")
    await answers.see_other(exchange, AT)

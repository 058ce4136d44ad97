"""A desk that is left alone: the page stays where it is, covered, until its person is back.

With scripts the page covers itself and is uncovered by one touch; what was typed and what is being uploaded stays. The
keeper has locked the session all the same: the cookie of a covered page opens nothing. Without scripts a page says that
the desk is locked, and leads back to where it was.
"""

from __future__ import annotations

from seifas.errors import OverBudget, Refused
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.room import Room
from seifas.web.forms import desk_path


async def lock(room: Room, exchange: Exchange) -> None:
    """POST /desk/lock: at once. A script that covers the page itself gets JSON; others are led to the lock's page."""
    token = exchange.cookie()
    sent = await room.guard.fields(exchange, token)
    await room.client.call("session.lock", session=token)
    if exchange.header(b"accept") == "application/json":
        await answers.json(exchange, {})
    else:
        await answers.see_other(exchange, desk_path(sent.get("back", "")))


async def here(room: Room, exchange: Exchange) -> None:
    """POST /desk/here: somebody types or points; the session stays open. Sent by the page at most once a minute."""
    token = exchange.cookie()
    await room.guard.fields(exchange, token)
    told = await room.client.call("session.here", session=token)
    await answers.json(exchange, {"idle_ms": told["idle_ms"]})


async def resume_password(room: Room, exchange: Exchange) -> None:
    """POST /auth/resume/password: password and code again, by the person whose session it is."""
    token = exchange.cookie()
    sent = await room.guard.fields(exchange, token)
    scripted = exchange.header(b"accept") == "application/json"
    back = desk_path(sent.get("back", ""))
    try:
        await room.client.call(
            "session.resume_password", session=token, password=sent.get("password", ""),
            code=sent.get("code", "").strip(), address=exchange.address,
        )  # fmt: skip
    except (Refused, OverBudget) as error:
        if isinstance(error, Refused) and error.where != "again":
            raise
        said = room.words(exchange, "sign-in-wait" if isinstance(error, OverBudget) else "sign-in-wrong")
        if scripted:
            await answers.json(exchange, {"message": said}, status=error.http)
        else:
            visit = await room.visit(exchange)
            await room.show(exchange, "idle.html", visit, status=error.http, said=said, back=back)
        return
    if scripted:
        await answers.json(exchange, {"next": back})
    else:
        await answers.see_other(exchange, back)

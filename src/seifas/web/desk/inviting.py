"""Accepting an invitation. Looking at the link spends nothing: scanners of mail and previews look at every link."""

from __future__ import annotations

import re

from seifas.errors import Invalid, SignIn
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.room import Room

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}\Z")


async def invitation(room: Room, exchange: Exchange, token: str) -> None:
    """/auth/invite/{token}: who invites, and a button; the POST opens a session that may only enrol."""
    exchange.route("/auth/invite/{token}")
    if not _TOKEN.match(token):
        await _used(room, exchange, 404)
        return
    if exchange.method != "POST":
        await room.show(exchange, "invite.html", None, token=token, form_token=room.guard.token(token))
        return
    await room.guard.fields(exchange, token)
    try:
        signed = await room.client.call("session.invite", token=token, address=exchange.address)
    except (SignIn, Invalid) as error:
        await _used(room, exchange, error.http)
        return
    await answers.see_other(exchange, "/desk/account", extra=[room.session_cookie(signed["token"])])


async def _used(room: Room, exchange: Exchange, status: int) -> None:
    await room.show(
        exchange, "trouble.html", None, status=status, said=room.words(exchange, "invite-used"),
        heading=room.words(exchange, "invite-used-head"), ident="",
    )  # fmt: skip

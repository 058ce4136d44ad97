"""Into the portal and out: the first page, an invitation, a code by mail, a passkey. The keeper checks all of it.

Whatever is wrong with a code, a date, an address or a passkey: the same page, the same words, the same status.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from seifas.errors import Invalid, OverBudget, Refused, SeifasError, SignIn
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.web import answers
from seifas.web.portal.house import House, ident

_HANDLE = re.compile(r"[A-Za-z0-9_-]{16,64}\Z")


async def door(
    house: House, exchange: Exchange, *, status: int = 200, said: str = "", good: str = "", kept: str = ""
) -> None:
    """The page of who is not signed in."""
    about = await _about(house)
    extra = house.without_cookie() if house.token(exchange) else None
    await house.show(
        exchange, "door.html", None, status=status, said=said, good=good, about=about, kept=kept, extra=extra
    )


async def _about(house: House) -> dict[str, Any]:
    try:
        told: dict[str, Any] = await house.client.call("portal.about")
    except SeifasError:
        return {"on": True, "mail": False, "ready": False}
    return {**told, "ready": True}


async def enter(house: House, exchange: Exchange) -> None:
    """POST /my/enter: an invitation and a birth date."""
    house.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    try:
        signed = await house.client.call(
            "portal.enter", code=sent.get("code", "")[:80], birth=sent.get("birth", "")[:40],
            address=exchange.address, language=house.language(exchange),
        )  # fmt: skip
    except (SignIn, OverBudget) as error:
        key = "my-code-wrong" if isinstance(error, SignIn) else "my-wait"
        await door(house, exchange, status=error.http, said=house.words(exchange, key))
        return
    place = "/my" if signed["means"] else "/my/account"
    await answers.see_other(exchange, place, extra=[house.with_cookie(signed["token"])])


async def mail(house: House, exchange: Exchange) -> None:
    """POST /my/code: if this address is known, a code is on its way; the page is the same if not."""
    house.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    try:
        begun = await house.client.call("portal.mail_begin", mail=sent.get("mail", "")[:400], address=exchange.address)
    except (Invalid, Refused, OverBudget) as error:
        key = "my-wait" if isinstance(error, OverBudget) else "my-mail-wrong"
        await door(house, exchange, status=error.http, said=house.words(exchange, key))
        return
    await house.show(exchange, "code.html", None, handle=begun["handle"])


async def code(house: House, exchange: Exchange) -> None:
    """POST /my/code/check: the six digits."""
    house.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    handle = sent.get("handle", "")
    handle = handle if _HANDLE.match(handle) else ""
    try:
        signed = await house.client.call(
            "portal.mail_finish", handle=handle, code=sent.get("code", "")[:40], address=exchange.address
        )
    except SignIn as error:
        said = house.words(exchange, "my-mail-code-wrong")
        await house.show(exchange, "code.html", None, status=error.http, said=said, handle=handle)
        return
    await answers.see_other(exchange, "/my", extra=[house.with_cookie(signed["token"])])


async def passkey_begin(house: House, exchange: Exchange) -> None:
    """POST /my/passkey/begin: a challenge for signing in, for the page's script."""
    house.guard.from_here(exchange)
    begun = await house.client.call("portal.passkey_begin", address=exchange.address)
    await answers.json(exchange, {"handle": begun["handle"], "options": begun["options"]})


async def passkey_finish(house: House, exchange: Exchange) -> None:
    """POST /my/passkey/finish: the touched passkey."""
    house.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    signed = await house.client.call(
        "portal.passkey_finish", handle=sent.get("handle", ""), credential=sent.get("credential", ""),
        address=exchange.address,
    )  # fmt: skip
    await answers.json(exchange, {"next": "/my"}, extra=[house.with_cookie(signed["token"])])


async def leave(house: House, exchange: Exchange) -> None:
    """POST /my/out: ends the session here and in the keeper; the back key shows nothing."""
    token = house.token(exchange)
    if token:
        await house.guard.fields(exchange, token)
        with contextlib.suppress(SignIn):  # it may have ended by itself; the cookie goes all the same
            await house.client.call("portal.leave", session=token)
    await answers.see_other(exchange, "/my?out", extra=house.without_cookie())


async def behalf(house: House, exchange: Exchange) -> None:
    """POST /my/behalf: over to another account of the same mailbox."""
    guest = await house.guest(exchange)
    sent = await house.sent(exchange, guest)
    went = await house.client.call("portal.behalf", session=guest.token, account=ident(sent.get("account", "")))
    await answers.see_other(exchange, "/my", extra=[house.with_cookie(went["token"])])

"""Signing in and out: one-time link, password with code, passkey; confirming with a passkey; adding one.

The keeper checks all of it; a page only carries what was typed or touched.
"""

from __future__ import annotations

import contextlib

from seifas.errors import Invalid, OverBudget, SeifasError, SignIn
from seifas.fhir.exchange import Exchange, Headers
from seifas.fhir.negotiation import form_sent
from seifas.web import answers
from seifas.web.desk import people
from seifas.web.desk.own_account import label_of
from seifas.web.desk.room import Room
from seifas.web.forms import desk_path


async def link(room: Room, exchange: Exchange, token: str) -> None:
    """GET /auth/link/{token}: spends the link, hands out the cookie, goes on to the desk."""
    exchange.route("/auth/link/{token}")
    try:
        signed = await room.client.call("session.link", token=token, address=exchange.address)
    except (SignIn, Invalid) as error:
        await _form(room, exchange, status=error.http, said=room.words(exchange, "link-used"))
        return
    await answers.see_other(exchange, "/desk", extra=[room.session_cookie(signed["token"])])


async def sign_in(room: Room, exchange: Exchange) -> None:
    """/auth/sign-in: the form, and what is typed into it."""
    exchange.route("/auth/sign-in")
    if exchange.method == "GET":
        await _form(room, exchange)
        return
    room.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    if "as" in sent:
        await _form(room, exchange, named=sent["as"][:200])
        return
    try:
        signed = await room.client.call(
            "session.password", name=sent.get("name", ""), password=sent.get("password", ""),
            code=sent.get("code", "").strip(), address=exchange.address, device=people.device_sent(sent),
        )  # fmt: skip
    except (SignIn, OverBudget) as error:
        # The same words for a wrong name, password or code.
        key = "sign-in-wrong" if isinstance(error, SignIn) else "sign-in-wait"
        kept = {name: sent.get(name, "") for name in ("back", "bound")}
        await _form(room, exchange, status=error.http, said=room.words(exchange, key), back=kept)
        return
    place = room.guard.way_back(sent, signed["account"])
    await answers.see_other(exchange, place, extra=await _seated(room, exchange, sent, signed["token"]))


async def _seated(room: Room, exchange: Exchange, sent: dict[str, str], token: str) -> Headers:
    """The cookies of whoever sits down here now. The session that this browser held before has lost its only cookie:
    it ends."""
    before = exchange.cookie()
    if before:
        with contextlib.suppress(SeifasError):
            await room.client.call("session.end", session=before)
    who = await room.client.call("session.who", session=token)
    return [room.session_cookie(token), *people.remembered(room, exchange, sent, who)]


async def _form(
    room: Room, exchange: Exchange, *, status: int = 200, said: str = "", good: str = "", named: str = "",
    back: dict[str, str] | None = None, extra: Headers | None = None,
) -> None:  # fmt: skip
    if exchange.query == b"out":
        good = room.words(exchange, "signed-out")
    await room.show(
        exchange, "sign_in.html", None, status=status, said=said, good=good, back=back or {}, extra=extra, named=named,
        people=people.here_today(exchange), device=people.device_of(exchange),
    )  # fmt: skip


async def sign_out(room: Room, exchange: Exchange) -> None:
    """POST /auth/sign-out: ends the session, here and in the keeper. With `back`, the form to come back follows."""
    exchange.route("/auth/sign-out")
    token = exchange.cookie()
    back = ""
    if token:
        sent = await room.guard.fields(exchange, token)
        with contextlib.suppress(SignIn):  # it may have ended already; the cookie goes all the same
            account = (await room.client.call("session.who", session=token))["account"]
            await room.client.call("session.end", session=token)
            back = desk_path(sent["back"]) if "back" in sent else ""
    if back:
        await _form(
            room, exchange, good=room.words(exchange, "sign-in-back"), extra=[room.no_cookie()],
            back={"back": back, "bound": room.guard.bound(account, back)},
        )  # fmt: skip
        return
    await answers.see_other(exchange, "/auth/sign-in?out", extra=[room.no_cookie()])


# -- passkeys: small JSON answers for static/passkey.js


async def passkey_begin(room: Room, exchange: Exchange) -> None:
    """POST /auth/passkey/begin: a challenge for signing in."""
    exchange.route("/auth/passkey/begin")
    room.guard.from_here(exchange)
    begun = await room.client.call("session.passkey_begin", address=exchange.address)
    await answers.json(exchange, {"handle": begun["handle"], "options": begun["options"]})


async def passkey_finish(room: Room, exchange: Exchange) -> None:
    """POST /auth/passkey/finish: the touched passkey."""
    exchange.route("/auth/passkey/finish")
    room.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    signed = await room.client.call(
        "session.passkey_finish", handle=sent.get("handle", ""), credential=sent.get("credential", ""),
        address=exchange.address, device=people.device_sent(sent),
    )  # fmt: skip
    place = room.guard.way_back(sent, signed["account"])
    await answers.json(exchange, {"next": place}, extra=await _seated(room, exchange, sent, signed["token"]))


async def step_up_begin(room: Room, exchange: Exchange) -> None:
    """POST /auth/step-up/begin: a challenge for one request, named by the digest that our page put into its form."""
    exchange.route("/auth/step-up/begin")
    token = exchange.cookie()
    sent = await room.guard.fields(exchange, token)
    try:
        digest = bytes.fromhex(sent.get("digest", ""))
    except ValueError:
        raise Invalid("The digest is 32 bytes in hex.", where="digest") from None
    begun = await room.client.call("stepup.begin", session=token, digest=digest)
    await answers.json(exchange, {"handle": begun["handle"], "options": begun["options"]})


async def step_up_finish(room: Room, exchange: Exchange) -> None:
    """POST /auth/step-up/finish: the gesture."""
    exchange.route("/auth/step-up/finish")
    token = exchange.cookie()
    sent = await room.guard.fields(exchange, token)
    await room.client.call(
        "stepup.finish", session=token, handle=sent.get("handle", ""), credential=sent.get("credential", "")
    )
    await answers.json(exchange, {})


async def resume_begin(room: Room, exchange: Exchange) -> None:
    """POST /auth/resume/begin: a challenge for a session that locked itself while nobody used it."""
    exchange.route("/auth/resume/begin")
    token = exchange.cookie()
    await room.guard.fields(exchange, token)
    begun = await room.client.call("session.resume_begin", session=token)
    await answers.json(exchange, {"handle": begun["handle"], "options": begun["options"]})


async def resume_finish(room: Room, exchange: Exchange) -> None:
    """POST /auth/resume/finish: the same person touched a passkey; the session goes on."""
    exchange.route("/auth/resume/finish")
    token = exchange.cookie()
    sent = await room.guard.fields(exchange, token)
    await room.client.call(
        "session.resume_finish", session=token, handle=sent.get("handle", ""), credential=sent.get("credential", "")
    )
    await answers.json(exchange, {"next": desk_path(sent.get("back", ""))})


async def add_begin(room: Room, exchange: Exchange) -> None:
    """POST /auth/passkeys/begin: a challenge for a new passkey of this account."""
    exchange.route("/auth/passkeys/begin")
    token = exchange.cookie()
    await room.guard.fields(exchange, token)
    begun = await room.client.call("passkey.add_begin", session=token)
    await answers.json(exchange, {"handle": begun["handle"], "options": begun["options"]})


async def add_finish(room: Room, exchange: Exchange) -> None:
    """POST /auth/passkeys/finish: the new passkey."""
    exchange.route("/auth/passkeys/finish")
    token = exchange.cookie()
    sent = await room.guard.fields(exchange, token)
    await room.client.call(
        "passkey.add_finish", session=token, handle=sent.get("handle", ""), credential=sent.get("credential", ""),
        label=label_of(sent) if sent.get("label", "").strip() else room.words(exchange, "my-way-passkey"),
    )  # fmt: skip
    await answers.json(exchange, {"next": "/desk/account"})

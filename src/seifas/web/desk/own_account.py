"""One's own account: sessions, passkeys, password with one-time codes. All that a session by invitation may see."""

from __future__ import annotations

import base64

from seifas.errors import Invalid, Refused, StepUp, TooLarge
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.confirming import ask_gesture, confirm
from seifas.web.desk.room import Room, Visit

_FEWEST, _MOST = 12, 256  # characters of a password, as the keeper takes it
_LARGEST_PICTURE = 32_768
_SAID = ("password-short", "password-long", "password-differ", "password-leaked")


async def account(room: Room, exchange: Exchange) -> None:
    """GET /desk/account."""
    exchange.route("/desk/account")
    await _show(room, exchange, await room.visit(exchange, enrolling=True))


async def _show(
    room: Room, exchange: Exchange, visit: Visit, *, status: int = 200, said: str = "", good: str = ""
) -> None:
    means = await room.client.call("passkey.list", session=visit.token)
    sessions = [] if means["enrolling"] else await room.client.call("session.list", session=visit.token)
    for row in (*sessions, *means["passkeys"]):
        row["id"] = row["id"].hex()
    await room.show(
        exchange, "account.html", visit, status=status, said=said, good=good, sessions=sessions, means=means
    )


async def passkeys(room: Room, exchange: Exchange) -> None:
    """POST /desk/account/passkeys: take one away, or confirm so that another may be added."""
    exchange.route("/desk/account/passkeys")
    visit = await room.visit(exchange, enrolling=True)
    sent = await room.guard.fields(exchange, visit.token)
    here = "/desk/account/passkeys"
    match sent.get("do", ""):
        case "add":
            means = await room.client.call("passkey.list", session=visit.token)
            if means["confirmed"] or not means["passkeys"]:
                await answers.see_other(exchange, "/desk/account")
            else:
                digest = means["digest"].hex()
                await ask_gesture(room, exchange, visit, digest, here, {"do": "add"}, deed="touch-means")
        case "remove":
            ident = sent.get("id", "")
            try:
                await room.client.call("passkey.remove", session=visit.token, id=_ident(ident))
            except StepUp as error:
                fields = {"do": "remove", "id": ident}
                await confirm(room, exchange, visit, error, here, fields, deed="touch-remove")
            except Refused as error:
                if error.where != "passkey":
                    raise
                await _show(room, exchange, visit, status=error.http, said=room.words(exchange, "passkey-last"))
            else:
                visit = await room.visit(exchange, enrolling=True)
                await _show(room, exchange, visit, good=room.words(exchange, "passkey-removed"))
        case _:
            raise Invalid("There is no such button.", where="do")


async def password(room: Room, exchange: Exchange) -> None:
    """/desk/account/password: shows a new secret for codes, then takes password and first code."""
    exchange.route("/desk/account/password")
    visit = await room.visit(exchange, enrolling=True)
    if exchange.method == "GET":
        await answers.see_other(exchange, "/desk/account")
        return
    sent = await room.guard.fields(exchange, visit.token)
    try:
        if sent.get("do") == "finish":
            await _finish(room, exchange, visit, sent)
        else:
            offer = await room.client.call("password.begin", session=visit.token)
            await _offer(room, exchange, visit, offer)
    except StepUp as error:
        await confirm(room, exchange, visit, error, "/desk/account/password", {"do": "begin"}, deed="touch-means")
    except Refused as error:
        if error.where != "passkey":
            raise
        before = (await room.client.call("passkey.list", session=visit.token))["password"]
        said = room.words(exchange, "means-invited" if before else "means-anew")
        await _show(room, exchange, visit, status=error.http, said=said)


async def _offer(
    room: Room, exchange: Exchange, visit: Visit, offer: dict[str, str], *, status: int = 200, key: str = "",
    wrong: str = "",
) -> None:  # fmt: skip
    """The secret as picture, text and link. Nobody keeps it on this side: the form carries it to the next attempt."""
    picture = base64.b64encode(offer["svg"].encode("utf-8")).decode("ascii")
    secret = offer["secret"]
    await room.show(
        exchange, "password.html", visit, status=status, said=room.words(exchange, key) if key else "", wrong=wrong,
        offer=offer, picture=f"data:image/svg+xml;base64,{picture}", pictured=True,
        groups=[secret[at : at + 4] for at in range(0, len(secret), 4)],
    )  # fmt: skip


async def _finish(room: Room, exchange: Exchange, visit: Visit, sent: dict[str, str]) -> None:
    offer = {name: sent.get(name, "") for name in ("secret", "uri", "svg")}
    if not offer["uri"].startswith("otpauth://totp/") or len(offer["svg"]) > _LARGEST_PICTURE:
        raise Invalid("This form is not whole. Begin anew.", where="secret")
    wanted = sent.get("password", "")
    try:
        if len(wanted) < _FEWEST:
            raise Invalid("too short", where="password-short")
        if len(wanted) > _MOST:
            raise Invalid("too long", where="password-long")
        if wanted != sent.get("again", ""):
            raise Invalid("not the same", where="password-differ")
        told = await room.client.call(
            "password.finish", session=visit.token, password=wanted, code=sent.get("code", "").strip()
        )
    except Invalid as error:
        if error.where == "offer":
            await _show(room, exchange, visit, status=error.http, said=room.words(exchange, "password-gone"))
            return
        await _offer(
            room, exchange, visit, offer, status=error.http, key=_key(error),
            wrong={"code": "code", "password-differ": "again"}.get(error.where, "password"),
        )  # fmt: skip
        return
    await room.show(
        exchange, "recovery.html", visit, good=room.words(exchange, "recovery-set"), codes=told["recovery"],
        today=room.pages.today(),
    )  # fmt: skip


def _key(error: Invalid) -> str:
    if error.where in _SAID:
        return error.where
    if error.where == "code":
        return "password-wrong-code"
    return "password-long" if isinstance(error, TooLarge) else "password-weak"


def _ident(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Invalid("This is no id.", where="id") from None


def label_of(sent: dict[str, str]) -> str:
    """What a person calls a new passkey, cut to what the list shows."""
    plain = "".join(letter for letter in sent.get("label", "")[:200] if letter.isprintable())
    return " ".join(plain.split())[:60] or "passkey"

"""/my/account: how one signs in and where one is signed in."""

from __future__ import annotations

from seifas.errors import Invalid, OverBudget, Refused, SignIn
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.portal.house import Guest, House, ident

_SAID = {"fresh": "my-sign-in-again", "last": "my-last-key", "mail": "my-mail-wrong"}


async def show(
    house: House, exchange: Exchange, guest: Guest, *, status: int = 200, said: str = "", good: str = "",
    handle: str = "",
) -> None:  # fmt: skip
    means = await house.client.call("portal.means", session=guest.token)
    for row in (*means["passkeys"], *means["sessions"]):
        row["id"] = row["id"].hex()
    await house.show(
        exchange, "account.html", guest, status=status, said=said, good=good, means=means, handle=handle
    )


async def account(house: House, exchange: Exchange) -> None:
    guest = await house.guest(exchange)
    if exchange.method != "POST":
        await show(house, exchange, guest)
        return
    sent = await house.sent(exchange, guest)
    do, handle = sent.get("do", ""), ""
    try:
        match do:
            case "address":
                begun = await house.client.call(
                    "portal.address_begin", session=guest.token, mail=sent.get("mail", "")[:400],
                    address=exchange.address,
                )  # fmt: skip
                handle = begun["handle"]
            case "address-code":
                handle = sent.get("handle", "")[:64]
                await house.client.call(
                    "portal.address_finish", session=guest.token, handle=handle, code=sent.get("code", "")[:40]
                )
                handle = ""
            case "address-remove":
                await house.client.call("portal.address_remove", session=guest.token)
            case "key-remove":
                await house.client.call("portal.key_remove", session=guest.token, id=ident(sent.get("id", "")))
            case "end":
                await house.client.call("portal.end_other", session=guest.token, id=ident(sent.get("id", "")))
            case _:
                raise Invalid("there is no such button", where="do")
    except SignIn:
        raise
    except (Refused, Invalid, OverBudget) as error:
        key = "my-mail-code-wrong" if do == "address-code" else _SAID.get(error.where, "")
        key = "my-wait" if isinstance(error, OverBudget) else key
        if not key:
            raise
        await show(house, exchange, guest, status=error.http, said=house.words(exchange, key), handle=handle)
        return
    if do == "address":
        await show(house, exchange, guest, handle=handle)
        return
    await answers.see_other(exchange, "/my/account")


async def key_begin(house: House, exchange: Exchange) -> None:
    """POST /my/passkeys/begin, for the page's script."""
    guest = await house.guest(exchange)
    await house.sent(exchange, guest)
    begun = await house.client.call("portal.key_begin", session=guest.token)
    await answers.json(exchange, {"handle": begun["handle"], "options": begun["options"]})


async def key_finish(house: House, exchange: Exchange) -> None:
    """POST /my/passkeys/finish: the new passkey."""
    guest = await house.guest(exchange)
    sent = await house.sent(exchange, guest)
    await house.client.call(
        "portal.key_finish", session=guest.token, handle=sent.get("handle", ""),
        credential=sent.get("credential", ""), label=sent.get("label", "").strip()[:60],
    )  # fmt: skip
    await answers.json(exchange, {"next": "/my/account"})

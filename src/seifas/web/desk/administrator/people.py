"""People and their accounts: added, invited, given hats, shut; a lost passkey is taken away by two."""

from __future__ import annotations

import base64
import io

import segno

from seifas.errors import Invalid, Missing
from seifas.fhir.exchange import Exchange
from seifas.keeper.identity.hats import PERSONS
from seifas.web import answers
from seifas.web.desk.officer.frame import ident, of_hat, show
from seifas.web.desk.room import Room, Visit

_HATS = tuple(sorted(hat.value for hat in PERSONS))
_APPROVE = frozenset({"officer", "administrator", "outside"})
_TAB = "/desk/people"


async def people(room: Room, exchange: Exchange) -> None:
    """GET /desk/people: everybody, and the form that adds somebody."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    rows = await room.client.call("account.list", session=visit.token)
    for one in rows:
        one["address"] = f"{_TAB}/{one['id'].hex()}"
    await show(
        room, exchange, "administrator/people.html", visit, tab=_TAB, rows=rows, hats=_HATS, approve=_APPROVE,
        able=[one for one in rows if not one["disabled"]],
    )  # fmt: skip


async def add(room: Room, exchange: Exchange) -> None:
    """POST /desk/people/add."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    sent = await room.guard.fields(exchange, visit.token)
    made = await room.client.call(
        "account.add", session=visit.token, account=sent.get("account", ""), display=sent.get("display", ""),
        hats=_worn(sent),
    )
    await answers.see_other(exchange, await _address(room, visit, made["name"]))


async def person(room: Room, exchange: Exchange, which: str) -> None:
    """/desk/people/{which}: one person; the buttons of the page come back to it."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    account = await _login(room, visit, ident(which))
    said = good = ""
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        if sent.get("do") == "invite":
            await _invite(room, exchange, visit, account)
            return
        good = await _act(room, exchange, visit, account, sent)
    told = await room.client.call("account.show", session=visit.token, account=account)
    for one in told["passkeys"]:
        one["id"] = one["id"].hex()
    await show(
        room, exchange, "administrator/person.html", visit, tab=_TAB, one=told, hats=_HATS, approve=_APPROVE,
        address=f"{_TAB}/{which}", said=said, good=good,
    )  # fmt: skip


async def _act(room: Room, exchange: Exchange, visit: Visit, account: str, sent: dict[str, str]) -> str:
    """One button; what to say of it."""
    token = visit.token
    match sent.get("do", ""):
        case "hats":
            made = await room.client.call("account.hats", session=token, account=account, hats=_worn(sent))
            return room.words(exchange, "hats-wait" if made["waits"] else "hats-set")
        case "shut" | "open-again" as do:
            await room.client.call("account.shut", session=token, account=account, shut=do == "shut")
            return room.words(exchange, "person-shut-done" if do == "shut" else "person-opened")
        case "passkey":
            passkey = ident(sent.get("passkey", ""))
            await room.client.call("account.means_ask", session=token, account=account, passkey=passkey)
            return room.words(exchange, "means-waits")
        case "means":
            await room.client.call("account.means_ask", session=token, account=account)
            return room.words(exchange, "means-waits")
    raise Invalid("There is no such button.", where="do")


async def _invite(room: Room, exchange: Exchange, visit: Visit, account: str) -> None:
    """The link, this once, as text and as a picture for the person's own telephone."""
    made = await room.client.call("account.invite", session=visit.token, account=account)
    link = f"{room.settings.staff_url}/auth/invite/{made['token']}"
    drawn = io.BytesIO()
    segno.make(link, error="m").save(drawn, kind="svg", scale=5, border=3, xmldecl=False, svgns=True)
    picture = base64.b64encode(drawn.getvalue()).decode("ascii")
    await show(
        room, exchange, "administrator/invited.html", visit, tab=_TAB, made=made, link=link, pictured=True,
        picture=f"data:image/svg+xml;base64,{picture}",
    )  # fmt: skip


def _worn(sent: dict[str, str]) -> tuple[str, ...]:
    return tuple(hat for hat in _HATS if sent.get(f"hat-{hat}"))


async def _login(room: Room, visit: Visit, wanted: bytes) -> str:
    rows = await room.client.call("account.list", session=visit.token)
    name = next((one["name"] for one in rows if one["id"] == wanted), None)
    if name is None:
        raise Missing("There is no such account.")
    return str(name)


async def _address(room: Room, visit: Visit, login: str) -> str:
    rows = await room.client.call("account.list", session=visit.token)
    return next((f"{_TAB}/{one['id'].hex()}" for one in rows if one["name"] == login), _TAB)

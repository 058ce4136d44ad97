"""Templates of forms and letters, and the settings in force: the administrator's papers."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import parameters
from seifas.web import answers
from seifas.web.desk.administrator.settings_words import what_of
from seifas.web.desk.officer.frame import ident, number, of_hat, show
from seifas.web.desk.room import Room, Visit
from seifas.web.words import LANGUAGES

PURPOSES = {
    "treatment": "for-treatment", "photos": "for-photos", "letter": "for-letter", "advice": "for-advice",
}
_TAB = "/desk/templates"
_LONGEST_FORM = 1024 * 1024


async def templates(room: Room, exchange: Exchange) -> None:
    """GET /desk/templates: all of them, those taken out too."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    rows = await room.client.call("template.list", session=visit.token, retired=True)
    for one in rows:
        one["address"] = f"{_TAB}/{one['id'].hex()}"
        one["purpose_words"] = PURPOSES[one["purpose"]]
    await show(room, exchange, "administrator/templates.html", visit, tab=_TAB, rows=rows)


async def new(room: Room, exchange: Exchange) -> None:
    """/desk/templates/new."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    if exchange.method == "POST":
        sent = await _long_form(room, exchange, visit)
        made = await room.client.call("template.save", session=visit.token, **_texts(sent))
        await answers.see_other(exchange, f"{_TAB}/{made['id'].hex()}")
        return
    await show(
        room, exchange, "administrator/template.html", visit, tab=_TAB, one=None, purposes=PURPOSES, spoken=LANGUAGES,
        address=f"{_TAB}/new",
    )  # fmt: skip


async def template(room: Room, exchange: Exchange, which: str) -> None:
    """/desk/templates/{which}: one, with its versions; saving makes the next version."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    wanted = ident(which)
    if exchange.method == "POST":
        sent = await _long_form(room, exchange, visit)
        match sent.get("do", ""):
            case "save":
                expect = number(sent.get("version", ""), "version")
                await room.client.call(
                    "template.save", session=visit.token, id=wanted, expect=expect, **_texts(sent)
                )
            case "retire" | "offer" as do:
                await room.client.call("template.retire", session=visit.token, id=wanted, retired=do == "retire")
            case _:
                raise Invalid("There is no such button.", where="do")
        await answers.see_other(exchange, f"{_TAB}/{which}")
        return
    one = await room.client.call("template.get", session=visit.token, id=wanted)
    await show(
        room, exchange, "administrator/template.html", visit, tab=_TAB, one=one, purposes=PURPOSES, spoken=LANGUAGES,
        address=f"{_TAB}/{which}",
    )  # fmt: skip


async def version(room: Room, exchange: Exchange, which: str, number_of: str) -> None:
    """GET /desk/templates/{which}/{number_of}: an earlier version as it was signed."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator")
    one = await room.client.call(
        "template.get", session=visit.token, id=ident(which), version=number(number_of, "version")
    )
    await show(room, exchange, "administrator/version.html", visit, tab=_TAB, one=one, address=f"{_TAB}/{which}")


async def _long_form(room: Room, exchange: Exchange, visit: Visit) -> dict[str, str]:
    """The fields of a form with whole texts in it, which is longer than other forms may be."""
    room.guard.from_here(exchange)
    sent = dict(parameters(await exchange.body(_LONGEST_FORM)))
    room.guard.check(sent, visit.token)
    return sent


def _texts(sent: dict[str, str]) -> dict[str, Any]:
    return {
        "purpose": sent.get("purpose", ""),
        "titles": {one: sent.get(f"title-{one}", "").strip() for one in LANGUAGES},
        "texts": {one: sent.get(f"text-{one}", "") for one in LANGUAGES},
    }


async def settings(room: Room, exchange: Exchange) -> None:
    """GET /desk/settings: what is in force, beside the defaults; changed in the file only."""
    visit = await room.visit(exchange)
    of_hat(visit, "administrator", "officer")
    rows = await room.client.call("settings.view", session=visit.token)
    sections: dict[str, list[dict[str, Any]]] = {}
    for one in rows:
        one["words"] = what_of(one["section"], one["key"])
        sections.setdefault(one["section"] or "*", []).append(one)
    await show(
        room, exchange, "administrator/settings.html", visit, tab="/desk/settings", sections=sections,
        changed=[one for one in rows if one["changed"]], looser=[one for one in rows if one["looser"]],
    )  # fmt: skip

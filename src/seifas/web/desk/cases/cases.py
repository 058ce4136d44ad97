"""Cases: the list of them, how one is opened, and how an alarm, a leak case or a tip is brought into one."""

from __future__ import annotations

from typing import Any, Final

from seifas.errors import Missing, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.exercise import YEARS
from seifas.web import answers
from seifas.web.desk.cases.frame import AT, of_case, officer, said_of
from seifas.web.desk.officer import frame
from seifas.web.desk.officer.frame import asked, ident
from seifas.web.desk.officer.kinds import kind_of
from seifas.web.desk.room import Room, Visit

KINDS: Final = {
    "alarm": "case-kind-alarm", "tip": "case-kind-tip", "leak": "case-kind-leak", "flood": "case-kind-flood",
    "extortion": "case-kind-extortion", "hand": "case-kind-hand",
}  # fmt: skip
"""What a case was opened by, and its words."""
_ORIGINS: Final = ("alarm", "leak", "tip", "flood")
Sent = dict[str, str]


async def cases(room: Room, exchange: Exchange) -> None:
    """/desk/cases: all cases, those that are open first, with a form that opens one. With `alarm`, `leak`, `tip` or
    `flood` = ID in the address, one for that, or to bring it into one that is open."""
    visit = await officer(room, exchange)
    said, status = "", 200
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        typed = {name: sent.get(name, "")[:400] for name in ("title", "kind", "link")}
        links = (ident(typed["link"]),) if typed["link"] else ()
        try:
            made = await room.client.call(
                "case.open", session=visit.token, title=typed["title"], kind=typed["kind"], links=links
            )
            await answers.see_other(exchange, f"{AT}/{made['case'].hex()}")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error)), error.http
    else:
        typed = await _from(room, exchange, visit)
    await _page(room, exchange, visit, typed, said, status)


async def link(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/links with `link`: an alarm, a leak case or a tip belongs to this case, too."""
    visit, key, _ = await of_case(room, exchange, case)
    sent = await room.guard.fields(exchange, visit.token)
    wanted = ident(sent.get("link", ""))
    try:
        await room.client.call("case.link", session=visit.token, case=key, link=wanted)
    except SeifasError as error:
        typed = {"title": "", "kind": "hand", "link": wanted.hex()}
        await _page(room, exchange, visit, typed, room.words(exchange, said_of(error)), error.http)
        return
    await answers.see_other(exchange, f"{AT}/{case}")


async def _page(room: Room, exchange: Exchange, visit: Visit, typed: Sent, said: str, status: int) -> None:
    rows = await room.client.call("case.list", session=visit.token)
    await frame.show(
        room, exchange, "cases/cases.html", visit, tab=AT, said=said, status=status, typed=typed, kinds=KINDS,
        years=YEARS,
        rows=[_shown(one) for one in sorted(rows, key=lambda one: (bool(one["closed_ms"]), -one["opened_ms"]))],
    )  # fmt: skip


async def _from(room: Room, exchange: Exchange, visit: Visit) -> Sent:
    """The form filled with what a case is to be opened for. Raises Invalid, Missing."""
    wanted = asked(exchange)
    origin = next((one for one in _ORIGINS if wanted.get(one)), "")
    if not origin:
        return {"title": "", "kind": "hand", "link": ""}
    key = ident(wanted[origin])
    title = ""
    if origin == "alarm":
        alarms = await room.client.call("alarm.list", session=visit.token)
        found = next((one for one in alarms if one["id"] == key), None)
        if found is None:
            raise Missing("there is no such alarm")
        title = room.words(exchange, kind_of(found["kind"]).means)[:120]
    elif origin == "leak":
        leak = await room.client.call("leak.status", session=visit.token, case=key)
        title = leak["title"]
    elif origin == "flood":
        flood = await room.client.call("shield.event", session=visit.token, event=key)
        title = room.words(exchange, "shield-case-title", day=room.pages.when(flood["began_ms"])[:10])
    return {"title": title, "kind": origin, "link": key.hex()}


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "id": one["case"].hex(), "words": KINDS.get(one["kind"], "case-kind-hand")}

"""Watched addresses: what the jobs process looks at for a case, how it went, what has changed there."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.leaks.frame import AT, known, officer, said_of, show
from seifas.web.desk.officer.frame import asked, ident, number
from seifas.web.desk.room import Room

_EVERY = 15


async def watches(room: Room, exchange: Exchange) -> None:
    """/desk/leaks/watches: every watch, with forms that add one for a case and stop one."""
    visit = await officer(room, exchange)
    said, status = "", 200
    typed = {"url": "", "every": str(_EVERY), "case": asked(exchange).get("case", "")}
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        typed = {name: sent.get(name, "")[:2100] for name in typed}
        try:
            if sent.get("do") == "add":
                every = sent.get("every", "")
                await room.client.call(
                    "watch.add", session=visit.token, case=ident(typed["case"]), url=typed["url"].strip(),
                    every_min=number(every, "every_min", 10**6),
                )  # fmt: skip
            elif sent.get("do") == "stop":
                await room.client.call("watch.stop", session=visit.token, id=ident(sent.get("id", "")))
            else:
                raise Invalid("There is no such button.", where="do")
            await answers.see_other(exchange, f"{AT}/watches")
            return
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error)), error.http
    cases = await room.client.call("leak.list", session=visit.token)
    rows = await room.client.call("watch.list", session=visit.token)
    titles = {one["case"]: one["title"] for one in cases}
    await show(
        room, exchange, "watches", visit, said=said, status=status, typed=typed,
        rows=[_shown(one, titles) for one in rows],
        cases=[(one["case"].hex(), one["title"]) for one in cases if one["state"] != "closed"],
    )  # fmt: skip


def _shown(one: dict[str, Any], titles: dict[bytes, str]) -> dict[str, Any]:
    changes = [{**each, "sha256": each["sha256"].hex(), "file": each["file"].hex()} for each in one["changes"]]
    for place, now in enumerate(changes):
        before = changes[place + 1] if place + 1 < len(changes) else None
        now["first"] = before is None
        now["new_prices"] = before is not None and now["prices"] != before["prices"]
        now["new_dates"] = before is not None and now["deadlines"] != before["deadlines"]
    return {
        **one, "id": one["id"].hex(), "case": one["case"].hex(), "title": titles.get(one["case"], ""),
        "changes": changes, "trouble": known(f"leak-trouble-{one['trouble']}", "leak-trouble-other")
        if one["trouble"] else "",
    }  # fmt: skip

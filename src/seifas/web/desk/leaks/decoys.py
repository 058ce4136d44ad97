"""Decoys: people who do not exist, planted in a list that leaves the clinic or among the patients. Told once."""

from __future__ import annotations

import base64
import csv
import io
from typing import Any

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.web.desk.leaks.frame import known, officer, said_of, show
from seifas.web.desk.officer.frame import number
from seifas.web.desk.room import Room

_COLUMNS = ("family", "given", "birth", "sex", "email", "phone")


async def decoys(room: Room, exchange: Exchange) -> None:
    """/desk/leaks/decoys: what was planted, and a form that plants. Those of an export are shown by the answer to that
    form and never again."""
    visit = await officer(room, exchange)
    said, status, people = "", 200, []
    typed = {"label": "", "count": "3", "kind": "export"}
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        typed = {name: sent.get(name, "")[:200] for name in typed}
        try:
            made = await room.client.call(
                "decoy.plant", session=visit.token, label=typed["label"], kind=typed["kind"],
                count=number(typed["count"], "count", 10**6),
            )  # fmt: skip
            people = made["people"]
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error)), error.http
    rows = await room.client.call("decoy.list", session=visit.token)
    for one in rows:
        one["words"] = known(f"leak-decoy-{one['kind']}", "leak-decoy-export")
    planted = exchange.method == "POST" and not said
    await show(
        room, exchange, "decoys", visit, said=said, status=status, typed=typed, rows=rows, people=people,
        planted=planted, good=room.words(exchange, "leak-planted") if planted else "",
        file=_file(people) if people else "",
    )  # fmt: skip


def _file(people: list[dict[str, Any]]) -> str:
    """The same people as a table, in base64, for the page's own link: they are on no server to be fetched from."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows([one[name] for name in _COLUMNS] for one in people)
    return base64.b64encode(("\ufeff" + text.getvalue()).encode()).decode("ascii")

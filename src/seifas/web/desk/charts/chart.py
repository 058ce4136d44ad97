"""The chart of a patient: one page that reads like a paper chart, and is written in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from seifas.errors import Missing, Refused
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records.cards import ALERTS, Strip
from seifas.records.codes import MEASURES
from seifas.records.plain import Resource
from seifas.records.timeline import Timeline, Written, days_since, timeline
from seifas.web.desk.charts.asking import opening, strip_for
from seifas.web.desk.charts.remembering import REMEMBERED
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id
from seifas.web.pages import language_of

OPEN_VISITS = 6
"""Visits that stand open; older ones are one touch away."""


class Opened(msgspec.Struct, frozen=True):
    """A chart as a page has opened it."""

    strip: Strip
    lines: Timeline
    resources: list[Resource]
    survivor: str
    merged: tuple[str, ...]
    version: int
    updated_ms: int


async def opened(room: Room, visit: Visit, patient: bytes, reason: str) -> Opened:
    """The whole chart, by one opening."""
    found = await room.client.call("record.chart", session=visit.token, patient=patient, reason=reason)
    rows = [written_of(row) for row in found["records"]]
    own = [one for one in rows if one.patient == patient.hex()]
    card = next((one for one in own if one.resource.get("resourceType") == "Patient"), None)
    if card is None:
        raise Missing("there is no such record")
    alerts = [one.resource for one in rows if one.resource.get("resourceType") in ALERTS]
    strip = strip_for(room, visit, [card.resource, *alerts])
    merged = dict.fromkeys(one.patient for one in rows if one.patient != patient.hex())
    return Opened(
        strip=strip, lines=timeline(rows, patient.hex(), room.pages.today()), resources=[one.resource for one in own],
        survivor=found["survivor"].hex(), merged=tuple(merged), version=card.version, updated_ms=card.when,
    )  # fmt: skip


def written_of(row: dict[str, Any]) -> Written:
    """A row of the keeper's `record.chart`."""
    return Written(
        resource=read(row["body"], limit=len(row["body"])), patient=row["patient"].hex(), version=row["version"],
        when=row["updated_ms"], by=row["by"],
        former=tuple(
            (read(one["body"], limit=len(one["body"])), one["version"], one["updated_ms"], one["by"])
            for one in row["former"]
        ),
    )  # fmt: skip


def visit_mark(room: Room, visit: Visit, ident: str, encounter: str) -> str:
    """Says that this page offered this visit for this patient: a form writes into no other."""
    return room.guard.bound(visit.who["account"], f"{ident}/{encounter}")


async def chart(room: Room, exchange: Exchange, ident: str) -> None:
    """GET /desk/patient/{id}/chart; a POST brings the reason."""
    visit = await room.visit(exchange)
    if visit.hat not in TREATING:
        raise Refused("This hat opens cards, not charts.")
    await shown(room, exchange, visit, ident)


async def shown(
    room: Room, exchange: Exchange, visit: Visit, ident: str, *, draft: Mapping[str, str] | None = None, wrong: str = ""
) -> None:
    """The page. `draft` is what was typed into a form that could not be taken, and `wrong` the words why not."""
    patient = patient_id(ident)

    async def do(reason: str) -> Opened:
        return await opened(room, visit, patient, reason)

    # A draft comes from a form whose reason was already heard.
    found = await opening(room, exchange, visit, ident, f"/desk/patient/{ident}/chart", do,
                          sent={} if draft is not None else None)  # fmt: skip
    if found is None:
        return
    house = await room.client.call("clinic.profile", session=visit.token)
    tongue = language_of(exchange, room.pages.languages)
    lines, today = found.lines, room.pages.today()
    remembered = REMEMBERED.of(visit.who["session_id"], today)
    await room.show(
        exchange, "charts/chart.html", visit, status=200 if not wrong else 400, said=wrong, ident=ident,
        strip_card=found.strip, lines=lines, survivor=found.survivor, merged=found.merged,
        draft=defaultdict(str, draft or {}),
        writing=(draft or {}).get("what", ""), open_visits=OPEN_VISITS,
        measures=[(key, one[3]) for key, one in MEASURES.items()],
        today_visit=lines.today and f"{lines.today}.{visit_mark(room, visit, ident, lines.today)}",
        remembered=remembered, settle=exchange.method == "POST",
        since_days=days_since(lines.since.date, today) if lines.since is not None else -1,
        team=[one["name"] for one in house["doctors"] if one["active"]],
        procedures=list(dict.fromkeys(filter(None, (one["name"].get(tongue, "") for one in house["prices"])))),
        performer=next(
            (one["name"] for one in house["doctors"] if one["active"] and one["account"] == visit.who["account"]),
            visit.who["display"] or visit.who["account"],
        ),
    )  # fmt: skip

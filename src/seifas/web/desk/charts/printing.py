"""The card or chart on paper: a POST with the reason, a page with who printed it and when on every sheet."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid, Missing
from seifas.fhir.exchange import Exchange
from seifas.records.cards import card_of
from seifas.records.patients import guardian_of
from seifas.records.timeline import timeline
from seifas.web.desk.charts.asking import opening, strip_for
from seifas.web.desk.charts.chart import written_of
from seifas.web.desk.charts.keeping import written
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id


async def printing(room: Room, exchange: Exchange, ident: str, what: str) -> None:
    """POST /desk/patient/{id}/print/{card|chart}."""
    patient = patient_id(ident)
    if what not in ("card", "chart"):
        raise Missing("there is no such page")
    address = f"/desk/patient/{ident}/print/{what}"
    heard = await written(room, exchange, address)
    if heard is None:
        return
    visit, sent = heard
    why = sent.get("why", "").strip()

    async def do(reason: str) -> dict[str, Any]:
        try:
            found = await room.client.call(
                "record.print", session=visit.token, patient=patient, what=what, reason=why
            )
        except Invalid:
            return {}
        rows = [written_of(row) for row in found["records"]]
        resources = [one.resource for one in rows if one.patient == ident]
        own = next(one for one in resources if one["resourceType"] == "Patient")
        return {
            "strip_card": strip_for(room, visit, resources), "card": card_of(own), "by": found["by"],
            "at": found["at_ms"], "mark": found["mark"],
            "lines": timeline(rows, ident, room.pages.today()) if what == "chart" else None,
            "guardians": [guardian_of(one) for one in resources if one["resourceType"] == "RelatedPerson"],
        }

    shown = await opening(room, exchange, visit, ident, address, do, sent=sent)
    if shown is None:
        return
    if not shown:
        said = room.words(exchange, "print-reason")
        await room.show(exchange, "trouble.html", visit, status=400, said=said, heading="", ident="")
        return
    await room.show(exchange, "charts/print.html", visit, ident=ident, what=what, why=why, **shown)

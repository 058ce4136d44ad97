"""Whether a patient wants to be reminded: kept in the patient's own record, so that it goes where the record goes."""

from __future__ import annotations

from typing import Any

from seifas.errors import Missing, OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records.plain import Resource
from seifas.web import answers
from seifas.web.desk.charts.writing import change_of
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.room import SEES_PATIENTS, Room
from seifas.web.forms import patient_id

NO_REMINDERS = "urn:seifas:no-reminders"
"""As the keeper reads it (keeper.reminders)."""


def wanted(patient: Resource) -> bool:
    """Whether the patient wants reminders: unless the record says otherwise."""
    return not any(
        one.get("url") == NO_REMINDERS and one.get("valueBoolean") is True for one in patient.get("extension", ())
    )


def wishing(patient: Resource, *, wants: bool) -> Resource:
    """The record with the wish, everything else as it was."""
    kept = [one for one in patient.get("extension", ()) if one.get("url") != NO_REMINDERS]
    if not wants:
        kept.append({"url": NO_REMINDERS, "valueBoolean": True})
    changed: dict[str, Any] = {}
    for name, value in patient.items():
        if name != "extension":
            changed[name] = value
    if kept:
        changed["extension"] = kept
    return changed


async def reminders(room: Room, exchange: Exchange, patient: str) -> None:
    """POST /desk/patient/{patient}/reminders with `wants`: yes or no."""
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    key = patient_id(patient)
    if visit.hat not in SEES_PATIENTS:
        raise Missing("there is no such page")
    try:
        found = await room.client.call("record.read", session=visit.token, type="Patient", id=key, reason="schedule")
        changed = wishing(read(found["body"], limit=len(found["body"])), wants=sent.get("wants") == "yes")
        await room.client.call(
            "record.write", session=visit.token, reason="schedule",
            changes=[change_of("update", changed, patient, patient, found["version"])],
        )  # fmt: skip
    except StepUp as error:
        await confirm(room, exchange, visit, error, exchange.path, {"wants": sent.get("wants", "")})
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error, patient)
        return
    await answers.see_other(exchange, f"/desk/patient/{patient}/book")

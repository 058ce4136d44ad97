"""The sheet of a day, to be printed and taken along: an export, written into the log before it is shown."""

from __future__ import annotations

import time

from seifas.errors import Invalid, Missing, OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.day.today import checked, doctor_names, entry_id
from seifas.web.desk.room import SEES_PATIENTS, Room


async def day_sheet(room: Room, exchange: Exchange, date: str) -> None:
    """POST /desk/day/{date}/sheet: all doctors."""
    await _sheet(room, exchange, checked(date), "")


async def doctor_sheet(room: Room, exchange: Exchange, date: str, doctor: str) -> None:
    """POST /desk/day/{date}/{doctor}/sheet: one of them."""
    await _sheet(room, exchange, checked(date), doctor)


async def _sheet(room: Room, exchange: Exchange, date: str, doctor: str) -> None:
    visit = await room.visit(exchange)
    await room.guard.fields(exchange, visit.token)
    if visit.hat not in SEES_PATIENTS:
        raise Missing("there is no such page")
    profile = await room.client.call("clinic.profile", session=visit.token)
    try:
        rows = await room.client.call(
            "schedule.sheet", session=visit.token, date=date, doctor=entry_id(doctor) if doctor else None
        )
    except StepUp as error:
        await confirm(room, exchange, visit, error, exchange.path, {})
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    except Invalid as error:
        if error.where != "date":
            raise
        await room.show(exchange, "trouble.html", visit, status=error.http, heading="", ident="",
                        said=room.words(exchange, "sheet-days"))  # fmt: skip
        return
    names = doctor_names(profile)
    by_doctor: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        by_doctor.setdefault(names.get(row["doctor"]) or room.words(exchange, "visits-told"), []).append(row)
    await room.show(
        exchange, "day/sheet.html", visit, day_iso=date, by_doctor=by_doctor, now_ms=time.time_ns() // 1_000_000
    )

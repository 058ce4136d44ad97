"""Today, and any other day: by doctor, with who is expected, here, done and missing."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from seifas.errors import Missing
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.day.columns import KEYS, Column, columns_of
from seifas.web.desk.day.slots import opened
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit
from seifas.web.forms import desk_path

_UNDO = b"undo="
STATES = ("arrived", "started", "done", "missed", "cancelled", "booked")


async def home(room: Room, exchange: Exchange, visit: Visit) -> None:
    """GET /desk for those who see patients: today. A doctor's begins with the own day, reception's with all."""
    own = visit.who["practitioner"] if visit.hat == "doctor" else None
    await _show(room, exchange, visit, room.pages.today(), own.hex() if own else "")


async def day(room: Room, exchange: Exchange, date: str) -> None:
    """GET /desk/day/{date}: all doctors."""
    await _show(room, exchange, await _visitor(room, exchange), checked(date), "")


async def doctor_day(room: Room, exchange: Exchange, date: str, doctor: str) -> None:
    """GET /desk/day/{date}/{doctor}: one of them."""
    await _show(room, exchange, await _visitor(room, exchange), checked(date), doctor)


async def status(room: Room, exchange: Exchange, entry: str) -> None:
    """POST /desk/entry/{entry}/status: one touch. What was called off can be taken back on the page that follows."""
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    wanted = sent.get("status", "")
    await room.client.call("schedule.status", session=visit.token, id=entry_id(entry), status=wanted)
    place = desk_path(sent.get("back", ""))
    undo = f"?undo={entry}" if wanted in ("cancelled", "missed") else ""
    await answers.see_other(exchange, f"{place}{undo}#e-{entry}")


async def _visitor(room: Room, exchange: Exchange) -> Visit:
    visit = await room.visit(exchange)
    if visit.hat not in SEES_PATIENTS:
        raise Missing("there is no such page")
    return visit


async def _show(room: Room, exchange: Exchange, visit: Visit, day: str, doctor: str) -> None:
    entries = await room.client.call("schedule.day", session=visit.token, date=day)
    profile = await room.client.call("clinic.profile", session=visit.token)
    zone = ZoneInfo(room.settings.clinic.zone)
    today = room.pages.today()
    columns = columns_of(
        entries, profile, opened(profile, day, zone), now_ms=time.time_ns() // 1_000_000, today=day == today,
        past=day < today, unknown=room.words(exchange, "doctor-unknown"),
        told=room.words(exchange, "visits-told"),
    )  # fmt: skip
    chosen = next((one for one in columns if one.doctor == doctor), None) if doctor else None
    shown = [chosen] if chosen is not None else columns
    here = date.fromisoformat(day)
    undo = exchange.query[len(_UNDO) :].decode("ascii", "replace") if exchange.query.startswith(_UNDO) else ""
    # A room of the bar stands under /desk; the same day under its own path is the same page.
    await room.show(
        exchange, "day/today.html", visit, finding=True, day_iso=day, is_today=day == today, past=day < today,
        columns=columns, shown=shown, chosen=chosen, closed=not opened(profile, day, zone),
        before=(here - timedelta(days=1)).isoformat(), after=(here + timedelta(days=1)).isoformat(),
        week=[(here + timedelta(days=number - here.weekday())).isoformat() for number in range(7)],
        counts=_counts(shown), undo=next((one for one in _ids(columns) if one == undo), ""), keys=KEYS,
        sheet=abs((here - date.fromisoformat(today)).days) <= 3, back=_place(day, chosen),
    )  # fmt: skip


def _place(day: str, chosen: Column | None) -> str:
    return f"/desk/day/{day}/{chosen.doctor}" if chosen is not None and chosen.doctor else f"/desk/day/{day}"


def _counts(columns: list[Column]) -> dict[str, int]:
    return {
        "expected": sum(one.expected for one in columns), "here": sum(one.here for one in columns),
        "done": sum(one.done for one in columns), "off": sum(one.off for one in columns),
    }


def _ids(columns: list[Column]) -> list[str]:
    return [row["entry"]["id"] for column in columns for row in column.rows if row["entry"] is not None]


def checked(text: str) -> str:
    """A date of a path. Raises Missing."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Missing("there is no such day") from None
    if found.isoformat() != text or not 1971 <= found.year <= 2099:
        raise Missing("there is no such day")
    return text


def entry_id(text: str) -> bytes:
    """An id of a path. Raises Missing."""
    if len(text) != 32 or any(letter not in "0123456789abcdef" for letter in text):
        raise Missing("there is no such entry")
    return bytes.fromhex(text)


def doctor_names(profile: dict[str, Any]) -> dict[bytes, str]:
    """The doctors' names by Practitioner's id."""
    return {one["practitioner"]: one["name"] for one in profile["doctors"]}

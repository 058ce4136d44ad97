"""Booking, moving and walking in: days with what is free, one touch on a time.

A free time that was touched on a day's page is kept in a cookie for ten minutes (it names nobody), so that the patient
can be found first; the booking page then offers it before all others.
"""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from seifas.errors import Conflict, Invalid, Missing, OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_for
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.day.slots import MINUTE_MS, at, gaps, opened, starts
from seifas.web.desk.day.today import checked, entry_id
from seifas.web.desk.day.wishes import wanted
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit
from seifas.web.forms import patient_id

LENGTHS = (10, 15, 20, 30, 45, 60, 90, 120)
_SLOT_COOKIE = "slot"
_KEPT_S = 600
_SLOT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9a-f]{32})\.([0-2][0-9])([0-5][0-9])\Z")
_CHOICE = re.compile(r"([0-9a-f]{32})@([0-9]{12,14})\Z")
_DAYS = 7
_MOST_NOTE = 500


async def slot(room: Room, exchange: Exchange, date: str, doctor: str, clock: str) -> None:
    """GET /desk/book/{date}/{doctor}/{clock}: a free time was touched; now whom is it for?"""
    visit = await room.visit(exchange)
    kept = f"{checked(date)}.{doctor}.{clock}"
    if visit.hat not in SEES_PATIENTS or not _SLOT.match(kept):
        raise Missing("there is no such time")
    profile = await room.client.call("clinic.profile", session=visit.token)
    await room.show(
        exchange, "day/slot.html", visit, finding=True, day_iso=date, clock_text=f"{clock[:2]}:{clock[2:]}",
        doctor_name=_name(profile, doctor), extra=[_cookie(room, kept)],
    )  # fmt: skip


async def book(room: Room, exchange: Exchange, patient: str) -> None:
    """GET and POST /desk/patient/{patient}/book: from today on."""
    await _book(room, exchange, patient, room.pages.today())


async def book_from(room: Room, exchange: Exchange, patient: str, date: str) -> None:
    """The same from another day on."""
    await _book(room, exchange, patient, checked(date))


async def _book(room: Room, exchange: Exchange, patient: str, first: str) -> None:
    visit = await room.visit(exchange)
    key = patient_id(patient)
    if visit.hat not in SEES_PATIENTS:
        raise Missing("there is no such page")
    if exchange.method != "POST":
        await _offer_booking(room, exchange, visit, patient, first)
        return
    sent = await room.guard.fields(exchange, visit.token)
    if not sent.get("slot"):  # a reason that opening the card asked for
        await _offer_booking(room, exchange, visit, patient, first, sent)
        return
    walk_in = sent["slot"] == "now"
    doctor, start = (sent.get("doctor", ""), _this_minute()) if walk_in else _choice(sent["slot"])
    minutes = await _minutes(room, visit, sent, doctor)
    try:
        made = await room.client.call(
            "schedule.book", session=visit.token, doctor=_doctor(doctor), start_ms=start, minutes=minutes, patient=key,
            note=sent.get("note", "").strip()[:_MOST_NOTE], walk_in=walk_in, force=sent.get("force") == "yes",
        )  # fmt: skip
    except StepUp as error:
        await confirm(room, exchange, visit, error, exchange.path, _kept(sent))
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error, patient)
        return
    except (Conflict, Invalid) as error:
        await _offer_booking(room, exchange, visit, patient, first, said=_why(room, exchange, error))
        return
    await _to_day(room, exchange, start, made["id"].hex())


async def _offer_booking(
    room: Room, exchange: Exchange, visit: Visit, patient: str, first: str, sent: dict[str, str] | None = None, *,
    said: str = "",
) -> None:  # fmt: skip
    async def show(reason: str) -> None:
        found = await room.client.call(
            "record.read", session=visit.token, type="Patient", id=patient_id(patient), reason=reason
        )
        # The card alone, whoever books: what to mind is clinical, and would cost what a chart costs.
        card = read(found["body"], limit=len(found["body"]))
        days, doctors, earlier, later = await _free(room, visit, first)
        kept = _SLOT.match(exchange.cookie(_SLOT_COOKIE.encode()))
        await room.show(
            exchange, "day/book.html", visit, status=409 if said else 200, said=said, ident=patient,
            card=strip_for(room, visit, [card]), reminders=wanted(card),
            days=days, doctors=doctors, earlier=earlier, later=later, lengths=LENGTHS,
            address=f"/desk/patient/{patient}/book", today=room.pages.today(), moving="",
            kept=_kept_slot(room, kept, doctors) if kept else None,
        )  # fmt: skip

    await opening(room, exchange, visit, patient, exchange.path, show, sent=sent)


async def move(room: Room, exchange: Exchange, entry: str) -> None:
    """GET and POST /desk/entry/{entry}/move: from today on."""
    await _move(room, exchange, entry, room.pages.today())


async def move_from(room: Room, exchange: Exchange, entry: str, date: str) -> None:
    """The same from another day on."""
    await _move(room, exchange, entry, checked(date))


async def _move(room: Room, exchange: Exchange, entry: str, first: str) -> None:
    visit = await room.visit(exchange)
    if visit.hat not in SEES_PATIENTS:
        raise Missing("there is no such page")
    said = ""
    key = entry_id(entry)
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        doctor, start = _choice(sent.get("slot", ""))
        minutes = await _minutes(room, visit, sent, doctor)
        try:
            await room.client.call(
                "schedule.move", session=visit.token, id=key, doctor=_doctor(doctor), start_ms=start, minutes=minutes,
            )  # fmt: skip
        except StepUp as error:
            await confirm(room, exchange, visit, error, exchange.path, _kept(sent))
            return
        except OverBudget as error:
            await stopped(room, exchange, visit, error)
            return
        except (Conflict, Invalid) as error:
            said = _why(room, exchange, error)
        else:
            await _to_day(room, exchange, start, entry)
            return
    found = await room.client.call("schedule.entry", session=visit.token, id=key)
    days, doctors, earlier, later = await _free(room, visit, first, minutes=found["minutes"])
    await room.show(
        exchange, "day/book.html", visit, status=409 if said else 200, said=said, card=None, ident="", days=days,
        reminders=True, doctors=doctors, earlier=earlier, later=later, lengths=LENGTHS,
        address=f"/desk/entry/{entry}/move",
        today=room.pages.today(), moving=entry, kept=None, found=found,
        doctor_name=_name({"doctors": doctors}, found["doctor"].hex()),
    )  # fmt: skip


async def _free(
    room: Room, visit: Visit, first: str, *, minutes: int = 0
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], str, str]:
    """A week of days with the free times of each doctor; the doctors; the first days of the weeks before and after."""
    zone = ZoneInfo(room.settings.clinic.zone)
    profile = await room.client.call("clinic.profile", session=visit.token)
    doctors = [one for one in profile["doctors"] if one["active"]]
    today = room.pages.today()
    begin = max(date.fromisoformat(first), date.fromisoformat(today))
    now = time.time_ns() // 1_000_000
    taken = await room.client.call("schedule.taken", session=visit.token, first=begin.isoformat(), days=_DAYS)
    days: list[dict[str, Any]] = []
    for number in range(_DAYS):
        day = (begin + timedelta(days=number)).isoformat()
        spells = opened(profile, day, zone)
        offers = []
        for one in doctors:
            mine = [entry for entry in taken[day] if entry["doctor"] == one["practitioner"]]
            length = minutes or one["minutes"]
            free = gaps(spells, mine, least=length, from_ms=now if day == today else 0)
            offers.append({"doctor": one["practitioner"].hex(), "name": one["name"], "colour": one["colour"],
                           "starts": starts(free, minutes=length, zone=zone)})  # fmt: skip
        days.append({"date": day, "offers": offers, "any": any(one["starts"] for one in offers)})
    earlier = (begin - timedelta(days=_DAYS)).isoformat() if begin > date.fromisoformat(today) else ""
    return days, doctors, earlier, (begin + timedelta(days=_DAYS)).isoformat()


def _choice(text: str) -> tuple[str, int]:
    found = _CHOICE.match(text)
    if found is None:
        raise Invalid("Choose a time.", where="slot")
    return found[1], int(found[2])


def _doctor(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Invalid("Choose a doctor.", where="doctor") from None


async def _minutes(room: Room, visit: Visit, sent: dict[str, str], doctor: str) -> int:
    """The length that was chosen, else the doctor's usual one."""
    text = sent.get("minutes", "")
    if text.isascii() and text.isdigit() and 0 < int(text[:4]) <= 720:
        return int(text)
    profile = await room.client.call("clinic.profile", session=visit.token)
    return next((one["minutes"] for one in profile["doctors"] if one["practitioner"].hex() == doctor), 30)


def _kept(sent: dict[str, str]) -> dict[str, str]:
    return {name: sent[name] for name in ("slot", "doctor", "minutes", "note", "force") if name in sent}


def _kept_slot(room: Room, found: re.Match[str], doctors: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The free time that was touched before, if it is still to come."""
    start = at(found[1], f"{found[3]}:{found[4]}", ZoneInfo(room.settings.clinic.zone))
    if start <= time.time_ns() // 1_000_000 - 10 * MINUTE_MS:
        return None
    return {"start_ms": start, "doctor": found[2], "name": _name({"doctors": doctors}, found[2])}


def _this_minute() -> int:
    now = time.time_ns() // 1_000_000
    return now - now % MINUTE_MS


def _why(room: Room, exchange: Exchange, error: Conflict | Invalid) -> str:
    """Why a time was not given, in the visitor's language; the keeper names the field."""
    keys = {
        "start": "book-taken" if isinstance(error, Conflict) else "book-time", "status": "book-over",
        "date": "book-date", "minutes": "book-length", "slot": "book-choose", "doctor": "book-choose",
    }  # fmt: skip
    return room.words(exchange, keys.get(error.where, "conflict" if isinstance(error, Conflict) else "invalid"))


async def _to_day(room: Room, exchange: Exchange, start: int, entry: str) -> None:
    day = room.pages.day("en", start, "yyyy-MM-dd")
    await answers.see_other(exchange, f"/desk/day/{day}#e-{entry}", extra=[_cookie(room, "")])


def _cookie(room: Room, value: str) -> tuple[bytes, bytes]:
    return answers.cookie(_SLOT_COOKIE, value, secure=room.secure, max_age=_KEPT_S if value else 0)


def _name(profile: dict[str, Any], doctor: str) -> str:
    return next((one["name"] for one in profile["doctors"] if one["practitioner"].hex() == doctor), "")

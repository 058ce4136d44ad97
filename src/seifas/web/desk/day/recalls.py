"""Recalls: who was here some time ago and has nothing booked since, signed as a list with one touch, then called one by
one: cards only, and what came of it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from seifas.errors import Invalid, Missing, OverBudget, StepUp
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records.cards import card_of
from seifas.web import answers
from seifas.web.desk.confirming import confirm, stopped
from seifas.web.desk.day.today import checked, doctor_names, entry_id
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit
from seifas.web.forms import patient_id

MOST = 40
RESULTS = ("booked", "reached", "no-answer", "later", "declined")
_AGO_DAYS, _SPAN_DAYS = 182, 7
_MOST_TITLE = 80
_PICK = "p-"
_MOST_FIELDS = 130  # as many as are offered can be ticked, to be told that it is too many


async def recalls(room: Room, exchange: Exchange) -> None:
    """GET /desk/recalls: one's own lists, and the form for a new one."""
    visit = await _visitor(room, exchange)
    await _home(room, exchange, visit)


async def _home(
    room: Room, exchange: Exchange, visit: Visit, *, status: int = 200, said: str = "",
    found: list[dict[str, Any]] | None = None, asked: dict[str, str] | None = None,
) -> None:  # fmt: skip
    lists = await room.client.call("worklist.list", session=visit.token)
    profile = await room.client.call("clinic.profile", session=visit.token)
    last = date.fromisoformat(room.pages.today()) - timedelta(days=_AGO_DAYS)
    first = last - timedelta(days=_SPAN_DAYS)
    usual = {"first": first.isoformat(), "last": last.isoformat(), "doctor": "", "title": ""}
    names = doctor_names(profile)
    for row in found or ():
        row["patient"] = row["patient"].hex()
        row["doctor"] = names.get(row["doctor"], "")
    await room.show(
        exchange, "day/recalls.html", visit, status=status, said=said, found=found, most=MOST, doctors=names,
        asked=usual | (asked or {}),
        lists=[{**one, "id": one["id"].hex(), "n": len(one["patients"])} for one in lists],
    )  # fmt: skip


async def candidates(room: Room, exchange: Exchange) -> None:
    """POST /desk/recalls/find: those who were here then."""
    visit = await _visitor(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    asked = {name: sent.get(name, "").strip() for name in ("first", "last", "doctor")}
    doctor = entry_id(asked["doctor"]) if asked["doctor"] else None
    try:
        found = await room.client.call(
            "schedule.past", session=visit.token, first=checked_date(asked["first"]), last=checked_date(asked["last"]),
            doctor=doctor,
        )  # fmt: skip
    except Invalid as error:
        await _home(room, exchange, visit, status=error.http, said=room.words(exchange, "recall-dates"), asked=asked)
        return
    await _home(room, exchange, visit, found=found, asked=asked)


async def make(room: Room, exchange: Exchange) -> None:
    """POST /desk/recalls: the chosen ones, signed once."""
    visit = await _visitor(room, exchange)
    sent = await room.guard.fields(exchange, visit.token, most=_MOST_FIELDS)
    chosen = [name[len(_PICK) :] for name in sent if name.startswith(_PICK)]
    title = sent.get("title", "").strip()[:_MOST_TITLE]
    if not chosen or len(chosen) > MOST or not title:
        key = "recall-title" if chosen and not title else "recall-none" if not chosen else "recall-many"
        await _home(room, exchange, visit, status=400, said=room.words(exchange, key))
        return
    patients = [patient_id(one) for one in chosen]
    try:
        made = await room.client.call("worklist.make", session=visit.token, title=title, patients=patients)
    except StepUp as error:
        fields = {"title": title} | {f"{_PICK}{one}": "1" for one in chosen}
        await confirm(room, exchange, visit, error, "/desk/recalls", fields, deed="touch-recall")
        return
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    await answers.see_other(exchange, f"/desk/recalls/{made['id'].hex()}")


async def one_list(room: Room, exchange: Exchange, listed: str) -> None:
    """GET /desk/recalls/{listed}."""
    visit = await _visitor(room, exchange)
    await _list(room, exchange, visit, listed)


async def open_card(room: Room, exchange: Exchange, listed: str, patient: str) -> None:
    """POST /desk/recalls/{listed}/{patient}: the card of one of them, in its place on the list."""
    visit = await _visitor(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    key = patient_id(patient)
    if "result" in sent:
        await room.client.call(
            "worklist.tick", session=visit.token, id=entry_id(listed), patient=key, result=sent["result"]
        )
        await answers.see_other(exchange, f"/desk/recalls/{listed}#r-{patient}")
        return
    try:
        found = await room.client.call("worklist.open", session=visit.token, id=entry_id(listed), patient=key)
    except OverBudget as error:
        await stopped(room, exchange, visit, error)
        return
    card = card_of(read(found["body"], limit=len(found["body"])))
    await _list(room, exchange, visit, listed, opened=patient, card=card)


async def _list(
    room: Room, exchange: Exchange, visit: Visit, listed: str, *, opened: str = "", card: object = None
) -> None:
    told = await room.client.call("worklist.show", session=visit.token, id=entry_id(listed))
    for row in told["rows"]:
        row["patient"] = row["patient"].hex()
    await room.show(
        exchange, "day/recall.html", visit, listed=listed, told=told, results=RESULTS, opened=opened, card=card,
        done=sum(bool(row["result"]) for row in told["rows"]),
    )  # fmt: skip


def checked_date(text: str) -> str:
    """A date that was typed. Raises Invalid."""
    try:
        return checked(text)
    except Missing:
        raise Invalid("A date is year-month-day.", where="date") from None


async def _visitor(room: Room, exchange: Exchange) -> Visit:
    visit = await room.visit(exchange)
    if visit.hat not in SEES_PATIENTS:
        raise Missing("there is no such page")
    return visit

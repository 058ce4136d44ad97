"""The schedule as it is looked at beyond a day's page: one entry, whom to call back, and the sheet to take along.

None of these opens a patient: they show what a day page shows (surname and initial near today, initials beyond), and
the sheet besides it the telephone of those for whom the account has a genuine link, each charged as a card.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec

from seifas.errors import Invalid
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.opening import acting, links_of, require_person
from seifas.keeper.schedule import pages
from seifas.keeper.schedule.links import NEAR_DAYS, VISIT_DAYS
from seifas.keeper.schedule.pages import OFF, Entry
from seifas.keeper.scheduling import shown_entry

MOST_RECALLED = 120
_MOST_DAYS = 92
_MOST_TAKEN = 31
_AGO_DAYS = 3 * 366


class OneEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Taken(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    first: str
    days: int


class Past(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    first: str
    last: str
    doctor: bytes | None = None


class Sheet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    date: str
    doctor: bytes | None = None


@OPS.op("schedule.entry", OneEntry, "desk")
async def entry(keeper: Keeper, caller: Caller, args: OneEntry) -> dict[str, Any]:
    """One entry as its day page shows it, with `date`. Raises Missing."""
    moment = keeper.now()
    session = acting(keeper, args.session, "schedule.entry", moment)
    page = keeper.schedule.calendar.find(args.id)
    leaf = keeper.leaf(
        moment, Action.SCHEDULE_VIEW, account=session.account, session=session.id, objects=(args.id,), note="entry"
    )
    await keeper.commit([leaf])
    named = -NEAR_DAYS <= _ago(keeper, moment, page.date) <= VISIT_DAYS
    return {**shown_entry(keeper, page.entry(args.id), named=named), "date": page.date}


@OPS.op("schedule.taken", Taken, "desk")
async def taken(keeper: Keeper, caller: Caller, args: Taken) -> dict[str, list[dict[str, Any]]]:
    """What is taken on some days, without whom: {date: [{doctor, start_ms, minutes, status}]}. One line for all."""
    moment = keeper.now()
    session = acting(keeper, args.session, "schedule.taken", moment)
    first = _date(args.first)
    if not 1 <= args.days <= _MOST_TAKEN:
        raise Invalid(f"ask for at most {_MOST_TAKEN} days", where="days")
    leaf = keeper.leaf(moment, Action.SCHEDULE_VIEW, account=session.account, session=session.id, note="taken")
    await keeper.commit([leaf])
    return {
        day: [
            {"doctor": one.doctor, "start_ms": one.start_ms, "minutes": one.minutes, "status": one.status}
            for one in keeper.schedule.calendar.day(day)
            if not one.off
        ]
        for day in ((first + timedelta(days=number)).isoformat() for number in range(args.days))
    }


@OPS.op("schedule.past", Past, "desk")
async def past(keeper: Keeper, caller: Caller, args: Past) -> list[dict[str, Any]]:
    """Those who were here between two days and have nothing booked since: [{patient, name (initials), start_ms,
    doctor}], the longest ago first, at most MOST_RECALLED. For a recall list; nobody's card is opened."""
    moment = keeper.now()
    session = acting(keeper, args.session, "schedule.past", moment)
    require_person(session)
    first, last = _date(args.first), _date(args.last)
    today = _date(pages.day_of(moment.wall_ms, keeper.schedule.zone))
    if not timedelta(0) <= last - first <= timedelta(days=_MOST_DAYS):
        raise Invalid(f"ask for at most {_MOST_DAYS} days", where="last")
    if last >= today or today - first > timedelta(days=_AGO_DAYS):
        raise Invalid("recalls are for those who were here before today, within three years", where="first")
    calendar, found = keeper.schedule.calendar, dict[bytes, Entry]()
    for number in range((last - first).days + 1):
        for one in calendar.day((first + timedelta(days=number)).isoformat(), args.doctor):
            if one.status in pages.PRESENT:
                found[one.patient] = one
    waiting = [
        one for one in found.values()
        if not any(later.start_ms > one.start_ms and later.status not in OFF for later in calendar.of(one.patient))
    ]
    waiting = sorted(waiting, key=lambda one: (one.start_ms, one.id))[:MOST_RECALLED]
    leaf = keeper.leaf(
        moment, Action.SCHEDULE_VIEW, account=session.account, session=session.id, note=f"recall:{len(waiting)}"
    )
    await keeper.commit([leaf])
    return [
        {"patient": one.patient, "name": shown_entry(keeper, one, named=False)["name"], "start_ms": one.start_ms,
         "doctor": one.doctor}
        for one in waiting
    ]


@OPS.op("schedule.sheet", Sheet, "desk")
async def sheet(keeper: Keeper, caller: Caller, args: Sheet) -> list[dict[str, Any]]:
    """A day's entries to print: as the day page, with `phone` and birth `year` where the account has a genuine link to
    the patient; charged as a card each, one line for all. Only for days on which appointments warm.

    Raises Invalid for any other day, OverBudget and StepUp as opening the cards would.
    """
    moment = keeper.now()
    session = acting(keeper, args.session, "schedule.sheet", moment)
    require_person(session)
    pages.bounds_of(args.date, keeper.schedule.zone)
    if abs(_ago(keeper, moment, args.date)) > NEAR_DAYS:
        raise Invalid(f"a sheet is printed for a day within {NEAR_DAYS} days of today", where="date")
    entries = [one for one in keeper.schedule.calendar.day(args.date, args.doctor) if not one.off]
    charges: list[bytes] = []
    opened: set[bytes] = set()
    for patient in dict.fromkeys(one.patient for one in entries):
        links = links_of(keeper, patient, session.account, moment)
        if not links["warm"]:
            continue  # booked a moment ago, by this account: a card of its own, by the door that counts it
        charged = await charge(
            keeper, moment, session, Deed.OPEN_CARD, Action.PRINTED, patient=patient, reason="schedule",
            prior=tuple(charges), **links,
        )
        opened.add(patient)
        if charged:
            charges.append(charged)
    leaf = keeper.leaf(
        moment, Action.PRINTED, account=session.account, session=session.id,
        objects=[one.id for one in entries][:1000], charges=tuple(charges), note=f"sheet:{len(opened)}",
    )
    await keeper.commit([leaf])
    return [{**shown_entry(keeper, one, named=True), **_reached(keeper, one.patient, opened)} for one in entries]


def _reached(keeper: Keeper, patient: bytes, opened: set[bytes]) -> dict[str, str]:
    card = keeper.directory.card(patient) if patient in opened else None
    if card is None:
        return {"phone": "", "year": ""}
    return {"phone": card.phones[0] if card.phones else "", "year": card.birth[:4]}


def _ago(keeper: Keeper, moment: Moment, day: str) -> int:
    today = _date(pages.day_of(moment.wall_ms, keeper.schedule.zone))
    return (today - _date(day)).days


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("A date is year-month-day: 2026-03-29.", where="date") from None

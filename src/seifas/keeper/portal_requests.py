"""What patients ask for: access, correction, erasure (GDPR 15-17), calling off an appointment; and the answers.

Access, correction and erasure are due within one month of receipt (GDPR 12(3)); the last day is counted as people
count it, the same date of the next month or that month's last day. The words are sealed under the patient's own key.
"""

from __future__ import annotations

import calendar
import os
from datetime import date
from typing import Any, Final

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Head, Kind
from seifas.keeper.opening import acting, admit, require_person
from seifas.keeper.portal_doors import OfSession, inside, line, today
from seifas.keeper.portal_model import PortalRequest
from seifas.keeper.portal_sealing import ANSWER, TEXT, open_text, seal_text, words_of
from seifas.keeper.portal_showing import own_appointment
from seifas.keeper.schedule import pages
from seifas.keeper.scheduling import page_row

KINDS: Final = ("access", "correction", "erasure", "cancel")
ANSWERS: Final = ("done", "refused")
MOST_OPEN: Final = 12
_SEES: Final[dict[Hat, frozenset[str]]] = {
    Hat.OFFICER: frozenset({"access", "correction", "erasure"}),
    Hat.RECEPTION: frozenset(KINDS),
    Hat.DOCTOR: frozenset({"correction", "cancel"}),
    Hat.NURSE: frozenset({"correction", "cancel"}),
}


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`about`: the appointment, where it is to be called off."""

    session: str
    kind: str
    text: str = ""
    about: bytes = b""


class OnIdent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    state: str
    text: str = ""


@OPS.op("portal.ask", Ask, "portal")
async def ask(keeper: Keeper, caller: Caller, args: Ask) -> dict[str, Any]:
    """{id, due}. An erasure that is asked for erases nothing: people decide (GDPR 17(3)), and rings the officer."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    if args.kind not in KINDS:
        raise Invalid("there is no such request", where="kind")
    mine = [one for one in keeper.portal.requests_of(here.head.patient) if one.state == "open"]
    if len(mine) >= MOST_OPEN:
        raise OverBudget("There are enough open requests. Wait for an answer.", where="request")
    text = words_of(args.text, least=0 if args.kind in ("access", "erasure", "cancel") else 3)
    due, about = month_after(today(keeper, moment)).isoformat(), b""
    if args.kind == "cancel":
        entry = own_appointment(keeper, here, args.about)
        if entry.status != "booked" or entry.start_ms <= moment.wall_ms:
            raise Conflict("this appointment is not ahead any more", where="status")
        if any(one.about == entry.id for one in mine):
            raise Conflict("this was asked for already", where="about")
        due, about = pages.day_of(entry.start_ms, keeper.schedule.zone), entry.id
    ident = os.urandom(16)
    sealed = seal_text(keeper, here.head, ident, TEXT, text) if text else b""
    request = PortalRequest(
        ident, here.head.patient, here.account.id, args.kind, moment.wall_ms, due, sealed, about
    )
    leaf = line(keeper, moment, here, Action.PORTAL_REQUEST, args.kind, objects=(ident,))
    puts = [keeper.row(Kind.PORTAL_REQUEST, ident, request)]
    if args.kind == "erasure":
        puts += ring(keeper, moment, "portal-erasure", 1, "A patient asks to be erased. It is on the list of requests.")
    await keeper.commit([leaf], puts)
    keeper.portal.requests[ident] = request
    return {"id": ident, "due": due}


@OPS.op("portal.asked", OfSession, "portal")
async def asked(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """One's own requests with their answers, newest first."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "requests")])
    return [_shown(keeper, here.head, one) for one in keeper.portal.requests_of(here.head.patient)]


def _shown(keeper: Keeper, head: Head, request: PortalRequest) -> dict[str, Any]:
    return {
        "id": request.id, "kind": request.kind, "made_ms": request.made_ms, "due": request.due,
        "state": request.state, "answered_ms": request.answered_ms, "about": request.about,
        "text": open_text(keeper, head, request.id, TEXT, request.text),
        "answer": open_text(keeper, head, request.id, ANSWER, request.answer),
    }


@OPS.op("portal.requests", OfSession, "desk")
async def requests(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Open requests by due date, then the answered ones of late, for the hats that answer them: [{id, kind, made_ms,
    due, late, state, label}]. The label is a surname and an initial; what was written opens one by one."""
    moment = keeper.now()
    session = _staff(keeper, args.session, "portal.requests", moment)
    found = [one for one in keeper.portal.requests.values() if one.kind in _SEES[session.hat]]
    waiting = sorted((one for one in found if one.state == "open"), key=lambda one: (one.due, one.made_ms))
    settled = sorted((one for one in found if one.state != "open"), key=lambda one: -one.answered_ms)[:50]
    leaf = keeper.leaf(
        moment, Action.PORTAL_REQUEST, account=session.account, session=session.id,
        note=f"list:{len(waiting) + len(settled)}",
    )
    await keeper.commit([leaf])
    day = today(keeper, moment).isoformat()
    return [
        {
            "id": one.id, "kind": one.kind, "made_ms": one.made_ms, "due": one.due, "state": one.state,
            "late": one.state == "open" and one.due < day, "answered_ms": one.answered_ms,
            "label": label_of(keeper, one.patient),
        }
        for one in [*waiting, *settled]
    ]


@OPS.op("portal.request", OnIdent, "desk")
async def request_of(keeper: Keeper, caller: Caller, args: OnIdent) -> dict[str, Any]:
    """One request with its words; costs what the card costs."""
    moment = keeper.now()
    session = _staff(keeper, args.session, "portal.request", moment)
    request = _visible(keeper, session, args.id)
    head = keeper.require_unlocked().vault.head(request.patient)
    charged = await admit(
        keeper, moment, session, head.patient, chart=False, reason="request", line=Action.PORTAL_REQUEST
    )
    leaf = keeper.leaf(
        moment, Action.PORTAL_REQUEST, account=session.account, session=session.id, patient=head.patient,
        objects=(request.id,), charge=charged, note="read", reason="request" if charged else "",
    )
    await keeper.commit([leaf])
    appointment: dict[str, Any] = {}
    if request.about:
        try:
            entry = keeper.schedule.calendar.find(request.about).entry(request.about)
            appointment = {"start_ms": entry.start_ms, "minutes": entry.minutes, "status": entry.status}
        except Missing:
            appointment = {}
    return {
        **_shown(keeper, head, request), "patient": head.patient, "label": label_of(keeper, head.patient),
        "appointment": appointment, "answered_by": account_name(keeper, request.answered_by),
    }


@OPS.op("portal.answer", Answer, "desk")
async def answer(keeper: Keeper, caller: Caller, args: Answer) -> dict[str, Any]:
    """Settles a request; the patient reads the words. Calling an appointment off is done in the same commit."""
    moment = keeper.now()
    session = _staff(keeper, args.session, "portal.answer", moment)
    require_person(session)
    if args.state not in ANSWERS:
        raise Invalid(f"an answer is one of {', '.join(ANSWERS)}", where="state")
    text = words_of(args.text, least=0 if args.state == "done" else 3)
    async with keeper.lock_of(b"schedule"), keeper.lock_of(b"portal-requests"):
        request = _visible(keeper, session, args.id)
        if request.state != "open":
            raise Conflict("this request was answered already", where="state")
        head = keeper.require_unlocked().vault.head(request.patient)
        charged = await admit(
            keeper, moment, session, head.patient, chart=False, reason="request", line=Action.PORTAL_REQUEST
        )
        settled = msgspec.structs.replace(
            request, state=args.state, answered_ms=moment.wall_ms, answered_by=session.account,
            answer=seal_text(keeper, head, request.id, ANSWER, text) if text else b"",
        )
        puts = [keeper.row(Kind.PORTAL_REQUEST, settled.id, settled)]
        page = _called_off(keeper, moment, settled)
        if page is not None:
            puts.append(page_row(keeper, page))
        leaf = keeper.leaf(
            moment, Action.PORTAL_REQUEST, account=session.account, session=session.id, patient=head.patient,
            objects=(request.id,), charge=charged, note=args.state,
        )
        await keeper.commit([leaf], puts)
        keeper.portal.requests[settled.id] = settled
        if page is not None:
            keeper.schedule.put(page)
    return {}


def _called_off(keeper: Keeper, moment: Moment, request: PortalRequest) -> pages.DayPage | None:
    """The day page without the appointment, where that was asked for and granted; made by the patient."""
    if request.kind != "cancel" or request.state != "done":
        return None
    try:
        page = keeper.schedule.calendar.find(request.about)
        if page.entry(request.about).off:
            return None
        return pages.cancel(page, request.about, by=pages.PATIENT, now_ms=moment.wall_ms)
    except Missing:
        return None


def _staff(keeper: Keeper, token: str, op: str, moment: Moment) -> Session:
    session = acting(keeper, token, op, moment)
    if session.hat not in _SEES:
        raise Refused("this hat answers no requests", where=op)
    return session


def _visible(keeper: Keeper, session: Session, ident: bytes) -> PortalRequest:
    request = keeper.portal.request(ident)
    if request.kind not in _SEES[session.hat] or request.patient not in keeper.require_unlocked().vault.heads:
        raise Missing("there is no such request")
    return request


def label_of(keeper: Keeper, patient: bytes) -> str:
    """Surname and initial, as the day's list has them."""
    card = keeper.directory.card(patient)
    if card is None:
        return ""
    return f"{card.family} {card.given[0][:1]}." if card.given else card.family


def month_after(day: date) -> date:
    """The same date of the next month, or that month's last day."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))

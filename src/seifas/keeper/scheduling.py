"""The schedule: booking, moving, arriving, cancelling, walk-ins; a day with its patients' cards.

Making a link costs what opening would (docs/budgets.md), so booking a stranger's patient spends the cold budget. A day
page shows surname and initial of those who are on it: it is a list of warm patients, opened with one line.
"""

from __future__ import annotations

import hashlib
import os
from datetime import date
from typing import Any

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.budget.asks import Action as Deed
from seifas.keeper.charging import charge
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity import scopes
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.noting import open_note, seal_note
from seifas.keeper.opening import acting, links_of
from seifas.keeper.schedule import pages
from seifas.keeper.schedule.links import NEAR_DAYS, VISIT_DAYS, visit_of
from seifas.keeper.schedule.pages import DayPage, Entry

_AHEAD_MS = 3_600_000
_VISIT_KEPT_MS = 15 * 86_400_000


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    date: str
    doctor: bytes | None = None


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    doctor: bytes
    start_ms: int
    minutes: int
    patient: bytes
    note: str = ""
    walk_in: bool = False
    force: bool = False


class SetStatus(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`expect`: `version_of` what the caller saw; 0 for whatever stands there."""

    session: str
    id: bytes
    status: str
    expect: int = 0


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    doctor: bytes
    start_ms: int
    minutes: int
    force: bool = False
    expect: int = 0


@OPS.op("schedule.day", Day, "desk")
async def day(keeper: Keeper, caller: Caller, args: Day) -> list[dict[str, Any]]:
    """The entries of a day with each patient's surname and given initial; on days that warm nobody, initials and
    no notes. Else the schedule's past and future would be a list of names and treatments that costs nothing.
    """
    moment = keeper.now()
    session = acting(keeper, args.session, "schedule.day", moment)
    pages.bounds_of(args.date, keeper.schedule.zone)
    entries = keeper.schedule.calendar.day(args.date, args.doctor)
    leaf = keeper.leaf(
        moment, Action.SCHEDULE_VIEW, account=session.account, session=session.id, note=f"entries:{len(entries)}"
    )
    await keeper.commit([leaf])
    today = date.fromisoformat(pages.day_of(moment.wall_ms, keeper.schedule.zone))
    ago = (today - date.fromisoformat(args.date)).days
    return [shown_entry(keeper, entry, named=-NEAR_DAYS <= ago <= VISIT_DAYS) for entry in entries]


def shown_entry(keeper: Keeper, entry: Entry, *, named: bool) -> dict[str, Any]:
    """An entry as a day page shows it; unless `named` with initials only, and without its note."""
    card = keeper.directory.card(entry.patient)
    family = "" if card is None else card.family if named else card.family[:1] + "…"
    initial = f"{card.given[0][:1]}." if card is not None and card.given else ""
    name = f"{family} {initial}".strip()
    return {
        "id": entry.id, "doctor": entry.doctor, "start_ms": entry.start_ms, "minutes": entry.minutes,
        "patient": entry.patient, "name": name, "status": entry.status, "kind": entry.kind,
        "note": note_of(keeper, entry) if named else "", "confirmed": entry.confirmed,
        "reminded": keeper.reminders[entry.id].state if entry.id in keeper.reminders else "",
    }


def note_of(keeper: Keeper, entry: Entry) -> str:
    """The note of an entry as it was typed, "" where there is none."""
    if not entry.note:
        return ""
    vault = keeper.require_unlocked().vault
    head = vault.heads.get(entry.patient)
    if head is None:
        return ""
    return open_note(vault.keyring.patient(head.patient, head.check).card, entry, clinic=vault.keyring.clinic)


@OPS.op("schedule.book", Book, "desk")
async def book(keeper: Keeper, caller: Caller, args: Book) -> dict[str, Any]:
    """A new appointment, or with `walk_in` a patient who is there."""
    moment = keeper.now()
    session = _scheduler(keeper, args.session, "schedule.book", moment)
    vault = keeper.require_unlocked().vault
    if len(args.patient) != 16 or len(args.doctor) != 16:
        raise Missing("there is no such patient or doctor")
    head = vault.head(args.patient)
    zone = keeper.schedule.zone
    ident = os.urandom(16)
    note = seal_note(
        vault.keyring.patient(head.patient, head.check).card, args.note, clinic=vault.keyring.clinic,
        patient=head.patient, entry=ident, epoch=vault.keyring.epoch,
    )
    async with keeper.lock_of(b"schedule"):
        page = keeper.schedule.calendar.page(args.doctor, pages.day_of(args.start_ms, zone))
        if args.walk_in:
            changed = pages.walk_in(
                page, entry_id=ident, start_ms=args.start_ms, minutes=args.minutes, patient=args.patient,
                by=session.account, now_ms=moment.wall_ms, note=note, zone=zone,
            )
        else:
            changed = pages.book(
                page, entry_id=ident, start_ms=args.start_ms, minutes=args.minutes, patient=args.patient,
                by=session.account, now_ms=moment.wall_ms, note=note, force=args.force, zone=zone,
            )
        charged = await charge(
            keeper, moment, session, Deed.MAKE_LINK, Action.SCHEDULE, patient=args.patient, reason="schedule",
            **links_of(keeper, args.patient, session.account, moment),
        )
        leaf = keeper.leaf(
            moment, Action.SCHEDULE, account=session.account, session=session.id, patient=args.patient,
            objects=(ident,), charge=charged, note="walk-in" if args.walk_in else "book",
        )
        await keeper.commit([leaf], [page_row(keeper, changed)])
        keeper.schedule.put(changed)
    return {"id": ident}


@OPS.op("schedule.status", SetStatus, "desk")
async def set_status(keeper: Keeper, caller: Caller, args: SetStatus) -> dict[str, Any]:
    """Arrived, started, done, missed, cancelled, or booked again."""
    moment = keeper.now()
    session = _scheduler(keeper, args.session, "schedule.status", moment)
    if args.status not in pages.STATUSES:
        raise Invalid(f"a status is one of {', '.join(pages.STATUSES)}", where="status")
    async with keeper.lock_of(b"schedule"):
        page = keeper.schedule.calendar.find(args.id)
        entry = _as_expected(page.entry(args.id), args.expect)
        changed = pages.status(
            page, args.id, args.status, by=session.account, now_ms=moment.wall_ms, zone=keeper.schedule.zone
        )
        charged = await charge(
            keeper, moment, session, Deed.MAKE_LINK, Action.SCHEDULE, patient=entry.patient, reason="schedule",
            **links_of(keeper, entry.patient, session.account, moment),
        )
        leaf = keeper.leaf(
            moment, Action.SCHEDULE, account=session.account, session=session.id, patient=entry.patient,
            objects=(args.id,), charge=charged, note=args.status,
        )
        await keeper.commit([leaf], [page_row(keeper, changed)])
        keeper.schedule.put(changed)
    return {"status": args.status}


@OPS.op("schedule.move", Move, "desk")
async def move(keeper: Keeper, caller: Caller, args: Move) -> dict[str, Any]:
    """Another time or doctor. `force` moves onto a time that is taken."""
    moment = keeper.now()
    session = _scheduler(keeper, args.session, "schedule.move", moment)
    zone = keeper.schedule.zone
    async with keeper.lock_of(b"schedule"):
        page = keeper.schedule.calendar.find(args.id)
        entry = _as_expected(page.entry(args.id), args.expect)
        target = keeper.schedule.calendar.page(args.doctor, pages.day_of(args.start_ms, zone))
        source, moved = pages.move(
            page, target, args.id, start_ms=args.start_ms, minutes=args.minutes, by=session.account,
            now_ms=moment.wall_ms, force=args.force, zone=zone,
        )
        charged = await charge(
            keeper, moment, session, Deed.MAKE_LINK, Action.SCHEDULE, patient=entry.patient, reason="schedule",
            **links_of(keeper, entry.patient, session.account, moment),
        )
        leaf = keeper.leaf(
            moment, Action.SCHEDULE, account=session.account, session=session.id, patient=entry.patient,
            objects=(args.id,), charge=charged, note="move",
        )
        changed = [source, moved] if source != moved else [moved]
        await keeper.commit([leaf], [page_row(keeper, one) for one in changed])
        for one in changed:
            keeper.schedule.put(one)
    return {}


def _scheduler(keeper: Keeper, token: str, op: str, moment: Moment) -> Session:
    """Who changes the schedule: a hat that may, and of programs one whose scopes cover appointments."""
    session = acting(keeper, token, op, moment)
    deed = "c" if op == "schedule.book" else "u"
    if session.strength is Strength.TOKEN and not scopes.covers(session.scopes, "Appointment", deed):
        raise Refused("the program's scopes do not cover this", where="Appointment")
    return session


def version_of(entry: Entry) -> int:
    """Tells one state of an entry from every other: pages count no versions, so it is made of what stands in it."""
    return 1 + int.from_bytes(hashlib.sha256(msgspec.msgpack.encode(entry)).digest()[:6], "big")


def _as_expected(entry: Entry, expect: int) -> Entry:
    if expect and version_of(entry) != expect:
        raise Conflict("somebody changed this appointment meanwhile; read it and repeat your change",
                       where=f"Appointment/{entry.id.hex()}")
    return entry


def page_row(keeper: Keeper, page: DayPage) -> tuple[bytes, bytes]:
    return keeper.row(Kind.DAY_PAGE, keeper.schedule.ident(page), page)


def with_visit(
    keeper: Keeper, moment: Moment, ident: bytes, encounter: dict[str, Any], patient: bytes, account: bytes,
    changed: dict[tuple[bytes, str], DayPage],
) -> None:
    """Puts the visit that an Encounter tells of into `changed` pages, in place of what it told before.

    An Encounter that is old, planned or vague makes no visit, and takes back the one it made.
    """
    try:
        start, end = visit_of(encounter)
    except Invalid:
        without_visit(keeper, ident, changed)
        return
    if not -_AHEAD_MS <= moment.wall_ms - start <= _VISIT_KEPT_MS:
        without_visit(keeper, ident, changed)
        return
    date = pages.day_of(start, keeper.schedule.zone)
    shard = _visits_of(patient)
    without_visit(keeper, ident, changed, besides=(shard, date))
    page = changed.get((shard, date)) or keeper.schedule.calendar.page(shard, date)
    changed[shard, date] = pages.record_visit(
        page, entry_id=ident, start_ms=start, end_ms=end, patient=patient, by=account, now_ms=moment.wall_ms,
        zone=keeper.schedule.zone,
    )


def without_visit(
    keeper: Keeper, ident: bytes, changed: dict[tuple[bytes, str], DayPage], *, besides: tuple[bytes, str] | None = None
) -> None:
    """Takes out the visit of an Encounter that was changed to another day or deleted; not from the page `besides`,
    where it is written again and has to keep who made it."""
    try:
        page = keeper.schedule.calendar.find(ident)
    except Missing:
        return
    key = (page.doctor, page.date)
    if key == besides:
        return
    changed[key] = pages.without(changed.get(key, page), ident)


def _visits_of(patient: bytes) -> bytes:
    """In place of a doctor: visits told by Encounters lie on 256 pages a day, as each is sealed whole at a change."""
    return bytes(15) + patient[:1]

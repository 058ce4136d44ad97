"""Appointments that are booked together with records: one commit, by the schedule's own rules and for its own price.

So a transaction that registers a patient and books the first visit holds or falls as one (FHIR, R4 3.1.0.11.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper.identity import hats, scopes
from seifas.keeper.identity.sessions import Session, Strength
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.model import CLINIC, Head
from seifas.keeper.noting import seal_note
from seifas.keeper.schedule import pages
from seifas.keeper.schedule.pages import DayPage, Entry

MOST = 200
"""Appointments in one request."""


class Booking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new appointment under an id (16 random bytes) that the rest of the request may name."""

    id: bytes
    doctor: bytes
    start_ms: int
    minutes: int
    patient: bytes
    note: str = ""
    walk_in: bool = False


def permit(keeper: Keeper, session: Session, bookings: Iterable[Booking], records: Iterable[bytes]) -> None:
    """Raises Refused, Invalid, and Missing for what no patient or doctor has as an id. `records` are the ids of what
    else the request changes."""
    hats.require(session.hat, "schedule.book")
    if session.strength is Strength.TOKEN and not scopes.covers(session.scopes, "Appointment", "c"):
        raise Refused("the program's scopes do not cover this", where="Appointment")
    seen: set[bytes] = set()
    taken = frozenset(records)
    for one in bookings:
        if len(one.id) != 16 or one.id in seen or one.id in taken:
            raise Invalid("each appointment has an id of its own, of 16 bytes", where="bookings")
        if len(one.patient) != 16 or one.patient == CLINIC or len(one.doctor) != 16:
            raise Missing("there is no such patient or doctor")
        seen.add(one.id)
    if len(seen) > MOST:
        raise Invalid(f"one request books at most {MOST} appointments", where="bookings")


def require_free(keeper: Keeper, moment: Moment, session: Session, bookings: Iterable[Booking]) -> None:
    """Raises what `book` would for a time that is taken, or is no time to book. Call it with the schedule's lock and
    before anything is charged: a booking that is refused so costs nothing, alone or along with records."""
    changed: dict[tuple[bytes, str], DayPage] = {}
    for one in bookings:
        with _named(one):
            _enter(keeper, moment, session, one, one.note, changed)


def book(
    keeper: Keeper, moment: Moment, session: Session, one: Booking, head: Head,
    changed: dict[tuple[bytes, str], DayPage],
) -> Entry:
    """Puts an appointment into `changed` pages; call it with the schedule's lock. `head` is the patient's, of now or as
    it is about to be. Raises Conflict and Invalid whose `where` is Appointment/<id>."""
    vault = keeper.require_unlocked().vault
    with _named(one):
        if _is_there(keeper, one.id):
            raise Conflict("there is such an appointment already")
        note = seal_note(
            vault.keyring.patient(head.patient, head.check).card, one.note, clinic=vault.keyring.clinic,
            patient=head.patient, entry=one.id, epoch=vault.keyring.epoch,
        )
        return _enter(keeper, moment, session, one, note, changed).entry(one.id)


def _enter(
    keeper: Keeper, moment: Moment, session: Session, one: Booking, note: str,
    changed: dict[tuple[bytes, str], DayPage],
) -> DayPage:
    zone = keeper.schedule.zone
    key = (one.doctor, pages.day_of(one.start_ms, zone))
    make = pages.walk_in if one.walk_in else pages.book
    changed[key] = make(
        changed.get(key) or keeper.schedule.calendar.page(*key), entry_id=one.id, start_ms=one.start_ms,
        minutes=one.minutes, patient=one.patient, by=session.account, now_ms=moment.wall_ms, note=note, zone=zone,
    )
    return changed[key]


@contextmanager
def _named(one: Booking) -> Iterator[None]:
    try:
        yield
    except (Conflict, Invalid) as error:
        raise type(error)(error.message, where=f"Appointment/{one.id.hex()}") from None


def _is_there(keeper: Keeper, ident: bytes) -> bool:
    for look in (keeper.schedule.calendar.find, lambda known: keeper.require_unlocked().vault.patient_of("", known)):
        try:
            look(ident)
        except Missing:
            continue
        return True
    return False

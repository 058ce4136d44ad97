"""What a day model speaks of: who works, what they do, and the two shapes of a clinic (day_model.py).

Persons and patients are numbers: staff 0.., patients 0.. (those from `Shape.patients` on are registered on the way).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_772_409_600_000
"""Monday 2 March 2026, 00:00 UTC: day 0. Day n starts n times 24 hours later; 5 and 6, 12 and 13 ... are week-ends."""

BY_PATIENT = -1
"""In place of a member of staff: the patient booked it, in the portal."""

PLANNED_AHEAD = 4
"""Days before which the appointments of a day stand: longer than an appointment makes a patient warm before it."""


class Role(StrEnum):
    DOCTOR = "doctor"
    NURSE = "nurse"
    RECEPTION = "reception"
    OFFICE = "office"


class Deed(StrEnum):
    SIGN_IN = "sign-in"  # with a passkey: morning, and after the midday break
    SEARCH = "search"  # by name; `listed` came up
    CALLER = "caller"  # surname with birth date or phone, as told on the phone or at the desk
    CALLER_MISS = "caller-miss"  # the same, mistyped
    CARD = "card"
    CHART = "chart"
    BOOK = "book"  # an appointment for `day`
    WALK_IN = "walk-in"  # a visit now, without an appointment
    STATUS = "status"  # arrived, done: says of `visit` that the patient is there
    REGISTER = "register"  # a new patient
    NOTE = "note"  # a new record of the patient
    AMEND = "amend"  # an older record overwritten
    RECALL_LIST = "recall-list"  # one signature over `listed`
    RECALL_CARD = "recall-card"  # a card from that list
    GLASS = "glass"  # an emergency


class Step(msgspec.Struct, frozen=True, gc=False):
    """`at_ms` is wall time. `day` and `doctor` tell of the appointment that BOOK and WALK_IN make, numbered `visit`."""

    at_ms: int
    who: int
    deed: Deed
    patient: int = -1
    listed: tuple[int, ...] = ()
    visit: int = -1
    day: int = -1
    doctor: int = -1


class Visit(msgspec.Struct, frozen=True, gc=False):
    """An appointment or visit that stands in the schedule without a step of the model."""

    number: int
    patient: int
    at_ms: int
    doctor: int
    made_by: int
    made_ms: int
    been: bool = False


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A clinic and its usual day; counts are a day's mean, shares are of one."""

    doctors: tuple[int, ...] = (1, 1, 1, 1)  # one each: which share of the patients is theirs
    nurses: int = 3
    reception: int = 3
    office: int = 2
    patients: int = 24_000
    appointments: int = 55
    calls: int = 45
    unlinked: float = 0.6  # of the calls: no visit or appointment near today
    walk_ins: int = 6
    photo_reviews: int = 15
    wrong_opens: int = 2
    recall: int = 40  # on the week's list
    mondays: float = 1.0  # times as many appointments, calls and walk-ins
    books: float = 0.5  # of the unlinked calls end in an appointment
    new_patients: float = 0.25  # of those who book or walk in were never here
    same_day: float = 0.15  # of the appointments booked by phone; as many are for the next working day
    portal: float = 0.15  # of the other appointments were made by the patient
    emergencies_a_month: float = 2.0

    @property
    def staff(self) -> tuple[Role, ...]:
        return (
            (Role.DOCTOR,) * len(self.doctors) + (Role.NURSE,) * self.nurses
            + (Role.RECEPTION,) * self.reception + (Role.OFFICE,) * self.office
        )


USUAL = Shape()
"""12 staff, 55 appointments, 45 calls (60 % unlinked), 6 walk-ins, 15 follow-up photo reviews, 2 wrong opens, a recall
list of 40 a week, holiday cover."""

FLU = Shape(
    doctors=(3, 2, 2, 1, 1, 1, 1), nurses=5, reception=5, office=3, appointments=80, calls=75, walk_ins=11,
    photo_reviews=12, wrong_opens=4, mondays=1.45, same_day=0.4, emergencies_a_month=6.0,
)
"""Held out: 20 staff, a general practice whose Mondays in the flu season are half as busy again, and one of whose
doctors sees as many patients as three others."""

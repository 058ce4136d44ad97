"""The clinic's appointments from two weeks before to two weeks after today.

Weekdays have about 55 appointments, each doctor being away one day a week; Saturdays a dozen until 14:00, Sundays
none. A today on a weekend is a full day all the same, so that a demo shown on a Sunday is not empty. Appointments
that took place turn into visits in the patients' files (`attended`), so that schedule, charts and links agree.
A clinic of few patients has fewer appointments, so that nobody comes every day.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import msgspec

from seifas.demo.catalogue import Complaint, catalogue
from seifas.demo.clinic import RECEPTION, Doctor, clinic
from seifas.demo.codes import births
from seifas.demo.days import CLOSES, OPENS, day
from seifas.demo.dice import Dice, Shuffle, Weighted, stable_id
from seifas.demo.tables import phrases

DAYS_BACK = 14
DAYS_AHEAD = 14
BY_PATIENT = "patient"

CONSULTATION, TREATMENT, FOLLOW_UP = "Konsultacija", "Procedūra", "Kontrolinis vizitas"

_LUNCH = 12 * 60 + 30
_SATURDAY_CLOSES = 14 * 60
_KINDS = Weighted((CONSULTATION, TREATMENT, FOLLOW_UP), (45, 30, 25))
_FULL_CLINIC = 1_100  # patients from which on the pages are full
_REST_DAYS = 4  # at least, between two visits of one patient
_PAST = Weighted(("done", "missed", "cancelled"), (90, 4, 6))


class Appointment(msgspec.Struct, frozen=True):
    """One entry of the schedule.

    `doctor` and `patient` are ids, `index` the patient's number; times are epoch milliseconds; `status` is booked,
    arrived, done, missed or cancelled; `made_by` an account's name or "patient"; `note` what reception wrote; `kind`
    one of the three constants above; `complaint` the code of what it is about.
    """

    doctor: str
    patient: str
    index: int
    ordinal: int
    minute: int
    minutes: int
    start_ms: int
    status: str
    made_by: str
    made_ms: int
    note: str
    kind: str
    complaint: str


def patient_id(seed: int, index: int) -> str:
    """The id of the patient with that number, without making the patient."""
    return stable_id("patient", seed, index)


def _length(dice: Dice, kind: str, complaint: Complaint) -> int:
    if kind == FOLLOW_UP:
        return 30
    if kind == CONSULTATION:
        return 30 if dice.chance(0.7) else 45
    # In steps of a quarter of an hour, with the time to change over.
    return -(-(complaint.procedures[0].minutes + 10) // 15) * 15


class _Book:
    """Fills the pages day by day; a patient rests some days between visits and may come again to the same doctor."""

    def __init__(self, seed: int, patients: int, today: date) -> None:
        self.seed = seed
        self.patients = patients
        self.today = today.toordinal()
        self.dice = Dice("schedule", seed, patients, self.today)
        self.year = births(seed, today.year)
        self.order = Shuffle(patients, "schedule order", seed, self.today)
        self.taken = 0
        self.last_seen: dict[int, int] = {}
        self.regulars: dict[str, list[int]] = {}
        self.entries: list[Appointment] = []

    def fill(self, doctors: tuple[Doctor, ...]) -> None:
        for ordinal in range(self.today - DAYS_BACK, self.today + DAYS_AHEAD + 1):
            weekday = day(ordinal).weekday
            for place, doctor in enumerate(doctors):
                full = weekday < 5 or ordinal == self.today
                if full and place % 5 != weekday % 5:
                    self._page(doctor, ordinal, CLOSES)
                elif not full and weekday == 5 and (ordinal // 7 + place) % 3 == 0:
                    self._page(doctor, ordinal, _SATURDAY_CLOSES)

    def _page(self, doctor: Doctor, ordinal: int, closes: int) -> None:
        dice = self.dice
        ahead = max(0, ordinal - self.today)
        # Far days still have gaps: they fill up as they come nearer.
        free = 1 - min(1, self.patients / _FULL_CLINIC) * (0.86 - 0.012 * ahead)
        minute, lunched = OPENS, False
        while minute < closes:
            if minute >= _LUNCH and not lunched:
                minute, lunched = minute + 30, True
            if dice.chance(free):
                minute += 30
                continue
            index = self._patient(doctor, ordinal)
            if index is None:
                return
            complaint = dice.weighted(catalogue().complaints[self.year[index].sex, doctor.specialty])
            kind = dice.weighted(_KINDS)
            minutes = _length(dice, kind, complaint)
            if minute + minutes > closes:
                kind, minutes = FOLLOW_UP, 30
            if minute + minutes > closes:
                return
            self._write(doctor, index, ordinal, minute, minutes, kind=kind, complaint=complaint)
            minute += minutes

    def _patient(self, doctor: Doctor, ordinal: int) -> int | None:
        known = self.regulars.setdefault(doctor.id, [])
        for _ in range(8):
            if known and self.dice.chance(0.12):
                index = self.dice.pick(known)
            else:
                index = self.order[self.taken % self.patients]
                self.taken += 1
            if ordinal - self.last_seen.get(index, 0) >= _REST_DAYS:
                known.append(index)
                self.last_seen[index] = ordinal
                return index
        return None  # so few patients that all of them have been here lately

    def _write(
        self, doctor: Doctor, index: int, ordinal: int, minute: int, minutes: int, *, kind: str, complaint: Complaint
    ) -> None:
        dice = self.dice
        if ordinal < self.today:
            status = dice.weighted(_PAST)
        elif ordinal == self.today and minute < OPENS + 60 and dice.chance(0.6):
            status = "arrived"
        else:
            status = "cancelled" if dice.chance(0.04) else "booked"
        # Made on a day before the visit and before today, mostly within three weeks, sometimes only the day before.
        newest = min(ordinal, self.today) - 1
        made = newest if dice.chance(0.08) else newest - dice.between(1, 20)
        reason = f"{kind}: {complaint.procedures[0].words.lt}" if kind == TREATMENT else kind
        if status == "cancelled":
            reason = f"{reason} ({dice.pick(phrases('notes', 'cancel'))})"
        self.entries.append(
            Appointment(
                doctor=doctor.id,
                patient=patient_id(self.seed, index),
                index=index,
                ordinal=ordinal,
                minute=minute,
                minutes=minutes,
                start_ms=day(ordinal).millis(minute),
                status=status,
                made_by=BY_PATIENT if dice.chance(0.35) else dice.pick(RECEPTION),
                made_ms=day(made).millis(dice.between(OPENS, CLOSES)) + dice.below(60_000),
                note=reason,
                kind=kind,
                complaint=complaint.words.code,
            )
        )


@lru_cache(maxsize=4)
def appointments(seed: int, patients: int, today: date) -> tuple[Appointment, ...]:
    """All entries of the 29 days, by day and doctor, for a clinic of patients 0 … patients-1."""
    if patients < 1:
        return ()
    book = _Book(seed, patients, today)
    book.fill(clinic(seed, today).doctors)
    return tuple(book.entries)


@lru_cache(maxsize=4)
def attended(seed: int, patients: int, today: date) -> dict[int, tuple[Appointment, ...]]:
    """Past appointments that took place, by patient number, oldest first."""
    found: dict[int, tuple[Appointment, ...]] = {}
    for entry in appointments(seed, patients, today):
        if entry.status == "done":
            found[entry.index] = (*found.get(entry.index, ()), entry)
    return found

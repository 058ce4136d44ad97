"""A patient's way through the clinic: complaints, visits, procedures, follow-ups.

Visits number 1 to 12, geometrically, and end fifteen days before today; younger ones come from the schedule.
"""

from __future__ import annotations

from datetime import date

import msgspec

from seifas.demo import resources as fhir
from seifas.demo.catalogue import Complaint, Procedure, catalogue, sentences
from seifas.demo.chart import Chart
from seifas.demo.clinic import OPENED_DAYS_AGO, Clinic, Doctor
from seifas.demo.days import CLOSES, OPENS, day
from seifas.demo.dice import Dice
from seifas.demo.people import Person
from seifas.demo.schedule import CONSULTATION, DAYS_BACK, FOLLOW_UP, TREATMENT, Appointment

MOST_VISITS = 12
_KNOW_LITHUANIAN = frozenset(("lt", "pl", "ru"))
_YEAR = 365
# Days since the visit before.
_GAPS = {CONSULTATION: (30, 500), TREATMENT: (5, 120), FOLLOW_UP: (7, 45)}
_OPERATION_MINUTES = 60  # shorter ones are done in the consulting room
_YOUNGEST_DAYS = 15 * _YEAR + 120


class _Course(msgspec.Struct, frozen=True):
    """One complaint being treated: the id of its Condition, and what will be done."""

    complaint: Complaint
    condition: str
    procedure: Procedure
    doctor: Doctor


class History:
    """Writes visits into a chart; keeps what the next visit must know."""

    def __init__(self, chart: Chart, dice: Dice, who: Person, clinic: Clinic) -> None:
        self.chart = chart
        self.dice = dice
        self.who = who
        self.clinic = clinic
        self.english = who.language not in _KNOW_LITHUANIAN
        self.first = True

    def past(self, today: date) -> None:
        """The visits before the schedule's fortnight."""
        course: _Course | None = None
        visits = self._days(today)
        for place, (ordinal, kind) in enumerate(visits):
            if course is None or kind == CONSULTATION:
                complaint = self.dice.weighted(catalogue().complaints[self.who.sex, ""])
                course = self._course(complaint, self.dice.pick(self.clinic.of(complaint.specialty)))
                self._visit(course, CONSULTATION, ordinal, resolved=place < len(visits) - 1, opens=True)
            else:
                self._visit(course, kind, ordinal)

    def attend(self, entry: Appointment) -> None:
        """The visit that an appointment of the last fortnight became; everyone has been here before."""
        self.first = False
        doctor = next(doctor for doctor in self.clinic.doctors if doctor.id == entry.doctor)
        fitting = catalogue().complaints[self.who.sex, doctor.specialty].items
        complaint = next(each for each in fitting if each.words.code == entry.complaint)
        course = self._course(complaint, doctor, complaint.procedures[0])
        self._visit(course, entry.kind, entry.ordinal, opens=True, slot=(entry.minute, entry.minutes))

    def _kinds(self) -> list[str]:
        dice, kinds = self.dice, [CONSULTATION]
        while len(kinds) < MOST_VISITS and dice.chance(0.45):
            if kinds[-1] == CONSULTATION:
                kinds.append(TREATMENT if dice.chance(0.8) else CONSULTATION)
            elif kinds[-1] == TREATMENT:
                kinds.append(FOLLOW_UP)
            else:
                kinds.append(TREATMENT if dice.chance(0.45) else CONSULTATION)
        return kinds

    def _days(self, today: date) -> list[tuple[int, str]]:
        """Ordinals and kinds of the visits, oldest first."""
        dice, now, kinds = self.dice, today.toordinal(), self._kinds()
        # Nobody is seen below fifteen, nor before the clinic opened.
        oldest = max(self.who.birth.toordinal() + _YOUNGEST_DAYS, now - OPENED_DAYS_AGO)
        newest = now - DAYS_BACK - 3
        reach = newest - oldest
        # The square of a uniform draw: many patients of late, fewer from long ago.
        back = dice.below(1000)
        ordinal = newest - back * back * max(0, min(reach, 8 * _YEAR)) // 1_000_000
        found: list[tuple[int, str]] = []
        for kind in reversed(kinds):
            # Saturdays and Sundays move to the Friday before.
            found.append((ordinal - max(0, day(ordinal).weekday - 4), kind))
            ordinal -= dice.between(*_GAPS[kind])
            if ordinal < oldest:
                break
        found.reverse()
        return found

    def _course(self, complaint: Complaint, doctor: Doctor, done: Procedure | None = None) -> _Course:
        return _Course(
            complaint=complaint,
            condition=self.chart.next_id(),
            procedure=done or self.dice.pick(complaint.procedures),
            doctor=doctor,
        )

    def _visit(
        self,
        course: _Course,
        kind: str,
        ordinal: int,
        *,
        resolved: bool = False,
        opens: bool = False,
        slot: tuple[int, int] | None = None,
    ) -> None:
        dice, when = self.dice, day(ordinal)
        if slot:
            minute, minutes = slot
        else:
            minutes = course.procedure.minutes + 15 if kind == TREATMENT else 30
            minute = OPENS + 5 * dice.below((CLOSES - OPENS - minutes) // 5 + 1)
        doctor = course.doctor
        if kind == TREATMENT and not slot and course.procedure.specialty != doctor.specialty:
            doctor = dice.pick(self.clinic.of(course.procedure.specialty))
        visit = fhir.Visit(
            subject=self.chart.subject,
            encounter=self.chart.next_id(),
            condition=course.condition,
            doctor=doctor,
            organization=self.clinic.organization,
            day=when,
            ordinal=ordinal,
            start=when.local(minute),
            end=when.local(minute + minutes),
            at=when.moment(minute + minutes + dice.below(9), dice.below(60_000)),
            english=self.english,
        )
        self._add(visit, "Encounter", fhir.encounter(visit, kind), visit.encounter)
        if opens:
            body = fhir.condition(visit, course.complaint, resolved=resolved, note=sentences(dice, "history"))
            self._add(visit, "Condition", body, course.condition)
        if self.first:
            self._welcome(visit)
            self.first = False
        if kind == TREATMENT:
            self._treatment(visit, course)
        elif kind == FOLLOW_UP:
            self._follow_up(visit, course)
        else:
            self._consultation(visit, course)

    def _add(self, visit: fhir.Visit, kind: str, body: str, ident: str = "") -> str:
        return self.chart.add(kind, visit.at, body, ident)

    def _note(self, section: str, done: Procedure) -> str:
        if self.english and self.dice.chance(0.5):
            return sentences(self.dice, "english_before" if section == "finding" else "english_after")
        surgical = done.specialty == "S" and done.minutes >= _OPERATION_MINUTES
        return sentences(self.dice, section + "_surgery" if surgical else section)

    def _welcome(self, visit: fhir.Visit) -> None:
        """What a first visit leaves: consents, allergies, measures."""
        dice = self.dice
        self._add(visit, "Consent", fhir.treatment_consent(visit))
        if dice.chance(0.4):
            body = fhir.photo_consent(visit, teaching=dice.chance(0.4), publication=dice.chance(0.1))
            self._add(visit, "Consent", body)
        if dice.chance(0.16):
            self._add(visit, "AllergyIntolerance", fhir.allergy(visit, dice.weighted(catalogue().allergies)))
        if dice.chance(0.3):
            height = dice.between(150, 183) if self.who.sex == "female" else dice.between(165, 198)
            self._add(visit, "Observation", fhir.quantity(visit, fhir.HEIGHT, f"{height / 100:.2f}"))
            # Body mass index 18.5-34, in tenths of a kilogram.
            tenths = height * height * dice.between(185, 340) // 10_000
            weight = f"{tenths // 10}.{tenths % 10}"
            self._add(visit, "Observation", fhir.quantity(visit, fhir.WEIGHT, weight))

    def _pressure(self, visit: fhir.Visit) -> None:
        base = self.dice.between(100, 145)
        body = fhir.blood_pressure(visit, base, base * 5 // 8 + self.dice.between(-6, 10))
        self._add(visit, "Observation", body)

    def _photographs(self, visit: fhir.Visit, course: _Course, when: str, probability: float) -> None:
        if course.procedure.photos and self.dice.chance(probability):
            title = f"{when}: {course.complaint.site.lt.lower()}"
            for view in ("iš priekio", "iš šono")[: self.dice.between(1, 2)]:
                self._add(visit, "DocumentReference", fhir.photograph(visit, f"{title}, {view}"))

    def _consultation(self, visit: fhir.Visit, course: _Course) -> None:
        if self.dice.chance(0.6):
            self._add(visit, "Observation", fhir.finding(visit, self._note("finding", course.procedure)))
        if course.procedure.specialty == "S" and self.dice.chance(0.3):
            self._pressure(visit)
        self._photographs(visit, course, "Prieš", 0.3)
        # Injections and the like are often done at once.
        if course.procedure.specialty == visit.doctor.specialty == "A" and self.dice.chance(0.5):
            self._procedure(visit, course, course.procedure)

    def _treatment(self, visit: fhir.Visit, course: _Course) -> None:
        dice, done = self.dice, course.procedure
        if done.specialty == "S" and dice.chance(0.6):
            self._pressure(visit)
            if dice.chance(0.3):
                value = f"36.{dice.below(10)}0"
                self._add(visit, "Observation", fhir.quantity(visit, fhir.TEMPERATURE, value))
        self._photographs(visit, course, "Prieš", 0.2)
        self._procedure(visit, course, done)
        if done.medications and dice.chance(0.45):
            self._add(visit, "MedicationRequest", fhir.medication_request(visit, dice.pick(done.medications)))

    def _procedure(self, visit: fhir.Visit, course: _Course, done: Procedure) -> None:
        used = ""
        if done.products:
            product = self.dice.pick(done.products)
            if product.device:
                ident = self._add(visit, "Device", fhir.device(visit, product, f"DEMO{self.dice.digits(8)}"))
                used = fhir.used_device(ident)
            else:
                used = fhir.used_code(visit, product)
        note = self._note("operation", done)
        self._add(visit, "Procedure", fhir.procedure(visit, done, course.complaint, note=note, used=used))

    def _follow_up(self, visit: fhir.Visit, course: _Course) -> None:
        self._add(visit, "Observation", fhir.finding(visit, self._note("follow_up", course.procedure)))
        if course.procedure.specialty == "S" and self.dice.chance(0.5):
            small = catalogue().procedures["P50" if self.dice.chance(0.6) else "P51"]
            note = self._note("operation", small)
            self._add(visit, "Procedure", fhir.procedure(visit, small, course.complaint, note=note))
        self._photographs(visit, course, "Po", 0.5)

"""A clinic's working days, deed by deed: the work that no bound may ever stop (docs/budgets.md).

Written before the budget's numbers were tried on it, with a second shape that was kept aside. It knows nothing of
budgets, accounts or HTTP: it says who does what to whom and when, and whoever replays it (a test on the ledger, the
drill through the real server) counts what it is asked for on the way. Same shape and seed, same days, everywhere.

Persons and patients are numbers: staff 0.., patients 0.. (those from `Shape.patients` on are registered on the way).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from random import Random
from typing import TypeVar

from seifas.drill.day_deeds import BY_PATIENT, DAY, HOUR, MINUTE, PLANNED_AHEAD, START, Deed, Role, Shape, Step, Visit

_T = TypeVar("_T")


class DayModel:
    """The days of one shape and seed. `day` must be called for 0, 1, 2 ... in order: what is booked comes round."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self.shape = shape
        self.staff = shape.staff
        self._dice = Random(seed)  # noqa: S311 - a model of a clinic, nothing secret
        self._surname: dict[tuple[int, int], list[int]] = {}
        self._names = [self._name() for _ in range(shape.patients)]
        for patient, name in enumerate(self._names):
            self._surname.setdefault(name, []).append(patient)
        self._planned: dict[int, list[Visit]] = {}
        self._booked: dict[int, list[Visit]] = {}
        self._known = shape.patients
        self._visits = 0
        self._recent: list[int] = []  # visited within a fortnight
        self._recall: list[int] = []
        self._recall_by = 0
        self._days = 0
        self._doctors = [n for n, role in enumerate(self.staff) if role is Role.DOCTOR]
        self._nurses = [n for n, role in enumerate(self.staff) if role is Role.NURSE]
        self._desk = [n for n, role in enumerate(self.staff) if role is Role.RECEPTION]

    # -- what the schedule holds without a step

    def before(self) -> list[Visit]:
        """The fortnight's visits before day 0."""
        visits = [
            self._visit(self._anyone(), day, made_by=self._pick(self._desk), made_ms=START + (day - 9) * DAY, been=True)
            for day in range(-14, 0)
            if _open(day)
            for _ in range(self.shape.appointments)
        ]
        self._recent = [visit.patient for visit in visits]
        return visits

    def planned(self, day: int) -> list[Visit]:
        """Appointments of a day that were made a week or more before: at the desk after a visit, or in the portal.

        They are settled PLANNED_AHEAD days before; earlier, bookings of the days between still take their places.
        """
        if not _open(day):
            return []
        if day not in self._planned:
            shape, by_phone = self.shape, self.shape.calls * self.shape.unlinked * self.shape.books
            at_short_notice = by_phone * 2 * shape.same_day + 0.2 * (by_phone + 0.3 * shape.calls)
            count = self._about(shape.appointments * self._rush(day) - at_short_notice)
            self._planned[day] = [
                self._visit(
                    self._anyone(), day, made_ms=START + (day - 7) * DAY - self._below(14 * DAY),
                    made_by=BY_PATIENT if self._chance(self.shape.portal) else self._pick(self._desk),
                )
                for _ in range(count)
            ]
        return list(self._planned[day])

    def away(self, day: int) -> frozenset[int]:
        """Who is on holiday: in the third and fourth week one doctor, one nurse and one of the desk."""
        if 14 <= day % 28 < 28:
            return frozenset((self._doctors[-1], self._nurses[-1], self._desk[-1]))
        return frozenset()

    # -- the day

    def day(self, day: int) -> list[Step]:
        """All steps of a day, in order of time; none at the week-end."""
        if not _open(day):
            return []
        steps = sorted(self._deeds(day), key=lambda step: step.at_ms)
        self._recent = (self._recent + [visit.patient for visit in self._due(day)])[-9 * self.shape.appointments :]
        return steps

    def _due(self, day: int) -> list[Visit]:
        return self.planned(day) + self._booked.get(day, [])

    def _deeds(self, day: int) -> Iterator[Step]:
        for who in self._on_duty(day):
            yield Step(self._at(day, 6) + self._below(30 * MINUTE), who, Deed.SIGN_IN)
            yield Step(self._at(day, 11.5) + self._below(30 * MINUTE), who, Deed.SIGN_IN)
        rush = self._rush(day)
        for _ in range(self._about(self.shape.calls * rush)):
            yield from self._call(day)
        for _ in range(self._about(self.shape.walk_ins * rush)):
            yield from self._walk_in(day)
        for visit in self._due(day):
            yield from self._seen(day, visit)
        for n in range(self.shape.photo_reviews):
            doctors = self._here(self._doctors, day)
            yield Step(self._some_time(day), doctors[(n + day) % len(doctors)], Deed.CHART, self._anyone())
        clumsy = self._here(self._doctors + self._nurses + self._desk, day)
        for _ in range(self.shape.wrong_opens):
            yield from self._wrong(day, clumsy.pop(self._below(len(clumsy))))
        for _ in range(self._about(8)):  # a result arrives for someone who was here lately
            yield Step(self._some_time(day), self._doctor(day), Deed.CHART, self._pick(self._recent))
        if self._chance(self.shape.emergencies_a_month / 21):
            yield Step(self._some_time(day), self._doctor(day), Deed.GLASS, self._anyone())
        yield from self._recalls(day)

    def _call(self, day: int) -> Iterator[Step]:
        at, who = self._some_time(day), self._pick(self._here(self._desk, day))
        if not self._chance(self.shape.unlinked):
            soon = [visit.patient for ahead in range(4) for visit in self._due(day + ahead)]
            patient = self._pick(soon if self._chance(0.7) else self._recent)
            yield from self._find(at, who, patient)
            if self._chance(0.3):
                yield self._book(at + 2 * MINUTE, who, patient, self._later(day))
            return
        if not self._chance(self.shape.books):
            yield from self._prove(at, who, self._anyone())
            return
        if self._chance(self.shape.new_patients):
            patient = self._new()
            yield Step(at, who, Deed.CALLER_MISS)
            yield Step(at + MINUTE, who, Deed.REGISTER, patient)
        else:
            patient = self._anyone()
            yield from self._prove(at, who, patient)
        when = self._dice.random()
        if when < self.shape.same_day:
            yield self._book(at + 3 * MINUTE, who, patient, day)
        elif when < 2 * self.shape.same_day:
            yield self._book(at + 3 * MINUTE, who, patient, _next_open(day))
        else:
            yield self._book(at + 3 * MINUTE, who, patient, self._later(day))

    def _book(self, at: int, who: int, patient: int, day: int) -> Step:
        visit = self._visit(patient, day, made_by=who, made_ms=at, after=at + HOUR)
        self._booked.setdefault(day, []).append(visit)
        planned = self.planned(day)
        if at < START + (day - PLANNED_AHEAD) * DAY and planned:
            self._planned[day].remove(self._pick(planned))  # it takes a place that somebody else would have had
        return Step(at, who, Deed.BOOK, patient, visit=visit.number, day=day, doctor=visit.doctor)

    def _walk_in(self, day: int) -> Iterator[Step]:
        at, who = self._some_time(day), self._pick(self._here(self._desk, day))
        if self._chance(self.shape.new_patients):
            patient = self._new()
            yield Step(at, who, Deed.CALLER_MISS)
            yield Step(at + MINUTE, who, Deed.REGISTER, patient)
        else:
            patient = self._anyone()
            yield from self._prove(at, who, patient)
        visit = self._visit(patient, day, made_by=who, made_ms=at, after=at + 10 * MINUTE)
        yield Step(at + 2 * MINUTE, who, Deed.WALK_IN, patient, visit=visit.number, day=day, doctor=visit.doctor)
        yield from self._treated(day, visit)

    def _seen(self, day: int, visit: Visit) -> Iterator[Step]:
        """Someone with an appointment: at the desk, with a nurse, with the doctor, and at the desk again."""
        who, at = self._pick(self._here(self._desk, day)), visit.at_ms - self._below(15 * MINUTE) - MINUTE
        yield Step(at, who, Deed.CARD, visit.patient)
        yield Step(at + MINUTE // 2, who, Deed.STATUS, visit.patient, visit=visit.number)
        yield from self._treated(day, visit)
        if self._chance(0.4):
            yield self._book(visit.at_ms + 40 * MINUTE, who, visit.patient, self._later(day))

    def _treated(self, day: int, visit: Visit) -> Iterator[Step]:
        at = visit.at_ms
        doctor = visit.doctor if visit.doctor not in self.away(day) else self._doctor(day)
        if self._chance(0.6):
            yield Step(at - MINUTE // 2, self._pick(self._here(self._nurses, day)), Deed.CHART, visit.patient)
        yield Step(at, doctor, Deed.CHART, visit.patient)
        yield Step(at + 10 * MINUTE, doctor, Deed.NOTE, visit.patient)
        if self._chance(0.35):
            yield Step(at + 11 * MINUTE, doctor, Deed.AMEND, visit.patient)
        yield Step(at + 15 * MINUTE, doctor, Deed.STATUS, visit.patient, visit=visit.number)

    def _find(self, at: int, who: int, patient: int) -> Iterator[Step]:
        """A patient with an appointment: looked up by name as often as by birth date."""
        if self._chance(0.5):
            yield from self._prove(at, who, patient)
            return
        yield from self._search(at, who, patient)
        yield Step(at + MINUTE, who, Deed.CARD, patient)

    def _prove(self, at: int, who: int, patient: int) -> Iterator[Step]:
        if self._chance(0.1):
            yield Step(at, who, Deed.CALLER_MISS)
        yield Step(at + MINUTE // 2, who, Deed.CALLER, patient)

    def _search(self, at: int, who: int, patient: int) -> Iterator[Step]:
        """Surname and first letter; where too many share them, two letters more leave three."""
        alike = self._surname.get(self._names[patient], []) if patient < len(self._names) else []
        listed = tuple(alike[:20])
        if patient not in listed:
            yield Step(at, who, Deed.SEARCH, listed=listed)
            listed = (*alike[:2], patient)
        yield Step(at + MINUTE // 4, who, Deed.SEARCH, listed=listed)

    def _wrong(self, day: int, who: int) -> Iterator[Step]:
        """A namesake is opened: anyone whose hat opens something may do that, though not twice a day."""
        at = self._some_time(day)
        meant = self._pick(self._recent)
        alike = self._surname.get(self._names[meant], [meant]) if meant < len(self._names) else [meant]
        yield from self._search(at, who, meant)
        wrong = Deed.CARD if self.staff[who] is Role.RECEPTION else Deed.CHART
        yield Step(at + MINUTE, who, wrong, self._pick(alike))

    def _recalls(self, day: int) -> Iterator[Step]:
        """Monday morning a list is signed; its people are called on Monday, Tuesday and Wednesday."""
        weekday = day % 7
        if weekday == 0:
            self._recall_by = self._pick(self._here(self._desk, day))
            self._recall = [self._anyone() for _ in range(self.shape.recall)]
            signed = self._at(day, 7) + self._below(3 * HOUR)
            yield Step(signed, self._recall_by, Deed.RECALL_LIST, listed=tuple(self._recall), visit=day)
        share = math.ceil(len(self._recall) / 3)
        for patient in self._recall[weekday * share : (weekday + 1) * share] if weekday < 3 else ():
            at = self._at(day, 11) + self._below(4 * HOUR)
            yield Step(at, self._recall_by, Deed.RECALL_CARD, patient, visit=day - weekday)
            if self._chance(0.4):
                yield self._book(at + 3 * MINUTE, self._recall_by, patient, self._later(day))

    # -- chance and time

    def _visit(
        self, patient: int, day: int, *, made_by: int, made_ms: int, been: bool = False, after: int = 0
    ) -> Visit:
        at = max(self._some_time(day), after)
        self._visits += 1
        return Visit(self._visits, patient, at, self._doctor(day), made_by, made_ms, been)

    def _doctor(self, day: int) -> int:
        here = self._here(self._doctors, day)
        weights = [self.shape.doctors[who] for who in here]
        point = self._below(sum(weights))
        for who, weight in zip(here, weights, strict=True):
            point -= weight
            if point < 0:
                return who
        return here[-1]

    def _here(self, whom: list[int], day: int) -> list[int]:
        away = self.away(day)
        return [who for who in whom if who not in away]

    def _on_duty(self, day: int) -> list[int]:
        return self._here(list(range(len(self.staff))), day)

    def _rush(self, day: int) -> float:
        return self.shape.mondays if day % 7 == 0 else 1.0

    def _later(self, day: int) -> int:
        """Two days to three weeks ahead, on a day that is not yet full."""
        for _ in range(12):
            ahead = day + 2 + self._below(20)
            if _open(ahead) and len(self._due(ahead)) <= self.shape.appointments * self._rush(ahead):
                break
        return ahead if _open(ahead) else _next_open(ahead)

    def _at(self, day: int, hour: float) -> int:
        return START + day * DAY + int(hour * HOUR)

    def _some_time(self, day: int) -> int:
        """Working hours, 07:00 to 16:00 UTC: mornings busier than afternoons."""
        return self._at(day, 7) + int(9 * HOUR * self._dice.random() ** 1.2)

    def _anyone(self) -> int:
        return self._below(self.shape.patients)

    def _new(self) -> int:
        self._known += 1
        return self._known - 1

    def _name(self) -> tuple[int, int]:
        """Surname by rank, commonest first as names are, and initial: about 310 of 24,000 share the commonest."""
        return int(1630 * self._dice.random() ** 1.7), self._below(14)

    def _pick(self, of: Sequence[_T]) -> _T:
        return of[self._below(len(of))]

    def _below(self, bound: int) -> int:
        # Only `random` itself is promised to stay the same in later Python versions; randrange and choice are not.
        return int(self._dice.random() * bound)

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share

    def _about(self, mean: float) -> int:
        """A day's count around its mean: Poisson up to the normal approximation's rounding, never negative."""
        spread = sum(self._dice.random() for _ in range(12)) - 6.0
        return max(0, round(mean + spread * math.sqrt(max(0.0, mean))))


def _open(day: int) -> bool:
    return day % 7 < 5


def _next_open(day: int) -> int:
    day += 1
    while not _open(day):
        day += 1
    return day

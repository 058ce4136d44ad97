"""Appointments: page grids, counts, statuses, who made them and when."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from seifas.demo.clinic import RECEPTION, clinic
from seifas.demo.schedule import Appointment, appointments, attended, patient_id

TODAY = date(2026, 11, 18)  # a Wednesday
PATIENTS = 24_000
WINTER = timezone(timedelta(hours=2))  # every appointment of these tests lies outside summer time


@pytest.fixture(scope="module")
def entries() -> tuple[Appointment, ...]:
    return appointments(1, PATIENTS, TODAY)


def local(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, WINTER)


def test_pages_do_not_overlap_and_keep_the_hours(entries: tuple[Appointment, ...]) -> None:
    pages = defaultdict(list)
    for entry in entries:
        start = local(entry.start_ms)
        end = start + timedelta(minutes=entry.minutes)
        assert start.minute % 15 == 0
        assert start.hour >= 8
        assert (end.hour, end.minute) <= (18, 0)
        assert start.weekday() < 6
        assert start.weekday() < 5 or (end.hour, end.minute) <= (14, 0)
        pages[entry.doctor, start.date()].append((start, end))
    assert {doctor for doctor, _ in pages} == {doctor.id for doctor in clinic(1, TODAY).doctors}
    for page in pages.values():
        for (_, end), (start, _) in pairwise(page):
            assert end <= start


def test_about_55_a_day_for_four_weeks(entries: tuple[Appointment, ...]) -> None:
    days = Counter(local(entry.start_ms).date() for entry in entries)
    assert min(days) == TODAY - timedelta(days=14)
    assert max(days) == TODAY + timedelta(days=14)
    weekdays = [count for day, count in days.items() if day.weekday() < 5]
    assert len(weekdays) == 21
    assert 48 < sum(weekdays) / 21 < 64
    assert all(35 <= count <= 80 for count in weekdays)
    assert all(5 <= count <= 25 for day, count in days.items() if day.weekday() == 5)


@pytest.mark.parametrize("shift", range(7))
def test_today_is_a_full_day_even_on_a_sunday(shift: int) -> None:
    today = TODAY + timedelta(days=shift)
    count = sum(local(entry.start_ms).date() == today for entry in appointments(3, PATIENTS, today))
    assert 40 <= count <= 80


def test_statuses_fit_the_day(entries: tuple[Appointment, ...]) -> None:
    by_day: dict[str, Counter[str]] = {"past": Counter(), "today": Counter(), "future": Counter()}
    for entry in entries:
        day = local(entry.start_ms).date()
        by_day["past" if day < TODAY else "today" if day == TODAY else "future"][entry.status] += 1
    assert set(by_day["past"]) == {"done", "missed", "cancelled"}
    assert set(by_day["today"]) <= {"booked", "arrived", "cancelled"}
    assert by_day["today"]["arrived"] > 0
    assert set(by_day["future"]) == {"booked", "cancelled"}
    assert by_day["past"]["done"] / by_day["past"].total() > 0.8


def test_made_earlier_by_somebody(entries: tuple[Appointment, ...]) -> None:
    makers = Counter(entry.made_by for entry in entries)
    assert set(makers) == {*RECEPTION, "patient"}
    assert 0.25 < makers["patient"] / len(entries) < 0.45
    for entry in entries:
        made = local(entry.made_ms)
        assert made.date() < min(TODAY, local(entry.start_ms).date())
        assert 7 <= made.hour <= 18  # some were made in summer time
    yesterday = sum(local(entry.made_ms).date() == TODAY - timedelta(days=1) for entry in entries)
    assert yesterday > 10


def test_patients_are_the_clinics_and_rest_between_visits(entries: tuple[Appointment, ...]) -> None:
    visits = defaultdict(list)
    for entry in entries:
        assert 0 <= entry.index < PATIENTS
        assert entry.patient == patient_id(1, entry.index)
        visits[entry.index].append(local(entry.start_ms).date())
    for days in visits.values():
        for before, after in pairwise(days):
            assert (after - before).days >= 4
    assert any(len(days) > 1 for days in visits.values())


def test_attended_are_the_done_ones(entries: tuple[Appointment, ...]) -> None:
    found = [entry for many in attended(1, PATIENTS, TODAY).values() for entry in many]
    assert sorted(found, key=lambda e: (e.start_ms, e.doctor)) == sorted(
        (entry for entry in entries if entry.status == "done"), key=lambda e: (e.start_ms, e.doctor)
    )


def test_the_same_seed_the_same_pages(entries: tuple[Appointment, ...]) -> None:
    appointments.cache_clear()
    assert appointments(1, PATIENTS, TODAY) == entries
    assert appointments(2, PATIENTS, TODAY) != entries


@pytest.mark.parametrize(("patients", "most"), [(0, 0), (1, 6), (5, 30), (50, 150), (300, 700)])
def test_few_patients_have_few_appointments(patients: int, most: int) -> None:
    found = appointments(1, patients, TODAY)
    assert len(found) <= most
    assert all(entry.index < patients for entry in found)

"""The pages in memory: by day, by entry, by patient."""

import pytest

from seifas.errors import Missing
from seifas.keeper.schedule.calendar import Calendar
from seifas.keeper.schedule.pages import DayPage, book, bounds_of, move, without_patient

DOCTOR, OTHER, ONA, JONAS, RECEPTION = (bytes([at]) * 16 for at in range(1, 6))
DAY, NEXT = "2026-11-10", "2026-11-11"
HOUR = 3_600_000
NOW = bounds_of("2026-11-09")[0]


def entry(page, number, hour, patient=ONA):
    start = bounds_of(page.date)[0] + hour * HOUR
    slot = {"entry_id": bytes([number]) * 16, "start_ms": start, "minutes": 30}
    return book(page, patient=patient, by=RECEPTION, now_ms=NOW, **slot)


@pytest.fixture
def calendar():
    first = entry(entry(DayPage(DOCTOR, DAY), 1, 9), 2, 8, JONAS)
    return Calendar([first, entry(DayPage(OTHER, DAY), 3, 7), entry(DayPage(DOCTOR, NEXT), 4, 9)])


def ids(entries):
    return [each.id[0] for each in entries]


def test_a_day_of_all_and_of_one(calendar):
    assert ids(calendar.day(DAY)) == [3, 2, 1]
    assert ids(calendar.day(DAY, DOCTOR)) == [2, 1]
    assert calendar.day(DAY, ONA) == calendar.day("2030-01-01") == []
    assert calendar.page(DOCTOR, "2030-01-01") == DayPage(DOCTOR, "2030-01-01")


def test_finding_an_entry_and_a_patients_entries(calendar):
    assert calendar.find(bytes([3]) * 16).doctor == OTHER
    with pytest.raises(Missing):
        calendar.find(bytes(16))
    assert ids(calendar.of(ONA)) == [3, 1, 4]
    assert calendar.of(bytes(16)) == []
    places = [(page.date, page.doctor) for page in calendar.pages_of(ONA)]
    assert places == [(DAY, DOCTOR), (DAY, OTHER), (NEXT, DOCTOR)]


@pytest.mark.parametrize("source_first", [True, False])
def test_a_move_arrives_in_either_order(calendar, source_first):
    entry_id = bytes([1]) * 16
    target = calendar.page(OTHER, NEXT)
    start = bounds_of(NEXT)[0] + 12 * HOUR
    pages = move(calendar.find(entry_id), target, entry_id, start_ms=start, minutes=30, by=ONA, now_ms=NOW)
    for page in pages if source_first else reversed(pages):
        calendar.put(page)
    assert (calendar.find(entry_id).date, calendar.find(entry_id).doctor) == (NEXT, OTHER)
    assert ids(calendar.of(ONA)) == [3, 4, 1]
    assert ids(calendar.day(DAY, DOCTOR)) == [2]


def test_erasing_a_patient_leaves_nothing(calendar):
    for page in calendar.pages_of(ONA):
        calendar.put(without_patient(page, ONA))
    assert calendar.of(ONA) == calendar.pages_of(ONA) == []
    assert ids(calendar.day(DAY)) == [2]
    calendar.put(DayPage(OTHER, "2031-01-01"))
    assert calendar.day("2031-01-01") == []

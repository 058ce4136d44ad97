"""Care links: who is warm, for whom, and how thieves who may book, move and check in stay cold."""

import os
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid, SeifasError
from seifas.keeper.schedule.links import SETTLED_MS, VISIT_DAYS, CareLinks, visit_of
from seifas.keeper.schedule.pages import (
    PATIENT,
    DayPage,
    Entry,
    book,
    bounds_of,
    cancel,
    confirm,
    day_of,
    move,
    record_visit,
    status,
    walk_in,
)

DOCTOR, ONA, JONAS, RECEPTION, NURSE, THIEF, SECOND = (bytes([at]) * 16 for at in range(1, 8))
HOUR = 3_600_000
DAYS = 24 * HOUR
ENTRY = b"\x0e" * 16


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Vilnius")).timestamp() * 1000)


def page_with(start: str, by: bytes, made: str, *, patient=ONA, **more) -> DayPage:
    start_ms = at(start)
    return book(
        DayPage(DOCTOR, day_of(start_ms)), entry_id=ENTRY, start_ms=start_ms, minutes=30, patient=patient, by=by,
        now_ms=at(made), **more,
    )  # fmt: skip


def warm(page: DayPage, account: bytes, now: str, patient=ONA) -> bool:
    return CareLinks([page]).warm(patient, account, at(now))


def test_an_appointment_made_by_somebody_else_warms_from_three_days_before_to_three_days_after():
    page = page_with("2026-11-10 09:00", RECEPTION, "2026-11-01 12:00")
    days = {day: warm(page, DOCTOR, f"2026-11-{day:02} 23:59") for day in range(4, 18)}
    assert [day for day, is_warm in days.items() if is_warm] == [7, 8, 9, 10, 11, 12, 13]
    assert warm(page, DOCTOR, "2026-11-07 00:00")
    assert not warm(page, DOCTOR, "2026-11-14 00:00")
    assert not warm(page, DOCTOR, "2026-11-10 09:00", patient=JONAS)


def test_a_link_warms_its_maker_never_and_others_after_24_hours():
    page = page_with("2026-11-11 09:00", RECEPTION, "2026-11-10 12:00")
    assert not warm(page, DOCTOR, "2026-11-11 11:59")
    assert not warm(page, DOCTOR, "2026-11-11 12:00")
    assert CareLinks([page]).warm(ONA, DOCTOR, at("2026-11-10 12:00") + SETTLED_MS + 1)
    assert not warm(page, RECEPTION, "2026-11-13 12:00")


def test_what_the_patient_made_or_confirmed_warms_at_once_and_everybody():
    own = page_with("2026-11-11 09:00", PATIENT, "2026-11-11 08:00")
    assert warm(own, DOCTOR, "2026-11-11 08:00")
    made = page_with("2026-11-11 09:00", DOCTOR, "2026-11-11 08:00")
    assert not warm(made, DOCTOR, "2026-11-11 08:30")
    confirmed = confirm(made, ENTRY, now_ms=at("2026-11-11 08:30"))
    assert warm(confirmed, DOCTOR, "2026-11-11 08:30")
    assert warm(confirmed, NURSE, "2026-11-11 08:30")


def test_visits_warm_for_fourteen_days():
    page = page_with("2026-11-10 09:00", RECEPTION, "2026-11-01 12:00")
    done = status(page, ENTRY, "done", by=DOCTOR, now_ms=at("2026-11-10 09:40"))
    assert warm(done, DOCTOR, "2026-11-24 23:59")
    assert not warm(done, DOCTOR, "2026-11-25 00:00")
    walked = walk_in(
        DayPage(DOCTOR, "2026-11-10"), entry_id=ENTRY, start_ms=at("2026-11-10 09:00"), minutes=30, patient=ONA,
        by=RECEPTION, now_ms=at("2026-11-10 09:00"),
    )  # fmt: skip
    assert not warm(walked, DOCTOR, "2026-11-10 09:05")  # a reason is asked, once
    assert warm(walked, DOCTOR, "2026-11-11 09:05")
    assert not warm(walked, RECEPTION, "2026-11-11 09:05")


def test_a_follow_up_the_doctor_booked_warms_once_reception_saw_the_patient():
    page = page_with("2026-11-10 09:00", DOCTOR, "2026-10-10 12:00")
    assert not warm(page, DOCTOR, "2026-11-10 08:00")
    seen = status(page, ENTRY, "arrived", by=RECEPTION, now_ms=at("2026-11-10 08:55"))
    assert warm(seen, DOCTOR, "2026-11-10 09:00")
    assert warm(seen, RECEPTION, "2026-11-10 09:00")
    done = status(seen, ENTRY, "done", by=DOCTOR, now_ms=at("2026-11-10 09:30"))
    assert warm(done, DOCTOR, "2026-11-20 09:00")  # closing it herself does not hide who saw the patient come
    undone = status(seen, ENTRY, "booked", by=RECEPTION, now_ms=at("2026-11-10 09:05"))
    assert not warm(undone, DOCTOR, "2026-11-10 09:10")


def test_a_page_from_elsewhere_cannot_warm_by_a_visit_of_the_future_or_by_its_makers_own_touch():
    entry = Entry(ENTRY, DOCTOR, at("2026-11-20 09:00"), 30, ONA, RECEPTION, 0, status="done", kind="visit")
    assert not warm(DayPage(DOCTOR, "2026-11-20", (entry,)), DOCTOR, "2026-11-10 09:00")
    assert warm(DayPage(DOCTOR, "2026-11-20", (entry,)), DOCTOR, "2026-11-20 09:00")
    own = msgspec.structs.replace(entry, made_by=THIEF, touched_by=THIEF)
    assert not warm(DayPage(DOCTOR, "2026-11-20", (own,)), THIEF, "2026-11-20 09:00")


def test_cancelled_and_missed_warm_nobody():
    page = page_with("2026-11-10 09:00", PATIENT, "2026-11-01 12:00")
    assert not warm(cancel(page, ENTRY, by=PATIENT, now_ms=at("2026-11-02 12:00")), DOCTOR, "2026-11-10 09:00")
    missed = status(page, ENTRY, "missed", by=RECEPTION, now_ms=at("2026-11-10 18:00"))
    assert not warm(missed, DOCTOR, "2026-11-11 09:00")


# --- thieves with a session that may book, move, check in and edit ---


def test_moving_somebodys_appointment_near_does_not_warm_the_mover():
    page = page_with("2026-12-20 09:00", RECEPTION, "2026-11-01 12:00")
    _, moved = move(
        page, DayPage(DOCTOR, "2026-11-11"), ENTRY, start_ms=at("2026-11-11 09:00"), minutes=30, by=THIEF,
        now_ms=at("2026-11-10 12:00"),
    )  # fmt: skip
    assert not warm(moved, THIEF, "2026-11-12 12:01")
    assert not warm(moved, DOCTOR, "2026-11-11 09:00")  # the link is as young as the move
    assert warm(moved, DOCTOR, "2026-11-11 12:01")


def test_reviving_a_missed_or_cancelled_appointment_does_not_warm_the_reviver():
    page = page_with("2026-11-10 09:00", RECEPTION, "2026-11-01 12:00")
    missed = status(page, ENTRY, "missed", by=RECEPTION, now_ms=at("2026-11-10 18:00"))
    revived = status(missed, ENTRY, "arrived", by=THIEF, now_ms=at("2026-11-10 19:00"))
    assert not warm(revived, THIEF, "2026-11-12 19:01")
    off = cancel(page, ENTRY, by=RECEPTION, now_ms=at("2026-11-09 12:00"))
    again = status(off, ENTRY, "booked", by=THIEF, now_ms=at("2026-11-09 13:00"))
    assert not warm(again, THIEF, "2026-11-11 12:00")


def test_closing_an_old_appointment_as_a_visit_does_not_warm_the_closer():
    page = page_with("2026-11-01 09:00", RECEPTION, "2026-10-01 12:00")
    closed = status(page, ENTRY, "done", by=THIEF, now_ms=at("2026-11-10 12:00"))
    assert not warm(closed, THIEF, "2026-11-12 12:00")
    assert warm(closed, DOCTOR, "2026-11-12 12:00")


def test_writing_an_encounter_or_dragging_one_near_does_not_warm_the_writer():
    for day in ("2026-11-10", "2026-11-05"):
        page = record_visit(
            DayPage(THIEF, day), entry_id=ENTRY, start_ms=at(f"{day} 09:00"), end_ms=None, patient=ONA, by=THIEF,
            now_ms=at("2026-11-10 12:00"),
        )  # fmt: skip
        assert not warm(page, THIEF, "2026-11-12 12:00")


def test_a_thief_who_touches_its_own_entry_is_no_second_person():
    page = page_with("2026-11-11 09:00", THIEF, "2026-11-10 08:00")
    for to in ("arrived", "done", "booked", "arrived"):
        page = status(page, ENTRY, to, by=THIEF, now_ms=at("2026-11-11 09:00"))
    assert not warm(page, THIEF, "2026-11-12 12:00")


def test_two_thieves_gain_one_anothers_links_a_day_late_and_no_sooner():
    page = page_with("2026-11-11 09:00", THIEF, "2026-11-11 08:00")
    seen = status(page, ENTRY, "arrived", by=SECOND, now_ms=at("2026-11-11 08:01"))
    for thief in (THIEF, SECOND):
        assert not warm(seen, thief, "2026-11-12 07:59")


def test_a_clock_put_forward_after_making_and_back_again_settles_nothing():
    page = page_with("2026-11-11 09:00", RECEPTION, "2026-11-11 08:00")
    assert not warm(page, DOCTOR, "2026-11-10 08:00")


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["book", "move", "cancel", "arrived", "done", "missed", "booked", "walk_in", "visit"]),
        st.integers(0, 7),
        st.integers(-16, 8),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=25,
)


START = at("2026-11-10 09:00")


def _others_entries() -> dict[str, DayPage]:
    """What others made of the same patient and what warms nobody: far ahead, long past and never closed, called off."""
    pages: dict[str, DayPage] = {}
    for number, (offset, then) in enumerate(
        [(60, ""), (6, ""), (-4, ""), (-13, ""), (-1, "missed"), (0, "cancelled"), (2, "cancelled")], start=1
    ):
        start = START + offset * DAYS
        day = day_of(start)
        slot = {"entry_id": bytes([number]) * 16, "start_ms": start, "minutes": 20}
        page = pages.get(day, DayPage(DOCTOR, day))
        page = book(page, patient=ONA, by=RECEPTION, now_ms=START - 20 * DAYS, **slot)
        pages[day] = status(page, bytes([number]) * 16, then, by=RECEPTION, now_ms=start) if then else page
    return pages


@given(DEEDS, st.booleans())
@settings(max_examples=of_whole(300), deadline=None)
def test_nothing_one_account_does_alone_ever_warms_it(deeds, among_others):
    """No sequence of deeds of one account gives it a warm patient whom nobody else sees near that time."""
    pages = _others_entries() if among_others else {}
    links = CareLinks(pages.values())
    clock = 0
    for deed, which, day_offset, hours in deeds:
        # Among others' entries the clock stays within two days, in which none of them comes near by itself.
        clock += hours / 20 if among_others else hours
        now = START + int(clock * HOUR)
        entry_id = bytes([which + 1]) * 16
        slot_start = now + day_offset * DAYS
        day = day_of(slot_start)
        page = pages.get(day, DayPage(DOCTOR, day))
        holder = next((each for each in pages.values() if any(e.id == entry_id for e in each.entries)), page)
        slot = {"start_ms": slot_start, "by": THIEF, "now_ms": now}
        new = {"entry_id": entry_id, "patient": ONA}
        changed: tuple[DayPage, ...]
        try:
            if deed == "book":
                changed = (book(page, minutes=5, force=True, **new, **slot),)
            elif deed == "walk_in":
                changed = (walk_in(page, minutes=5, **new, **slot),)
            elif deed == "visit":
                changed = (record_visit(page, end_ms=None, **new, **slot),)
            elif deed == "move":
                changed = move(holder, page, entry_id, minutes=5, force=True, **slot)
            else:
                changed = (status(holder, entry_id, deed, by=THIEF, now_ms=now),)
        except SeifasError:
            continue
        for each in changed:
            pages[each.date] = each
            links.put(each)
        for later in (0, 1, 25) if among_others else (0, 1, 25, 24 * 5, 24 * 20):
            assert not links.warm(ONA, THIEF, now + later * HOUR)
    assert len(links) == sum(not entry.off for each in pages.values() for entry in each.entries)


# --- the index ---


def test_pages_replace_each_other_move_in_any_order_and_are_forgotten():
    links = CareLinks()
    page = page_with("2026-11-10 09:00", PATIENT, "2026-11-01 12:00")
    source, target = move(
        page, DayPage(DOCTOR, "2026-11-12"), ENTRY, start_ms=at("2026-11-12 09:00"), minutes=30, by=PATIENT,
        now_ms=at("2026-11-02 12:00"),
    )  # fmt: skip
    for first, second in ((source, target), (target, source)):
        links.put(page)
        links.put(first)
        links.put(second)
        assert len(links) == 1
        assert links.warm(ONA, DOCTOR, at("2026-11-15 12:00"))
        links.drop(DOCTOR, "2026-11-12")
        assert len(links) == 0
    links.drop(DOCTOR, "2026-11-12")


def test_pruning_keeps_what_still_warms():
    links = CareLinks([page_with(f"2026-11-{day:02} 09:00", PATIENT, "2026-11-01 08:00") for day in range(1, 29)])
    assert links.prune(at("2026-11-20 12:00")) == 20 - VISIT_DAYS - 1
    assert links.prune(at("2026-11-20 12:00")) == 0
    assert links.warm(ONA, DOCTOR, at("2026-11-20 12:00"))
    assert links.prune(at("2027-11-20 12:00")) == 23
    assert len(links) == 0


@pytest.mark.parametrize("changeover", ["2026-03-29", "2026-10-25"])
def test_days_are_counted_by_the_calendar_over_a_clock_change(changeover):
    day = datetime.fromisoformat(changeover)
    visit = page_with(f"{changeover} 01:30", PATIENT, f"{changeover} 00:30")
    seen = status(visit, ENTRY, "arrived", by=RECEPTION, now_ms=at(f"{changeover} 01:30"))
    last = (day + timedelta(days=VISIT_DAYS)).date().isoformat()
    low, high = bounds_of(last)
    links = CareLinks([seen])
    assert links.warm(ONA, DOCTOR, high - 1)
    assert not links.warm(ONA, DOCTOR, high)
    before = (day - timedelta(days=3)).date().isoformat()
    low, _ = bounds_of(before)
    ahead = CareLinks([page_with(f"{changeover} 23:30", PATIENT, f"{before} 00:00")])
    assert ahead.warm(ONA, DOCTOR, low)
    assert not ahead.warm(ONA, DOCTOR, low - 1)


def test_24_000_links_answer_in_microseconds():
    links = CareLinks()
    patients = [os.urandom(16) for _ in range(24_000)]
    start = at("2026-11-10 09:00")
    for number in range(0, len(patients), 100):
        page = DayPage(number.to_bytes(16, "big"), "2026-11-10")
        for at_minute, patient in enumerate(patients[number : number + 100]):
            page = book(
                page, entry_id=patient, start_ms=start + at_minute * 60_000, minutes=1, patient=patient, by=RECEPTION,
                now_ms=start - 2 * DAYS,
            )  # fmt: skip
        links.put(page)
    began = time.process_time()
    assert all(links.warm(patient, DOCTOR, start) for patient in patients)
    assert not any(links.warm(patient, RECEPTION, start) for patient in patients)
    assert time.process_time() - began < 1.5  # 15 µs each on the measuring machine


# --- encounters ---


def test_visit_of():
    period = {"start": "2026-03-29T08:00:00+03:00", "end": "2026-03-29T08:30:00+03:00"}
    start, end = visit_of({"status": "finished", "period": period})
    assert (start, end) == (at("2026-03-29 08:00"), at("2026-03-29 08:30"))
    assert visit_of({"status": "in-progress", "period": {"start": "2026-03-29T05:00:00Z"}}) == (start, None)
    assert visit_of({"status": "finished", "period": {"start": "2026-03-29T05:00:00.000Z"}}) == (start, None)
    for day in ("2026-03-29", "2026-10-25"):
        noon, _ = visit_of({"status": "finished", "period": {"start": day}})
        assert day_of(noon) == day


@pytest.mark.parametrize(
    ("encounter", "where"),
    [
        ({}, "Encounter.status"),
        ({"status": "planned", "period": {"start": "2026-03-29"}}, "Encounter.status"),
        ({"status": "cancelled", "period": {"start": "2026-03-29"}}, "Encounter.status"),
        ({"status": ["finished"], "period": {"start": "2026-03-29"}}, "Encounter.status"),
        ({"status": "finished"}, "Encounter.period"),
        ({"status": "finished", "period": "2026"}, "Encounter.period"),
        ({"status": "finished", "period": {}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "2026-03"}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "2026-03-29T08:00:00"}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "2026-02-30"}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "29.03.2026"}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": 1774760400000}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "9" * 100_000}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "0001-01-01T00:00:00+14:00"}}, "Encounter.period.start"),
        ({"status": "finished", "period": {"start": "2026-03-29", "end": "2026-03-28"}}, "Encounter.period.end"),
        ({"status": "finished", "period": {"start": "2026-03-29", "end": "soon"}}, "Encounter.period.end"),
    ],
)
def test_encounters_that_are_no_visits_say_where(encounter, where):
    with pytest.raises(Invalid) as caught:
        visit_of(encounter)
    assert caught.value.where == where

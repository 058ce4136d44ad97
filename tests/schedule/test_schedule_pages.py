"""Day pages: what is booked, moved, closed and refused."""

import msgspec
import pytest
from day_pages import DAY, DOCTOR, HOUR, JONAS, NOW, NURSE, ONA, OTHER_DOCTOR, RECEPTION, at, booked, visit

from seifas.errors import Conflict, Invalid, Missing
from seifas.keeper.schedule.pages import (
    CLOSE_DAYS,
    ENTRIES_LIMIT,
    MINUTES_LIMIT,
    NOTE_LIMIT,
    PATIENT,
    DayPage,
    book,
    bounds_of,
    cancel,
    confirm,
    move,
    status,
    walk_in,
    without,
    without_patient,
)


def test_booking_keeps_order_and_changes_nothing_in_place():
    empty = DayPage(DOCTOR, DAY)
    later = booked(empty, f"{DAY} 15:00")
    both = booked(later, note="pirmas vizitas")
    assert empty.entries == ()
    assert len(later.entries) == 1
    assert [each.start_ms for each in both.entries] == [at(f"{DAY} 09:00"), at(f"{DAY} 15:00")]
    entry = both.entries[0]
    assert (entry.made_by, entry.made_at_ms, entry.confirmed, entry.status, entry.kind) == (
        RECEPTION, NOW, False, "booked", "appointment",
    )  # fmt: skip
    assert entry.note == "pirmas vizitas"
    assert entry.end_ms == at(f"{DAY} 09:30")
    assert booked(by=PATIENT).entries[0].confirmed


def test_overlaps_are_refused_unless_forced_and_neighbours_are_not():
    page = booked()
    for start, minutes in (("09:00", 30), ("08:45", 16), ("09:29", 5), ("08:00", 120), ("09:10", 5)):
        with pytest.raises(Conflict):
            booked(page, f"{DAY} {start}", minutes)
        assert len(booked(page, f"{DAY} {start}", minutes, force=True).entries) == 2
    assert len(booked(booked(page, f"{DAY} 09:30"), f"{DAY} 08:30").entries) == 3
    off = cancel(page, page.entries[0].id, by=RECEPTION, now_ms=NOW)
    assert len(booked(off).entries) == 2


@pytest.mark.parametrize(
    ("start", "minutes", "where"),
    [
        (f"{DAY} 09:00", 0, "minutes"),
        (f"{DAY} 09:00", -30, "minutes"),
        (f"{DAY} 00:00", MINUTES_LIMIT + 1, "minutes"),
        (f"{DAY} 23:45", 30, "minutes"),
        ("2026-11-05 00:00", 30, "start"),
        ("2026-11-03 23:59", 30, "start"),
    ],
)
def test_nonsense_is_refused_even_when_forced(start, minutes, where):
    with pytest.raises(Invalid) as caught:
        booked(start=start, minutes=minutes, force=True)
    assert caught.value.where == where


@pytest.mark.parametrize("start_ms", [-1, 10**18, 0, at(f"{DAY} 09:00") // 1000])
def test_times_in_other_units_are_refused(start_ms):
    with pytest.raises(Invalid):
        book(DayPage(DOCTOR, DAY), entry_id=bytes(16), start_ms=start_ms, minutes=5, patient=ONA, by=NURSE, now_ms=NOW)


def test_past_and_far_days_are_refused_and_today_is_not():
    assert booked(DayPage(DOCTOR, "2026-11-03"), "2026-11-03 09:00")
    with pytest.raises(Invalid, match="past"):
        booked(DayPage(DOCTOR, "2026-11-02"), "2026-11-02 09:00", force=True)
    with pytest.raises(Invalid, match="three years"):
        booked(DayPage(DOCTOR, "2036-11-04"), "2036-11-04 09:00")


@pytest.mark.parametrize(
    "day", ["", "2026-02-30", "04.11.2026", "2026-W45-3", "20261104", "2026-11-04T00:00", "9999-12-31"]
)
def test_a_page_of_no_day_takes_nothing(day):
    with pytest.raises(Invalid):
        booked(DayPage(DOCTOR, day))
    with pytest.raises(Invalid):
        bounds_of(day)


def test_ids_notes_and_numbers_have_limits():
    start = at(f"{DAY} 09:00")
    good = {"entry_id": bytes(16), "start_ms": start, "minutes": 30, "patient": ONA, "by": NURSE, "now_ms": NOW}
    for field in ("entry_id", "patient", "by"):
        with pytest.raises(Invalid):
            book(DayPage(DOCTOR, DAY), **{**good, field: b"short"})
    with pytest.raises(Invalid):
        book(DayPage(b"", DAY), **good)
    with pytest.raises(Invalid):
        booked(note="x" * (NOTE_LIMIT + 1))
    page = book(DayPage(DOCTOR, DAY), **good)
    with pytest.raises(Conflict):
        book(page, **{**good, "start_ms": at(f"{DAY} 12:00")})  # the same id again
    ids = (bytes([1, n // 256, n % 256]) + bytes(13) for n in range(ENTRIES_LIMIT))
    full = DayPage(DOCTOR, DAY, tuple(msgspec.structs.replace(page.entries[0], id=each) for each in ids))
    with pytest.raises(Conflict):
        booked(full, force=True)
    assert len(visit(full, f"{DAY} 09:00", None, DOCTOR, f"{DAY} 09:00").entries) == ENTRIES_LIMIT + 1


# --- moving ---


def test_moving_within_a_day_may_overlap_itself_and_makes_the_mover_the_maker():
    page = booked(by=PATIENT)
    entry = page.entries[0]
    after, same = move(
        page, page, entry.id, start_ms=at(f"{DAY} 09:15"), minutes=30, by=NURSE, now_ms=NOW + HOUR
    )  # fmt: skip
    assert after is same
    [moved] = after.entries
    assert (moved.id, moved.made_by, moved.made_at_ms, moved.confirmed) == (entry.id, NURSE, NOW + HOUR, False)


def test_moving_to_another_day_and_doctor():
    page = booked()
    entry = page.entries[0]
    target = DayPage(OTHER_DOCTOR, "2026-11-05")
    source, there = move(
        page, target, entry.id, start_ms=at("2026-11-05 09:00"), minutes=45, by=PATIENT, now_ms=NOW
    )  # fmt: skip
    assert source.entries == ()
    [moved] = there.entries
    assert (moved.doctor, moved.minutes, moved.made_by, moved.confirmed) == (OTHER_DOCTOR, 45, PATIENT, True)


def test_a_move_that_fails_changes_nothing():
    page = booked(booked(), f"{DAY} 10:00")
    first = page.entries[0].id
    for start, error in ((f"{DAY} 10:15", Conflict), ("2026-11-05 10:00", Invalid)):
        with pytest.raises(error):
            move(page, page, first, start_ms=at(start), minutes=30, by=NURSE, now_ms=NOW)
    moved, _ = move(page, page, first, start_ms=at(f"{DAY} 10:15"), minutes=30, by=NURSE, now_ms=NOW, force=True)
    assert len(moved.entries) == 2
    with pytest.raises(Missing):
        move(page, page, bytes(16), start_ms=at(f"{DAY} 12:00"), minutes=30, by=NURSE, now_ms=NOW)
    arrived = status(page, first, "arrived", by=NURSE, now_ms=at(f"{DAY} 09:00"))
    with pytest.raises(Conflict):
        move(arrived, arrived, first, start_ms=at(f"{DAY} 12:00"), minutes=30, by=NURSE, now_ms=at(f"{DAY} 09:00"))


# --- statuses ---


def test_the_course_of_an_appointment():
    page = booked()
    entry_id = page.entries[0].id
    morning = at(f"{DAY} 08:55")
    arrived = status(page, entry_id, "arrived", by=NURSE, now_ms=morning)
    done = status(arrived, entry_id, "done", by=DOCTOR, now_ms=morning + HOUR)
    entry = done.entry(entry_id)
    assert (entry.status, entry.made_by) == ("done", RECEPTION)
    assert (entry.touched_by, entry.touched_at_ms) == (DOCTOR, morning + HOUR)
    assert status(done, entry_id, "done", by=NURSE, now_ms=morning) is done


def test_nobody_arrives_before_the_day_and_no_status_is_made_up():
    page = booked()
    entry_id = page.entries[0].id
    for to in ("arrived", "done", "missed"):
        with pytest.raises(Invalid):
            status(page, entry_id, to, by=NURSE, now_ms=NOW)
    for to in ("", "walkin", "Arrived", "x" * 10_000):
        with pytest.raises(Invalid):
            status(page, entry_id, to, by=NURSE, now_ms=at(f"{DAY} 09:00"))
    with pytest.raises(Missing):
        status(page, bytes(16), "arrived", by=NURSE, now_ms=at(f"{DAY} 09:00"))


def test_whoever_was_there_cannot_be_cancelled():
    page = booked()
    entry_id = page.entries[0].id
    arrived = status(page, entry_id, "arrived", by=NURSE, now_ms=at(f"{DAY} 09:00"))
    with pytest.raises(Conflict):
        status(arrived, entry_id, "cancelled", by=NURSE, now_ms=at(f"{DAY} 09:00"))
    undone = status(arrived, entry_id, "booked", by=DOCTOR, now_ms=at(f"{DAY} 09:01"))
    assert undone.entry(entry_id).touched_by == b""
    assert status(undone, entry_id, "cancelled", by=NURSE, now_ms=NOW).entry(entry_id).off


def test_reviving_counts_as_making_and_needs_the_time():
    page = booked()
    entry_id = page.entries[0].id
    off = status(page, entry_id, "cancelled", by=RECEPTION, now_ms=NOW)
    back = status(off, entry_id, "booked", by=NURSE, now_ms=NOW + 5)
    assert (back.entry(entry_id).made_by, back.entry(entry_id).made_at_ms) == (NURSE, NOW + 5)
    assert cancel(page, entry_id, by=PATIENT, now_ms=NOW).entry(entry_id).touched_by == b""
    given_away = booked(off)
    with pytest.raises(Conflict):
        status(given_away, entry_id, "booked", by=NURSE, now_ms=NOW)
    missed = status(page, entry_id, "missed", by=RECEPTION, now_ms=at(f"{DAY} 18:00"))
    late = status(missed, entry_id, "arrived", by=NURSE, now_ms=at(f"{DAY} 18:05"))
    assert late.entry(entry_id).made_by == NURSE


def test_a_slip_is_taken_back_beside_who_came_without_an_appointment():
    page = booked()
    entry = page.entries[0]
    when = {"start_ms": entry.start_ms + 60_000, "minutes": 30, "patient": bytes(16), "by": RECEPTION}
    beside = walk_in(page, entry_id=b"w" * 16, now_ms=entry.start_ms, **when)
    off = status(beside, entry.id, "cancelled", by=RECEPTION, now_ms=entry.start_ms)
    assert status(off, entry.id, "booked", by=RECEPTION, now_ms=entry.start_ms).entry(entry.id).status == "booked"


def test_closing_late_counts_as_making():
    page = booked()
    entry_id = page.entries[0].id
    for days, maker in ((CLOSE_DAYS, RECEPTION), (CLOSE_DAYS + 1, NURSE)):
        now = at(f"2026-11-{4 + days:02} 08:00")
        assert status(page, entry_id, "done", by=NURSE, now_ms=now).entry(entry_id).made_by == maker
    arrived = status(page, entry_id, "arrived", by=RECEPTION, now_ms=at(f"{DAY} 09:00"))
    closed = status(arrived, entry_id, "done", by=NURSE, now_ms=at("2026-11-12 08:00"))
    assert closed.entry(entry_id).made_by == RECEPTION


def test_only_the_patient_confirms():
    page = booked()
    entry_id = page.entries[0].id
    entry = confirm(page, entry_id, now_ms=NOW + 1).entry(entry_id)
    assert (entry.confirmed, entry.touched_by, entry.made_by) == (True, PATIENT, RECEPTION)
    off = cancel(page, entry_id, by=RECEPTION, now_ms=NOW)
    with pytest.raises(Conflict):
        confirm(off, entry_id, now_ms=NOW)


def test_walk_ins_are_of_today_and_may_overlap():
    page = booked()
    now = at(f"{DAY} 09:05")
    more = {"entry_id": bytes(16), "minutes": 20, "patient": JONAS, "by": RECEPTION}
    entry = walk_in(page, start_ms=now, now_ms=now, **more).entry(bytes(16))
    assert (entry.status, entry.kind, entry.confirmed) == ("walkin", "visit", False)
    with pytest.raises(Invalid):
        walk_in(page, start_ms=now, now_ms=NOW, **more)
    with pytest.raises(Invalid):
        walk_in(page, start_ms=at("2026-11-05 09:00"), now_ms=now, **more)
    with pytest.raises(Conflict):
        status(walk_in(page, start_ms=now, now_ms=now, **more), bytes(16), "booked", by=NURSE, now_ms=now)


# --- visits told by Encounters ---


def test_finishing_a_visit_keeps_its_maker_and_another_day_does_not():
    began = visit(DayPage(DOCTOR, DAY), f"{DAY} 09:00", None, RECEPTION, f"{DAY} 09:00")
    [entry] = began.entries
    assert (entry.minutes, entry.status, entry.kind, entry.made_by) == (1, "done", "visit", RECEPTION)
    ended = visit(began, f"{DAY} 09:02", f"{DAY} 09:40", DOCTOR, f"{DAY} 09:40")
    [entry] = ended.entries
    assert (entry.minutes, entry.made_by, entry.touched_by) == (38, RECEPTION, DOCTOR)
    elsewhere = visit(DayPage(DOCTOR, "2026-11-03"), "2026-11-03 09:00", None, DOCTOR, f"{DAY} 09:50")
    assert elsewhere.entries[0].made_by == DOCTOR


def test_visits_are_cut_at_midnight_and_never_in_the_future():
    over = visit(DayPage(DOCTOR, DAY), f"{DAY} 23:30", "2026-11-06 10:00", DOCTOR, "2026-11-06 10:00")
    assert over.entries[0].minutes == 30
    long = visit(DayPage(DOCTOR, DAY), f"{DAY} 00:30", f"{DAY} 23:00", DOCTOR, "2026-11-06 10:00")
    assert long.entries[0].minutes == MINUTES_LIMIT
    with pytest.raises(Invalid):
        visit(DayPage(DOCTOR, DAY), f"{DAY} 12:00", None, DOCTOR, f"{DAY} 10:30")
    with pytest.raises(Invalid):
        visit(DayPage(DOCTOR, DAY), "2026-11-03 12:00", None, DOCTOR, f"{DAY} 10:30")


def test_entries_can_be_taken_out_for_good():
    page = visit(booked(), f"{DAY} 10:00", None, DOCTOR, f"{DAY} 10:00")
    assert len(without(page, b"\x0e" * 16).entries) == 1
    assert without_patient(page, ONA).entries == ()
    assert without_patient(page, JONAS) == page
    with pytest.raises(Missing):
        without(page, bytes(16))

"""Day pages as bytes, and after whatever was done to them in whatever order."""

from itertools import pairwise

import pytest
from day_pages import DAY, DOCTOR, HOUR, JONAS, MINUTE, NURSE, ONA, RECEPTION, at, booked
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import SeifasError, Tampered
from seifas.keeper.schedule.pages import (
    PATIENT,
    DayPage,
    book,
    bounds_of,
    cancel,
    confirm,
    decode,
    encode,
    free,
    move,
    record_visit,
    status,
    walk_in,
)


def test_a_page_comes_back_from_its_bytes():
    page = walk_in(
        booked(note="Žaizda"), entry_id=bytes(16), start_ms=at(f"{DAY} 11:00"), minutes=5, patient=JONAS, by=NURSE,
        now_ms=at(f"{DAY} 11:00"),
    )  # fmt: skip
    assert decode(encode(page)) == page
    assert decode(encode(DayPage(DOCTOR, DAY))) == DayPage(DOCTOR, DAY)


@pytest.mark.parametrize(
    "body", [b"", b"\xc0", b"\x93", encode(DayPage(DOCTOR, "yesterday")), encode(booked())[:-3], b"\xff" * 99]
)
def test_other_bytes_are_tampered(body):
    with pytest.raises(Tampered):
        decode(body)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["book", "move", "cancel", "confirm", "arrived", "done", "missed", "booked", "walk_in", "visit"]
        ),
        st.integers(0, 9),
        st.integers(-30, 26 * 60),
        st.integers(-5, 13 * 60),
        st.booleans(),
        st.sampled_from([RECEPTION, NURSE, PATIENT]),
        st.integers(-2, 20),
    ),
    max_size=30,
)


@given(STEPS)
@settings(max_examples=of_whole(150), deadline=None)
def test_whatever_is_done_a_page_stays_whole(steps):
    page = DayPage(DOCTOR, DAY)
    first = bounds_of(DAY)[0]
    forced = False
    for deed, which, start, minutes, force, by, days in steps:
        now = first + days * 24 * HOUR + 9 * HOUR
        entry_id = bytes([which]) * 16
        slot = {"start_ms": first + start * MINUTE, "minutes": minutes, "by": by, "now_ms": now}
        before = page
        try:
            if deed == "book":
                page = book(page, entry_id=entry_id, patient=ONA, force=force, **slot)
                forced = forced or force
            elif deed == "move":
                page, _ = move(page, page, entry_id, force=force, **slot)
                forced = forced or force
            elif deed == "cancel":
                page = cancel(page, entry_id, by=by, now_ms=now)
            elif deed == "confirm":
                page = confirm(page, entry_id, now_ms=now)
            elif deed == "walk_in":
                page = walk_in(page, entry_id=entry_id, patient=ONA, **slot)
                forced = True
            elif deed == "visit":
                page = record_visit(
                    page, entry_id=entry_id, start_ms=slot["start_ms"], end_ms=slot["start_ms"] + minutes * MINUTE,
                    patient=ONA, by=by, now_ms=now,
                )  # fmt: skip
                forced = True
            else:
                page = status(page, entry_id, deed, by=by, now_ms=now)
        except SeifasError:
            page = before
        assert decode(encode(page)) == page
        assert [(each.start_ms, each.id) for each in page.entries] == sorted((e.start_ms, e.id) for e in page.entries)
        assert len({each.id for each in page.entries}) == len(page.entries)
        low, high = bounds_of(DAY)
        assert all(low <= each.start_ms and each.end_ms <= high for each in page.entries)
        taken = [each for each in page.entries if not each.off]
        if not forced:
            assert all(one.end_ms <= two.start_ms for one, two in pairwise(taken))
        assert all(not (each.off and each.touched_by) for each in page.entries)
        assert free(page, high - MINUTE, 1) == all(each.end_ms <= high - MINUTE for each in taken)

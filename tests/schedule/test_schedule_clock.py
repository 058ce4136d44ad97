"""Day pages on days of 23, 24 and 25 hours, and in other time zones."""

import os
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from seifas.keeper.schedule.pages import DayPage, book, bounds_of, day_of

DOCTOR, ONA, NURSE = (bytes([at]) * 16 for at in range(1, 4))
HOUR = 3_600_000
MINUTE = 60_000


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)]
)
def test_days_have_23_to_25_hours(day, hours):
    start, end = bounds_of(day)
    assert end - start == hours * HOUR
    assert day_of(start) == day_of(end - 1) == day
    assert day_of(end) > day


def test_the_doubled_hour_holds_two_appointments_and_the_missing_one_none():
    day = "2026-10-25"
    page = DayPage(DOCTOR, day)
    first = bounds_of(day)[0] + 3 * HOUR  # 03:00 summer time; an hour later it is 03:00 again, winter time
    for start in (first, first + HOUR):
        slot = {"entry_id": os.urandom(16), "start_ms": start, "minutes": 60}
        page = book(page, patient=ONA, by=NURSE, now_ms=first - HOUR, **slot)
    wall = [datetime.fromtimestamp(each.start_ms / 1000, ZoneInfo("Europe/Vilnius")).hour for each in page.entries]
    assert wall == [3, 3]
    spring = bounds_of("2026-03-29")[0] + 3 * HOUR
    assert datetime.fromtimestamp(spring / 1000, ZoneInfo("Europe/Vilnius")).hour == 4
    start, end = bounds_of("2026-03-29")
    slot = {"entry_id": bytes(16), "start_ms": end - 30 * MINUTE, "minutes": 30}
    last = book(DayPage(DOCTOR, "2026-03-29"), patient=ONA, by=NURSE, now_ms=start, **slot)
    assert len(last.entries) == 1


def test_another_zone_has_other_days():
    start, end = bounds_of("2026-11-04")
    assert day_of(end - 30 * MINUTE, ZoneInfo("Asia/Tokyo")) == "2026-11-05"
    assert bounds_of("2026-11-04", ZoneInfo("UTC"))[0] - start == 2 * HOUR

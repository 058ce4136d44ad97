"""Somebody who comes without an appointment late in the evening."""

from __future__ import annotations

import pytest
from day_pages import DAY, DOCTOR, ONA, RECEPTION, at

from seifas.errors import Invalid
from seifas.keeper.schedule.pages import DayPage, record_visit, walk_in


def came(clock: str, minutes: int) -> int:
    """The length of the visit that is entered, in minutes."""
    now = at(f"{DAY} {clock}")
    page = walk_in(
        DayPage(DOCTOR, DAY), entry_id=bytes(16), start_ms=now, minutes=minutes, patient=ONA, by=RECEPTION, now_ms=now
    )
    return page.entry(bytes(16)).minutes


@pytest.mark.parametrize(("clock", "entered"), [("23:29", 30), ("23:30", 30), ("23:31", 29), ("23:59", 1)])
def test_a_late_walk_in_ends_at_midnight(clock: str, entered: int) -> None:
    assert came(clock, 30) == entered


@pytest.mark.parametrize("minutes", [0, -1, 721])
def test_a_length_that_is_none_is_refused_as_ever(minutes: int) -> None:
    with pytest.raises(Invalid):
        came("11:00", minutes)


@pytest.mark.parametrize("second", [0, 1, 30, 59])
def test_the_days_last_minute_takes_a_walk_in_and_a_visit(second: int) -> None:
    now = at(f"{DAY} 23:59") + second * 1000
    page = walk_in(
        DayPage(DOCTOR, DAY), entry_id=bytes(16), start_ms=now, minutes=30, patient=ONA, by=RECEPTION, now_ms=now
    )
    assert page.entry(bytes(16)).minutes == 1
    for end in (None, now + 1, now + 3_600_000):
        page = record_visit(
            DayPage(DOCTOR, DAY), entry_id=bytes(16), start_ms=now, end_ms=end, patient=ONA, by=DOCTOR, now_ms=now
        )
        assert page.entry(bytes(16)).minutes == 1

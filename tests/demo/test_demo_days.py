"""Local times and instants of the clinic's days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from seifas.demo.days import day

# Days on which the clocks change, and their neighbours.
OFFSETS = [
    ("2017-03-25", 2), ("2017-03-26", 3), ("2017-10-28", 3), ("2017-10-29", 2), ("2024-03-30", 2), ("2024-03-31", 3),
    ("2024-10-26", 3), ("2024-10-27", 2), ("2026-03-28", 2), ("2026-03-29", 3), ("2026-07-01", 3), ("2026-10-24", 3),
    ("2026-10-25", 2), ("2026-12-31", 2), ("2028-03-25", 2), ("2028-03-26", 3), ("2028-10-29", 2),
]  # fmt: skip


@pytest.mark.parametrize(("iso", "offset"), OFFSETS)
def test_summer_time(iso: str, offset: int) -> None:
    assert day(date.fromisoformat(iso).toordinal()).offset == offset


@pytest.mark.parametrize("minute", [8 * 60, 12 * 60 + 35, 18 * 60 + 8, 22 * 60])
def test_local_time_instant_and_milliseconds_agree(minute: int) -> None:
    for step in range(0, 5_000, 37):
        found = day((date(2014, 1, 1) + timedelta(days=step)).toordinal())
        local = datetime.fromisoformat(found.local(minute))
        moment = found.moment(minute, 59_007)
        assert local.timestamp() * 1000 == found.millis(minute) == moment.ms - 59_007
        assert datetime.fromisoformat(moment.text) == datetime.fromtimestamp(moment.ms / 1000, UTC)
        assert moment.text.endswith(":59.007Z")
        assert local.date().isoformat() == found.iso
        assert local.weekday() == found.weekday

"""A day of one doctor, as tests fill it."""

import os
from datetime import datetime
from zoneinfo import ZoneInfo

from seifas.keeper.schedule.pages import DayPage, book, record_visit

DOCTOR, OTHER_DOCTOR, ONA, JONAS, RECEPTION, NURSE = (bytes([at]) * 16 for at in range(1, 7))
DAY = "2026-11-04"
HOUR = 3_600_000
MINUTE = 60_000


def at(text: str) -> int:
    """Milliseconds of a wall-clock time in Vilnius."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Vilnius")).timestamp() * 1000)


NOW = at("2026-11-03 10:00")


def booked(page=None, start=f"{DAY} 09:00", minutes=30, by=RECEPTION, now=NOW, **more) -> DayPage:
    return book(
        page or DayPage(DOCTOR, DAY), entry_id=os.urandom(16), start_ms=at(start), minutes=minutes, patient=ONA, by=by,
        now_ms=now, **more,
    )  # fmt: skip


def visit(page, start, end, by, now, entry_id=b"\x0e" * 16):
    return record_visit(
        page, entry_id=entry_id, start_ms=at(start), end_ms=end and at(end), patient=ONA, by=by, now_ms=at(now)
    )

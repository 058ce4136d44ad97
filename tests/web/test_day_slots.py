"""Open hours, what is taken, what is free, and the columns of a day."""

from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from seifas.web.desk.day.columns import ELSE, KEYS, NEXT, columns_of
from seifas.web.desk.day.slots import MINUTE_MS, Span, at, gaps, opened, starts

ZONE = ZoneInfo("Europe/Vilnius")
MONDAY, SUNDAY = "2026-03-02", "2026-03-01"
CHANGE = "2026-03-29"  # 23 hours long
DOCTOR, OTHER = b"d" * 16, b"e" * 16


def entry(clock: str, minutes: int, status: str = "booked", doctor: bytes = DOCTOR, kind: str = "appointment",
          patient: bytes = b"p" * 16) -> dict[str, Any]:  # fmt: skip
    return {
        "id": b"i" * 16, "doctor": doctor, "start_ms": at(MONDAY, clock, ZONE), "minutes": minutes, "status": status,
        "kind": kind, "patient": patient, "name": "K. J.", "note": "", "confirmed": False, "reminded": "",
    }  # fmt: skip


def clocks(spans: list[Span]) -> list[tuple[str, str]]:
    def clock(ms: int) -> str:
        minutes = (ms - at(MONDAY, "00:00", ZONE)) // MINUTE_MS
        return f"{minutes // 60:02}:{minutes % 60:02}"

    return [(clock(one.start_ms), clock(one.end_ms)) for one in spans]


def test_hours_of_the_clinic_and_of_none() -> None:
    spells = [("09:00", "12:00"), ("13:00", "17:00")]
    profile = {"hours": [{"day": 0, "opens": opens, "closes": closes} for opens, closes in spells], "holidays": []}
    assert clocks(opened(profile, MONDAY, ZONE)) == [("09:00", "12:00"), ("13:00", "17:00")]
    assert opened(profile, "2026-03-03", ZONE) == []
    assert opened({**profile, "holidays": [{"date": MONDAY}]}, MONDAY, ZONE) == []
    assert clocks(opened({}, MONDAY, ZONE)) == [("08:00", "18:00")]
    assert opened({}, SUNDAY, ZONE) == []


def test_a_day_of_twenty_three_hours() -> None:
    assert (at(CHANGE, "12:00", ZONE) - at(CHANGE, "00:00", ZONE)) // MINUTE_MS == 11 * 60


def test_what_is_free_between() -> None:
    spells = opened({}, MONDAY, ZONE)
    taken = [entry("08:00", 30), entry("09:00", 60), entry("09:30", 60), entry("12:00", 30, "cancelled")]
    assert clocks(gaps(spells, taken, least=30)) == [("08:30", "09:00"), ("10:30", "18:00")]
    assert clocks(gaps(spells, taken, least=31)) == [("10:30", "18:00")]
    assert clocks(gaps(spells, taken, least=30, from_ms=at(MONDAY, "11:07", ZONE))) == [("11:07", "18:00")]
    assert gaps(spells, [entry("07:00", 700)], least=10) == []


def test_appointments_begin_on_quarters() -> None:
    free = [Span(at(MONDAY, "11:07", ZONE), at(MONDAY, "12:00", ZONE))]
    offered = [(ms - at(MONDAY, "00:00", ZONE)) // MINUTE_MS for ms in starts(free, minutes=20, zone=ZONE)]
    assert offered == [11 * 60 + 15, 11 * 60 + 30]
    tight = [Span(at(MONDAY, "10:05", ZONE), at(MONDAY, "10:35", ZONE))]
    assert starts(tight, minutes=30, zone=ZONE) == [at(MONDAY, "10:05", ZONE)]


@given(
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 200)), max_size=30), st.integers(5, 120),
    st.integers(0, 1000),
)
def test_nothing_offered_is_taken(taken: list[tuple[int, int]], minutes: int, now: int) -> None:
    spells = opened({}, MONDAY, ZONE)
    midnight = at(MONDAY, "00:00", ZONE)
    entries = [{"start_ms": midnight + (480 + start) * MINUTE_MS, "minutes": length, "status": "booked"}
               for start, length in taken]  # fmt: skip
    free = gaps(spells, entries, least=minutes, from_ms=midnight + now * MINUTE_MS)
    for start in starts(free, minutes=minutes, zone=ZONE):
        end = start + minutes * MINUTE_MS
        assert spells[0].start_ms <= start < end <= spells[0].end_ms
        assert start >= midnight + now * MINUTE_MS
        for one in entries:
            assert end <= one["start_ms"] or one["start_ms"] + one["minutes"] * MINUTE_MS <= start


def day(entries: list[dict[str, Any]], *, today: bool = True, past: bool = False) -> Any:
    both = ((DOCTOR, "A", True), (OTHER, "B", False))
    profile = {"doctors": [{"practitioner": ident, "name": name, "colour": "teal", "minutes": 30, "active": active}
                           for ident, name, active in both]}  # fmt: skip
    return columns_of(
        entries, profile, opened({}, MONDAY, ZONE), now_ms=at(MONDAY, "08:00", ZONE), today=today, past=past,
        unknown="?", told="charts",
    )  # fmt: skip


def test_columns_of_a_day() -> None:
    visits = bytes(15) + b"\x07"
    columns = day([
        entry("09:00", 30), entry("10:00", 30, "arrived"), entry("11:00", 30, "done"), entry("12:00", 30, "missed"),
        entry("09:00", 30, doctor=b"x" * 16), entry("09:05", 10, "done", doctor=visits, kind="visit"),
        entry("13:00", 10, "done", doctor=visits, kind="visit", patient=b"q" * 16),
    ])  # fmt: skip
    assert [one.name for one in columns] == ["A", "?", "charts"]
    first = columns[0]
    assert (first.expected, first.here, first.done, first.off) == (1, 1, 1, 1)
    assert [row["start_ms"] for row in first.rows] == sorted(row["start_ms"] for row in first.rows)
    assert sum(row["entry"] is None for row in first.rows) == 4
    assert len(columns[2].rows) == 1, "a visit that has its appointment is not shown twice"
    assert columns[2].rows[0]["entry"]["others"] == ()


def test_nobody_arrives_before_the_day_and_nothing_is_free_after_it() -> None:
    ahead = day([entry("09:00", 30)], today=False)[0]
    booked = next(row["entry"] for row in ahead.rows if row["entry"])
    assert booked["next"] == ""
    assert booked["others"] == ("move", "cancelled")
    over = day([entry("09:00", 30)], today=False, past=True)[0]
    assert all(row["entry"] is not None for row in over.rows)


def test_every_status_leads_somewhere_and_has_a_key() -> None:
    following = {*NEXT.values(), *(what for others in ELSE.values() for what in others)}
    assert following <= KEYS.keys()
    assert len(set(KEYS.values())) == len(KEYS)

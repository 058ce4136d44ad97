"""Care links: for whom a patient is warm, out of the day pages (docs/budgets.md).

A link is a visit in the last 14 days or an appointment within 3 days before or after, by the clinic's calendar days. It
warms an account if somebody else stands behind it, the patient or another account, and if it is older than 24 hours or
confirmed by the patient. A session that books a victim for itself gains nothing; two stolen ones gain it a day later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from seifas.errors import Invalid
from seifas.keeper.schedule.pages import OFF, PATIENT, PRESENT, ZONE, DayPage, Entry

VISIT_DAYS = 14
NEAR_DAYS = 3
SETTLED_MS = 24 * 3600 * 1000
"""Age from which a link counts without the patient's word."""


class Link(msgspec.Struct, frozen=True, gc=False):
    """What `warm` needs of one entry. `day` is a proleptic ordinal (`date.toordinal`) in the clinic's zone."""

    day: int
    visit: bool
    made_by: bytes
    made_at_ms: int
    confirmed: bool
    touched_by: bytes


class CareLinks:
    """All links that count now or will. Not locked: used from the keeper's one thread."""

    def __init__(self, pages: Iterable[DayPage] = (), *, zone: ZoneInfo = ZONE) -> None:
        self._zone = zone
        # By page as well as by entry: while an entry moves, its old page and its new one may come in either order.
        self._by_patient: dict[bytes, dict[tuple[bytes, str, bytes], Link]] = {}
        self._by_page: dict[tuple[bytes, str], list[tuple[bytes, bytes]]] = {}
        for page in pages:
            self.put(page)

    def __len__(self) -> int:
        return sum(len(links) for links in self._by_patient.values())

    def put(self, page: DayPage) -> None:
        """Takes over a new or changed day page, whole."""
        self.drop(page.doctor, page.date)
        day = date.fromisoformat(page.date).toordinal()
        listed: list[tuple[bytes, bytes]] = []
        for entry in page.entries:
            if entry.status in OFF:
                continue
            key = (page.doctor, page.date, entry.id)
            self._by_patient.setdefault(entry.patient, {})[key] = _link(entry, day)
            listed.append((entry.id, entry.patient))
        if listed:
            self._by_page[(page.doctor, page.date)] = listed

    def drop(self, doctor: bytes, day: str) -> None:
        """Forgets a day page; nothing happens if it is not known."""
        for entry_id, patient in self._by_page.pop((doctor, day), ()):
            links = self._by_patient[patient]
            del links[(doctor, day, entry_id)]
            if not links:
                del self._by_patient[patient]

    def prune(self, now_ms: int) -> int:
        """Forgets the pages too old to warm anybody; returns how many. Once a day is enough."""
        oldest = date.fromordinal(self._today(now_ms) - VISIT_DAYS).isoformat()
        old = [key for key in self._by_page if key[1] < oldest]
        for doctor, day in old:
            self.drop(doctor, day)
        return len(old)

    def warm(self, patient: bytes, account: bytes, now_ms: int) -> bool:
        """Whether the account may open the patient's chart without a reason."""
        links = self._by_patient.get(patient)
        if not links:
            return False
        today = self._today(now_ms)
        return any(_warms(link, account, today, now_ms) for link in links.values())

    def near(self, patient: bytes, now_ms: int) -> bool:
        """Whether the schedule has the patient within three days before or after, by whomever and however young.

        No genuine link, but a reason that need not be asked for: it is why somebody opens a patient booked just now.
        """
        links = self._by_patient.get(patient)
        if not links:
            return False
        today = self._today(now_ms)
        return any(-NEAR_DAYS <= today - link.day <= NEAR_DAYS for link in links.values())

    def _today(self, now_ms: int) -> int:
        # The zone's offset of this moment, from whole seconds: fromtimestamp on floats may round into the next day.
        return datetime.fromtimestamp(now_ms // 1000, self._zone).toordinal()


def _link(entry: Entry, day: int) -> Link:
    return Link(
        day=day, visit=entry.status in PRESENT or entry.kind == "visit", made_by=entry.made_by,
        made_at_ms=entry.made_at_ms, confirmed=entry.confirmed, touched_by=entry.touched_by,
    )  # fmt: skip


def _warms(link: Link, account: bytes, today: int, now_ms: int) -> bool:
    ago = today - link.day
    if not (-NEAR_DAYS <= ago <= NEAR_DAYS or (link.visit and 0 <= ago <= VISIT_DAYS)):
        return False
    if link.confirmed or link.made_by == PATIENT:
        return True
    # A link of the future (the clock went back) has a negative age: not settled.
    if now_ms - link.made_at_ms <= SETTLED_MS:
        return False
    return link.made_by != account or link.touched_by not in (b"", account)


def visit_of(encounter: Mapping[str, Any]) -> tuple[int, int | None]:
    """(start, end or None) in ms of a FHIR R4 Encounter's `period`, for one that took place.

    A `dateTime` with a time needs an offset, as FHIR says; a date alone stands for noon UTC, which is the same date in
    all of Europe. Raises Invalid, `where` naming the element, for one that was planned, cancelled or has no usable
    period.
    """
    state = encounter.get("status")
    if state not in ("arrived", "triaged", "in-progress", "onleave", "finished"):
        raise Invalid("The encounter did not take place.", where="Encounter.status")
    period = encounter.get("period")
    if not isinstance(period, Mapping):
        raise Invalid("The encounter has no period.", where="Encounter.period")
    start = _moment(period.get("start"), "Encounter.period.start")
    end = _moment(period["end"], "Encounter.period.end") if period.get("end") else None
    if end is not None and end < start:
        raise Invalid("The encounter ends before it starts.", where="Encounter.period.end")
    return start, end


_FULL_DATE = 10
_YEARS = (1900, 2100)


def _moment(value: object, where: str) -> int:
    if not isinstance(value, str) or len(value) < _FULL_DATE or len(value) > 40:
        raise Invalid("A day at least is needed: 2026-03-29.", where=where)
    try:
        if len(value) == _FULL_DATE:
            day = date.fromisoformat(value)
            at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        else:
            at = datetime.fromisoformat(value)
            if at.tzinfo is None:
                raise Invalid("A time needs its offset from UTC: 2026-03-29T08:00:00+03:00.", where=where)
        if not _YEARS[0] <= at.year <= _YEARS[1]:
            raise Invalid("That year is a mistake.", where=where)
        return int(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid("That is no date and time.", where=where) from None

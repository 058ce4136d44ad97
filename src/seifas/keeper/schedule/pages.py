"""Day pages: all entries of one doctor on one day, as one immutable value that the keeper seals and stores whole.

Functions return new pages and change nothing in place. Times are milliseconds since the epoch, UTC; the day is the
clinic's own, in its time zone, so a page holds 23 or 25 hours twice a year. What is refused is refused before anything
is returned: Invalid for nonsense, Conflict for a time that is taken, Missing for an entry that is not there.

Who made an entry, and when, decides whom it warms (`links`): moving, reviving and late closing count as making, for
otherwise a stolen session could turn other people's old entries into care links of its own.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal, cast, get_args
from zoneinfo import ZoneInfo

import msgspec

from seifas.errors import Conflict, Invalid, Missing, Tampered

ZONE = ZoneInfo("Europe/Vilnius")

PATIENT = b"\xff" * 16
"""Stands as maker of what the patient made or confirmed in the portal; no account has this id."""

Status = Literal["booked", "arrived", "done", "cancelled", "missed", "walkin", "started"]
Kind = Literal["appointment", "visit"]
STATUSES: tuple[str, ...] = get_args(Status)

OFF = frozenset(("cancelled", "missed"))
"""Statuses that take no time and warm nobody."""
PRESENT = frozenset(("arrived", "done", "walkin", "started"))
"""Statuses that say the patient was there: the entry is a visit."""

MINUTES_LIMIT = 12 * 60
BOOK_AHEAD_DAYS = 3 * 366
NOTE_LIMIT = 500
SEALED_NOTE = "\x01"
"""A note that begins so is sealed under its patient's key (keeper.noting), in base64."""
SEALED_NOTE_LIMIT = 3000
"""Four bytes a letter, sealed, in base64."""
ENTRIES_LIMIT = 400
"""Entries to which a day may be booked, cancelled ones counted: one with more is an attack or a fault."""
VISITS_LIMIT = 20_000
"""Entries to which a page takes visits told by Encounters, which may stand on one page for a whole clinic."""
CLOSE_DAYS = 3
"""Days for which an entry warms as an appointment (`links.NEAR_DAYS`): so long, closing it is a matter of course."""
_AHEAD_MS = 3600 * 1000
"""How far a visit may start in the future: other machines' clocks are not ours."""
_CLOCK_LIMIT_MS = 4102444800000  # the year 2100: beyond it a time is a mistake in units


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One appointment or visit. `made_by` and `touched_by` are account ids or PATIENT; `touched_*` tells who last
    said that the patient was there, other than the maker, or PATIENT on confirming; `touched_by` is empty if nobody.
    """

    id: bytes
    doctor: bytes
    start_ms: int
    minutes: int
    patient: bytes
    made_by: bytes
    made_at_ms: int
    confirmed: bool = False
    status: Status = "booked"
    kind: Kind = "appointment"
    note: str = ""
    touched_by: bytes = b""
    touched_at_ms: int = 0

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.minutes * 60_000

    @property
    def off(self) -> bool:
        return self.status in OFF


class DayPage(msgspec.Struct, frozen=True, array_like=True):
    """One doctor's day. `date` is YYYY-MM-DD in the clinic's zone; `entries` are in order of start, then id."""

    doctor: bytes
    date: str
    entries: tuple[Entry, ...] = ()

    def entry(self, entry_id: bytes) -> Entry:
        """The entry of that id; raises Missing."""
        for entry in self.entries:
            if entry.id == entry_id:
                return entry
        raise Missing("There is no such entry on that day.", where="entry")


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(DayPage)


def encode(page: DayPage) -> bytes:
    """MessagePack of one page, in field order; fields are only ever added at the end."""
    return _ENCODER.encode(page)


def decode(body: bytes) -> DayPage:
    """The page of `encode`. Raises Tampered if it is not one."""
    try:
        page = _DECODER.decode(body)
        date.fromisoformat(page.date)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise Tampered("A day page cannot be read.", where="schedule") from None
    return page


def day_of(at_ms: int, zone: ZoneInfo = ZONE) -> str:
    """The clinic's date of a moment, YYYY-MM-DD. Raises Invalid for a moment outside 1970-2099."""
    if not 0 <= at_ms < _CLOCK_LIMIT_MS:
        raise Invalid("That time is outside the calendar (milliseconds since 1970 are meant).", where="start")
    return datetime.fromtimestamp(at_ms / 1000, zone).date().isoformat()


def bounds_of(day: str, zone: ZoneInfo = ZONE) -> tuple[int, int]:
    """First and last-but-one moment of a date: [start, end) in ms; 23 to 25 hours. Raises Invalid for a bad date."""
    first = _date(day)
    try:
        start = datetime(first.year, first.month, first.day, tzinfo=zone)
        following = first + timedelta(days=1)
        end = datetime(following.year, following.month, following.day, tzinfo=zone)
        return int(start.timestamp() * 1000), int(end.timestamp() * 1000)
    except (OverflowError, ValueError):
        raise Invalid("That date is outside the calendar.", where="date") from None


def _date(day: str) -> date:
    try:
        found = date.fromisoformat(day)
    except ValueError:
        raise Invalid("A date is year-month-day: 2026-03-29.", where="date") from None
    if found.isoformat() != day:
        raise Invalid("A date is year-month-day: 2026-03-29.", where="date")
    return found


def free(page: DayPage, start_ms: int, minutes: int, *, besides: bytes = b"") -> bool:
    """Whether the doctor has no entry then that takes time, `besides` left aside."""
    end_ms = start_ms + minutes * 60_000
    return not any(
        entry.start_ms < end_ms and start_ms < entry.end_ms and not entry.off and entry.id != besides
        for entry in page.entries
    )


def _free_of_appointments(page: DayPage, entry: Entry) -> bool:
    """Whether no other appointment took this one's time since it was called off. Who came without one overlapped it
    before, too: a slip is taken back whoever sits in the waiting room."""
    booked = tuple(one for one in page.entries if one.kind == "appointment")
    return free(msgspec.structs.replace(page, entries=booked), entry.start_ms, entry.minutes, besides=entry.id)


def book(
    page: DayPage,
    *,
    entry_id: bytes,
    start_ms: int,
    minutes: int,
    patient: bytes,
    by: bytes,
    now_ms: int,
    note: str = "",
    force: bool = False,
    zone: ZoneInfo = ZONE,
) -> DayPage:
    """The page with a new appointment. `force` books over a time that is taken, nothing else. What the patient books
    is confirmed.
    """
    _check_slot(page, start_ms, minutes, now_ms, zone)
    if not force and not free(page, start_ms, minutes):
        raise Conflict("The doctor has another appointment then.", where="start")
    entry = Entry(
        id=entry_id, doctor=page.doctor, start_ms=start_ms, minutes=minutes, patient=patient, made_by=by,
        made_at_ms=now_ms, confirmed=by == PATIENT, note=note,
    )  # fmt: skip
    return _with(page, entry)


def move(
    page: DayPage,
    target: DayPage,
    entry_id: bytes,
    *,
    start_ms: int,
    minutes: int,
    by: bytes,
    now_ms: int,
    force: bool = False,
    zone: ZoneInfo = ZONE,
) -> tuple[DayPage, DayPage]:
    """(page, target) after an appointment went from one to the other, which may be the same day of the same doctor:
    then both results are that one page. The mover counts as its maker from now on, and the patient has to confirm it
    anew. Only what is still booked can be moved.
    """
    entry = page.entry(entry_id)
    if entry.status != "booked" or entry.kind != "appointment":
        raise Conflict("Only an appointment that is still booked can be moved. Book a new one.", where="status")
    same = (page.doctor, page.date) == (target.doctor, target.date)
    if same:
        target = page
    _check_slot(target, start_ms, minutes, now_ms, zone)
    if not force and not free(target, start_ms, minutes, besides=entry_id):
        raise Conflict("The doctor has another appointment then.", where="start")
    moved = msgspec.structs.replace(
        entry, doctor=target.doctor, start_ms=start_ms, minutes=minutes, made_by=by, made_at_ms=now_ms,
        confirmed=by == PATIENT, touched_by=b"", touched_at_ms=0,
    )  # fmt: skip
    if same:
        after = _with(_without(page, entry_id), moved)
        return after, after
    return _without(page, entry_id), _with(target, moved)


def cancel(page: DayPage, entry_id: bytes, *, by: bytes, now_ms: int) -> DayPage:
    """The page with an appointment called off; it stays on the page. Raises Conflict if the patient was there."""
    entry = page.entry(entry_id)
    if entry.status in PRESENT:
        raise Conflict("The patient was there; that cannot be cancelled.", where="status")
    return _with(_without(page, entry_id), _touched(entry, "cancelled", by, now_ms))


def confirm(page: DayPage, entry_id: bytes, *, now_ms: int) -> DayPage:
    """The page with an appointment confirmed by the patient, in the patient's own session and nowhere else."""
    entry = page.entry(entry_id)
    if entry.off:
        raise Conflict("That appointment was called off. Book a new one.", where="status")
    touched = _touched(entry, entry.status, PATIENT, now_ms)
    return _with(_without(page, entry_id), msgspec.structs.replace(touched, confirmed=True))


def status(
    page: DayPage, entry_id: bytes, to: str, *, by: bytes, now_ms: int, zone: ZoneInfo = ZONE
) -> DayPage:
    """The page with an entry's status changed to arrived, started, done, missed, cancelled or booked (undoing
    arrived).

    Nobody arrives before the day. Whoever revives a cancelled or missed entry, or turns one into a visit more than
    CLOSE_DAYS after its day, counts as its maker from now on.
    """
    entry = page.entry(entry_id)
    changed_to = _status(to)
    if to == entry.status:
        return page
    if to == "cancelled":
        return cancel(page, entry_id, by=by, now_ms=now_ms)
    if entry.kind == "visit" and to == "booked":
        raise Conflict("A visit cannot become an appointment.", where="status")
    if to != "booked" and page.date > day_of(now_ms, zone):
        raise Invalid("That day is still to come.", where="status")
    revived = entry.off
    late = (
        to in PRESENT
        and entry.status not in PRESENT
        and _date(day_of(now_ms, zone)) - _date(page.date) > timedelta(days=CLOSE_DAYS)
    )
    if revived and not _free_of_appointments(page, entry):
        raise Conflict("The time was given to somebody else. Book a new one.", where="start")
    if revived or late:
        changed = msgspec.structs.replace(
            entry, status=changed_to, made_by=by, made_at_ms=now_ms, confirmed=by == PATIENT, touched_by=b"",
            touched_at_ms=0,
        )  # fmt: skip
    else:
        changed = _touched(entry, changed_to, by, now_ms)
    return _with(_without(page, entry_id), changed)


def walk_in(
    page: DayPage,
    *,
    entry_id: bytes,
    start_ms: int,
    minutes: int,
    patient: bytes,
    by: bytes,
    now_ms: int,
    note: str = "",
    zone: ZoneInfo = ZONE,
) -> DayPage:
    """The page with a patient who came without an appointment, today; it may overlap, for the patient is there. Its
    length is cut at midnight: whoever comes at five to twelve is entered, too."""
    if page.date != day_of(now_ms, zone):
        raise Invalid("A walk-in is entered on its own day.", where="date")
    minutes = min(minutes, max(1, (bounds_of(page.date, zone)[1] - start_ms) // 60_000))
    _check_times(page, start_ms, minutes, zone, cut=True)
    entry = Entry(
        id=entry_id, doctor=page.doctor, start_ms=start_ms, minutes=minutes, patient=patient, made_by=by,
        made_at_ms=now_ms, status="walkin", kind="visit", note=note,
    )  # fmt: skip
    return _with(page, entry)


def record_visit(
    page: DayPage,
    *,
    entry_id: bytes,
    start_ms: int,
    end_ms: int | None,
    patient: bytes,
    by: bytes,
    now_ms: int,
    zone: ZoneInfo = ZONE,
) -> DayPage:
    """The page with a visit as an Encounter tells it (`links.visit_of`), in place of an earlier one of that id.

    Written again on the same day, it keeps its maker and is touched by the writer (finishing a visit does not make
    it one's own); on another day's page it is new, made by the writer. Its length is cut at midnight and at 12 hours.
    """
    end_of_day = bounds_of(page.date, zone)[1]
    end_ms = min(end_ms or start_ms, end_of_day, start_ms + MINUTES_LIMIT * 60_000)
    minutes = max(1, (end_ms - start_ms) // 60_000)
    _check_times(page, start_ms, minutes, zone, cut=True)
    if start_ms > now_ms + _AHEAD_MS:
        raise Invalid("That visit is still to come; book an appointment.", where="start")
    before = next((entry for entry in page.entries if entry.id == entry_id), None)
    if before and (before.patient, before.kind) == (patient, "visit"):
        again = msgspec.structs.replace(_touched(before, "done", by, now_ms), start_ms=start_ms, minutes=minutes)
        return _with(_without(page, entry_id), again)
    entry = Entry(
        id=entry_id, doctor=page.doctor, start_ms=start_ms, minutes=minutes, patient=patient, made_by=by,
        made_at_ms=now_ms, status="done", kind="visit",
    )  # fmt: skip
    return _with(_without(page, entry_id) if before else page, entry)


def without(page: DayPage, entry_id: bytes) -> DayPage:
    """The page without an entry (an Encounter deleted, a patient erased); raises Missing."""
    page.entry(entry_id)
    return _without(page, entry_id)


def without_patient(page: DayPage, patient: bytes) -> DayPage:
    """The page without any entry of a patient, who was erased."""
    return msgspec.structs.replace(page, entries=tuple(entry for entry in page.entries if entry.patient != patient))


def _status(to: str) -> Status:
    if to not in STATUSES or to == "walkin":
        raise Invalid("A status is booked, arrived, started, done, cancelled or missed.", where="status")
    return cast(Status, to)


def _touched(entry: Entry, to: Status, by: bytes, now_ms: int) -> Entry:
    if to in OFF or (to not in PRESENT and by != PATIENT):
        # Undoing an arrival takes back the word of whoever entered it, and gives none; confirming does.
        return msgspec.structs.replace(entry, status=to, touched_by=b"", touched_at_ms=0)
    if by == entry.made_by:
        # The maker's own change is no second person's, and must not hide the one that was.
        return msgspec.structs.replace(entry, status=to)
    return msgspec.structs.replace(entry, status=to, touched_by=by, touched_at_ms=now_ms)


def _check_slot(page: DayPage, start_ms: int, minutes: int, now_ms: int, zone: ZoneInfo) -> None:
    _check_times(page, start_ms, minutes, zone)
    today = day_of(now_ms, zone)
    if page.date < today:
        raise Invalid("That day is past.", where="date")
    if _date(page.date) - _date(today) > timedelta(days=BOOK_AHEAD_DAYS):
        raise Invalid("Appointments are booked for the next three years.", where="date")


def _check_times(page: DayPage, start_ms: int, minutes: int, zone: ZoneInfo, *, cut: bool = False) -> None:
    """`cut`: a length that was cut at midnight. What begins in the day's last minute still takes one."""
    if not 1 <= minutes <= MINUTES_LIMIT:
        raise Invalid(f"An appointment takes 1 to {MINUTES_LIMIT} minutes.", where="minutes")
    if day_of(start_ms, zone) != page.date:
        raise Invalid("The time is not on that day.", where="start")
    if not cut and start_ms + minutes * 60_000 > bounds_of(page.date, zone)[1]:
        raise Invalid("It would run past midnight; split it.", where="minutes")


def _with(page: DayPage, entry: Entry) -> DayPage:
    for field in ("id", "doctor", "patient", "made_by"):
        if len(getattr(entry, field)) != 16:
            raise Invalid("An id is 16 bytes.", where=field)
    if len(entry.note) > (SEALED_NOTE_LIMIT if entry.note.startswith(SEALED_NOTE) else NOTE_LIMIT):
        raise Invalid(f"A note has at most {NOTE_LIMIT} letters.", where="note")
    if any(other.id == entry.id for other in page.entries):
        raise Conflict("There is an entry of that id already.", where="entry")
    limit = VISITS_LIMIT if entry.kind == "visit" else ENTRIES_LIMIT
    if len(page.entries) >= limit:
        raise Conflict(f"A day holds at most {limit} entries.", where="date")
    entries = sorted((*page.entries, entry), key=lambda each: (each.start_ms, each.id))
    return msgspec.structs.replace(page, entries=tuple(entries))


def _without(page: DayPage, entry_id: bytes) -> DayPage:
    return msgspec.structs.replace(page, entries=tuple(entry for entry in page.entries if entry.id != entry_id))

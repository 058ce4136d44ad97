"""Issued deadlines as an iCalendar feed (RFC 5545), for the calendars of those who have to meet them.

A calendar is somebody else's server: the feed says the rule's title, its times and nothing of the case, of a patient or
of what anybody wrote. What rests on a rule that no lawyer has checked is tentative.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event

from seifas.incidents.deadlines import Deadline, Met
from seifas.incidents.issuing import Issued

_ALARMS: Final = (timedelta(hours=-24), timedelta(hours=-3))
_WORDS: Final = {
    "lt": {
        "name": "Terminai", "target": "tikslas", "formal": "Vėliausiai ginčytina",
        "unchecked": "Teisininkas netikrino.", "checked": "Teisininkas patikrino.", "gone": "Nebegalioja.",
        "house": "Teisė valandų nenustato: savas tikslas.",
    },
    "en": {
        "name": "Deadlines", "target": "target", "formal": "Latest arguable", "unchecked": "Not checked by a lawyer.",
        "checked": "Checked by a lawyer.", "gone": "No longer binding.",
        "house": "The law sets no hours: the house's own target.",
    },
}  # fmt: skip


def calendar_of(issued: Iterable[Issued], mets: Mapping[str, Met], language: str) -> bytes:
    """The feed in "lt", else English. What was taken back is cancelled, what was met or has no time is left out."""
    words = _WORDS["lt" if language == "lt" else "en"]
    calendar = Calendar()
    calendar.add("prodid", "-//Seifas//Deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", words["name"])
    for one in sorted(issued, key=lambda each: (each.deadline.due_ms, each.deadline.key)):
        if one.deadline.due_ms and one.deadline.key not in mets:
            calendar.add_component(_event(one, words, language))
    return bytes(calendar.to_ical())


def _event(one: Issued, words: Mapping[str, str], language: str) -> Event:
    deadline = one.deadline
    title = deadline.title_lt if language == "lt" else deadline.title_en
    event = Event()
    # The id of an entry is random and opens nothing; hashed, it does not even name the entry.
    event.add("uid", f"{hashlib.sha256(one.first.encode('ascii')).hexdigest()[:32]}@seifas")
    event.add("sequence", len(one.before))
    event.add("dtstamp", _utc(one.entry.ms))
    event.add("dtstart", _utc(deadline.due_ms))
    event.add("summary", title if deadline.strict_ms else f"{title} ({words['target']})")
    event.add("description", "\n".join(_lines(deadline, words, language)))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    if deadline.retracted:
        event.add("status", "CANCELLED")
        return event
    event.add("status", "CONFIRMED" if deadline.checked_by else "TENTATIVE")
    for before in _ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("trigger", before)
        alarm.add("description", title)
        event.add_component(alarm)
    return event


def _lines(deadline: Deadline, words: Mapping[str, str], language: str) -> list[str]:
    instrument = deadline.instrument_lt if language == "lt" else deadline.instrument_en
    found = [f"{instrument}, {deadline.article}"]
    if deadline.retracted:
        return [*found, words["gone"]]
    if not deadline.strict_ms:
        found.append(words["house"])
    elif deadline.formal_ms > deadline.strict_ms:
        found.append(f"{words['formal']}: {_utc(deadline.formal_ms).strftime('%Y-%m-%d %H:%M')} UTC")
    found.append(words["checked" if deadline.checked_by else "unchecked"])
    return found


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).replace(microsecond=0)

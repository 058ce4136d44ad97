"""What the law asks for and by when: the deadlines of a case, issued, issued again with a reason, met; the profile that
they are computed from; the address of their calendar."""

from __future__ import annotations

from base64 import b32decode, b32encode
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from seifas.errors import Invalid, Missing, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.calendar_feed import calendar_of
from seifas.incidents.deadlines import (
    AHEAD_MS,
    KIND,
    MET,
    PROFILE,
    Deadline,
    Met,
    Outcome,
    Problem,
    Profile,
    checked_profile,
    compute,
    profile_of,
)
from seifas.incidents.issuing import KINDS, Change, Issued, Row, changes, issue, issued_of, mets_of, rows
from seifas.incidents.local_time import span
from seifas.incidents.rules import FACTS
from seifas.incidents.standing import Entry, chains, entry_of, standing
from seifas.incidents.timeline import Event
from seifas.web import answers
from seifas.web.desk.cases.chronicle import EVENT_WORDS
from seifas.web.desk.cases.frame import of_case, said_of, show
from seifas.web.desk.cases.reading import entries_of, left_of, now_here
from seifas.web.desk.cases.writing import Sent, moment, one_line, typed_of
from seifas.web.desk.officer.frame import asked, ident
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

_AT_ONCE: Final = 200
_LETTERS: Final = 32  # 20 bytes in base 32
_MOST_WORD: Final = 300
_QUESTIONS: Final = tuple(one for one in FACTS if one != "registered")
_KSIS: Final = ("unknown", "no", "important", "essential")
_SAID: Final = {
    "reason": "due-said-reason", "ksis_since": "due-said-since", "ksis": "due-said-answer", "how": "due-said-how",
    "at": "case-said-when", "key": "due-said-key", "exercise": "due-said-exercise",
}  # fmt: skip


async def deadlines(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/deadlines: what is due; a POST issues, says that something was done, or answers the profile's
    questions."""
    visit, key, told = await of_case(room, exchange, case)
    entries = await entries_of(room, visit, key, KINDS)
    said, status, typed, feed = "", 200, Sent(), ""
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        try:
            feed = await _do(room, exchange, visit, told, entries, sent)
            if not feed:
                await answers.see_other(exchange, exchange.path)
                return
            told = await room.client.call("case.status", session=visit.token, case=key)
        except SeifasError as error:
            said, status, typed = room.words(exchange, said_of(error, _SAID)), error.http, sent
    await _page(room, exchange, visit, told, entries, said=said, status=status, typed=typed, feed=feed)


async def calendar(room: Room, exchange: Exchange, case: str) -> None:
    """GET /desk/cases/{case}/deadlines.ics?token=T&in=lt: the issued deadlines for a calendar program, which has no
    session: the token opens it. A wrong one looks as if there were none."""
    wanted = asked(exchange)
    found = await room.client.call("case.feed", case=ident(case), token=_token(wanted.get("token", "")))
    entries = [entry_of({**one, "by": "", "hat": "", "line": -1}) for one in found]
    body = calendar_of(issued_of(entries).values(), mets_of(entries), wanted.get("in", ""))
    await answers.text(exchange, body.decode("utf-8"), kind=b"text/calendar; charset=utf-8")


def _token(text: str) -> bytes:
    """Raises Missing for what can be none."""
    try:
        if not text.isascii() or len(text) != _LETTERS:
            raise ValueError
        return b32decode(text.upper())
    except ValueError:
        raise Missing("there is no such calendar") from None


async def _page(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], entries: list[Entry], *, said: str, status: int,
    typed: Sent, feed: str,
) -> None:  # fmt: skip
    language, now_ms = language_of(exchange, room.pages.languages), told["now_ms"]
    events = {one.first: one.document for one in standing(entries, "event", Event, retracted=True)}
    issued, outcome = issued_of(entries), compute(entries, now_ms, room.settings.clinic.zone)
    ways = _Ways(language, now_ms, events)
    found = [ways.row(one, issued) for one in rows(outcome, issued, mets_of(entries), now_ms)]
    pending = [ways.change(one) for one in changes(outcome, issued)]
    day, time = now_here(room, told)
    await show(
        room, exchange, "deadlines", visit, told, section="deadlines", said=said, status=status,
        typed=typed_of({"day": day, "time": time}, _profile_typed(room, entries), typed),
        open=[one for one in found if not one["met"]], met=[one for one in found if one["met"]],
        late=sum(one["state"] == "late" for one in found), pending=pending,
        reason=any(one["kind"] != "new" for one in pending),
        proposed=[ways.row(one, issued) for one in _would_be(outcome)], standing=ways.standing(outcome),
        problems=_problems(outcome, ways), questions=[(one, FACTS[one]) for one in _QUESTIONS], ksis=_KSIS,
        asked=any(one.kind == PROFILE for one in entries), feed=feed, fed=told["feed"],
    )  # fmt: skip


async def _do(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], entries: list[Entry], sent: Sent
) -> str:
    """What a form asks for; the address of the calendar, where it asks for one."""
    do, key = sent.get("do", ""), told["case"]

    async def append(kind: str, document: msgspec.Struct, about: str = "") -> None:
        await room.client.call(
            "case.append", session=visit.token, case=key, kind=kind, body=msgspec.json.encode(document),
            about=bytes.fromhex(about),
        )  # fmt: skip

    if do == "issue":
        outcome = compute(entries, told["now_ms"], room.settings.clinic.zone)
        made = [(one, issue(one, sent.get("reason", ""))) for one in changes(outcome, issued_of(entries))[:_AT_ONCE]]
        for change, deadline in made:
            await append(KIND, deadline, change.about)
    elif do == "profile":
        await append(PROFILE, _profile(sent))
    elif do == "met":
        await append(MET, _met(room, told, entries, sent))
    elif do == "unmet":
        first, met = _kept(entries, one_line(sent, "key"))
        await append(MET, msgspec.structs.replace(met, retracted=_words(sent, "reason")), first)
    elif do == "feed":
        opened = await room.client.call("case.feed_open", session=visit.token, case=key)
        token = b32encode(opened["token"]).decode("ascii").lower()
        language = language_of(exchange, room.pages.languages)
        return f"{_origin(room)}{exchange.path}.ics?token={token}&in={language}"
    elif do == "feed-end":
        await room.client.call("case.feed_close", session=visit.token, case=key)
    else:
        raise Invalid("There is no such button.", where="do")
    return ""


def _origin(room: Room) -> str:
    parts = urlsplit(room.settings.staff_url)
    return f"{parts.scheme}://{parts.netloc}"


def _profile(sent: Sent) -> Profile:
    made = {one: one_line(sent, one) or "unknown" for one in (*_QUESTIONS, "ksis")}
    for one in _QUESTIONS:
        if made[one] not in FACTS[one]:
            raise Invalid("choose an answer", where="ksis")
    if made["ksis"] not in _KSIS:
        raise Invalid("choose an answer", where="ksis")
    return checked_profile(msgspec.convert({**made, "ksis_since": one_line(sent, "ksis_since")}, Profile))


def _met(room: Room, told: dict[str, Any], entries: list[Entry], sent: Sent) -> Met:
    zone = room.settings.clinic.zone
    key = one_line(sent, "key")
    if key not in {one.key for one in compute(entries, told["now_ms"], zone).deadlines}:
        raise Missing("there is no such deadline", where="key")
    at = span(moment(sent), zone, "minute")
    if at is None or at[0] > told["now_ms"] + AHEAD_MS:
        raise Invalid("that is still to come", where="at")
    return Met(key=key, at_ms=at[0], how=_words(sent, "how"))


def _kept(entries: list[Entry], key: str) -> tuple[str, Met]:
    """The first entry of what says that a deadline was met, and what it says. Raises Missing."""
    now = mets_of(entries).get(key)
    for chain in chains(entries, MET):
        if now is not None and msgspec.json.encode(now) == chain[-1].body:
            return chain[0].entry, now
    raise Missing("there is no such deadline", where="key")


def _words(sent: Sent, name: str) -> str:
    said = one_line(sent, name)
    if not 3 <= len(said) <= _MOST_WORD or not said.isprintable():
        raise Invalid(f"say it in 3 to {_MOST_WORD} letters", where=name)
    return said


def _profile_typed(room: Room, entries: list[Entry]) -> Sent:
    """The profile as it was kept; before it is, with what the settings say of the register."""
    profile = profile_of(entries)
    made = {one: getattr(profile, one) for one in (*_QUESTIONS, "ksis", "ksis_since")}
    if not any(one.kind == PROFILE for one in entries):
        known = room.settings.incidents
        made |= {"ksis": known.ksis_kind, "ksis_since": known.ksis_since}
    return made


def _would_be(outcome: Outcome) -> list[Row]:
    return [Row(deadline=one, issued=None, met=None, state="untimed") for one in outcome.proposed]


def _problems(outcome: Outcome, ways: _Ways) -> list[dict[str, Any]]:
    """What could not be counted: one line for each reason and event, with the rules that it concerns."""
    found: dict[tuple[str, str], list[str]] = {}
    known: dict[tuple[str, str], Problem] = {}
    for one in outcome.problems:
        at = (one.trouble, one.event)
        known[at] = one
        found.setdefault(at, []).extend([one.rule] if one.rule else [])
    return [
        {"trouble": trouble, "event": ways.event(event, known[trouble, event].word), "rules": sorted(set(rules))}
        for (trouble, event), rules in found.items()
    ]


class _Ways:
    """Words for what is computed, in one language at one moment."""

    def __init__(self, language: str, now_ms: int, events: Mapping[str, Event]) -> None:
        self._lt = language == "lt"
        self._language = language
        self._now_ms = now_ms
        self._events = events

    def row(self, row: Row, issued: Mapping[str, Issued]) -> dict[str, Any]:
        one, held = row.deadline, issued.get(row.deadline.key)
        return {
            **self._deadline(one), "state": row.state, "met": row.met, "issued": row.issued, "held": held,
            "left": left_of(self._language, abs(one.due_ms - self._now_ms)) if one.due_ms else "",
            "readings": [
                {"of": each, "event": self.event(each.event, each.word), "text": self._say(each.text_lt, each.text_en)}
                for each in one.readings
            ],
            "versions": [*held.before, held.deadline] if held is not None and held.before else [],
        }  # fmt: skip

    def change(self, change: Change) -> dict[str, Any]:
        return {**self._deadline(change.deadline), "kind": change.kind, "why": change.why}

    def standing(self, outcome: Outcome) -> list[dict[str, Any]]:
        return [
            {"of": one, "title": self._say(one.title_lt, one.title_en), "note": self._say(one.note_lt, one.note_en)}
            for one in outcome.standing
        ]

    def event(self, first: str, word: str) -> dict[str, str]:
        """The words of an event: what it was for, and what was written."""
        event = self._events.get(first)
        return {
            "words": EVENT_WORDS.get(event.word if event is not None else word, "case-event-other"),
            "what": event.what if event is not None else "", "first": first,
        }  # fmt: skip

    def _deadline(self, one: Deadline) -> dict[str, Any]:
        return {
            "of": one, "title": self._say(one.title_lt, one.title_en), "checked": bool(one.checked_by),
            "ident": one.key.replace("/", "-"),
        }  # fmt: skip

    def _say(self, lithuanian: str, english: str) -> str:
        return lithuanian if self._lt else english

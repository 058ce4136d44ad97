"""One case at a glance: what is due next, what is known, what is to be done; its timeline; events, notes, the end."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from seifas.errors import Invalid, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.local_time import Precision
from seifas.incidents.standing import Entry, standing
from seifas.incidents.timeline import SIGNED_WORDS, Document, Event, EventWord, Note
from seifas.web import answers
from seifas.web.desk.cases.cases import KINDS
from seifas.web.desk.cases.chronicle import EVENT_WORDS, PRECISION_WORDS, by_day, items_of
from seifas.web.desk.cases.frame import of_case, show
from seifas.web.desk.cases.glance import OF_DEADLINES, glance_of
from seifas.web.desk.cases.reading import OWN, entries_of, files_of, now_here
from seifas.web.desk.cases.writing import Kept, Sent, evidence, kept, lines, moment, one_line, said, typed_of
from seifas.web.desk.officer.frame import asked
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

_NEWEST: Final = 60
_NOTHING: Final = Kept(gone=False)


async def overview(room: Room, exchange: Exchange, case: str) -> None:
    """GET /desk/cases/{case}: with `whole` = 1 all of the timeline, `looks` = 1 also who looked, `correct` an event."""
    visit, _, told = await of_case(room, exchange, case)
    await _page(room, exchange, visit, told)


async def event(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/events: an event, a correction of one, or that it is taken back. One that clocks hang on
    is signed by passkey."""
    visit, _, told = await of_case(room, exchange, case)
    known = {ident for ident, _ in await files_of(room, visit, told)}
    zone = room.settings.clinic.zone

    def made(sent: Sent) -> Event:
        shown, precision = evidence(sent), cast(Precision, sent.get("precision", ""))
        if not known.issuperset(shown):
            raise Invalid("this is no file of the case", where="evidence")
        at = moment(sent)[:10] if precision in ("day", "month") else moment(sent)
        return Event(
            what=lines(sent, "what"), word=cast(EventWord, sent.get("word", "")), zone=zone,
            at="" if precision == "unknown" else at, precision=precision,
            source=one_line(sent, "source"), evidence=shown,
        )  # fmt: skip

    done = await kept(
        room, exchange, visit, told, "event", made, then=exchange.path.removesuffix("/events"), signs=_signs,
        deed="touch-case-event",
    )  # fmt: skip
    if not done.gone:
        await _page(room, exchange, visit, told, event_form=done)


async def note(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/notes: a note, or that one is taken back."""
    visit, _, told = await of_case(room, exchange, case)
    done = await kept(
        room, exchange, visit, told, "note", lambda sent: Note(text=lines(sent, "text")),
        then=exchange.path.removesuffix("/notes"),
    )  # fmt: skip
    if not done.gone:
        await _page(room, exchange, visit, told, note_form=done)


async def close(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/close with `word`: nothing more is written into it."""
    visit, key, told = await of_case(room, exchange, case)
    sent = await room.guard.fields(exchange, visit.token)
    try:
        await room.client.call("case.close", session=visit.token, case=key, word=one_line(sent, "word"))
    except SeifasError as error:
        await _page(
            room, exchange, visit, told, note_form=Kept(False, said(room, exchange, error), error.http, sent)
        )
        return
    await answers.see_other(exchange, exchange.path.removesuffix("/close"))


def _signs(document: Document) -> bool:
    return isinstance(document, Event) and document.word in SIGNED_WORDS


async def _page(
    room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], *, event_form: Kept = _NOTHING,
    note_form: Kept = _NOTHING,
) -> None:  # fmt: skip
    wanted = asked(exchange)
    language, zone = language_of(exchange, room.pages.languages), room.settings.clinic.zone
    entries, files, snapshots, log = await asyncio.gather(
        entries_of(room, visit, told["case"], (*OWN, *OF_DEADLINES)), files_of(room, visit, told),
        room.client.call("case.snapshots", session=visit.token, case=told["case"]),
        room.client.call("case.lines", session=visit.token, case=told["case"]),
    )  # fmt: skip
    whole, looks = wanted.get("whole") == "1", wanted.get("looks") == "1"
    own = [one for one in entries if one.kind in OWN]
    items = items_of(own, log, told["shift_ms"], zone, looking=looks)
    done = event_form if event_form.said else note_form
    day, time = now_here(room, told)
    await show(
        room, exchange, "overview", visit, told, section="", said=done.said, status=done.status,
        days=by_day(items if whole else items[:_NEWEST]), more=0 if whole else max(0, len(items) - _NEWEST),
        glance=glance_of(entries, files, snapshots, told, zone, language),
        kind_words=KINDS.get(told["kind"], "case-kind-hand"),
        event_words=EVENT_WORDS, precisions=PRECISION_WORDS, files=files, names=dict(files),
        looks=looks,
        typed=typed_of({"day": day, "time": time}, event_form.typed or _as_typed(entries, wanted.get("correct", ""))),
        noted=typed_of(note_form.typed), leak=told["leak"].hex() if told["leak"] else "",
    )  # fmt: skip


def _as_typed(entries: list[Entry], first: str) -> Sent:
    for one in standing(entries, "event", Event):
        if one.first == first:
            event = one.document
            day, _, time = event.at.partition("T")
            return {
                "about": first, "what": event.what, "word": event.word, "day": day, "time": time,
                "precision": event.precision, "source": event.source,
                **{f"file-{each}": "1" for each in event.evidence},
            }  # fmt: skip
    return {}

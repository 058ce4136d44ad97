"""The timeline of a case: what people wrote and what the log says happened, in the order in which it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from seifas.incidents.local_time import told as local
from seifas.incidents.standing import Entry, Held, standing
from seifas.incidents.timeline import Claim, Decision, Event, Note, Person, Task, Told
from seifas.web.desk.cases.deeds import only_looking, told_elsewhere, words_of
from seifas.web.desk.cases.people import ROLE_WORDS
from seifas.web.desk.cases.reading import at_words

EVENT_WORDS: Final = {
    "first-signal": "case-event-first-signal", "aware": "case-event-aware",
    "aware-significant": "case-event-aware-significant", "aware-processor": "case-event-aware-processor",
    "new-fact": "case-event-new-fact", "contained": "case-event-contained", "high-risk": "case-event-high-risk",
    "request": "case-event-request", "early-warning": "case-event-early-warning",
    "incident-notice": "case-event-incident-notice", "report-asked": "case-event-report-asked",
    "investigation": "case-event-investigation", "refusal": "case-event-refusal", "leave": "case-event-leave",
    "other": "case-event-other",
}  # fmt: skip
PRECISION_WORDS: Final = {
    "minute": "case-precision-minute", "hour": "case-precision-hour", "day": "case-precision-day",
    "month": "case-precision-month", "unknown": "case-precision-unknown",
}  # fmt: skip
_NEVER: Final = -(1 << 60)


class Item(NamedTuple):
    """One thing on the timeline. `ms` orders it; `day` and `time` are as people read them; `words` is the key of what
    it is, `text` what was written, `more` further text; `first` names a document of the kind `edit`; `times`: how
    often the same was done in a row; `refused`: the log says that it was not done."""

    ms: int
    day: str
    time: str
    look: str
    words: str
    text: str = ""
    more: str = ""
    by: str = ""
    signed: bool = False
    first: str = ""
    edit: str = ""
    times: int = 1
    source: str = ""
    evidence: tuple[str, ...] = ()
    versions: int = 1
    retracted: str = ""
    line: int = 0
    refused: bool = False


def items_of(
    entries: list[Entry], lines: Iterable[dict[str, Any]], shift_ms: int, zone: str, *, looking: bool = False
) -> list[Item]:
    """Everything, newest first; what nobody can date comes last. Lines of the log that only say that an entry was
    written are left out where the entry itself is here; those of mere looking unless `looking`."""
    here = {one.line for one in entries}
    found = [*_events(entries, zone), *_documents(entries, zone)]
    found += _deeds((one for one in lines if one["line"] not in here), shift_ms, zone, looking=looking)
    return sorted(found, key=lambda each: (each.ms, each.line), reverse=True)


def by_day(items: Iterable[Item]) -> list[tuple[str, list[Item]]]:
    """Neighbours of one day together; "" is the day that nobody knows."""
    found: list[tuple[str, list[Item]]] = []
    for one in items:
        if not found or found[-1][0] != one.day:
            found.append((one.day, []))
        found[-1][1].append(one)
    return found


def _events(entries: list[Entry], zone: str) -> Iterable[Item]:
    for one in standing(entries, "event", Event, retracted=True):
        event = one.document
        within = event.span
        at = at_words(event)
        yield Item(
            ms=within[0] if within else _NEVER, day=at[:10], time=at[11:], look="event",
            words=EVENT_WORDS[event.word], text=event.what, source=event.source, evidence=event.evidence,
            **_common(one, "event"),
        )  # fmt: skip


def _documents(entries: list[Entry], zone: str) -> Iterable[Item]:
    names = {one.first: one.document.name for one in standing(entries, "person", Person, retracted=True)}

    def written(one: Held[Any], kind: str, words: str, text: str, more: str = "", source: str = "") -> Item:
        day, _, time = local(one.entry.case_ms, zone).partition("T")
        return Item(
            ms=one.entry.case_ms, day=day, time=time, look=kind, words=words, text=text, more=more, source=source,
            **_common(one, kind),
        )  # fmt: skip

    for note in standing(entries, "note", Note, retracted=True):
        yield written(note, "note", "case-entry-note", note.document.text)
    for made in standing(entries, "decision", Decision, retracted=True):
        if made.entry.signed:
            yield written(made, "decision", "case-entry-decision", made.document.question, made.document.decided)
    for said in standing(entries, "claim", Claim, retracted=True):
        yield written(
            said, "claim", "case-entry-claim", said.document.subject, said.document.says, said.document.source
        )
    for task in standing(entries, "task", Task, retracted=True):
        ended = {"done": "case-entry-task-done", "dropped": "case-entry-task-dropped"}
        yield written(
            task, "task", ended.get(task.document.state, "case-entry-task"), task.document.what, task.document.outcome
        )
    for person in standing(entries, "person", Person, retracted=True):
        yield written(person, "person", ROLE_WORDS[person.document.role], person.document.name)
    for one in standing(entries, "told", Told, retracted=True):
        day, _, time = one.document.at.partition("T")
        at = Event(what="x", at=one.document.at, zone=one.document.zone, source="x").span
        yield Item(
            ms=at[0] if at else one.entry.case_ms, day=day, time=time, look="told", words="case-entry-told",
            text=names.get(one.document.person, ""), more=one.document.what, **_common(one, "person"),
        )  # fmt: skip


def _common(one: Held[Any], kind: str) -> dict[str, Any]:
    return {
        "by": one.entry.by, "signed": one.entry.signed, "first": one.first, "edit": kind,
        "versions": len(one.before) + 1, "retracted": one.document.retracted, "line": one.entry.line,
    }  # fmt: skip


def _deeds(lines: Iterable[dict[str, Any]], shift_ms: int, zone: str, *, looking: bool) -> list[Item]:
    """The log's lines; neighbours that say the same of the same person on the same day are one, counted."""
    found: list[Item] = []
    for one in sorted(lines, key=lambda each: int(each["line"])):
        said = one["deed"], one["note"]
        if told_elsewhere(*said) or (only_looking(*said) and not looking):
            continue
        ms = one["ms"] + shift_ms
        day, _, time = local(ms, zone).partition("T")
        words, more = words_of(*said)
        item = Item(
            ms=ms, day=day, time=time, look="deed", words=words, more=more, by=one["by"], line=one["line"],
            refused=one["outcome"] != "done",
        )
        before = found[-1] if found else None
        if before and (before.day, before.words, before.by, before.more) == (day, item.words, item.by, item.more):
            found[-1] = before._replace(times=before.times + 1)
        else:
            found.append(item)
    return found

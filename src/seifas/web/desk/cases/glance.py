"""What a director or an officer has to see first: what is due next, what is known, what is to be done."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from seifas.incidents.deadlines import KIND, MET, PROFILE, compute
from seifas.incidents.issuing import issued_of, mets_of, rows
from seifas.incidents.standing import Entry, standing
from seifas.incidents.timeline import Claim, Decision, Event, Told
from seifas.web.desk.cases.chronicle import EVENT_WORDS
from seifas.web.desk.cases.claims import by_subject
from seifas.web.desk.cases.people import persons_of
from seifas.web.desk.cases.reading import at_words, left_of
from seifas.web.desk.cases.tasks import Shown, tasks_of

_TASKS: Final = 4
_GRADES: Final = {
    "published": "case-n-published", "taken": "case-n-taken", "reachable": "case-n-reachable",
    "ciphertext": "case-n-ciphertext",
}  # fmt: skip
_DUES: Final = 4
OF_DEADLINES: Final = (KIND, MET, PROFILE)
"""Kinds of entries that deadlines are computed from, beside events."""
_KEY: Final = ("first-signal", "aware", "aware-significant", "aware-processor", "contained", "high-risk")


class Due(NamedTuple):
    """A deadline: `left` says in words how long there is, or how late it is; `checked`: whether a lawyer has read its
    rule."""

    title: str
    due_ms: int
    left: str
    state: str
    checked: bool


class Glance(NamedTuple):
    """`dues`: what is due next, `more` how much else is, `overdue` how much is late; `affected`: (words, people) of
    each grade in the newest snapshot; `milestones`: (words, when) of the events that clocks hang on; `unsigned`: nobody
    signed one of them, so no clock hangs on it yet; the next tasks; and how much lies on the further pages."""

    dues: list[Due]
    more: int
    overdue: int
    affected: list[tuple[str, int]]
    milestones: list[tuple[str, str]]
    unsigned: bool
    aware: bool
    tasks: list[Shown]
    tasks_open: int
    tasks_late: int
    people: int
    told: int
    decisions: int
    subjects: int
    differ: int
    files: int


def glance_of(
    entries: list[Entry], files: list[tuple[str, str]], snapshots: list[dict[str, Any]], told: dict[str, Any],
    zone: str, language: str,
) -> Glance:  # fmt: skip
    """`told` is the case's status, `files` its evidence, `snapshots` of who is affected, newest first (op
    case.snapshots), `zone` the clinic's."""
    now_ms = told["now_ms"]
    waiting = [
        one for one in rows(compute(entries, now_ms, zone), issued_of(entries), mets_of(entries), now_ms)
        if one.met is None and one.deadline.due_ms
    ]  # fmt: skip
    dues = [
        Due(
            title=one.deadline.title_lt if language == "lt" else one.deadline.title_en, due_ms=one.deadline.due_ms,
            left=left_of(language, abs(one.deadline.due_ms - now_ms)), state=one.state,
            checked=bool(one.deadline.checked_by),
        )
        for one in waiting[:_DUES]
    ]  # fmt: skip
    events = standing(entries, "event", Event)
    key = [one for one in events if one.document.word in _KEY]
    open_tasks = [one for one in tasks_of(entries, now_ms, language) if one.task.state == "open"]
    subjects = by_subject(standing(entries, "claim", Claim))
    key.sort(key=lambda one: one.document.span or (1 << 60, 0))
    return Glance(
        dues=dues, more=len(waiting) - len(dues), overdue=sum(one.state == "late" for one in waiting),
        affected=[(words, snapshots[0]["counts"][grade]) for grade, words in _GRADES.items()] if snapshots else [],
        milestones=[(EVENT_WORDS[one.document.word], at_words(one.document)) for one in key],
        unsigned=any(not one.entry.signed for one in key if one.document.word != "first-signal"),
        aware=any(one.document.word.startswith("aware") for one in key),
        tasks=open_tasks[:_TASKS], tasks_open=len(open_tasks), tasks_late=sum(one.late for one in open_tasks),
        people=len(persons_of(entries)), told=len(standing(entries, "told", Told)),
        decisions=sum(one.entry.signed for one in standing(entries, "decision", Decision)),
        subjects=len(subjects), differ=sum(one["differ"] for one in subjects), files=len(files),
    )  # fmt: skip

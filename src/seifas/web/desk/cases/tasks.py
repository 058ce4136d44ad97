"""What is to be done in a case, by whom and until when; and first steps for whoever begins at three in the night."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, cast

import msgspec

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.incidents.local_time import told as local
from seifas.incidents.standing import Entry, standing
from seifas.incidents.timeline import Task, TaskState, written
from seifas.web import answers
from seifas.web.desk.cases.frame import of_case, show
from seifas.web.desk.cases.people import ROLE_WORDS, persons_of
from seifas.web.desk.cases.reading import entries_of, left_of
from seifas.web.desk.cases.writing import Kept, Sent, kept, lines, moment, one_line, said, typed_of
from seifas.web.desk.officer.frame import asked
from seifas.web.desk.room import Room, Visit
from seifas.web.pages import language_of

STATES: Final = {"open": "case-task-open", "done": "case-task-done", "dropped": "case-task-dropped"}
_HOUR: Final = 3_600_000
_SOON: Final = 6 * _HOUR
FIRST_STEPS: Final = (
    ("case-step-freeze", 1), ("case-step-first", 1), ("case-step-access", 2), ("case-step-police", 4),
    ("case-step-grade", 12), ("case-step-nksc", 24), ("case-step-vdai", 72), ("case-step-patients", 72),
)  # fmt: skip
"""What is done in any case, and within how many hours of its opening at the latest: a list to begin with. What the law
asks for, and by when, is worked out apart, from signed events."""


class Shown(NamedTuple):
    """A task on a page: `left` says in words how long it has, or how late it is."""

    first: str
    task: Task
    owner: str
    due: str
    left: str
    late: bool
    soon: bool
    ended_ms: int
    by: str


async def tasks(room: Room, exchange: Exchange, case: str) -> None:
    """/desk/cases/{case}/tasks: all of them; a POST adds one, corrects it or takes it back."""
    visit, _, told = await of_case(room, exchange, case)
    done = Kept(gone=False)
    if exchange.method == "POST":

        def made(sent: Sent) -> Task:
            return Task(
                what=one_line(sent, "what"), due=moment(sent), zone=room.settings.clinic.zone,
                owner=one_line(sent, "owner"),
            )  # fmt: skip

        done = await kept(room, exchange, visit, told, "task", made, then=exchange.path)
    if not done.gone:
        await _page(room, exchange, visit, told, done)


async def end(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/tasks/end: the task `about` is done, dropped or open again (`state`), with an outcome."""
    visit, key, told = await of_case(room, exchange, case)
    now = {one.first: one.document for one in standing(await entries_of(room, visit, key, ("task",)), "task", Task)}

    def made(sent: Sent) -> Task:
        return msgspec.structs.replace(
            now.get(sent.get("about", ""), Task(what="")), state=cast(TaskState, sent.get("state", "")),
            outcome=lines(sent, "outcome"),
        )  # fmt: skip

    done = await kept(room, exchange, visit, told, "task", made, then=exchange.path.removesuffix("/end"))
    if not done.gone:
        await _page(room, exchange, visit, told, done._replace(typed=None))


async def first_steps(room: Room, exchange: Exchange, case: str) -> None:
    """POST /desk/cases/{case}/tasks/first: the usual first steps, those that are not there yet."""
    visit, key, told = await of_case(room, exchange, case)
    await room.guard.fields(exchange, visit.token)
    zone = room.settings.clinic.zone
    there = {one.document.what for one in standing(await entries_of(room, visit, key, ("task",)), "task", Task)}
    try:
        for words, hours in FIRST_STEPS:
            what = room.words(exchange, words)
            if what not in there:
                task = Task(what=what, due=local(told["opened_ms"] + told["shift_ms"] + hours * _HOUR, zone), zone=zone)
                await room.client.call(
                    "case.append", session=visit.token, case=key, kind="task", body=written(task)
                )
    except SeifasError as error:
        done = Kept(gone=False, said=said(room, exchange, error), status=error.http)
        await _page(room, exchange, visit, told, done)
        return
    await answers.see_other(exchange, exchange.path.removesuffix("/first"))


async def _page(room: Room, exchange: Exchange, visit: Visit, told: dict[str, Any], done: Kept) -> None:
    entries = await entries_of(room, visit, told["case"], ("task", "person"))
    shown = tasks_of(entries, told["now_ms"], language_of(exchange, room.pages.languages))
    there = {one.task.what for one in shown}
    typed = typed_of(done.typed or _as_typed(shown, asked(exchange).get("correct", "")))
    await show(
        room, exchange, "tasks", visit, told, section="", said=done.said, status=done.status, typed=typed,
        open=[one for one in shown if one.task.state == "open"], persons=persons_of(entries), states=STATES,
        roles=ROLE_WORDS,
        ended=[one for one in shown if one.task.state != "open"],
        steps=not all(room.words(exchange, words) in there for words, _ in FIRST_STEPS),
    )  # fmt: skip


def tasks_of(entries: Iterable[Entry], now_ms: int, language: str) -> list[Shown]:
    """The tasks that stand, those that are due first first; without a day last. `now_ms` is the case's clock."""
    entries = list(entries)
    names = {one.first: one.document.name for one in persons_of(entries)}
    found = []
    for one in standing(entries, "task", Task):
        task, due = one.document, one.document.due_ms
        late = task.state == "open" and 0 < due < now_ms
        found.append(
            Shown(
                first=one.first, task=task, owner=names.get(task.owner, ""), due=task.due.replace("T", " "),
                left=left_of(language, abs(due - now_ms)) if due and task.state == "open" else "", late=late,
                soon=task.state == "open" and now_ms <= due < now_ms + _SOON, ended_ms=one.entry.case_ms,
                by=one.entry.by,
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: each.task.due_ms or 1 << 60)


def _as_typed(shown: list[Shown], first: str) -> Sent:
    for one in shown:
        if one.first == first:
            day, _, time = one.task.due.partition("T")
            return {"about": first, "what": one.task.what, "day": day, "time": time, "owner": one.task.owner}
    return {}

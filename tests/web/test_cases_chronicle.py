"""What a case's overview makes of entries and lines: order, what is left out, what counts as one, what is late."""

from __future__ import annotations

from typing import Any

from seifas.incidents import timeline
from seifas.incidents.local_time import PRECISIONS, span
from seifas.incidents.standing import Entry, standing
from seifas.incidents.timeline import Claim, Decision, Document, Event, Note, Person, Task, Told, written
from seifas.web.desk.cases.chronicle import EVENT_WORDS, PRECISION_WORDS, by_day, items_of
from seifas.web.desk.cases.claims import SOURCE_WORDS, by_subject
from seifas.web.desk.cases.glance import glance_of
from seifas.web.desk.cases.people import ROLE_WORDS
from seifas.web.desk.cases.tasks import FIRST_STEPS, STATES, tasks_of
from seifas.web.words import WORDS

VILNIUS = "Europe/Vilnius"
NOW = 1_774_353_900_000  # 2026-03-24 14:05 in Vilnius
MINUTE = 60_000


class Case:
    """Entries as they are written, a minute apart."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def write(self, kind: str, document: Document, about: str = "", *, signed: bool = False) -> str:
        seq = len(self.entries) + 1
        self.entries.append(
            Entry(
                entry=f"{seq:032x}", seq=seq, kind=kind, about=about, ms=NOW + seq * MINUTE, case_ms=NOW + seq * MINUTE,
                by="Rasa", hat="officer", signed=signed, body=written(document), line=1000 + seq,
            )
        )  # fmt: skip
        return self.entries[-1].entry


def _line(line: int, deed: str = "alarm", ms: int = NOW, **more: Any) -> dict[str, Any]:
    return {"ms": ms, "deed": deed, "by": "Rasa", "objects": [], "note": "", "outcome": "done", "line": line, **more}


def _event(what: str, at: str, **more: Any) -> Event:
    return Event(what=what, at=at, zone=VILNIUS, source="paštas", **more)


def test_an_event_stands_where_it_was_and_not_where_it_was_written() -> None:
    case = Case()
    case.write("event", _event("vėliau įrašyta", "2026-03-20", precision="day"))
    case.write("event", _event("kažkada", "", precision="unknown"))
    case.write("note", Note(text="dabar"))
    items = items_of(case.entries, [], 0, VILNIUS)
    assert [one.text for one in items] == ["dabar", "vėliau įrašyta", "kažkada"]
    assert [day for day, _ in by_day(items)] == ["2026-03-24", "2026-03-20", ""]
    assert items[1].time == ""


def test_a_line_of_the_log_that_is_an_entry_is_told_once() -> None:
    case = Case()
    case.write("note", Note(text="dabar"))
    log = [_line(1001, "case-entry"), _line(2), _line(3, "case-shown")]
    assert [one.look for one in items_of(case.entries, log, 0, VILNIUS)] == ["note", "deed"]
    assert len(items_of(case.entries, log, 0, VILNIUS, looking=True)) == 3


def test_the_same_again_and_again_is_one_item_with_a_number() -> None:
    items = items_of([], [_line(one) for one in range(1, 36)], 0, VILNIUS)
    assert [one.times for one in items] == [35]
    other = items_of([], [_line(1), _line(2, by="Ona"), _line(3), _line(4, ms=NOW + 86_400_000)], 0, VILNIUS)
    assert [one.times for one in other] == [1, 1, 1, 1]


def test_what_has_a_line_of_its_own_is_told_once() -> None:
    log = [_line(1, "snapshot", note="made:1:2:3:4"), _line(2, "case-entry", note="snapshot"),
           _line(3, "tip", note="opened"), _line(4, "case-entry", note="demand")]  # fmt: skip
    items = items_of([], log, 0, VILNIUS)
    assert [(one.words, one.more) for one in items[::-1]] == [
        ("case-deed-snapshot", "1:2:3:4"), ("case-deed-demand", ""),
    ]  # fmt: skip
    assert len(items_of([], log, 0, VILNIUS, looking=True)) == 3


def test_an_exercise_moves_what_the_log_tells_by_its_clock() -> None:
    [item] = items_of([], [_line(1)], -365 * 86_400_000, VILNIUS)
    assert item.day == "2025-03-24"


def test_a_deed_nobody_knows_the_words_of_is_shown_all_the_same() -> None:
    [item] = items_of([], [_line(1, "never-heard-of", note="x")], 0, VILNIUS)
    assert item.words in WORDS
    assert item.more == "x"


def test_an_unsigned_decision_is_none() -> None:
    case = Case()
    case.write("decision", Decision(question="Mokėti?", decided="Taip", grounds="x"))
    assert items_of(case.entries, [], 0, VILNIUS) == []
    assert glance_of(case.entries, [], [], {"now_ms": NOW}, VILNIUS, "lt").decisions == 0


def test_tasks_come_by_when_they_are_due_and_say_how_late_they_are() -> None:
    case = Case()
    ona = case.write("person", Person(name="Ona", role="it"))
    case.write("task", Task(what="be datos"))
    case.write("task", Task(what="rytoj", due="2026-03-25T14:05"))
    late = case.write("task", Task(what="vėluoja", due="2026-03-24T12:00", owner=ona))
    case.write("task", Task(what="padaryta", due="2026-03-20T12:00", state="done", outcome="taip"))
    shown = tasks_of(case.entries, NOW, "en")
    assert [one.task.what for one in shown] == ["padaryta", "vėluoja", "rytoj", "be datos"]
    assert [one.late for one in shown] == [False, True, False, False]
    assert (shown[1].owner, shown[1].left) == ("Ona", "2 h 5 min")
    glance = glance_of(case.entries, [], [], {"now_ms": NOW}, VILNIUS, "en")
    assert (glance.tasks_open, glance.tasks_late, glance.people) == (3, 1, 1)
    case.write("task", Task(what="vėluoja", due="2026-03-24T12:00", retracted="klaida"), late)
    assert glance_of(case.entries, [], [], {"now_ms": NOW}, VILNIUS, "en").tasks_late == 0


def test_claims_of_one_subject_are_held_side_by_side() -> None:
    case = Case()
    for subject, says, dated in (
        ("Kiek paimta", "24 000 pacientų", "2017-03-24"), (" kiek  PAIMTA", "25 000 nuotraukų", "2017-05-30"),
        ("Kas", "Tsar Team", ""), ("kas", "tsar team", ""),
    ):  # fmt: skip
        case.write("claim", Claim(subject=subject, says=says, source="x", dated=dated))
    found = by_subject(standing(case.entries, "claim", Claim))
    assert [(one["subject"], len(one["rows"]), one["differ"]) for one in found] == [
        ("Kiek paimta", 2, True), ("Kas", 2, False),
    ]  # fmt: skip


def test_the_glance_says_whether_a_clock_can_run() -> None:
    case = Case()
    assert not glance_of(case.entries, [], [], {"now_ms": NOW}, VILNIUS, "lt").aware
    first = case.write("event", _event("sužinota", "2026-03-24T14:05", word="aware"))
    glance = glance_of(case.entries, [], [], {"now_ms": NOW}, VILNIUS, "lt")
    assert glance.aware
    assert glance.unsigned
    case.write("event", _event("sužinota", "2026-03-24T14:05", word="aware"), first, signed=True)
    glance = glance_of(case.entries, [], [], {"now_ms": NOW}, VILNIUS, "lt")
    assert not glance.unsigned
    assert glance.milestones == [("case-event-aware", "2026-03-24 14:05")]


def test_who_was_told_stands_where_they_were_told() -> None:
    case = Case()
    ona = case.write("person", Person(name="Ona", role="director"))
    case.write("told", Told(person=ona, what="35 įrašai", at="2026-03-24T03:20", zone=VILNIUS))
    items = items_of(case.entries, [], 0, VILNIUS)
    assert [(one.text, one.time) for one in items] == [("Ona", "14:06"), ("Ona", "03:20")]


def test_every_word_has_words() -> None:
    for known, words in (
        (timeline.WORDS, EVENT_WORDS), (PRECISIONS, PRECISION_WORDS), (timeline.ROLES, ROLE_WORDS),
        (timeline.SOURCES, SOURCE_WORDS), (timeline.STATES, STATES),
    ):  # fmt: skip
        assert set(known) == set(words)
        assert all(one in WORDS for one in words.values())
    assert all(words in WORDS for words, _ in FIRST_STEPS)
    assert span("2026-03-24T14:05", VILNIUS, "minute") == (NOW, NOW + 59_999)

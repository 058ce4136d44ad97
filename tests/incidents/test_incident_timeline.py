"""What people write into a case: times as they are told, documents that are refused, and what stands after all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.incidents import local_time, timeline
from seifas.incidents.standing import Entry, chains, entry_of, standing
from seifas.incidents.timeline import Claim, Decision, Document, Event, Note, Person, Task, Told

VILNIUS = "Europe/Vilnius"
HEX = "ab" * 16


def _utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(("at", "precision", "first", "last"), [
    ("2026-03-24T14:05", "minute", "2026-03-24T12:05", "2026-03-24T12:05:59.999"),
    ("2026-03-24T14:05", "hour", "2026-03-24T12:00", "2026-03-24T12:59:59.999"),
    ("2026-07-01", "day", "2026-06-30T21:00", "2026-07-01T20:59:59.999"),
    ("2026-02-17", "month", "2026-01-31T22:00", "2026-02-28T21:59:59.999"),
    ("2026-03-29", "day", "2026-03-28T22:00", "2026-03-29T20:59:59.999"),  # 23 hours: clocks go forward
    ("2026-10-25", "day", "2026-10-24T21:00", "2026-10-25T21:59:59.999"),  # 25 hours: back
    ("2026-10-25T03:30", "minute", "2026-10-25T00:30", "2026-10-25T01:30:59.999"),  # twice: either
    ("2026-12-05", "month", "2026-11-30T22:00", "2026-12-31T21:59:59.999"),
])  # fmt: skip
def test_a_told_time_is_a_span(at: str, precision: local_time.Precision, first: str, last: str) -> None:
    assert local_time.span(at, VILNIUS, precision) == (_utc(first), _utc(last))


@pytest.mark.parametrize(("at", "zone", "precision", "where"), [
    ("2026-03-29T03:30", VILNIUS, "minute", "at"),  # leapt over
    ("2026-03-29T03:10", VILNIUS, "hour", "at"), ("2026-02-30", VILNIUS, "day", "at"), ("", VILNIUS, "day", "at"),
    ("24.03.2026", VILNIUS, "day", "at"), ("2026-03-24", VILNIUS, "minute", "at"),
    ("2026-03-24T14:05", VILNIUS, "day", "at"), ("0001-01-01", VILNIUS, "day", "at"),
    ("9999-12-31", VILNIUS, "month", "at"), ("2026-03-24", "Europe/Kaunas2", "day", "zone"),
    ("2026-03-24", "../../etc/passwd", "day", "zone"), ("2026-03-24", "", "day", "zone"),
    ("2026-03-24", "\x00", "day", "zone"), ("２０２６-03-24", VILNIUS, "day", "at"),
    ("2026-03-24T14:05\n", VILNIUS, "minute", "at"), ("2026-03-24", VILNIUS, "week", "precision"),
])  # fmt: skip
def test_a_time_that_is_none(at: str, zone: str, precision: Any, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        local_time.span(at, zone, precision)
    assert refused.value.where == where


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2150, 1, 1)), st.sampled_from((VILNIUS, "UTC", "America/New_York"))
)
def test_a_moment_lies_in_every_span_that_tells_of_it(moment: datetime, zone: str) -> None:
    ms = int(moment.replace(tzinfo=UTC).timestamp() * 1000)
    local = local_time.told(ms, zone)
    for precision in local_time.PRECISIONS:
        at = local if precision in ("minute", "hour") else local[:10]
        found = local_time.span(at, zone, precision)
        if precision == "unknown":
            assert found is None
        else:
            assert found is not None
            assert found[0] <= ms <= found[1]
            assert found[1] - found[0] <= timedelta(days=32) / timedelta(milliseconds=1)


GOOD: list[Document] = [
    Event(what="Laiškas su pavyzdžiu", word="aware", at="2026-03-24T14:05", zone=VILNIUS, source="direktorė"),
    Event(what="Kažkada įsilaužta", at="", zone=VILNIUS, precision="unknown", source="policija", evidence=(HEX,)),
    Task(what="Pranešti prokurorei", due="2026-03-24T18:00", owner=HEX),
    Person(name="Rasa Pavyzdė", role="director", phone="+370 600 00000"),
    Told(person=HEX, what="35 įrašai paskelbti", at="2026-03-24T14:20", zone=VILNIUS),
    Decision(question="Ar mokėti?", decided="Nemokėti", grounds="Policijos patarimas", by=HEX),
    Claim(subject="Kiek", says="24 000 pacientų", source="klinika", kind="clinic", dated="2017-03-24"),
    Note(text="Eilutė\nkita"),
]


@pytest.mark.parametrize("document", GOOD, ids=lambda one: type(one).__name__)
def test_what_was_written_is_read_again(document: Document) -> None:
    kind = next(kind for kind, of in timeline.KINDS.items() if type(document) is of)
    body = timeline.written(document)
    assert body == timeline.written(document)
    assert timeline.read(kind, body) == document
    assert timeline.read("filing", body) is None
    for cut in (b"", body[:-1], b"\xff" + body, b"[]", b"{}", b"null", body.replace(b'"', b"'"), b"[" * 5000):
        assert timeline.read(kind, cut) is None


@pytest.mark.parametrize(("document", "where"), [
    (Event(what=" ", at="2026-03-24T14:05", zone=VILNIUS, source="x"), "what"),
    (Event(what="x", at="2026-03-24T14:05", zone=VILNIUS, source=""), "source"),
    (Event(what="x", word="aware", at="", zone=VILNIUS, precision="unknown", source="x"), "at"),
    (Event(what="x", at="2026-03-24", zone=VILNIUS, precision="unknown", source="x"), "at"),
    (Event(what="x", at="2026-03-24T14:05", zone=VILNIUS, source="x", evidence=("..",)), "evidence"),
    (Event(what="x" * 4001, at="2026-03-24T14:05", zone=VILNIUS, source="x"), "what"),
    (Event(what="x\x00", at="2026-03-24T14:05", zone=VILNIUS, source="x"), "what"),
    (Task(what="x", due="rytoj"), "due"), (Task(what="x", owner="ona"), "owner"), (Task(what="a\nb"), "what"),
    (Person(name="", role="it"), "name"), (Person(name="x", role="it", phone="1\n2"), "phone"),
    (Told(person="", what="x", at="2026-03-24T14:05", zone=VILNIUS), "person"),
    (Told(person=HEX, what="x", at="2026-03-24", zone=VILNIUS), "at"),
    (Decision(question="x", decided="", grounds="x"), "decided"),
    (Decision(question="x", decided="x", grounds=""), "grounds"),
    (Claim(subject="x", says="y", source="z", dated="vakar"), "dated"),
    (Claim(subject="", says="y", source="z"), "subject"),
    (Note(text=""), "text"), (Note(text="x", retracted="y" * 301), "retracted"),
])  # fmt: skip
def test_what_says_too_little_or_too_much(document: Document, where: str) -> None:
    with pytest.raises(Invalid) as refused:
        timeline.written(document)
    assert refused.value.where == where


def _entry(seq: int, document: Document, about: int = 0, *, kind: str = "event", signed: bool = False) -> Entry:
    return Entry(
        entry=f"{seq:032x}", seq=seq, kind=kind, about=f"{about:032x}" if about else "", ms=seq, case_ms=seq, by="x",
        hat="officer", signed=signed, body=timeline.written(document), line=seq,
    )  # fmt: skip


def _event(what: str, **more: Any) -> Event:
    return Event(what=what, at="2026-03-24T14:05", zone=VILNIUS, source="x", **more)


def test_the_newest_version_stands_and_the_old_are_kept() -> None:
    entries = [_entry(1, _event("a")), _entry(2, _event("b")), _entry(3, _event("A"), 1), _entry(4, _event("AA"), 3)]
    held = standing(reversed(entries), "event", Event)
    assert [one.document.what for one in held] == ["AA", "b"]
    assert held[0].first == entries[0].entry
    assert [one.seq for one in held[0].before] == [1, 3]


def test_what_was_taken_back_does_not_stand_and_is_not_forgotten() -> None:
    entries = [_entry(1, _event("a")), _entry(2, _event("a", retracted="kita diena"), 1)]
    assert standing(entries, "event", Event) == []
    held = standing(entries, "event", Event, retracted=True)
    assert [one.document.retracted for one in held] == ["kita diena"]
    assert [one.document.what for one in standing([*entries, _entry(3, _event("c"), 2)], "event", Event)] == ["c"]


def test_only_a_signature_moves_what_was_signed() -> None:
    signed = [_entry(1, _event("a", word="aware"), signed=True), _entry(2, _event("b", word="aware"), 1),
              _entry(3, _event("x", retracted="ne"), 2)]  # fmt: skip
    assert [one.document.what for one in standing(signed[:2], "event", Event)] == ["a"]
    third = standing(signed, "event", Event)
    assert [one.document.what for one in third if one.entry.signed] == ["a"]
    moved = [*signed, _entry(4, _event("c", word="aware"), 1, signed=True)]
    assert "c" in [one.document.what for one in standing(moved, "event", Event)]


def test_an_entry_about_one_of_another_kind_stands_by_itself() -> None:
    notes = [_entry(2, Note(text="n"), 1, kind="note"), _entry(3, Note(text="m"), 2, kind="note")]
    entries = [_entry(1, _event("a")), *notes]
    assert [len(one) for one in chains(entries, "note")] == [2]
    assert [one.document.what for one in standing(entries, "event", Event)] == ["a"]


def test_what_is_unreadable_counts_for_nothing() -> None:
    spoilt = Entry(entry="2" * 32, seq=2, kind="event", about=f"{1:032x}", ms=2, case_ms=2, by="x", hat="officer",
                   signed=False, body=b"\xff{", line=2)  # fmt: skip
    assert [one.document.what for one in standing([_entry(1, _event("a")), spoilt], "event", Event)] == ["a"]
    assert standing([spoilt], "event", Event) == []


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), max_size=12))
def test_every_chain_ends_and_each_entry_is_in_at_most_one(rows: list[tuple[int, bool]]) -> None:
    entries = [_entry(seq, _event(str(seq)), about, signed=signed) for seq, (about, signed) in enumerate(rows, 1)]
    found = chains(entries, "event")
    seen = [one.entry for chain in found for one in chain]
    assert len(seen) == len(set(seen))
    for chain in found:
        after = [one.signed for one in chain]
        assert after == sorted(after)  # once signed, only what is signed


def test_rows_of_the_keeper_are_taken_as_they_are() -> None:
    row = {"entry": b"\x01" * 16, "seq": 7, "kind": "note", "about": b"", "ms": 1, "case_ms": 2, "account": "x",
           "by": "Rasa", "hat": "officer", "signed": True, "body": b"{}", "sha256": b"", "line": 9}  # fmt: skip
    assert entry_of(row).entry == "01" * 16
    assert entry_of({**row, "about": b"\x02" * 16}).about == "02" * 16

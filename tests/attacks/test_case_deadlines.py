"""Deadlines under attack: a calendar's token that is guessed, kept or used elsewhere; entries that nobody's page wrote;
clocks that somebody without a passkey would like to move."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
import pytest
from darkroom_stage import Desk

from seifas.drill.stage import Stage
from seifas.errors import Missing, Refused, SeifasError
from seifas.incidents.deadlines import Met, compute
from seifas.incidents.issuing import changes, issue
from seifas.incidents.standing import entry_of
from seifas.incidents.timeline import Event, Note, written
from seifas.keeper.door import OPS
from seifas.keeper.main import SERVED

SECRET = "Slaptoji žinia apie Oną"
HOSTILE = '"></time><script>alert(1)</script>{{ 7*7 }}\u202e'
ZONE = "Europe/Vilnius"


@pytest.fixture(scope="module")
def stage(shared_stage: Stage) -> Stage:
    return shared_stage


@pytest.fixture(scope="module")
def officer(stage: Stage) -> Iterator[Desk]:
    with Desk(stage, "officer1") as made:
        yield made


def _case(officer: Desk, **more: object) -> bytes:
    made: bytes = officer.ask("case.open", title="Byla", kind="hand", **more)["case"]
    return made


def _issued(officer: Desk, case: bytes) -> None:
    event = Event(what=SECRET, word="request", at="2026-03-24T09:00", zone=ZONE, source=SECRET)
    officer.ask("case.append", case=case, kind="event", body=written(event))
    officer.ask("case.append", case=case, kind="note", body=written(Note(text=SECRET)))
    rows = [entry_of(one) for one in officer.ask("case.entries", case=case)]
    now = officer.ask("case.status", case=case)["now_ms"]
    for change in changes(compute(rows, now, ZONE), {}):
        body = msgspec.json.encode(issue(change, "pirmą kartą"))
        officer.ask("case.append", case=case, kind="deadline", body=body)


def test_a_token_tells_the_deadlines_of_its_case_and_nothing_else(stage: Stage, officer: Desk) -> None:
    case, other = _case(officer), _case(officer)
    _issued(officer, case)
    _issued(officer, other)
    token = officer.ask("case.feed_open", case=case)["token"]
    assert len(token) == 20
    with Desk(stage, "") as broken_into:  # a desk process that nobody is signed in to
        told = broken_into.call("case.feed", case=case, token=token)
        assert {one["kind"] for one in told} == {"deadline"}
        assert SECRET.encode() not in b"".join(one["body"] for one in told)
        assert not {"by", "account", "hat", "title"} & set(told[0])
        wrong = [b"", token[:-1], token + b"\0", token[::-1], bytes(20), b"\xff" * 20]
        for one in (*wrong, *(os.urandom(20) for _ in range(50))):
            with pytest.raises(Missing):
                broken_into.call("case.feed", case=case, token=one)
        for elsewhere in (other, b"", bytes(16), os.urandom(16)):
            with pytest.raises(Missing):
                broken_into.call("case.feed", case=elsewhere, token=token)
        officer.ask("case.close", case=case, word="baigta")
        with pytest.raises(Missing):
            broken_into.call("case.feed", case=case, token=token)


def test_no_token_is_made_by_other_hats_or_for_an_exercise(stage: Stage, officer: Desk) -> None:
    case = _case(officer)
    for account in ("doctor1", "reception1", "administrator", "auditor"):
        with Desk(stage, account) as other:
            for op in ("case.feed_open", "case.feed_close"):
                with pytest.raises(Refused):
                    other.ask(op, case=case)
            with pytest.raises(Refused):
                other.ask("case.move", case=case, shift_ms=1)
    exercise = _case(officer, exercise=True, shift_ms=0)
    with pytest.raises(Refused):
        officer.ask("case.feed_open", case=exercise)
    with pytest.raises(SeifasError):  # no empty token opens a case that has none
        officer.call("case.feed", case=case, token=b"")


def test_other_processes_get_no_calendar_and_begin_no_exercise() -> None:
    assert SERVED
    for op in ("case.feed", "case.feed_open", "case.feed_close", "case.move"):
        assert OPS.table[op].roles == {"desk"}, op
        assert not OPS.table[op].while_locked
    for op in ("case.admin_exercise", "case.admin_exercise_write"):
        assert OPS.table[op].roles == {"admin"}, op


def test_a_held_session_without_a_passkey_moves_no_clock(officer: Desk) -> None:
    """An unsigned event starts nothing, and what an unsigned one says about a signed one counts for nothing."""
    case = _case(officer)
    aware = Event(what="x", word="aware", at="2026-03-24T09:00", zone=ZONE, source="x")
    officer.ask("case.append", case=case, kind="event", body=written(aware))
    rows = [entry_of(one) for one in officer.ask("case.entries", case=case)]
    now = officer.ask("case.status", case=case)["now_ms"]
    assert compute(rows, now, ZONE).deadlines == ()
    signed = [msgspec.structs.replace(one, signed=True) for one in rows]
    late = msgspec.structs.replace(aware, at="2026-04-24T09:00")
    gone = msgspec.structs.replace(aware, retracted="nebuvo")
    for body in (written(late), written(gone)):
        officer.ask("case.append", case=case, kind="event", body=body, about=bytes.fromhex(rows[0].entry))
    more = [entry_of(one) for one in officer.ask("case.entries", case=case)][1:]
    assert compute([*signed, *more], now, ZONE).deadlines == compute(signed, now, ZONE).deadlines != ()


@pytest.mark.parametrize("kind", ["deadline", "deadline-met", "profile", "exercise", "event"])
def test_entries_that_no_page_wrote_break_no_page(stage: Stage, officer: Desk, kind: str) -> None:
    case = _case(officer, exercise=True)
    _issued(officer, case)
    deadline = next(
        msgspec.json.decode(one["body"]) for one in officer.ask("case.entries", case=case, kinds=("deadline",))
    )
    for body in (
        {}, {"key": HOSTILE}, {**deadline, "title_lt": HOSTILE, "reason": HOSTILE, "source": HOSTILE}, {"done": -1},
        {**deadline, "strict_ms": 1 << 52, "formal_ms": -1}, {**deadline, "source_url": "javascript:alert(1)"},
        {"key": "G1", "at_ms": 1 << 62, "how": HOSTILE}, {"script": "2017", "year": 2017, "language": "lt", "done": 99},
        {"ksis": "essential", "ksis_since": "9999-99-99"}, msgspec.to_builtins(Met(key="", at_ms=-5, how="")),
    ):
        officer.ask("case.append", case=case, kind=kind, body=msgspec.json.encode(body))
    browser = stage.sign_in("officer1")
    for page in ("deadlines", "exercise"):
        answer = browser.read(f"/desk/cases/{case.hex()}/{page}")
        assert answer.status == 200, page
        assert b"<script>alert" not in answer.body
        assert b"javascript:" not in answer.body
        assert b"{{ 7*7 }}" not in answer.body or b"49" not in answer.body
    browser.close()

"""What the state of the shield comes to: the one sentence, the doors, what is to be done. Pure."""

from __future__ import annotations

import msgspec
import pytest
from flood_teller import CALM_LANES, SIEGE_LANES, now_ms, state

from seifas.shield.model import State
from seifas.web.desk.shield import standing
from seifas.web.desk.shield.reading import Now, Order, state_of
from seifas.web.words import WORDS


def now(told: State | None, *, age_ms: int = 900, on: bool = True, **more: object) -> Now:
    values: dict[str, object] = {
        "on": on, "now_ms": now_ms(), "told_ms": now_ms(), "age_ms": age_ms, "state": told, "orders": {},
        "notice_on": False, "notice_ms": 0, "notice_by": "", "flood": "", "case": "",
    }  # fmt: skip
    return Now(**{**values, **more})  # type: ignore[arg-type]


def heads(one: Now) -> tuple[str, str]:
    found = standing.standing_of(one)
    return found.look, found.head


FEW_STAFF = {**SIEGE_LANES, "staff": {"served": 30, "shed": 12}}


@pytest.mark.parametrize(("one", "look", "head"), [
    (now(state()), "good", "shield-is-calm"),
    (now(state(1, SIEGE_LANES)), "note", "shield-is-guarded"),
    (now(state(2, SIEGE_LANES)), "note", "shield-is-siege"),
    (now(state(2, FEW_STAFF)), "bad", "shield-is-shut-out"),
    (now(state(2, SIEGE_LANES, haproxy="")), "bad", "shield-is-down"),
    (now(state(2, SIEGE_LANES), age_ms=25_000), "bad", "shield-is-silent"),
    (now(None, age_ms=-1), "note", "shield-is-unheard"),
    (now(state(), on=False), "bad", "shield-is-off"),
])  # fmt: skip
def test_the_worst_of_what_is_true_is_said(one: Now, look: str, head: str) -> None:
    assert heads(one) == (look, head)
    assert f"{head}-lead" in WORDS


def test_a_door_is_whole_only_if_all_got_in() -> None:
    doors = standing.doors_of(now(state(0, {**CALM_LANES, "staff": {"served": 999, "shed": 1}})))
    assert [(one.words, one.percent, one.look) for one in doors] == [
        ("shield-door-staff", 99, "good"), ("shield-door-patient", 100, "good")]  # fmt: skip
    nobody = standing.doors_of(now(state(0, {})))
    assert [(one.percent, one.look) for one in nobody] == [(-1, "none"), (-1, "none")]
    # One of three is bad luck; one of thirty is something to look at.
    assert standing.doors_of(now(state(0, {"staff": {"served": 2, "shed": 1}})))[0].look == "good"
    assert standing.doors_of(now(state(0, {"staff": {"served": 29, "shed": 1}})))[0].look == "bad"


def words_of(found: list[standing.Todo]) -> list[str]:
    assert {one.words for one in found} <= WORDS.keys()
    return [one.words for one in found]


def test_a_flood_that_is_held_asks_nothing_of_anybody() -> None:
    flooded = now(state(2, SIEGE_LANES), flood="ab" * 16)
    assert standing.must_of(flooded, line_full=False) == []
    assert words_of(standing.may_of(flooded, officer=True)) == ["shield-may-notice", "shield-may-case"]
    assert words_of(standing.may_of(flooded, officer=False)) == ["shield-may-notice"]
    known = now(state(2, SIEGE_LANES), flood="ab" * 16, case="cd" * 16, notice_on=True)
    assert standing.may_of(known, officer=True) == []


def test_what_only_a_person_can_do_is_said() -> None:
    assert words_of(standing.must_of(now(state(2, SIEGE_LANES)), line_full=True)) == ["shield-do-provider"]
    assert words_of(standing.must_of(now(state(1, FEW_STAFF)), line_full=False)) == ["shield-do-siege"]
    strictest = state(2, FEW_STAFF)
    staff = msgspec.structs.replace(strictest.listeners["staff"], mode=2)
    both = msgspec.structs.replace(strictest, listeners={**strictest.listeners, "staff": staff})
    assert words_of(standing.must_of(now(both), line_full=False)) == ["shield-do-look"]
    assert words_of(standing.must_of(now(None, age_ms=-1), line_full=False)) == ["shield-do-loop"]
    assert words_of(standing.must_of(now(state(haproxy="")), line_full=False)) == ["shield-do-front"]
    assert words_of(standing.must_of(now(state(), on=False), line_full=True)) == ["shield-do-on"]


def test_what_was_left_over_from_a_flood_is_named() -> None:
    over = now(state(), notice_on=True, orders={"public": Order(now_ms() + 60_000, "Rasa")})
    assert words_of(standing.may_of(over, officer=True)) == ["shield-may-notice-off", "shield-may-auto"]


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_every_lane_and_mode_has_words(mode: int) -> None:
    one = now(state(mode, SIEGE_LANES))
    rows = standing.rows_of(one)
    assert {each.words for each in rows} | {each.how for each in rows} | set(standing.does_of(one)) <= WORDS.keys()
    assert rows[0].lane == "staff"
    assert sum(each.requests for each in rows) == sum(sum(each.values()) for each in SIEGE_LANES.values())


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"\xff", b"null", b'{"ms": "x"}', b"[" * 100_000,
    msgspec.json.encode(state()).replace(b'"dropped_networks":0', b'"dropped_networks":-1'),
])  # fmt: skip
def test_a_state_that_makes_no_sense_is_none(body: bytes) -> None:
    assert state_of(body, now_ms()) is None


def test_listeners_that_make_no_sense_are_left_out() -> None:
    told = msgspec.json.decode(msgspec.json.encode(state(2, SIEGE_LANES)))
    told["listeners"]["public"]["mode"] = 7
    told["listeners"]["hostile"] = told["listeners"]["staff"]
    told["listeners"]["staff"]["since_ms"] = 10**18
    read = state_of(msgspec.json.encode(told), 5000)
    assert read is not None
    assert list(read.listeners) == ["staff"]
    assert read.listeners["staff"].since_ms == 5000
    told["listeners"]["staff"]["lanes"] = {"staff": {"outcomes": {"served": -4}, "bytes_out": 1}}
    read = state_of(msgspec.json.encode(told), 5000)
    assert read is not None
    assert read.listeners == {}

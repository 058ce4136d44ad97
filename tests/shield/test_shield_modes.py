"""The machine of modes: in time, within its bounds, never back and forth, and not for what is no flood."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.shield.model import Mode
from seifas.shield.modes import (
    BY_HAND,
    HAND_OFF,
    QUIET,
    TURNED_AWAY,
    WORDS,
    Measured,
    Order,
    Rules,
    Situation,
    Turn,
    step,
)

RULES = Rules()
CALM = Situation()
Seconds = Callable[[int], Measured]


def walked(
    seconds: int, seen: Seconds, *, rules: Rules = RULES, now: Situation = CALM, order: Order | None = None,
    begins: int = 0,
) -> tuple[Situation, list[tuple[int, Turn]]]:  # fmt: skip
    turns = []
    for at in range(begins, begins + seconds):
        now, turn = step(now, seen(at), rules, at=float(at), ms=at * 1000, order=order)
        if turn is not None:
            turns.append((at, turn))
    return now, turns


def flood(sources: float = 40_000, rate: float = 3000, **more: float) -> Measured:
    return Measured(sources=sources, demand=rate, requests=rate, **more)


def calm(sources: float = 12, rate: float = 0.5) -> Measured:
    return Measured(sources=sources, demand=rate, requests=rate)


def test_a_flood_is_detected_within_10_s_and_besieged_within_20() -> None:
    # Sources of the last minute grow as the flood goes on.
    _, turns = walked(30, lambda at: flood(min(3000 * (at + 1), 40_000)))
    assert [(turn.before, turn.after) for _, turn in turns] == [(Mode.CALM, Mode.GUARDED), (Mode.GUARDED, Mode.SIEGE)]
    assert turns[0][0] <= 10
    assert turns[1][0] <= 20
    assert turns[0][1].figures["sources"] > turns[0][1].figures["sources_bound"]


def test_it_eases_one_mode_at_a_time_after_ten_quiet_minutes_each() -> None:
    now, _ = walked(30, lambda _: flood())
    now, turns = walked(2000, lambda _: calm(), now=now, begins=30)
    assert [(at, turn.after, turn.why) for at, turn in turns] == [
        (30 + 600, Mode.GUARDED, QUIET), (30 + 1200, Mode.CALM, QUIET)
    ]  # fmt: skip
    assert now.mode == Mode.CALM


def test_a_busy_day_ten_times_the_usual_changes_nothing() -> None:
    """Forty patients a minute are usual, four hundred come: an appointment's day, or a newspaper."""
    busy = Measured(
        sources=400, newcomers=280, usual_sources=40, usual_newcomers=20, usual_demand=2, knows_networks=True,
        demand=30, requests=60, turned_away=0.0, queue_ms=60, cpu=0.1, connections=60,
    )  # fmt: skip
    now, turns = walked(3600, lambda _: busy)
    assert (now.mode, turns) == (Mode.CALM, [])


def test_a_large_clinic_s_usual_crowd_is_no_flood() -> None:
    crowd = Measured(sources=9000, usual_sources=4000, usual_demand=300, demand=500, requests=900)
    assert walked(600, lambda _: crowd)[1] == []
    assert walked(60, lambda _: msgspec.structs.replace(crowd, sources=13_000))[1][0][1].after == Mode.GUARDED


@pytest.mark.parametrize("addresses", [1, 5, 50])
def test_few_addresses_that_hammer_change_nothing_however_fast_they_are(addresses: int) -> None:
    fast = Measured(
        sources=addresses, demand=20_000, requests=20_000, turned_away=1.0, queue_ms=4000, cpu=1.0, connections=20_000
    )
    assert walked(600, lambda _: fast)[1] == []


def test_a_peak_of_a_moment_changes_nothing() -> None:
    assert walked(300, lambda at: flood() if at % 10 < 3 else calm())[1] == []


def test_strangers_whom_guarded_cannot_serve_lead_to_siege() -> None:
    slow = flood(sources=900, rate=200, queue_ms=900)
    now, turns = walked(60, lambda _: slow)
    assert now.mode == Mode.GUARDED
    _, turns = walked(60, lambda _: msgspec.structs.replace(slow, turned_away=0.7), now=now, begins=60)
    assert [(turn.after, turn.why) for _, turn in turns] == [(Mode.SIEGE, TURNED_AWAY)]


def test_a_siege_does_not_end_because_it_works() -> None:
    """Strangers are turned away cheaply then, and the processor is idle: the demand is what tells."""
    now, _ = walked(40, lambda _: flood(sources=7000, rate=3000, turned_away=0.9, cpu=1.0))
    assert now.mode == Mode.SIEGE
    held = flood(sources=2500, rate=2000, turned_away=1.0, cpu=0.05)
    assert walked(3600, lambda _: held, now=now, begins=40)[0].mode == Mode.SIEGE


def test_connections_without_requests_are_seen() -> None:
    handshakes = Measured(sources=500, requests=5, connections=2000, cpu=0.5)
    assert walked(30, lambda _: handshakes)[1][0][1].why == "connections"


def test_newcomers_tell_only_once_networks_are_known() -> None:
    new = Measured(sources=550, newcomers=500, usual_newcomers=10)
    assert walked(60, lambda _: new)[1] == []
    known = msgspec.structs.replace(new, knows_networks=True)
    assert walked(60, lambda _: known)[1][0][1].why == "newcomers"


def test_waves_do_not_make_it_flap() -> None:
    """A flood of a minute every eleven minutes, for half a day: each ease is dearer than the one before."""
    now, turns = walked(12 * 3600, lambda at: flood() if at % 660 < 60 else calm())
    assert len(turns) <= 2 + 3 * 2
    assert now.mode != Mode.CALM


def test_by_hand_it_is_as_ordered_and_then_as_it_would_have_been() -> None:
    order = Order(Mode.SIEGE, until_ms=100_000)
    _, turns = walked(200, lambda _: calm(), order=order)
    assert [(at, turn.after, turn.why, turn.by_hand) for at, turn in turns] == [
        (0, Mode.SIEGE, BY_HAND, True), (100, Mode.CALM, HAND_OFF, True)
    ]  # fmt: skip
    _, turns = walked(60, lambda _: flood(), order=Order(Mode.CALM, until_ms=50_000))
    assert [(turn.after, turn.why) for _, turn in turns] == [(Mode.SIEGE, HAND_OFF)]


measured = st.builds(
    Measured, sources=st.floats(0, 1e6), newcomers=st.floats(0, 1e6), usual_sources=st.floats(0, 1e4),
    usual_newcomers=st.floats(0, 1e4), usual_demand=st.floats(0, 1e3), knows_networks=st.booleans(),
    demand=st.floats(0, 1e5), turned_away=st.floats(0, 1), queue_ms=st.floats(0, 5000), cpu=st.floats(0, 1),
    connections=st.floats(0, 1e5), requests=st.floats(0, 1e5),
)  # fmt: skip
phases = st.lists(st.tuples(st.integers(1, 400), measured), min_size=1, max_size=8)


@given(phases)
@settings(max_examples=of_whole(60), deadline=None)
def test_whatever_comes_it_steps_by_one_and_eases_seldom(told: list[tuple[int, Measured]]) -> None:
    now, at, eased = Situation(), 0, []
    for seconds, seen in told:
        for _ in range(seconds):
            before = now
            now, turn = step(now, seen, RULES, at=float(at), ms=at * 1000)
            assert now.mode == now.own
            if turn is not None:
                assert abs(turn.after - turn.before) == 1
                assert (turn.before, turn.after) == (before.mode, now.mode)
                assert turn.why in WORDS
                assert now.since_ms == at * 1000
                if turn.after < turn.before:
                    eased.append(at)
            else:
                assert now.mode == before.mode
            at += 1
    assert all(later - earlier >= RULES.calm_after for earlier, later in itertools.pairwise(eased))
    assert now.calm_after <= RULES.longest_calm_after


@given(phases, st.sampled_from(list(Mode)), st.integers(0, 10**6))
@settings(max_examples=of_whole(40), deadline=None)
def test_what_is_ordered_holds_until_it_ends(
    told: list[tuple[int, Measured]], mode: Mode, until_ms: int
) -> None:
    now, at = Situation(), 0
    for seconds, seen in told:
        for _ in range(seconds):
            now, _ = step(now, seen, RULES, at=float(at), ms=at * 1000, order=Order(mode, until_ms))
            assert now.mode == (mode if at * 1000 < until_ms else now.own)
            at += 1


def test_the_bounds_are_those_that_the_page_for_operators_names() -> None:
    page = " ".join(Path(__file__).parents[2].joinpath("docs", "running", "flood.md").read_text().split())
    for told in (
        f"| {RULES.guarded_sources}, and {RULES.guarded_times:g} times the usual | {RULES.siege_sources:,}, and "
        f"{RULES.siege_times:g} times the usual |",
        f"| {RULES.guarded_newcomers}, and {RULES.guarded_times:g} times the usual |",
        f"| {RULES.queue_ms / 1000:g} s |",
        f"| {RULES.guarded_cpu:.0%} | {RULES.siege_cpu:.0%} |".replace("%", " %"),
        f"| {RULES.connections:g} a second |",
        f"{RULES.turned_away:.0%}, at {RULES.demand:g} requests a second".replace("%", " %"),
        f"from {RULES.few_sources} addresses in a minute",
        f"for {RULES.guarded_after:g} s (guarded) or {RULES.siege_after:g} s (siege)",
    ):
        assert told in page, told

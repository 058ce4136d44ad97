from __future__ import annotations

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.keeper.identity.backoff import EVERYONE, FAMILIAR, STRANGERS, Brake, Pace, strike, wait_ms

PACES = st.sampled_from([STRANGERS, FAMILIAR, EVERYONE])


def guesses(pace: Pace, span_ms: int) -> int:
    """How many attempts someone who tries as fast as allowed gets through."""
    brake, now, count = Brake(), 1_000_000_000, 0
    end = now + span_ms
    while True:
        now += wait_ms(brake, pace, now)
        if now >= end:
            return count
        brake = strike(brake, pace, now)
        count += 1
        now += 100  # the hash


def test_a_day_of_guessing_is_hopeless() -> None:
    assert 50 < guesses(STRANGERS, 86_400_000) <= 130
    assert guesses(FAMILIAR, 86_400_000) <= 1_600


def test_waits_double_up_to_the_cap() -> None:
    brake, waits = Brake(), []
    for _ in range(20):
        brake = strike(brake, STRANGERS, 1_000)
        waits.append(wait_ms(brake, STRANGERS, 1_000))
    assert waits[:8] == [0, 0, 0, 0, 1_000, 2_000, 4_000, 8_000]
    assert waits[-1] == STRANGERS.cap_ms


@given(st.lists(st.integers(0, 10**8), max_size=60), PACES, st.integers(-(10**12), 10**12))
@settings(max_examples=of_whole(150))
def test_no_brake_ever_holds_longer_than_its_cap(gaps: list[int], pace: Pace, jump: int) -> None:
    brake, now = Brake(), 10**13
    for gap in gaps:
        now += gap
        brake = strike(brake, pace, now)
    assert 0 <= wait_ms(brake, pace, now + jump) <= pace.cap_ms
    assert wait_ms(brake, pace, now + pace.cap_ms) == 0


@pytest.mark.parametrize("pace", [STRANGERS, FAMILIAR, EVERYONE])
def test_strikes_are_forgotten(pace: Pace) -> None:
    brake = Brake(strikes=10, last_ms=0)
    assert strike(brake, pace, pace.forget_ms * 4).strikes == 7
    assert strike(brake, pace, pace.forget_ms * 400).strikes == 1
    assert strike(brake, pace, -(10**15)).strikes == 11

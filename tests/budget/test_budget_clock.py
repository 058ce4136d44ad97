"""Budget time: never backwards, never hurried by a clock that was set, alive across restarts and reboots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.keeper.budget.clock import BudgetClock, ClockState
from seifas.keeper.budget.limits import DAY, HOUR, MINUTE, Limits

WALL, BOOT = 1_800_000_000_000, 5 * DAY
ONE, TWO = b"first boot", b"second boot"


def begun(limits: Limits | None = None) -> BudgetClock:
    clock = BudgetClock(limits)
    assert clock.now(WALL, BOOT, ONE) == WALL
    return clock


def test_it_follows_both_clocks_while_they_agree() -> None:
    clock = begun()
    for step in (1, 1000, MINUTE, HOUR, 30 * DAY):
        assert clock.now(WALL + step, BOOT + step, ONE) == WALL + step
    assert clock.take_alarms() == []


def test_a_thousand_readings_a_second_lose_nothing() -> None:
    """The clocks tick in turns: the lesser of each pair of ticks is nought, and yet an hour is an hour."""
    clock = begun()
    for n in range(1, 20_001):
        clock.now(WALL + (n + 1) // 2, BOOT + n // 2, ONE)
    assert clock.now(WALL + 10_000, BOOT + 10_000, ONE) == WALL + 10_000


@pytest.mark.parametrize("years", [1, 50])
def test_forward_refills_nothing_and_rings_once(years: int) -> None:
    clock, ahead = begun(), years * 365 * DAY
    assert clock.now(WALL + ahead, BOOT + 10, ONE) == WALL + 10
    assert [alarm.kind for alarm in clock.take_alarms()] == ["clock-jump"]
    assert clock.now(WALL + ahead + HOUR, BOOT + 10 + HOUR, ONE) == WALL + 10 + HOUR
    assert clock.take_alarms() == []


def test_backward_does_not_stop_time() -> None:
    clock = begun()
    before = clock.now(WALL + HOUR, BOOT + HOUR, ONE)
    assert clock.now(WALL - 10 * DAY, BOOT + HOUR + MINUTE, ONE) == before
    assert len(clock.take_alarms()) == 1
    assert clock.now(WALL - 10 * DAY + HOUR, BOOT + 2 * HOUR + MINUTE, ONE) == before + HOUR
    assert clock.take_alarms() == []


def test_forward_and_back_again_gains_nothing() -> None:
    clock = begun()
    for n in range(1, 51):
        clock.now(WALL + n * MINUTE + DAY, BOOT + n * MINUTE - 1, ONE)
        clock.now(WALL + n * MINUTE, BOOT + n * MINUTE, ONE)
    assert clock.now(WALL + 51 * MINUTE, BOOT + 51 * MINUTE, ONE) <= WALL + 51 * MINUTE
    assert len(clock.take_alarms()) == 100


def test_many_small_steps_are_a_jump_too() -> None:
    """59 s at a time stays under the bound each time; together they ring, and refill nothing."""
    clock = begun()
    for n in range(1, 11):
        assert clock.now(WALL + n * 59_000 + n, BOOT + n, ONE) <= WALL + n
    assert len(clock.take_alarms()) >= 1


def test_ntp_slewing_does_not_ring() -> None:
    """Boot time is slewed with the wall clock; what parts them are steps, and ordinary ones are small."""
    clock = begun()
    clock.now(WALL + DAY + 2_000, BOOT + DAY, ONE)
    clock.now(WALL + 2 * DAY - 3_000, BOOT + 2 * DAY, ONE)
    assert clock.take_alarms() == []


def test_a_restart_goes_on_from_the_stored_state() -> None:
    first = begun()
    first.now(WALL + HOUR, BOOT + HOUR, ONE)
    again = BudgetClock(state=first.state())
    assert again.now(WALL + 3 * HOUR, BOOT + 3 * HOUR, ONE) == WALL + 3 * HOUR
    assert again.take_alarms() == []


def test_a_clock_set_during_a_restart_refills_nothing() -> None:
    first = begun()
    first.now(WALL + HOUR, BOOT + HOUR, ONE)
    again = BudgetClock(state=first.state())
    assert again.now(WALL + 31 * DAY, BOOT + HOUR + MINUTE, ONE) == WALL + HOUR + MINUTE
    assert len(again.take_alarms()) == 1


def test_an_older_state_than_the_log_is_brought_up_to_it() -> None:
    first = begun()
    again = BudgetClock(state=first.state())
    again.at_least(WALL + 2 * HOUR)
    assert again.now(WALL + 4 * HOUR, BOOT + 4 * HOUR, ONE) == WALL + 4 * HOUR


def test_a_charge_that_is_younger_than_the_state_is_not_counted_twice() -> None:
    """Not after a jump either, nor after a reboot."""
    first = begun()
    again = BudgetClock(state=first.state())
    again.at_least(WALL + 2 * HOUR)
    assert again.now(WALL + 40 * DAY, BOOT + 4 * HOUR, ONE) == WALL + 4 * HOUR
    other = BudgetClock(state=first.state())
    other.at_least(WALL + 2 * HOUR)
    assert other.now(WALL + 4 * HOUR, MINUTE, TWO) == WALL + 2 * HOUR + MINUTE


def test_a_lost_state_starts_at_the_log_and_not_at_the_wall_clock() -> None:
    clock = BudgetClock()
    clock.at_least(WALL)
    assert clock.now(WALL + 300 * DAY, MINUTE, TWO) == WALL


def test_a_reboot_counts_only_what_ran() -> None:
    first = begun()
    first.now(WALL + HOUR, BOOT + HOUR, ONE)
    again = BudgetClock(state=first.state())
    assert again.now(WALL + 9 * HOUR, 2 * MINUTE, TWO) == WALL + HOUR + 2 * MINUTE
    assert again.now(WALL + 10 * HOUR, 2 * MINUTE + HOUR, TWO) == WALL + 2 * HOUR + 2 * MINUTE
    assert again.take_alarms() == []


def test_reboots_with_a_clock_set_ahead_refill_nothing() -> None:
    state = begun().state()
    for n in range(1, 11):
        clock = BudgetClock(state=state)
        clock.now(WALL + n * 30 * DAY, MINUTE, b"boot %d" % n)
        state = clock.state()
    assert state.budget_ms == WALL + 10 * MINUTE


def test_a_reboot_with_the_clock_set_back_rings_and_goes_on() -> None:
    first = begun()
    again = BudgetClock(state=first.state())
    assert again.now(WALL - DAY, MINUTE, TWO) == WALL
    assert len(again.take_alarms()) == 1
    assert again.now(WALL - DAY + HOUR, MINUTE + HOUR, TWO) == WALL + HOUR


def test_a_reboot_without_boot_ids_is_seen_by_the_boot_clock() -> None:
    clock = BudgetClock()
    clock.now(WALL, BOOT)
    assert clock.now(WALL + 9 * HOUR, MINUTE) == WALL + MINUTE


def test_hours_switched_off_count_up_to_the_setting() -> None:
    limits = Limits(off_hours=14)
    first = begun(limits)
    again = BudgetClock(limits, first.state())
    assert again.now(WALL + 10 * HOUR, MINUTE, TWO) == WALL + 10 * HOUR
    later = BudgetClock(limits, again.state())
    assert later.now(WALL + 400 * DAY, MINUTE, b"third boot") == WALL + 24 * HOUR + MINUTE


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3 * HOUR), st.integers(-40 * DAY, 40 * DAY), st.sampled_from(["read", "restart", "reboot"])
        ),
        max_size=30,
    )
)
def test_whatever_is_done_to_the_wall_clock_time_is_never_more_than_ran(steps: list[tuple[int, int, str]]) -> None:
    clock, wall, boot, name, ran, last = begun(), WALL, BOOT, ONE, 0, WALL
    for n, (step, set_by, deed) in enumerate(steps):
        wall, boot, ran = wall + step + set_by, boot + step, ran + step
        if deed != "read":
            clock = BudgetClock(state=clock.state())
        if deed == "reboot":
            boot, name = step, b"boot %d" % n
        budget = clock.now(max(0, wall), boot, name)
        assert last <= budget <= WALL + ran
        last = budget


@given(st.integers(0, 2**62), st.integers(0, 2**62), st.binary(max_size=40))
def test_the_state_is_what_was_read(wall: int, boot: int, name: bytes) -> None:
    clock = BudgetClock()
    clock.now(wall, boot, name)
    assert clock.state() == ClockState(wall, wall, boot, name)

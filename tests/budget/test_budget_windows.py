"""Windows and tallies against the list of everything that was ever added."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seifas.keeper.budget.limits import DAY, HOUR, Limits
from seifas.keeper.budget.warm_days import WarmDays
from seifas.keeper.budget.windows import Tally, Window

ADDS = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([b"a", b"b", b"c", b"d", b"e"])), max_size=40)


@given(adds=ADDS, bound=st.integers(0, 6), drop=st.sampled_from([b"a", b"z"]), later=st.integers(0, 1500))
def test_a_window_counts_different_keys_of_its_span(
    adds: list[tuple[int, bytes]], bound: int, drop: bytes, later: int
) -> None:
    window, now, last = Window(1000), 0, {}
    for step, key in adds:
        now += step
        window.add(key, now)
        last[key] = now
    window.drop(drop)
    last.pop(drop, None)
    now += later
    live = {key: at for key, at in last.items() if now - at < 1000}
    assert window.count(now) == len(live)
    assert dict(window.entries(now)) == live
    assert set(window.keys(now)) == set(live)
    assert all(window.has(key, now) == (key in live) for key in (b"a", b"b", b"z"))
    wait = window.frees(now, bound)
    if len(live) < bound or bound == 0:
        assert wait == 0
    else:
        assert sum(now + wait - at < 1000 for at in live.values()) < bound
        assert sum(now + wait - 1 - at < 1000 for at in live.values()) >= bound


@given(steps=st.lists(st.integers(0, 400), max_size=40), bound=st.integers(0, 6), later=st.integers(0, 1500))
def test_a_tally_counts_each_time(steps: list[int], bound: int, later: int) -> None:
    tally, now, times = Tally(1000), 0, []
    for step in steps:
        now += step
        tally.add(now)
        times.append(now)
    now += later
    live = [at for at in times if now - at < 1000]
    assert tally.count(now) == len(live)
    assert list(tally.times(now)) == live
    wait = tally.frees(now, bound)
    if len(live) < bound or bound == 0:
        assert wait == 0
    else:
        assert sum(now + wait - at < 1000 for at in live) < bound <= sum(now + wait - 1 - at < 1000 for at in live)


def test_a_window_forgets_as_it_goes() -> None:
    """Ten thousand patients passed through; what is held is what still counts."""
    window = Window(HOUR)
    for n in range(10_000):
        window.add(b"%d" % n, n * 60_000)
        assert window.count(n * 60_000) <= 60
    assert len(window.entries(10_000 * 60_000)) <= 60


def ceiling_after(counts: list[int]) -> list[int]:
    """The ceiling each morning, for an account that opened so many warm charts each day before."""
    days, ceilings = WarmDays(Limits()), []
    for day, count in enumerate(counts):
        ceilings.append(days.ceiling(day * DAY + 8 * HOUR))
        for n in range(count):
            days.opened(day * DAY + 9 * HOUR + n)
    return [*ceilings, days.ceiling(len(counts) * DAY + 8 * HOUR)]


def test_the_ceiling_is_thirty_without_history() -> None:
    assert ceiling_after([]) == [30]
    assert set(ceiling_after([0] * 60)) == {30}
    assert set(ceiling_after([10] * 60)) == {30}


def test_a_busy_doctor_gets_twice_the_median_in_weeks() -> None:
    week = [28, 30, 26, 29, 27, 0, 0]
    ceilings = ceiling_after(week * 14)
    assert ceilings[28] == 30
    assert ceilings[-1] == 56
    assert ceilings == sorted(ceilings)


def test_nobody_raises_the_own_ceiling_quickly() -> None:
    """A thief who reads at the ceiling every day, lifts and all: the ceiling moves by a quarter in a fortnight."""
    days, ceilings = WarmDays(Limits()), []
    for day in range(90):
        ceiling = days.ceiling(day * DAY)
        ceilings.append(ceiling)
        for n in range(2 * ceiling):
            days.opened(day * DAY + n)
    assert ceilings[28] <= 38
    assert ceilings[60] <= 75
    assert max(ceilings) <= 120
    for before, after in zip(ceilings, ceilings[14:], strict=False):
        assert after <= before * 1.25 + 2


def test_a_dormant_account_does_not_start_with_its_one_busy_day() -> None:
    assert ceiling_after([30] * 9)[-1] == 30
    assert ceiling_after([30, 0, 0, 0, 0, 0, 0] * 8)[-1] == 30


@given(
    counts=st.lists(st.integers(0, 90), min_size=1, max_size=70),
    looks=st.lists(st.integers(0, 70 * 24), max_size=20),
)
def test_looking_at_the_ceiling_does_not_change_it(counts: list[int], looks: list[int]) -> None:
    looked = WarmDays(Limits())
    for day, count in enumerate(counts):
        for hour in sorted(look for look in looks if look // 24 == day):
            looked.ceiling(hour * HOUR)
        for n in range(count):
            looked.opened(day * DAY + DAY - 1000 + n)
    assert looked.ceiling(len(counts) * DAY) == ceiling_after(counts)[-1]

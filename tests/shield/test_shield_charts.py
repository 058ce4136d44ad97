"""Charts: every shape inside its box, layers that add up, gaps that stay gaps, pictures without anything that runs."""

from __future__ import annotations

from xml.etree import ElementTree

import msgspec
from flood_teller import state
from hypothesis import given
from hypothesis import strategies as st

from seifas.shield import charts
from seifas.shield.model import Lane, LaneMinute, Minute, Outcome

_counts = st.integers(min_value=0, max_value=2_000_000)
_lanes = st.dictionaries(
    st.sampled_from([one.value for one in Lane]),
    st.builds(LaneMinute, st.dictionaries(st.sampled_from([one.value for one in Outcome]), _counts), _counts),
)


def minute(at: int, lanes: dict[str, LaneMinute], *, requests: int = 0, distinct: int = 5, mode: int = 0) -> Minute:
    return Minute(
        "public", at * 60_000, 60, requests, 0, 0, distinct, True, 0, lanes, mode, (), (), (), (), 0, 0, 0, None
    )


_minutes = st.lists(st.builds(
    minute, st.integers(min_value=29_000_000, max_value=29_003_000), _lanes, requests=_counts, distinct=_counts,
    mode=st.integers(min_value=0, max_value=2),
), max_size=40)  # fmt: skip


@given(_minutes, _counts)
def test_everything_lies_inside_the_box(minutes: list[Minute], usual: int) -> None:
    slots = charts.slots_of(minutes)
    assert len(slots) <= charts.MOST_SLOTS
    for chart in (charts.traffic(slots), charts.known(slots), charts.addresses(slots, usual)):
        if chart is None:
            assert not minutes
            continue
        assert chart.peak <= chart.top
        for one in (*chart.areas, *chart.lines):
            for point in one.points.split():
                x, y = map(float, point.split(","))
                assert -0.1 <= x <= chart.width + 0.1
                assert -0.1 <= y <= chart.height + 0.1
        assert all(one.width > 0 and one.mode in (1, 2) for one in chart.bands)
        drawn = ElementTree.fromstring(charts.svg(chart))
        assert {one.tag.rpartition("}")[2] for one in drawn.iter()} <= {"svg", "rect", "path", "polygon", "polyline"}


@given(_minutes)
def test_no_request_is_lost_or_made(minutes: list[Minute]) -> None:
    told = sum(
        max(one.requests if one.lanes and any(each.outcomes.values() for each in one.lanes.values()) else 0,
            sum(sum(each.outcomes.values()) for each in one.lanes.values()))
        if any(sum(each.outcomes.values()) for each in one.lanes.values()) else 0
        for one in minutes
    )  # fmt: skip
    slots = charts.slots_of(minutes)
    assert abs(sum(one.requests for one in slots) - told) <= 3 * len(slots)
    assert all(one.known_got + one.known_not <= one.requests + 3 for one in slots)


def test_a_flood_beside_the_clinic() -> None:
    lanes = {
        "staff": LaneMinute({"served": 60}, 0), "patient": LaneMinute({"served": 118, "limited": 2}, 0),
        "stranger": LaneMinute({"challenged": 400_000, "shed": 80_000, "static": 1200}, 0),
    }  # fmt: skip
    calm = [minute(at, {"stranger": LaneMinute({"served": 600}, 0)}) for at in range(10)]
    slots = charts.slots_of([*calm, minute(10, lanes, distinct=210_000, mode=2)])
    assert [(slots[-1].got, slots[-1].asked, slots[-1].away) for _ in "1"] == [(1378, 400_000, 80_002)]
    assert (slots[-1].known_got, slots[-1].known_not) == (178, 2)
    chart = charts.traffic(slots)
    assert chart is not None
    assert round(chart.peak) == 8023
    assert chart.top == 10_000
    assert chart.peak_ms == 600_000
    assert [(one.mode, round(one.x)) for one in chart.bands] == [(2, 582)]


def test_a_gap_stays_a_gap_and_both_listeners_are_one_step() -> None:
    lanes = {"staff": LaneMinute({"served": 60}, 0)}
    rows = [minute(1, lanes), minute(1, lanes), minute(2, lanes), minute(9, lanes)]
    slots = charts.slots_of(rows)
    assert [one.got for one in slots] == [120, 60, 60]
    assert slots[0].distinct == 10
    chart = charts.known(slots)
    assert chart is not None
    assert len([one for one in chart.areas if one.look == "in"]) == 2


def test_the_running_minute_stands_apart() -> None:
    told = state(2, {"staff": {"served": 30}, "stranger": {"challenged": 4000, "refused": 1000}})
    now = charts.running(told)
    assert (now.seconds, now.got, now.asked, now.away, now.known_got, now.mode) == (10, 30, 4000, 1000, 30, 2)
    finished = charts.slots_of([minute(now.begins_ms // 60_000 - 1, {"staff": LaneMinute({"served": 60}, 0)})])
    chart = charts.traffic((*finished, now))
    assert chart is not None
    assert round(chart.peak) == 503
    assert [one.pale for one in chart.areas if one.look == "asked"] == [False, True]
    assert charts.svg(chart).count('fill-opacity="0.5"') == 3
    assert charts.running(msgspec.structs.replace(told, listeners={})).requests == 0


def test_lines_that_were_lost_are_put_back_in_proportion() -> None:
    lanes = {"staff": LaneMinute({"served": 10}, 0), "stranger": LaneMinute({"challenged": 90}, 0)}
    slot = charts.slots_of([minute(1, lanes, requests=1000)])[0]
    assert (slot.got, slot.asked) == (100, 900)

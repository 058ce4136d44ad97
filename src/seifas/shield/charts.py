"""Charts of a flood: who got a page, what was held back, how many addresses sent, and which mode was on when.

Pure: minutes in, geometry out, in the units of its own box. The desk draws a chart by a template, in the colours of its
theme; the PDF takes `svg`. Neither has words in the picture: they stand beside it, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from seifas.shield.model import Lane, LaneMinute, Minute, Outcome, State

WIDTH: Final = 640
HEIGHT: Final = 160
MOST_SLOTS: Final = 120
"""Steps of one chart: more would be finer than a telephone's screen. Longer times have several minutes in a step."""

KNOWN: Final = (Lane.STAFF, Lane.MACHINE, Lane.PATIENT)
"""Lanes of those whom the house knows."""

PRINTED: Final[Mapping[str, str]] = {
    "in": "#1d6138", "asked": "#d9a441", "away": "#8c8678", "mode-1": "#f3e6c8", "mode-2": "#f4d3cf",
    "usual": "#565e63", "rule": "#dfd9cd", "addresses": "#0b5a6b",
}  # fmt: skip
"""Colours on paper, by look. They differ in lightness, too: a copier sees no colours."""

_MINUTE_MS: Final = 60_000
_NOW_S: Final = 10
_GOT: Final = (Outcome.SERVED, Outcome.STATIC, Outcome.PASSED)
_AWAY: Final = (Outcome.LIMITED, Outcome.SHED, Outcome.REFUSED)


class Slot(msgspec.Struct, frozen=True):
    """One step of a chart: all listeners together. Counts are of requests in the `seconds` of it that are known;
    `distinct` is the most of one minute."""

    begins_ms: int
    ends_ms: int
    seconds: int
    got: int
    asked: int
    away: int
    known_got: int
    known_not: int
    distinct: int
    mode: int
    running: bool = False  # of now: the last ten seconds of a minute that is not over

    @property
    def requests(self) -> int:
        return self.got + self.asked + self.away


class Shape(msgspec.Struct, frozen=True):
    """A filled step, or a line; `look` says what it is. `points` as SVG has them. `pale`: not measured to its end."""

    look: str
    points: str
    pale: bool = False


class Band(msgspec.Struct, frozen=True):
    """A stretch of time in a mode stricter than CALM."""

    mode: int
    x: float
    width: float


class Chart(msgspec.Struct, frozen=True):
    """A picture of `width` by `height`. `top` is the value at its upper edge, `peak` the greatest shown, at `peak_ms`,
    `last` the newest; all a second, or addresses a minute."""

    width: int
    height: int
    areas: tuple[Shape, ...]
    lines: tuple[Shape, ...]
    bands: tuple[Band, ...]
    top: float
    peak: float
    peak_ms: int
    last: float
    begins_ms: int
    ends_ms: int


def got_of(lane: LaneMinute) -> int:
    """Requests of a lane that ended with a page, or with the cookie that leads to one."""
    return sum(lane.outcomes.get(one, 0) for one in _GOT)


def asked_of(lane: LaneMinute) -> int:
    return lane.outcomes.get(Outcome.CHALLENGED, 0)


def away_of(lane: LaneMinute) -> int:
    """Requests of a lane that were turned away: too many, no room, or malformed."""
    return sum(lane.outcomes.get(one, 0) for one in _AWAY)


def slots_of(minutes: Iterable[Minute], most: int = MOST_SLOTS) -> tuple[Slot, ...]:
    """Minutes of any listeners as at most `most` steps, oldest first; times of which nothing is known are left out.
    Where lines were lost the counts of lanes are raised to what HAProxy counted, in their proportions."""
    by_time: dict[int, list[Minute]] = {}
    for one in minutes:
        by_time.setdefault(one.begins_ms // _MINUTE_MS * _MINUTE_MS, []).append(one)
    if not by_time:
        return ()
    first, last = min(by_time), max(by_time)
    step = _MINUTE_MS * max(1, -(-((last - first) // _MINUTE_MS + 1) // most))
    grouped: dict[int, list[list[Minute]]] = {}
    for at in sorted(by_time):
        grouped.setdefault(first + (at - first) // step * step, []).append(by_time[at])
    return tuple(_slot(at, step, rows) for at, rows in grouped.items())


def _slot(at: int, step: int, minutes: list[list[Minute]]) -> Slot:
    counts = [0.0] * 5
    for one in (each for row in minutes for each in row):
        named = sum(sum(lane.outcomes.values()) for lane in one.lanes.values())
        scale = max(1.0, one.requests / named) if named else 1.0
        for name, lane in one.lanes.items():
            _add(counts, name, lane, scale)
    got, asked, away, known_got, known_not = (round(one) for one in counts)
    return Slot(
        at, at + step, 60 * len(minutes), got, asked, away, known_got, known_not,
        max(sum(one.distinct for one in row) for row in minutes),
        max(one.mode for row in minutes for one in row),
    )  # fmt: skip


def _add(counts: list[Any], name: str, lane: LaneMinute, scale: float) -> None:
    """Adds a lane to: got, asked, away; got and not of those whom the house knows."""
    got, asked, away = got_of(lane) * scale, asked_of(lane) * scale, away_of(lane) * scale
    known = name in KNOWN
    for place, value in enumerate((got, asked, away, got * known, (asked + away) * known)):
        counts[place] += value


def running(state: State) -> Slot:
    """The minute that is not over, as the last ten seconds promise it."""
    counts: list[int] = [0] * 5
    for name, lane in ((name, lane) for one in state.listeners.values() for name, lane in one.lanes.items()):
        _add(counts, name, lane, 1)
    got, asked, away, known_got, known_not = counts
    begins = state.ms // _MINUTE_MS * _MINUTE_MS
    return Slot(
        begins, begins + _MINUTE_MS, _NOW_S, got, asked, away, known_got, known_not,
        sum(one.distinct_minute for one in state.listeners.values()),
        max((one.mode for one in state.listeners.values()), default=0), running=True,
    )  # fmt: skip


def traffic(slots: Sequence[Slot]) -> Chart | None:
    """All requests a second: who got a page, who was asked to prove something, who was turned away; None of nothing."""
    layers = (("in", lambda one: one.got), ("asked", lambda one: one.asked), ("away", lambda one: one.away))
    return _stacked(slots, layers)


def known(slots: Sequence[Slot]) -> Chart | None:
    """The same of staff, patients who have been here and accepted programs: beside a flood they would be a hairline."""
    return _stacked(slots, (("in", lambda one: one.known_got), ("away", lambda one: one.known_not)))


def addresses(slots: Sequence[Slot], usual: int = 0) -> Chart | None:
    """Different addresses a minute; `usual` what is ordinary at this hour, 0 where it is not known yet."""
    if not slots:
        return None
    values = [float(one.distinct) for one in slots]
    top = _round_up(max(*values, float(usual), 1.0))
    place = _placer(slots, top)
    area = tuple(
        Shape("addresses", _steps(run, lambda _: 0.0, lambda one: float(one.distinct), place), run[0].running)
        for run in _runs(slots)
    )
    level = f"{place(0, usual)[1]:.1f}"
    line = (Shape("usual", f"0,{level} {WIDTH},{level}"),) if usual else ()
    return _chart(slots, values, top, area, line)


def svg(chart: Chart, paint: Mapping[str, str] = PRINTED) -> str:
    """The picture alone, as a file of its own: no text, no style sheet, colours by `paint`."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {chart.width} {chart.height}" '
             f'width="{chart.width}" height="{chart.height}">']  # fmt: skip
    parts += [f'<rect x="{one.x:.1f}" y="0" width="{one.width:.1f}" height="{chart.height}" '
              f'fill="{paint[f"mode-{one.mode}"]}"/>' for one in chart.bands]  # fmt: skip
    parts += [f'<path d="M0 {y:.1f}H{chart.width}" stroke="{paint["rule"]}" stroke-width="1" fill="none"/>'
              for y in (0.5, chart.height / 2, chart.height - 0.5)]  # fmt: skip
    parts += [f'<polygon points="{one.points}" fill="{paint[one.look]}" fill-opacity="{0.5 if one.pale else 1}"/>'
              for one in chart.areas]  # fmt: skip
    parts += [f'<polyline points="{one.points}" fill="none" stroke="{paint[one.look]}" stroke-width="1.5" '
              f'stroke-dasharray="6 4"/>' for one in chart.lines]  # fmt: skip
    return "".join([*parts, "</svg>"])


_Value = Callable[[Slot], float]
_Place = Callable[[int, float], tuple[float, float]]


def _stacked(slots: Sequence[Slot], layers: Sequence[tuple[str, _Value]]) -> Chart | None:
    if not slots:
        return None
    values = [sum(value(one) for _, value in layers) / one.seconds for one in slots]
    top = _round_up(max(values))
    place = _placer(slots, top)
    areas: list[Shape] = []
    below: list[_Value] = []
    for look, value in layers:
        under = tuple(below)
        below.append(value)
        upto = tuple(below)
        for run in _runs(slots):
            areas.append(Shape(look, _steps(run, _sum(under), _sum(upto), place), run[0].running))
    return _chart(slots, values, top, tuple(areas), ())


def _sum(values: tuple[_Value, ...]) -> _Value:
    return lambda one: sum(value(one) for value in values) / one.seconds


def _runs(slots: Sequence[Slot]) -> list[list[Slot]]:
    """Stretches without a gap; what is running is one of its own."""
    found: list[list[Slot]] = []
    for one in slots:
        if found and found[-1][-1].ends_ms == one.begins_ms and not one.running:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def _placer(slots: Sequence[Slot], top: float) -> _Place:
    first, length = slots[0].begins_ms, slots[-1].ends_ms - slots[0].begins_ms

    def place(ms: int, value: float) -> tuple[float, float]:
        return (ms - first) / length * WIDTH, HEIGHT * (1 - value / top)

    return place


def _steps(run: Sequence[Slot], low: _Value, high: _Value, place: _Place) -> str:
    """The polygon between two heights: there along the upper edge, back along the lower."""
    there = [place(ms, high(one)) for one in run for ms in (one.begins_ms, one.ends_ms)]
    back = [place(ms, low(one)) for one in reversed(run) for ms in (one.ends_ms, one.begins_ms)]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in (*there, *back))


def _chart(
    slots: Sequence[Slot], values: Sequence[float], top: float, areas: tuple[Shape, ...], lines: tuple[Shape, ...]
) -> Chart:
    at = max(range(len(values)), key=values.__getitem__)
    return Chart(
        WIDTH, HEIGHT, areas, lines, _bands(slots), top, values[at], slots[at].begins_ms, values[-1],
        slots[0].begins_ms, slots[-1].ends_ms,
    )  # fmt: skip


def _bands(slots: Sequence[Slot]) -> tuple[Band, ...]:
    place = _placer(slots, 1)
    found: list[tuple[int, int, int]] = []
    for one in slots:
        if found and found[-1][0] == one.mode and found[-1][2] == one.begins_ms:
            found[-1] = (one.mode, found[-1][1], one.ends_ms)
        else:
            found.append((one.mode, one.begins_ms, one.ends_ms))
    return tuple(Band(mode, place(since, 0)[0], place(until, 0)[0] - place(since, 0)[0])
                 for mode, since, until in found if mode)  # fmt: skip


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20 …, so that the edge of a chart is a number that is read at a glance."""
    size = 1.0
    while True:
        for step in (1, 2, 5):
            if value <= size * step:
                return size * step
        size *= 10

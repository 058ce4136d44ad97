"""What a measurement is: samples of ours, samples of what stands beside them, the bar, and whether it is met.

Samples are taken in turns (ours, theirs, ours, theirs ...), so a ratio is made of neighbours: its median is the median
of the pairs' ratios, not the ratio of two medians that may come from two different minutes.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import msgspec


class Bar(msgspec.Struct, frozen=True):
    """A value has to be at least, or at most, so much. `unit` is "x" for a ratio."""

    at_least: float | None = None
    at_most: float | None = None
    unit: str = "x"

    def met(self, value: float) -> bool:
        if self.at_least is not None and value < self.at_least:
            return False
        return self.at_most is None or value <= self.at_most

    def __str__(self) -> str:
        sign, bound = ("≥", self.at_least) if self.at_least is not None else ("≤", self.at_most)
        assert bound is not None
        return f"{sign} {bound:g} {self.unit}" if self.unit != "x" else f"{sign} {bound:g}x"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure. `value` is what the bar is held against: a ratio, or the median of `ours`."""

    what: str
    unit: str
    ours: tuple[float, ...]
    peer: str = ""
    theirs: tuple[float, ...] = ()
    value: float | None = None
    bar: str = ""
    met: bool | None = None
    note: str = ""


def alone(what: str, unit: str, ours: Sequence[float], bar: Bar | None = None, note: str = "") -> Figure:
    """A figure with nothing beside it but its bar."""
    value = statistics.median(ours)
    return Figure(
        what=what, unit=unit, ours=tuple(ours), value=value, bar="" if bar is None else str(bar),
        met=None if bar is None else bar.met(value), note=note,
    )  # fmt: skip


def beside(
    what: str, unit: str, ours: Sequence[float], peer: str, theirs: Sequence[float], bar: Bar | None = None,
    note: str = "",
) -> Figure:
    """Ours beside a peer or a limit, measured in turns; the bar is on the ratio ours / theirs."""
    ratios = [one / other for one, other in zip(ours, theirs, strict=True) if other]
    value = statistics.median(ratios) if ratios else None
    return Figure(
        what=what, unit=unit, ours=tuple(ours), peer=peer, theirs=tuple(theirs), value=value,
        bar="" if bar is None else str(bar), met=None if bar is None or value is None else bar.met(value), note=note,
    )  # fmt: skip


def shown(figure: Figure) -> str:
    """The figure in words, two or three lines."""
    parts = [f"{samples(figure.ours)} {figure.unit}"]
    if figure.theirs:
        parts.append(f"{figure.peer}: {samples(figure.theirs)} {figure.unit}")
        if figure.value is not None:
            parts.append(f"ratio {figure.value:.3g}x")
    if figure.bar:
        parts.append(f"bar {figure.bar}: {'not measured' if figure.met is None else 'met' if figure.met else 'MISSED'}")
    lines = [f"  {figure.what}", "      " + "  |  ".join(parts)]
    if figure.note:
        lines.append(f"      ({figure.note})")
    return "\n".join(lines)


def samples(values: Sequence[float]) -> str:
    """The median in words, with the least and the most where there are several."""
    if not values:
        return "-"
    middle = number(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({number(min(values))} to {number(max(values))})"


def number(value: float) -> str:
    """Three figures that mean something, thousands separated."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"

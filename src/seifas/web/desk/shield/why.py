"""Why a mode was changed, in words: the loop's fixed words (shield/modes.py) and what it measured, with its bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from seifas.shield import modes

WHY: Final[Mapping[str, str]] = {
    modes.SOURCES: "shield-why-sources", modes.NEWCOMERS: "shield-why-newcomers", modes.QUEUE: "shield-why-queue",
    modes.PROCESSOR: "shield-why-processor", modes.CONNECTIONS: "shield-why-connections",
    modes.TURNED_AWAY: "shield-why-turned-away", modes.DEMAND: "shield-why-demand", modes.QUIET: "shield-why-quiet",
    modes.BY_HAND: "shield-why-by-hand", modes.HAND_OFF: "shield-why-hand-off",
}  # fmt: skip
FIGURES: Final[Mapping[str, str]] = {
    modes.SOURCES: "shield-figure-sources", modes.NEWCOMERS: "shield-figure-newcomers",
    modes.QUEUE: "shield-figure-queue", modes.PROCESSOR: "shield-figure-processor",
    modes.CONNECTIONS: "shield-figure-connections", modes.TURNED_AWAY: "shield-figure-turned-away",
    modes.DEMAND: "shield-figure-demand",
}  # fmt: skip
_BOUND: Final = "_bound"
_MOST: Final = 1 << 53


class Figure(msgspec.Struct, frozen=True):
    """What was measured; `bound` what it passed, 0 where none was."""

    words: str
    value: float
    bound: float


def why_of(word: str) -> str:
    """The key of the words for a reason; a reason that is not known says only that something was measured."""
    return WHY.get(word, "shield-why-other")


def figures_of(figures: Mapping[str, float]) -> list[Figure]:
    """Those figures that have words and can be."""
    return [
        Figure(FIGURES[name], round(value, 2 if value < 10 else None), round(bound, 2 if bound < 10 else None))
        for name, value in figures.items() if name in FIGURES
        for bound in (figures.get(name + _BOUND, 0.0),) if max(abs(value), abs(bound)) < _MOST
    ]  # fmt: skip

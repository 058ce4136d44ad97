"""Reads the audit log backwards, newest line first, as officers look at it."""

from __future__ import annotations

from collections.abc import Iterator

from seifas.audit.tiles import TileReader
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Line

_SEARCHED = 200_000
_BUNDLE = 256


def lines_back(keeper: Keeper, before: int = 0) -> Iterator[tuple[int, Line]]:
    """(index, line) from the newest published backwards, at most 200,000 of them."""
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    end = min(before, audit.published) if before > 0 else audit.published
    first = max(0, end - _SEARCHED)
    while end > first:
        start = max(first, (end - 1) // _BUNDLE * _BUNDLE)
        leaves = list(reader.entries(start, end))
        for index in range(end - 1, start - 1, -1):
            yield index, audit.read(leaves[index - start], index)[0]
        end = start

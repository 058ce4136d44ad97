"""Reads the audit log backwards, newest line first, as officers look at it; in a thread, so that the clinic goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from seifas.audit.tiles import TileReader
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Line
from seifas.keeper.log import AuditLog

MOST = 200_000
"""Lines that a look at the log goes through at most: 3 s of one core."""

_BUNDLE = 256


async def lines_back(
    keeper: Keeper, before: int = 0, *, since_ms: int = 0, most: int = MOST
) -> AsyncIterator[tuple[int, Line]]:
    """(index, line) from the newest published backwards, at most `most` of them (0: no bound).

    Ends where 256 lines one after another are older than `since_ms`; a few older ones between others (the clock was
    set) do not end it.
    """
    audit = keeper.require_unlocked().audit
    end = min(before, audit.published) if before > 0 else audit.published
    first = max(0, end - most) if most else 0
    while end > first:
        start = max(first, (end - 1) // _BUNDLE * _BUNDLE)
        lines = await asyncio.to_thread(_read, audit, start, end)
        if all(line.wall_ms < since_ms for line in lines):
            return
        for place in range(end - start - 1, -1, -1):
            yield start + place, lines[place]
        end = start


def _read(audit: AuditLog, start: int, end: int) -> list[Line]:
    leaves = TileReader(audit.directory, audit.published).entries(start, end)
    return [audit.read(leaf, index)[0] for index, leaf in enumerate(leaves, start)]

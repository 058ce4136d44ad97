"""Finds the audit lines that rows were committed with: a row knows only the size of the log shortly before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from seifas.audit.tiles import TileReader
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Line

_AT_ONCE: Final = 64
_SEARCHED: Final = 4_096
"""Lines after `near` in which a row's own is looked for: more are never written in one transaction."""


def log_of(keeper: Keeper) -> bytes:
    """Which log the numbers of lines are of: a restored vault has another one."""
    return sha256(keeper.require_unlocked().audit.origin.encode()).digest()[:8]


async def own_lines(
    keeper: Keeper, near: Mapping[bytes, int], about: Callable[[Line], bytes]
) -> dict[bytes, tuple[int, Line]]:
    """(number, line) by id, for those whose line there is. `near`: id -> a number that its line is not below. `about`:
    the id that a line is the own one of, empty for others."""
    if not near:
        return {}
    opened = keeper.require_unlocked()
    if max(near.values()) + _SEARCHED > opened.audit.published:  # they may not be in the tiles yet
        await asyncio.to_thread(opened.audit.publish, opened.state)
    return await asyncio.to_thread(_read, keeper, near, about)


def _read(
    keeper: Keeper, near: Mapping[bytes, int], about: Callable[[Line], bytes]
) -> dict[bytes, tuple[int, Line]]:
    """Reads each line once, however many rows were written at the same time. On a thread."""
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    waiting = sorted(near, key=lambda each: near[each], reverse=True)
    sought: dict[bytes, int] = {}  # id -> the last line that may be its own
    own: dict[bytes, tuple[int, Line]] = {}
    at = 0
    while sought or waiting:
        if not sought:
            at = max(at, near[waiting[-1]])
        while waiting and near[waiting[-1]] < at + _AT_ONCE:
            one = waiting.pop()
            sought[one] = min(near[one] + _SEARCHED, audit.published)
        for number, leaf in enumerate(reader.entries(at, min(at + _AT_ONCE, audit.published)), at):
            line = audit.read(leaf, number)[0]
            ident = about(line)
            if sought.pop(ident, None) is not None:
                own[ident] = (number, line)
        at += _AT_ONCE
        sought = {one: last for one, last in sought.items() if at < last}
    return own

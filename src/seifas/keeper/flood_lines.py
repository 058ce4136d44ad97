"""Where in the audit log the lines of a flood stand: of its beginning, of each minute, of each part of a book.

What a line says is read from the log itself: it is what the evidence is held against.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seifas.keeper.flood_model import Flood, FloodMinute, FloodPart
from seifas.keeper.keeper import Keeper
from seifas.keeper.line_finding import log_of, own_lines
from seifas.keeper.lines import Action, Line


class Logged(NamedTuple):
    """A line's number, and the SHA-256 that it says (empty for the beginning of a flood). -1: it stands in another log,
    since the vault was restored."""

    line: int
    sha256: bytes


async def logged(keeper: Keeper, rows: Sequence[Flood | FloodMinute | FloodPart]) -> dict[bytes, Logged]:
    """By id of flood, minute or part."""
    log, known = log_of(keeper), keeper.floods.numbers
    unknown = {one.id: one.near for one in rows if one.id not in known and one.log == log}
    for ident, (number, line) in (await own_lines(keeper, unknown, _about)).items():
        known[ident] = number, line.objects[2] if line.action == Action.FLOOD_KEPT else b""
    return {one.id: Logged(*known.get(one.id, (-1, b""))) for one in rows}


def _about(line: Line) -> bytes:
    """What the line is the first one of."""
    if line.action == Action.FLOOD and line.note == "opened":
        return line.objects[0]
    return line.objects[1] if line.action == Action.FLOOD_KEPT and len(line.objects) == 3 else b""

"""The lines of the audit log that belong to a case: its own, and those of what it is linked with, evidence to floods.

The timeline of a case writes itself from them. A line names no patient here, and no session.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.audit.tiles import TileReader
from seifas.keeper.case_entries import look, person
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import officer_of
from seifas.keeper.door import OPS, Caller
from seifas.keeper.exploring import carry_on
from seifas.keeper.identity.approvals import Kind as Asked
from seifas.keeper.keeper import Keeper
from seifas.keeper.line_finding import log_of
from seifas.keeper.lines import Action, Line, Outcome
from seifas.keeper.log_index import Wanted
from seifas.keeper.log_reading import lines_back

MOST: Final = 5_000
"""Lines of one case that are told: the newest."""

_DAY_MS: Final = 86_400_000
_ALL: Final = 1 << 40
_ACTIONS: Final = frozenset({
    Action.CASE, Action.CASE_SHOWN, Action.CASE_ENTRY, Action.SNAPSHOT, Action.LETTER, Action.TIP, Action.STAMPED,
    Action.CUSTODY, Action.LEAK_CASE, Action.LEAK_OPENED, Action.LEAK_FOUND, Action.LEAK_SHOWN, Action.WATCH,
    Action.ALARM, Action.APPROVAL, Action.FLOOD, Action.FLOOD_SHOWN,
})  # fmt: skip
_APPROVALS: Final = (Asked.LEAK_SEARCH, Asked.CASE_EXPORT, Asked.CASE_WAVE)


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class Read(msgspec.Struct, frozen=True):
    """What is known of a case's lines: those below `until` of the log `log` that name one of `ids`."""

    log: bytes
    ids: frozenset[bytes]
    until: int
    lines: tuple[tuple[int, Line], ...]


@OPS.op("case.lines", OfCase, "desk")
async def lines(keeper: Keeper, caller: Caller, args: OfCase) -> list[dict[str, Any]]:
    """[{ms, deed, outcome, by, objects, note, line}], oldest first, the newest 5,000. `deed` is the word of the action
    ("case-entry", "custody"...), `outcome` done, refused or stopped, `note` a fixed word."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.lines", moment)
    case = keeper.cases.get(args.case)
    await look(keeper, moment, case, session.account, session.id)
    return [told(keeper, number, line) for number, line in await lines_of(keeper, case)]


def told(keeper: Keeper, number: int, line: Line) -> dict[str, Any]:
    """One line for a page or a command."""
    return {
        "ms": line.wall_ms, "deed": Action(line.action).name.lower().replace("_", "-"),
        "outcome": Outcome(line.outcome).name.lower(), "by": person(keeper, line.account),
        "objects": list(line.objects), "note": line.note, "line": number,
    }


async def lines_of(keeper: Keeper, case: Case) -> list[tuple[int, Line]]:
    """(number, line), oldest first. What was read once is kept while the vault is unlocked; only new lines are read."""
    opened, log = keeper.require_unlocked(), log_of(keeper)
    await asyncio.to_thread(opened.audit.publish, opened.state)
    await carry_on(keeper)
    ids = _ids(keeper, case)
    known = keeper.cases.read.get(case.id)
    if known is None or known.log != log or known.ids != ids:
        known = Read(log, ids, 0, tuple(await _old(keeper, case, ids)))
    until = keeper.log_index.size
    new = await asyncio.to_thread(_new, keeper, ids, known.until, until)
    known = Read(log, ids, until, (*known.lines, *new)[-MOST:])
    keeper.cases.read[case.id] = known
    return list(known.lines)


def _ids(keeper: Keeper, case: Case) -> frozenset[bytes]:
    of_case = {case.id, case.leak, *case.links} - {b""}
    asked = {
        one.id for one in keeper.approvals
        if one.kind in _APPROVALS and _about(one.details) & of_case
    }  # fmt: skip
    return frozenset(of_case | asked)


def _about(details: bytes) -> set[bytes]:
    """The ids that an approval's details name at the top."""
    said = msgspec.msgpack.decode(details) if details else {}
    return {one for one in said.values() if isinstance(one, bytes)} if isinstance(said, dict) else set()


def _new(keeper: Keeper, ids: frozenset[bytes], start: int, end: int) -> list[tuple[int, Line]]:
    """On a thread."""
    numbers = [one for one in keeper.log_index.find(Wanted(actions=_ACTIONS), end, _ALL) if one >= start]
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    read = ((one, audit.read(reader.entry(one), one)[0]) for one in sorted(numbers))
    return [(one, line) for one, line in read if ids & set(line.objects)]


async def _old(keeper: Keeper, case: Case, ids: frozenset[bytes]) -> list[tuple[int, Line]]:
    """Those from before the index begins, back to a day before the case or what it is linked with."""
    if not keeper.log_index.first:
        return []
    began = [case.opened_ms]
    began += [one.made_ms for one in keeper.leaks.cases() if one.id in ids]
    began += [one.raised_ms for one in keeper.alarms.all() if one.id in ids]
    began += [one.heard_ms for one in keeper.floods.floods() if one.id in ids]
    back = lines_back(keeper, keeper.log_index.first, since_ms=min(began) - _DAY_MS)
    found = [(number, line) async for number, line in back if line.action in _ACTIONS and ids & set(line.objects)]
    return found[::-1]

"""A case's evidence as the keeper has it: its files with both hashes, and the lines of the log that tell their custody.

The custody record is the audit log itself: what the vault did with a file is a CUSTODY line, what people say of it an
entry of the case, whose line holds the SHA-256 of its words. Each of these lines can be proven to outsiders, and no
other line is through here.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.audit.checkpoint import parse_checkpoint
from seifas.audit.leaf import disclose
from seifas.audit.proof import build_proof
from seifas.audit.tiles import CHECKPOINT, TileReader
from seifas.errors import Missing, TooLarge
from seifas.keeper.case_entries import body_of, person
from seifas.keeper.case_model import Case
from seifas.keeper.case_opening import officer_of
from seifas.keeper.door import OPS, Caller
from seifas.keeper.exploring import carry_on
from seifas.keeper.keeper import Keeper
from seifas.keeper.leak_model import LeakFile
from seifas.keeper.lines import Action, Line
from seifas.keeper.log_index import Wanted
from seifas.keeper.log_reading import lines_back

KINDS: Final = ("evidence", "custody")
"""Entries that are lines of custody."""

MOST: Final = 4_000
"""Lines of one case's custody."""

_ACTIONS: Final = (Action.CUSTODY, Action.CASE_ENTRY)
_LOOKED_AT: Final = 1_000_000


class OfCase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes


class Proofs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`lines`: numbers of lines that `case.custody` tells."""

    session: str
    case: bytes
    lines: tuple[int, ...]


@OPS.op("case.evidence", OfCase, "desk")
async def evidence(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{leak, files}: in the order in which they came, each {file, name, size, sha256, sha512 (empty for files of before
    it was taken), kept_ms, by, how, origin, tool, clock_ms, derived_from}."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.evidence", moment)
    case = keeper.cases.get(args.case)
    return {"leak": case.leak, "files": [told(keeper, one) for one in keeper.leaks.files_of(case.leak)]}


def told(keeper: Keeper, file: LeakFile) -> dict[str, Any]:
    """One file for a page or a bundle: never what opens it."""
    return {
        "file": file.id, "name": file.name, "size": file.size, "sha256": file.sha256, "sha512": file.sha512,
        "kept_ms": file.kept_ms, "by": person(keeper, file.by), "how": file.how, "origin": file.origin,
        "tool": file.tool, "clock_ms": file.clock_ms, "derived_from": file.derived_from,
    }


@OPS.op("case.custody", OfCase, "desk")
async def custody(keeper: Keeper, caller: Caller, args: OfCase) -> dict[str, Any]:
    """{lines, log, key, begins_ms, before}: lines oldest first, each {line, ms, action, note, objects, by, body}; the
    name of the log and its verifier key. `body` is the entry that the line is about, word for word. In a restored vault
    the log begins at `begins_ms`, and what was done earlier stands in the log `before`; else 0 and ""."""
    moment = keeper.now()
    officer_of(keeper, args.session, "case.custody", moment)
    case = keeper.cases.get(args.case)
    found = await lines_of(keeper, case)
    bodies = await _bodies(keeper, case, found)
    key, facts = keeper.require_unlocked().audit.key, keeper.facts
    return {
        "log": key.name, "key": str(key), "before": facts.restored_from.partition("\n")[0],
        "begins_ms": facts.log_started_ms if facts.restored_from else 0,
        "lines": [
            {
                "line": number, "ms": line.wall_ms, "action": line.action, "note": line.note, "objects": line.objects,
                "by": person(keeper, line.account), "body": bodies.get(number, b""),
            }
            for number, line in found
        ],
    }  # fmt: skip


@OPS.op("case.proofs", Proofs, "desk")
async def proofs(keeper: Keeper, caller: Caller, args: Proofs) -> dict[str, Any]:
    """{proofs}: C2SP tlog-proof files in the order asked, all under one checkpoint. Raises Missing for lines that are
    not of this case's custody. That they were handed out is a line."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "case.proofs", moment)
    case = keeper.cases.get(args.case)
    known = {number for number, _ in await lines_of(keeper, case)}
    if not set(args.lines) <= known:
        raise Missing("that line is not of this case's custody", where="line")
    made = await asyncio.to_thread(_proofs, keeper, args.lines)
    await keeper.commit([
        keeper.leaf(
            moment, Action.AUDIT_VIEW, account=session.account, session=session.id, objects=(case.id,),
            note=f"proofs:{len(made)}",
        )
    ])
    return {"proofs": made}


def _proofs(keeper: Keeper, lines: tuple[int, ...]) -> list[bytes]:
    opened = keeper.require_unlocked()
    audit = opened.audit
    note = (audit.directory / CHECKPOINT).read_bytes()
    reader = TileReader(audit.directory, parse_checkpoint(note).size)
    return [
        build_proof(reader, note, one, outer_key=disclose(opened.keyring.audit, reader.entry(one))) for one in lines
    ]


async def _bodies(keeper: Keeper, case: Case, lines: list[tuple[int, Line]]) -> dict[int, bytes]:
    """Number of a line -> the entry that it is about."""
    found = {}
    for number, line in lines:
        if line.action == Action.CASE_ENTRY:
            found[number] = await body_of(keeper, case, keeper.cases.entry(case.id, line.objects[1]))
    return found


async def lines_of(keeper: Keeper, case: Case) -> list[tuple[int, Line]]:
    """(number, line) of the case's custody, oldest first. Raises TooLarge past 4,000."""
    opened = keeper.require_unlocked()
    leak = keeper.leaks.get(case.leak)
    await asyncio.to_thread(opened.audit.publish, opened.state)
    await carry_on(keeper)
    wanted = Wanted(actions=_ACTIONS, since_ms=min(leak.made_ms, case.opened_ms))
    numbers = await asyncio.to_thread(keeper.log_index.find, wanted, 0, _LOOKED_AT)
    found = [one for one in await asyncio.to_thread(_read, keeper, numbers) if _of(one[1], case)]
    if keeper.log_index.first:
        async for number, line in lines_back(keeper, keeper.log_index.first, since_ms=wanted.since_ms):
            if wanted.fits(line) and _of(line, case):
                found.append((number, line))
    if len(found) > MOST:
        raise TooLarge(f"this case has over {MOST} lines of custody; go on in another one", where="custody")
    return sorted(found, key=lambda one: one[0])


def _of(line: Line, case: Case) -> bool:
    if line.action == Action.CUSTODY:
        return bool(line.objects) and line.objects[0] == case.leak
    return line.note in KINDS and line.objects[:1] == (case.id,)


def _read(keeper: Keeper, numbers: list[int]) -> list[tuple[int, Line]]:
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    return [(number, audit.read(reader.entry(number), number)[0]) for number in numbers]

"""Looks at the audit log: "who opened this patient", "what did this account do", "what did this session do"; proofs of
single lines; whether the whole log is as it was signed. Every look is a line of its own.

An officer sees of a patient's lines also the reasons that were given, and may hand out a proof with the reason. An
auditor sees who did what and when, and checks the log; never a reason, and no patient by name.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import msgspec

from seifas.audit.tiles import TileReader
from seifas.audit.verify import Report, verify_log
from seifas.errors import Conflict, Invalid, Refused
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.hats import Hat
from seifas.keeper.identity.machine import account_of
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Line
from seifas.keeper.log_index import Wanted
from seifas.keeper.log_reading import lines_back
from seifas.keeper.model import Head
from seifas.keeper.officer import account_named
from seifas.keeper.opening import acting
from seifas.keeper.proving import proof_of
from seifas.keeper.searching import Search, found_for

MOST_LINES: Final = 500
_BUNDLE: Final = 256
_CHUNK: Final = 2048  # lines that one turn in the thread adds to the index


class Explore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines: by account (login), patient (id, or `pseudonym` as lines bear it), `of_session`, deeds, time.
    `before` is the number of a line: those before it; 0 begins at the newest."""

    session: str
    account: str = ""
    patient: bytes = b""
    pseudonym: bytes = b""
    of_session: bytes = b""
    actions: tuple[str, ...] = ()
    since_ms: int = 0
    until_ms: int = 0
    before: int = 0
    count: int = 100


class ProveLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    index: int
    with_reason: bool = False


class Verify(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`now`: read and hash the whole log (2.2 s a million lines); else what is known."""

    session: str
    now: bool = False


@OPS.op("audit.list", Explore, "desk")
async def explore(keeper: Keeper, caller: Caller, args: Explore) -> list[dict[str, Any]]:
    """Lines, newest first, at most 500: {index, wall_ms, action, outcome, account, display, hats, session, patient
    (pseudonym), objects, note, charged, reason, provable}. `reason` only to an officer who asks about one patient."""
    moment = keeper.now()
    session = acting(keeper, args.session, "audit.list", moment)
    opened = keeper.require_unlocked()
    wanted = _wanted(keeper, session, args)
    head = await _patient(keeper, session, args, wanted)
    leaf = keeper.leaf(
        moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note="lines",
        patient=head.patient if head is not None else None, objects=(wanted.account,) if wanted.account else (),
    )
    # Until now: the look itself is a line too, and stands after what it shows.
    await asyncio.to_thread(opened.audit.publish, opened.state)
    end = opened.audit.published
    await keeper.commit([leaf])
    count = min(max(args.count, 1), MOST_LINES)
    found = await lines_of(keeper, wanted, min(args.before, end) if args.before > 0 else end, count)
    if head is not None:
        return await asyncio.to_thread(_with_reasons, keeper, found, head)
    return [told(keeper, index, line) for index, line in found]


def _wanted(keeper: Keeper, session: Session, args: Explore) -> Wanted:
    try:
        actions = tuple(int(Action[one.upper().replace("-", "_")]) for one in args.actions)
    except KeyError:
        raise Invalid("there is no such deed", where="actions") from None
    if args.patient and session.hat is not Hat.OFFICER:
        raise Refused("only an officer looks at one patient's lines", where="patient")
    opened = keeper.require_unlocked()
    return Wanted(
        account=account_named(keeper, args.account) if args.account else b"",
        patient=opened.keyring.pseudonym(args.patient) if args.patient else args.pseudonym,
        session=args.of_session, actions=actions, since_ms=args.since_ms, until_ms=args.until_ms,
    )


async def _patient(keeper: Keeper, session: Session, args: Explore, wanted: Wanted) -> Head | None:
    """Whose lines an officer looks at; None for an auditor, who is not told, and for somebody erased."""
    if session.hat is not Hat.OFFICER or not wanted.patient:
        return None
    opened = keeper.require_unlocked()
    if args.patient:
        return opened.vault.heads.get(args.patient)
    return await asyncio.to_thread(_by_pseudonym, keeper, wanted.patient)


def _by_pseudonym(keeper: Keeper, pseudonym: bytes) -> Head | None:
    opened = keeper.require_unlocked()
    for patient, head in list(opened.vault.heads.items()):
        if opened.keyring.pseudonym(patient) == pseudonym:
            return head
    return None


async def lines_of(keeper: Keeper, wanted: Wanted, before: int, count: int) -> list[tuple[int, Line]]:
    """(number, line) of at most `count` published lines below `before`, newest first: by the index,
    and past what it holds by reading on."""
    index = keeper.log_index
    await carry_on(keeper)
    numbers = await asyncio.to_thread(index.find, wanted, before, count)
    lines = await asyncio.to_thread(_read, keeper, numbers)
    found = list(zip(numbers, lines, strict=True))
    if len(found) < count and index.first:
        async for number, line in lines_back(keeper, min(before, index.first) if before else index.first):
            if wanted.fits(line):
                found.append((number, line))
                if len(found) >= count:
                    break
    return found


async def carry_on(keeper: Keeper) -> None:
    """Adds to the index what the log has published since; one at a time."""
    async with keeper.lock_of(b"log index"):
        opened = keeper.require_unlocked()
        end = opened.audit.published
        at = keeper.log_index.start(end)
        while at < end:
            stop = min(end, at - at % _BUNDLE + _CHUNK)
            await asyncio.to_thread(_add, keeper, at, stop)
            at = stop


def _add(keeper: Keeper, start: int, stop: int) -> None:
    audit = keeper.require_unlocked().audit
    leaves = TileReader(audit.directory, audit.published).entries(start, stop)
    keeper.log_index.add([audit.read(leaf, number)[0] for number, leaf in enumerate(leaves, start)])


def _read(keeper: Keeper, numbers: list[int]) -> list[Line]:
    audit = keeper.require_unlocked().audit
    reader = TileReader(audit.directory, audit.published)
    return [audit.read(reader.entry(number), number)[0] for number in numbers]


def _with_reasons(keeper: Keeper, found: list[tuple[int, Line]], head: Head) -> list[dict[str, Any]]:
    opened = keeper.require_unlocked()
    audit = opened.audit
    reader = TileReader(audit.directory, audit.published)
    key = opened.keyring.patient(head.patient, head.check).audit
    shown = []
    for index, line in found:
        leaf = reader.entry(index)
        detailed = audit.read(leaf, index)[1] and line.pseudonym == opened.keyring.pseudonym(head.patient)
        reason = audit.read_detail(leaf, key, index).reason if detailed else ""
        shown.append({**told(keeper, index, line), "reason": reason})
    return shown


def told(keeper: Keeper, index: int, line: Line) -> dict[str, Any]:
    """One line for a page; ids that the log bears, never a patient's own."""
    account = keeper.accounts.lookup(line.account) if line.account else None
    return {
        "index": index, "wall_ms": line.wall_ms, "action": Action(line.action).name.lower().replace("_", "-"),
        "outcome": line.outcome, "account": account_name(keeper, line.account),
        "account_id": line.account if account is not None else b"",
        "display": account.display if account is not None else "",
        "hats": [hat.value for hat in account.hats] if account is not None else [],
        "session": line.session, "patient": line.pseudonym, "objects": len(line.objects), "note": line.note,
        "charged": bool(line.charge or line.charges), "reason": "",
    }


@OPS.op("audit.find_patient", Search, "desk")
async def find_patient(keeper: Keeper, caller: Caller, args: Search) -> list[Any]:
    """Masked hits for an officer who is asked who opened somebody's record: charged and written as any search."""
    moment = keeper.now()
    return await found_for(keeper, moment, acting(keeper, args.session, "audit.find_patient", moment), args)


@OPS.op("audit.proof", ProveLine, "desk")
async def prove(keeper: Keeper, caller: Caller, args: ProveLine) -> dict[str, Any]:
    """{proof, name}: a C2SP tlog-proof file with the opened line. With the reason for an officer only."""
    moment = keeper.now()
    session = acting(keeper, args.session, "audit.proof", moment)
    if args.with_reason and session.hat is not Hat.OFFICER:
        raise Refused("only an officer hands out what was given as a reason", where="with_reason")
    proof = await proof_of(keeper, args.index, with_reason=args.with_reason)
    leaf = keeper.leaf(
        moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note=f"proof:{args.index}"
    )
    await keeper.commit([leaf])
    return {"proof": proof, "name": f"line-{args.index}.tlog-proof"}


@OPS.op("audit.verify", Verify, "desk")
async def verify(keeper: Keeper, caller: Caller, args: Verify) -> dict[str, Any]:
    """{size, published, origin, key, checkpoint, witness, checked}: `checked` is the last look at all of it, or None:
    {ok, size, root, problems, at_ms, seconds, by}."""
    moment = keeper.now()
    session = acting(keeper, args.session, "audit.verify", moment)
    opened = keeper.require_unlocked()
    if args.now:
        lock = keeper.lock_of(b"verify log")
        if lock.locked():
            raise Conflict("the log is being checked just now", where="audit")
        async with lock:
            await asyncio.to_thread(opened.audit.publish, opened.state)
            began = time.perf_counter()
            report = await asyncio.to_thread(verify_log, opened.audit.directory, opened.audit.key)
            await _checked(keeper, session, report, time.perf_counter() - began)
    watch = keeper.witness
    return {
        "size": opened.audit.size, "published": opened.audit.published, "origin": opened.audit.origin,
        "key": str(opened.audit.key), "checkpoint": opened.audit.checkpoint.decode("ascii", "replace"),
        "witness": {
            "watched": bool(keeper.settings.witness_key), "size": watch.size,
            "heard_s": round(time.monotonic() - watch.heard) if watch.heard else -1,
        },
        "checked": keeper.log_checked,
    }


async def _checked(keeper: Keeper, session: Session, report: Report, seconds: float) -> None:
    moment = keeper.now()
    note = "verified" if report.ok else "verified-not-whole"
    await keeper.commit([
        keeper.leaf(moment, Action.AUDIT_VIEW, account=session.account, session=session.id, note=note)
    ])
    keeper.log_checked = {
        "ok": report.ok, "size": report.size, "root": report.root, "problems": list(report.problems[:20]),
        "at_ms": moment.wall_ms, "seconds": round(seconds, 2), "by": account_name(keeper, session.account),
    }


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


@OPS.op("audit.accounts", OfSession, "desk")
async def accounts(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Whose deeds can be asked for: {id, name, display}, people first."""
    acting(keeper, args.session, "audit.list", keeper.now())
    people = sorted(keeper.accounts, key=lambda one: one.name)
    programs = sorted(keeper.clients, key=lambda one: one.name)
    return [{"id": one.id, "name": one.name, "display": one.display} for one in people] + [
        {"id": account_of(one.id), "name": f"client {one.name}", "display": one.name} for one in programs
    ]

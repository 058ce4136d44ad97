"""Who opened my chart: every line of the log that names a patient, to that patient; and a proof file for each.

What is told: when, what, in which hat, by which kind of signing in, and the reason that was given. The hat and the kind
are read from the log too, from the lines of signing in and changing hats of the same session, so that they are those of
the moment and not of today. Names are told where the clinic's settings say so.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from seifas.audit.leaf import disclose, disclose_inner
from seifas.audit.proof import build_proof
from seifas.audit.tiles import CHECKPOINT, TileReader
from seifas.errors import Missing, SeifasError, Unavailable
from seifas.keeper.alarming import account_name
from seifas.keeper.door import OPS, Caller
from seifas.keeper.identity.hats import Hat
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action, Detail, Line
from seifas.keeper.model import Kind
from seifas.keeper.portal_doors import Inside, OfSession, inside, line
from seifas.keeper.portal_index import ROW, OpeningIndex
from seifas.keeper.portal_model import OpeningRow, Withheld
from seifas.keeper.portal_sealing import TEXT, open_text

_MOST: Final = 100
_LOOKED_AT: Final = 2000
_WAIT_FOR: Final = 40_000
"""Lines that a question waits to be read; beyond, the index goes on by itself and the page says to come again."""

_WAYS: Final = {
    "passkey": "passkey", "totp": "password", "recovery": "password", "password": "password", "link": "link",
    "invite": "invitation", "client": "program", "token": "program",
}
_TREATING: Final = (Hat.DOCTOR, Hat.NURSE, Hat.RECEPTION, Hat.OFFICER, Hat.ADMINISTRATOR, Hat.AUDITOR, Hat.OUTSIDE)


class Opened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`before`: lines under this number, 0 for the newest; `own`: also what was done through the portal itself."""

    session: str
    before: int = 0
    count: int = 30
    own: bool = False


class Prove(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    index: int


class _Seen(msgspec.Struct):
    """How a session was signed in and which hats it wore, as far as it was looked up."""

    way: str = ""
    hats: tuple[tuple[int, str], ...] = ()


async def follow(keeper: Keeper) -> None:
    """Brings the index up to what is published."""
    index = keeper.openings

    async def store(row: OpeningRow) -> None:
        await keeper.commit([], [keeper.row(Kind.OPENINGS, row.number.to_bytes(4, "big"), row)])

    await index.follow(keeper.require_unlocked().audit, store)


async def _current(keeper: Keeper) -> OpeningIndex:
    """The index with everything that is committed by now. Raises Unavailable while a long log is read."""
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.audit.publish, opened.state)
    keeper.openings.take(opened.audit.origin)
    if opened.audit.published - keeper.openings.size > _WAIT_FOR:
        if not keeper.openings.reading:
            keeper.spawn(_in_background(keeper))
        raise Unavailable("the log is being read for the first time; come again in a minute", where="index")
    await follow(keeper)
    return keeper.openings


def go_on(keeper: Keeper) -> None:
    """Every few seconds: reads on where there is a row's worth of new lines, apart from everything else."""
    current = keeper.open
    if current is None or keeper.openings.reading:
        return
    keeper.openings.take(current.audit.origin)
    if current.audit.published - keeper.openings.size >= ROW:
        keeper.spawn(_in_background(keeper))


async def _in_background(keeper: Keeper) -> None:
    try:
        await follow(keeper)
    except SeifasError:
        return  # locked meanwhile, or the disk is away: the next question begins again


@OPS.op("portal.opened", Opened, "portal")
async def opened(keeper: Keeper, caller: Caller, args: Opened) -> dict[str, Any]:
    """{lines, before, names}: newest first; `before` goes on, 0 at the end."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    await keeper.commit([line(keeper, moment, here, Action.PORTAL_VIEW, "opened")])
    index = await _current(keeper)
    pseudonym = keeper.require_unlocked().keyring.pseudonym(here.head.patient)
    decisions = keeper.portal.withheld_of(here.head.patient)
    found: list[dict[str, Any]] = []
    sessions: dict[bytes, _Seen] = {}
    at, looked = args.before if args.before > 0 else index.size, 0
    while len(found) < min(max(args.count, 1), _MOST) and looked < _LOOKED_AT:
        at = index.back(pseudonym, at)
        looked += 1
        if at < 0:
            break
        row, detail = await asyncio.to_thread(_read, keeper, here, at)
        if row.pseudonym != pseudonym or _hidden(decisions, at, row, moment.wall_ms):
            continue
        told = await asyncio.to_thread(_told, keeper, here, index, sessions, at, row, detail)
        if told["own"] and not args.own:
            continue
        covering = next((one for one in decisions if at in one.lines), None)
        if covering is not None:
            told["withheld"] = {
                "from_ms": covering.made_ms, "until_ms": covering.until_ms,
                "why": open_text(keeper, here.head, covering.id, TEXT, covering.why),
            }
        found.append(told)
    return {"lines": found, "before": max(at, 0), "names": keeper.settings.portal.names}


def _read(keeper: Keeper, here: Inside, at: int) -> tuple[Line, Detail]:
    """A line and its inner part; an empty one where there is none or it is not this patient's."""
    current = keeper.require_unlocked()
    leaf = TileReader(current.audit.directory, current.audit.published).entry(at)
    row, has_detail = current.audit.read(leaf, at)
    if not has_detail or row.pseudonym != current.keyring.pseudonym(here.head.patient):
        return row, Detail()
    key = current.keyring.patient(here.head.patient, here.head.check).audit
    return row, current.audit.read_detail(leaf, key, at)


def _hidden(decisions: list[Withheld], at: int, row: Line, now_ms: int) -> bool:
    """Whether a decision keeps this line back now; the line of such a decision is kept back with them."""
    live = [one for one in decisions if now_ms < one.until_ms]
    return any(at in one.lines for one in live) or (
        row.action == Action.WITHHELD and any(one.id in row.objects for one in live)
    )


def _told(
    keeper: Keeper, here: Inside, index: OpeningIndex, sessions: dict[bytes, _Seen], at: int, row: Line, detail: Detail
) -> dict[str, Any]:
    own = any(row.account == one.id for one in keeper.portal.accounts_of(here.head.patient))
    told: dict[str, Any] = {
        "index": at, "wall_ms": row.wall_ms, "action": Action(row.action).name.lower().replace("_", "-"),
        "outcome": row.outcome, "note": row.note, "objects": len(row.objects), "reason": detail.reason,
        "own": own, "role": "", "way": "", "name": "", "withheld": None,
    }
    if own or not row.account.strip(b"\0"):
        return told
    client = keeper.client_of(row.account)
    seen = _session(keeper, index, sessions, row.session, at)
    told["way"] = "program" if client is not None else seen.way
    told["role"] = "machine" if client is not None else _role(keeper, row, seen, at)
    if keeper.settings.portal.names:
        account = keeper.accounts.lookup(row.account)
        told["name"] = (account.display or account.name) if account is not None else account_name(keeper, row.account)
    return told


def _role(keeper: Keeper, row: Line, seen: _Seen, at: int) -> str:
    """The hat that the session wore at that line: the last one it put on before, else the one it began with."""
    worn = [hat for number, hat in seen.hats if number < at]
    if worn:
        return worn[0]
    account = keeper.accounts.lookup(row.account)
    owned = [hat for hat in _TREATING if account is not None and hat in account.hats]
    return owned[0].value if owned else ""


def hat_at(keeper: Keeper, index: OpeningIndex, row: Line, at: int) -> str:
    """The hat that the session of a line wore at that line, "" for none that is known."""
    return _role(keeper, row, _session(keeper, index, {}, row.session, at), at)


def _session(
    keeper: Keeper, index: OpeningIndex, sessions: dict[bytes, _Seen], session: bytes, before: int
) -> _Seen:
    """Reads back through the lines of a session to the one that opened it. Kept for one question."""
    known = sessions.get(session)
    if known is not None and known.way:
        return known
    seen = _Seen()
    at = before
    for _ in range(64):
        at = index.back(session, at) if session else -1
        if at < 0:
            break
        row = _line(keeper, at)
        if row.session != session:
            continue
        if row.action == Action.SIGN_IN:
            seen.way = _WAYS.get(row.note, "")
            break
        if row.action == Action.HAT:
            seen.hats = (*seen.hats, (at, row.note))
    sessions[session] = seen
    return seen


def _line(keeper: Keeper, at: int) -> Line:
    audit = keeper.require_unlocked().audit
    return audit.read(TileReader(audit.directory, audit.published).entry(at), at)[0]


@OPS.op("portal.proof", Prove, "portal")
async def proof(keeper: Keeper, caller: Caller, args: Prove) -> dict[str, Any]:
    """{proof}: a file that proves one of the patient's own lines, opened with its reason, to anybody (C2SP tlog-proof).
    Raises Missing in the same words for another patient's line, one that is kept back, and one that is not there."""
    moment = keeper.now()
    here = inside(keeper, args.session, moment)
    current = keeper.require_unlocked()
    await asyncio.to_thread(current.audit.publish, current.state)
    audit, pseudonym = current.audit, current.keyring.pseudonym(here.head.patient)
    if not 0 <= args.index < audit.published:
        raise Missing("there is no such line")
    row = await asyncio.to_thread(_line, keeper, args.index)
    decisions = keeper.portal.withheld_of(here.head.patient)
    if row.pseudonym != pseudonym or _hidden(decisions, args.index, row, moment.wall_ms):
        raise Missing("there is no such line")
    made = await asyncio.to_thread(_proof, keeper, here, args.index)
    await keeper.commit([line(keeper, moment, here, Action.AUDIT_VIEW, f"proof:{args.index}")])
    return {"proof": made}


def _proof(keeper: Keeper, here: Inside, index: int) -> bytes:
    current = keeper.require_unlocked()
    reader = TileReader(current.audit.directory, current.audit.published)
    leaf = reader.entry(index)
    _, has_detail = current.audit.read(leaf, index)
    key = current.keyring.patient(here.head.patient, here.head.check).audit
    return build_proof(
        reader, (current.audit.directory / CHECKPOINT).read_bytes(), index,
        outer_key=disclose(current.keyring.audit, leaf), inner_key=disclose_inner(key, leaf) if has_detail else None,
    )


@OPS.op("portal.log_key", OfSession, "portal")
async def log_key(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{key}: the public key of the log, with which a proof is checked; the same for everybody."""
    inside(keeper, args.session, keeper.now())
    return {"key": f"{keeper.require_unlocked().audit.key}\n"}

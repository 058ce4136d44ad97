"""Requests from the public site: stored as they come, sealed; listed, opened and closed by those who answer them.

The public process may only put in. It is assumed breakable, so the box is bounded in size and pace here and not there:
whoever has taken that process over can fill the box and read nothing of it. What was accepted is never dropped for
what comes later; a full box says so and rings.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from seifas.crypto import dropbox
from seifas.errors import Conflict, Invalid, Missing, OverBudget, SeifasError, Unavailable
from seifas.keeper import drops
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.drops import Dropped
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action, Outcome
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting

MOST_WAITING = 500
"""Requests that wait for an answer. Beyond it none is taken, and those who answer are told."""

MOST_AN_HOUR = 120
MOST_OPENED_A_DAY = 100
"""Different requests that one account opens in 24 hours: as many as a clinic answers, not all that ever came."""

KEPT_DONE_MS = 14 * 86_400_000
"""A closed request is kept so long, in case it was closed by mistake; then its row goes."""

_HOUR_MS = 3_600_000
_DAY_MS = 86_400_000
_KEY_FILE = "drop-box.key"


class Put(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes
    sealed: bytes


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class One(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes
    done: bool = True
    remove: bool = False


@OPS.op("drop.key", NoArgs, "public", "shield", while_locked=True)
async def key(keeper: Keeper, caller: Caller, args: Any) -> dict[str, Any]:
    """The public half of the clinic's drop box. While locked it is the one that stood in DATA/run at the last unlock;
    Unavailable where there is none."""
    if keeper.open is not None:
        return {"key": _public_half(keeper)}
    public = _published(keeper.data / "run" / _KEY_FILE)
    if len(public) != dropbox.PUBLIC_SIZE:
        raise Unavailable("the drop box has no key yet: the vault was never open here")
    return {"key": public}


def publish(keeper: Keeper) -> None:
    """Leaves the public half in DATA/run, for the time when the vault is locked again. Called at every unlock."""
    path = keeper.data / "run" / _KEY_FILE
    try:
        public = _public_half(keeper)
        if _published(path) != public:
            _write(path, public)
    except OSError:
        keeper.count("drop_key_unpublished")  # requests are taken all the same while the vault is open


def _public_half(keeper: Keeper) -> bytes:
    return dropbox.public_half(keeper.require_unlocked().keyring.clinic_keys.dropbox)


def _published(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _write(path: Path, public: bytes) -> None:
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(public)
    os.replace(new, path)


@OPS.op("drop.put", Put, "public")
async def put(keeper: Keeper, caller: Caller, args: Put) -> dict[str, Any]:
    """Takes a sealed request; durable when answered. The same id again is the same request, sent twice after a lost
    answer. Raises OverBudget with `where` "full" or "pace"."""
    moment = keeper.now()
    if len(args.id) != 16 or not dropbox.OVERHEAD < len(args.sealed) <= drops.MOST_SEALED:
        raise Invalid("that is no sealed request")
    known = keeper.drops.get(args.id)
    if known is not None:
        if known.sealed != args.sealed:
            raise Conflict("another request has this id")
        return {"taken": True}
    waiting = sum(not one.done_ms for one in keeper.drops.values())
    if waiting >= MOST_WAITING:
        await _ring_full(keeper, moment)
        raise OverBudget("The box of requests is full.", where="full")
    if sum(moment.wall_ms - one.received_ms < _HOUR_MS for one in keeper.drops.values()) >= MOST_AN_HOUR:
        raise OverBudget("More requests came in the last hour than the box takes.", where="pace")
    one = Dropped(args.id, moment.wall_ms, args.sealed)
    keeper.drops[one.id] = one  # before it is durable, so that the bounds count those under way
    try:
        leaf = keeper.leaf(moment, Action.DROPPED, objects=(one.id,))
        await keeper.commit([leaf], [keeper.row(Kind.DROPPED, one.id, one)])
    except SeifasError:
        keeper.drops.pop(one.id, None)
        raise
    keeper.count("dropped")
    return {"taken": True}


async def _ring_full(keeper: Keeper, moment: Moment) -> None:
    puts = ring(
        keeper, moment, "requests-full", 1,
        f"{MOST_WAITING} requests from the public site wait; no more are taken until some are answered and closed.",
    )
    if puts:
        await keeper.commit([keeper.leaf(moment, Action.ALARM, note="requests-full")], puts)


@OPS.op("drop.list", Asked, "desk")
async def list_of(keeper: Keeper, caller: Caller, args: Asked) -> list[dict[str, Any]]:
    """When each request came and what became of it, newest first; nothing of what is in them."""
    moment = keeper.now()
    session = acting(keeper, args.session, "drop.list", moment)
    old = [one for one in keeper.drops.values() if one.done_ms and moment.wall_ms - one.done_ms > KEPT_DONE_MS]
    shown = sorted((one for one in keeper.drops.values() if one not in old), key=lambda one: -one.received_ms)
    leaf = keeper.leaf(
        moment, Action.DROPPED_READ, account=session.account, session=session.id, note=f"list:{len(shown)}"
    )
    await keeper.commit([leaf], (), [keeper.tag(Kind.DROPPED, one.id) for one in old])
    for one in old:
        keeper.drops.pop(one.id, None)
    return [_facts(keeper, one) for one in shown]


@OPS.op("drop.open", One, "desk")
async def open_one(keeper: Keeper, caller: Caller, args: One) -> dict[str, Any]:
    """One request, opened: who, how to reach them, what they wish. `readable` is False for what somebody put in that
    is none."""
    moment = keeper.now()
    session = acting(keeper, args.session, "drop.open", moment)
    one = _found(keeper, args.id)
    first = all(account != session.account for account, _ in one.opened)
    if first:
        await _pace(keeper, moment, session)
        one = msgspec.structs.replace(one, opened=(*one.opened[-15:], (session.account, moment.wall_ms)))
        keeper.drops[one.id] = one  # counted at once, as a charge is
    opened = keeper.require_unlocked()
    try:
        wish = drops.unseal(opened.keyring.clinic_keys.dropbox, one.sealed, clinic=opened.keyring.clinic)
    except SeifasError:
        wish = None
    leaf = keeper.leaf(
        moment, Action.DROPPED_READ, account=session.account, session=session.id, objects=(one.id,),
        note="" if wish is not None else "unreadable",
    )
    await keeper.commit([leaf], [keeper.row(Kind.DROPPED, one.id, one)] if first else ())
    keeper.count("drops_opened")
    facts = {**_facts(keeper, one), "readable": wish is not None}
    if wish is None:
        return {**facts, "name": "", "contact": "", "wish": "", "language": ""}
    return {**facts, "name": wish.name, "contact": wish.contact, "wish": wish.wish, "language": wish.language}


async def _pace(keeper: Keeper, moment: Moment, session: Session) -> None:
    since = moment.wall_ms - _DAY_MS
    count = sum(
        any(account == session.account and at > since for account, at in one.opened) for one in keeper.drops.values()
    )
    if count < MOST_OPENED_A_DAY:
        return
    puts = ring(
        keeper, moment, "requests-read", 2, "An account has opened as many requests from the public site as a day has.",
        account=session.account, session=session.id,
    )
    leaf = keeper.leaf(
        moment, Action.DROPPED_READ, outcome=Outcome.STOPPED, account=session.account, session=session.id, note="pace"
    )
    await keeper.commit([leaf], puts)
    raise OverBudget("This account has opened as many requests as one day allows.", where="pace")


@OPS.op("drop.done", Done, "desk")
async def close(keeper: Keeper, caller: Caller, args: Done) -> dict[str, Any]:
    """Closes a request, opens it again (`done` False), or takes it away for good (`remove`: it was no request)."""
    moment = keeper.now()
    session = acting(keeper, args.session, "drop.done", moment)
    one = _found(keeper, args.id)
    note = "removed" if args.remove else "done" if args.done else "again"
    leaf = keeper.leaf(
        moment, Action.DROPPED_READ, account=session.account, session=session.id, objects=(one.id,), note=note
    )
    if args.remove:
        await keeper.commit([leaf], (), [keeper.tag(Kind.DROPPED, one.id)])
        keeper.drops.pop(one.id, None)
        return {}
    changed = msgspec.structs.replace(
        one, done_ms=moment.wall_ms if args.done else 0, done_by=session.account if args.done else b""
    )
    keeper.drops[changed.id] = changed
    try:
        await keeper.commit([leaf], [keeper.row(Kind.DROPPED, changed.id, changed)])
    except SeifasError:
        keeper.drops[one.id] = one
        raise
    return {}


def _found(keeper: Keeper, ident: bytes) -> Dropped:
    one = keeper.drops.get(ident)
    if one is None:
        raise Missing("there is no such request")
    return one


def _facts(keeper: Keeper, one: Dropped) -> dict[str, Any]:
    return {
        "id": one.id, "received_ms": one.received_ms, "done_ms": one.done_ms,
        "done_by": _display(keeper, one.done_by), "opened": len(one.opened),
    }


def _display(keeper: Keeper, account: bytes) -> str:
    try:
        return keeper.accounts.get(account).display if account else ""
    except Missing:
        return ""

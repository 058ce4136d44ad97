"""Watches addresses for a leak case: what the jobs process fetches is kept as evidence, and a change rings.

An address is watched for an open case, whose legal basis was recorded when it began; closing the case ends its watches.
The keeper never calls out: it says what is due, and takes what was brought (jobs/watching.py). A page is kept only when
it differs from the one before, sealed like every file of a case, with the SHA-256 of the very bytes and the moment.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from seifas.errors import Conflict, Invalid, Missing, OverBudget
from seifas.keeper.alarming import account_name, ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.leak_book import Awaited
from seifas.keeper.leak_cases import officer_of, open_case
from seifas.keeper.leak_keeping import MOST_FILES, received, seal, unseal
from seifas.keeper.leak_model import LeakCase, LeakFile
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.watch_book import MOST_CHANGES, Change, Watch

MOST_WATCHES: Final = 40
"""Under way at a time, of all cases."""

MOST_PAGE: Final = 4 * 1024 * 1024
EVERY_MIN: Final = (1, 1440)
_LONGEST_URL: Final = 2000
_MOST_TOLD: Final = 12
_LONGEST_TOLD: Final = 40
_LEFT_FOR_PEOPLE: Final = 100
"""Files of a case that no watch takes: a page that changes whenever it is looked at must not keep evidence out."""

_LOCK: Final = b"watch"
_SILENT_AFTER: Final = 5
"""Looks in a row without a page after which it rings: who extorts moves, and then somebody has to look for where to."""


class Add(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    case: bytes
    url: str
    every_min: int = 15


class AddAtMachine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    case: bytes
    url: str
    every_min: int = 15


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str


class OfWatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    id: bytes


class Previous(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: bytes


class Fetched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a look brought: `status` of HTTP and `body`, or 0 and the word for why nothing came. `added`, `removed`,
    `prices`, `deadlines` are what jobs read out of the page; they are told, never trusted."""

    id: bytes
    status: int
    body: bytes = b""
    trouble: str = ""
    added: int = 0
    removed: int = 0
    prices: tuple[str, ...] = ()
    deadlines: tuple[str, ...] = ()


@OPS.op("watch.add", Add, "desk")
async def add(keeper: Keeper, caller: Caller, args: Add) -> dict[str, Any]:
    """{id}: watches an address for a case. Looked at within a minute."""
    moment = keeper.now()
    session = officer_of(keeper, args.session, "watch.add", moment)
    case = open_case(keeper, args.case)
    return await _added(keeper, moment, case, args.url, args.every_min, session.account, session.id)


@OPS.op("watch.admin_add", AddAtMachine, "admin")
async def add_at_machine(keeper: Keeper, caller: Caller, args: AddAtMachine) -> dict[str, Any]:
    """The same at the machine, for a case that an officer has begun."""
    return await _added(keeper, keeper.now(), open_case(keeper, args.case), args.url, args.every_min, b"", b"")


async def _added(
    keeper: Keeper, moment: Moment, case: LeakCase, url: str, every_min: int, account: bytes, session: bytes
) -> dict[str, Any]:
    url = _address(url)
    if not EVERY_MIN[0] <= every_min <= EVERY_MIN[1]:
        raise Invalid(f"an address is looked at every {EVERY_MIN[0]} to {EVERY_MIN[1]} minutes", where="every_min")
    running = keeper.watches.under_way()
    if any(one.case == case.id and one.url == url for one in running):
        raise Conflict("this case watches that address already", where="url")
    if len(running) >= MOST_WATCHES:
        raise OverBudget(f"{MOST_WATCHES} addresses are watched; stop one first", where="watches")
    watch = Watch(os.urandom(16), case.id, url, every_min, account, moment.wall_ms)
    leaf = keeper.leaf(
        moment, Action.WATCH, account=account, session=session, objects=(case.id, watch.id), note="begun"
    )
    await keeper.commit([leaf], [keeper.row(Kind.WATCH, watch.id, watch)])
    keeper.watches.put(watch)
    return {"id": watch.id}


def _address(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        named = parts.hostname is not None and (parts.port is None or parts.port > 0)
    except ValueError:
        named = False
        parts = urlsplit("")
    fine = named and parts.scheme in ("http", "https") and not parts.username and not parts.password
    if not fine or len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("an address to watch begins with http:// or https:// and holds no password", where="url")
    return url


@OPS.op("watch.list", OfSession, "desk")
async def listed(keeper: Keeper, caller: Caller, args: OfSession) -> list[dict[str, Any]]:
    """Every watch, newest first, with its changes, newest first."""
    officer_of(keeper, args.session, "watch.list", keeper.now())
    return [told(keeper, one) for one in keeper.watches.all()]


@OPS.op("watch.admin_list", NoArgs, "admin")
async def listed_at_machine(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    keeper.require_unlocked()
    return [told(keeper, one) for one in keeper.watches.all()]


def told(keeper: Keeper, one: Watch) -> dict[str, Any]:
    """One watch for a page or a command."""
    return {
        "id": one.id, "case": one.case, "url": one.url, "every_min": one.every_min, "made_ms": one.made_ms,
        "by": account_name(keeper, one.by) if one.by else "", "stopped_ms": one.stopped_ms,
        "looked_ms": one.looked_ms, "failed": one.failed, "trouble": one.trouble,
        "changes": [msgspec.structs.asdict(change) for change in reversed(one.changes)],
    }


@OPS.op("watch.stop", OfWatch, "desk")
async def stop(keeper: Keeper, caller: Caller, args: OfWatch) -> dict[str, Any]:
    moment = keeper.now()
    session = officer_of(keeper, args.session, "watch.stop", moment)
    async with keeper.lock_of(_LOCK + _known(keeper, args.id).id):
        watch = _known(keeper, args.id)
        changed = msgspec.structs.replace(watch, stopped_ms=watch.stopped_ms or moment.wall_ms)
        leaf = keeper.leaf(
            moment, Action.WATCH, account=session.account, session=session.id, objects=(watch.case, watch.id),
            note="ended",
        )
        await keeper.commit([leaf], [keeper.row(Kind.WATCH, watch.id, changed)])
        keeper.watches.put(changed)
    return {}


def _known(keeper: Keeper, ident: bytes) -> Watch:
    watch = keeper.watches.get(ident)
    if watch is None:
        raise Missing("there is no such watch")
    return watch


# -- for the jobs process


@OPS.op("watch.due", NoArgs, "jobs")
async def due(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """[{id, url}] to be looked at now; of an ended case none."""
    keeper.require_unlocked()
    now_ms = keeper.now().wall_ms
    return [
        {"id": one.id, "url": one.url}
        for one in keeper.watches.under_way()
        # One that was looked at in the future is due: the clock was set back.
        if not 0 <= now_ms - one.looked_ms < one.every_min * 60_000 and _case_open(keeper, one)
    ]


def _case_open(keeper: Keeper, watch: Watch) -> bool:
    try:
        return not keeper.leaks.get(watch.case).closed_ms
    except Missing:
        return False


@OPS.op("watch.previous", Previous, "jobs")
async def previous(keeper: Keeper, caller: Caller, args: Previous) -> dict[str, Any]:
    """{body, sha256}: the page as it was kept last, to be compared; empty where none was. Only while it is watched."""
    keeper.require_unlocked()
    watch = _known(keeper, args.id)
    if watch.stopped_ms or not watch.changes or not _case_open(keeper, watch):
        return {"body": b"", "sha256": b""}
    last = watch.changes[-1]
    case = keeper.leaks.get(watch.case)
    file = next((one for one in keeper.leaks.files_of(case.id) if one.id == last.file), None)
    if file is None:  # taken away by an officer
        return {"body": b"", "sha256": last.sha256}
    body = await asyncio.to_thread(unseal, keeper, case, file.object, file.epoch)
    return {"body": body, "sha256": last.sha256}


@OPS.op("watch.fetched", Fetched, "jobs")
async def fetched(keeper: Keeper, caller: Caller, args: Fetched) -> dict[str, Any]:
    """{kept}: what a look brought. Another page than before is kept and rings; so does an address gone silent."""
    async with keeper.lock_of(_LOCK + _known(keeper, args.id).id):  # an officer may be stopping it
        return await _fetched(keeper, args)


async def _fetched(keeper: Keeper, args: Fetched) -> dict[str, Any]:
    watch = _watched(keeper, args.id)
    if len(args.body) > MOST_PAGE or not 0 <= args.status <= 999 or len(args.trouble) > _LONGEST_TOLD:
        raise Invalid("a page is too large, or its status none", where="body")
    if args.status == 0 or not args.body:
        return await _nothing(keeper, watch, args.trouble or "empty")
    sha256 = hashlib.sha256(args.body).digest()
    if watch.changes and watch.changes[-1].sha256 == sha256:
        return await _looked(keeper, watch)
    return await _kept(keeper, watch, args, sha256)


def _watched(keeper: Keeper, ident: bytes) -> Watch:
    watch = _known(keeper, ident)
    if watch.stopped_ms or not _case_open(keeper, watch):
        raise Missing("this address is not watched any more")
    return watch


async def _nothing(keeper: Keeper, watch: Watch, trouble: str) -> dict[str, Any]:
    moment = keeper.now()
    changed = msgspec.structs.replace(watch, looked_ms=moment.wall_ms, failed=watch.failed + 1, trouble=trouble)
    rings = []
    if changed.failed == _SILENT_AFTER:
        said = "A watched address has not answered five times in a row."
        if trouble == "case-full":
            said = "A case has no room for more pages of a watched address: begin another one, and watch there."
        rings = ring(keeper, moment, "watch-silent", 2, said)
    await keeper.commit([], [keeper.row(Kind.WATCH, watch.id, changed), *rings])
    keeper.watches.put(changed)
    return {"kept": False}


async def _looked(keeper: Keeper, watch: Watch) -> dict[str, Any]:
    moment = keeper.now()
    rings = _rings(keeper, moment, None, watch.changes[-1]) if watch.owed else []
    changed = msgspec.structs.replace(
        watch, looked_ms=moment.wall_ms, failed=0, trouble="", owed=watch.owed and not rings
    )
    await keeper.commit([], [keeper.row(Kind.WATCH, watch.id, changed), *rings])
    keeper.watches.put(changed)
    return {"kept": False}


async def _kept(keeper: Keeper, watch: Watch, args: Fetched, sha256: bytes) -> dict[str, Any]:
    moment = keeper.now()
    case = keeper.leaks.get(watch.case)
    if len(keeper.leaks.files_of(case.id)) >= MOST_FILES - _LEFT_FOR_PEOPLE:
        return await _nothing(keeper, watch, "case-full")
    host = urlsplit(watch.url).hostname or "page"
    name = f"{host[:200]} {moment.wall_ms}.html"
    epoch = keeper.require_unlocked().keyring.epoch
    awaited = Awaited(os.urandom(16), case.id, name, os.urandom(16), epoch, moment.boot_ms)
    keeper.leaks.wait_for(awaited)  # so that no sweep takes the object before it is named
    try:
        epoch = await asyncio.to_thread(seal, keeper, case, awaited.object, args.body)
        _watched(keeper, args.id)  # the case may have been closed meanwhile
    except BaseException:
        keeper.leaks.arrived(awaited.file)
        raise
    file = LeakFile(
        awaited.file, case.id, name, sha256, len(args.body), awaited.object, moment.wall_ms, epoch,
        hashlib.sha512(args.body).digest(), how="watch", origin=watch.url,
    )
    before = watch.changes[-1] if watch.changes else None
    change = Change(
        moment.wall_ms, args.status, sha256, file.id, max(0, args.added), max(0, args.removed), _told(args.prices),
        _told(args.deadlines),
    )
    rings = _rings(keeper, moment, None if watch.owed else before, change) if before is not None else []
    # What is not rung now, because the last change still rings, is rung at a later look: a harmless change just before
    # would keep the one of a price quiet.
    changed = msgspec.structs.replace(
        watch, looked_ms=moment.wall_ms, failed=0, trouble="", changes=(*watch.changes[-MOST_CHANGES + 1 :], change),
        owed=before is not None and not rings, unmatched=(*watch.unmatched, file.id)[-MOST_CHANGES:],
    )
    leaf = keeper.leaf(moment, Action.WATCH, objects=(case.id, watch.id, file.id, sha256[:16]), note="kept")
    await keeper.commit([leaf, received(keeper, moment, file)], [
        keeper.row(Kind.WATCH, watch.id, changed), keeper.row(Kind.LEAK_FILE, file.id, file),
        *rings,
    ])  # fmt: skip
    keeper.leaks.put_file(file)
    keeper.leaks.arrived(file.id)
    keeper.watches.put(changed)
    return {"kept": True}


def _told(words: tuple[str, ...]) -> tuple[str, ...]:
    """Amounts and dates only: the page is a stranger's, and alarms are read in mail."""
    fine = (one for one in words if len(one) <= _LONGEST_TOLD and all(c.isalnum() or c in " .,:-/€$£₿" for c in one))
    return tuple(fine)[:_MOST_TOLD]


def _rings(keeper: Keeper, moment: Moment, before: Change | None, now: Change) -> list[tuple[bytes, bytes]]:
    """`before`: the page that was rung for last; None where it is not known, and all that stands there is said."""
    said = ["A watched page has changed."]
    if before is None:
        said.append(f"Prices are: {', '.join(now.prices) or 'none'}. Dates are: {', '.join(now.deadlines) or 'none'}.")
    if before is not None and now.prices != before.prices:
        said.append(f"Prices were: {', '.join(before.prices) or 'none'}; are: {', '.join(now.prices) or 'none'}.")
    if before is not None and now.deadlines != before.deadlines:
        said.append(f"Dates were: {', '.join(before.deadlines) or 'none'}; are: {', '.join(now.deadlines) or 'none'}.")
    said.append("What came is kept in the case, and is matched as soon as two people have approved it.")
    return ring(keeper, moment, "watch-changed", 2, " ".join(said))

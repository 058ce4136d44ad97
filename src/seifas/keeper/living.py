"""The keeper's life from locked to unlocked and back, and what it does by itself every second, minute and hour."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from collections.abc import Awaitable
from typing import Any, NoReturn

import msgspec

from seifas.crypto import slots
from seifas.errors import Conflict, Locked, Refused, SeifasError, Tampered, Unavailable
from seifas.keeper import alarming, erasing, noticing_settings, unlocking, witnessing
from seifas.keeper.asking_root import root_again
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity import approvals
from seifas.keeper.keeper import Keeper, Open
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.witnessing import NO_WORD, Word
from seifas.storage.keystore import KeyStore

log = logging.getLogger("seifas.life")

_SNAPSHOT_EVERY_S = 600.0
_SNAPSHOT_AFTER_LINES = 20_000
_FORGET = b"\x00"
_SWEEP_EVERY_S = 10.0
_AGAIN_S = 5.0


class Passphrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`witness`, `without_witness`: see witnessing.Word."""

    passphrase: str
    witness: bytes = b""
    without_witness: bool = False


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secrets: tuple[str, ...]
    witness: bytes = b""
    without_witness: bool = False


@OPS.op("admin.unlock", Passphrase, "admin", while_locked=True)
async def unlock_by_passphrase(keeper: Keeper, caller: Caller, args: Passphrase) -> dict[str, Any]:
    return await with_passphrase(keeper, args.passphrase, Word(args.witness, args.without_witness))


@OPS.op("admin.unlock_custodians", Secrets, "admin", while_locked=True)
async def unlock_by_custodians(keeper: Keeper, caller: Caller, args: Secrets) -> dict[str, Any]:
    root = await asyncio.to_thread(root_by_custodians, keeper, list(args.secrets))
    return await with_root(keeper, root, "custodians", Word(args.witness, args.without_witness))


@OPS.op("admin.lock", NoArgs, "admin")
async def lock(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """Locks: the supervisor forgets the root, open work is finished first, then nothing is open."""
    await keeper.commit([keeper.leaf(keeper.now(), Action.LOCK)])
    tell_supervisor(keeper, _FORGET)
    await close(keeper)
    return {"locked": True}


def root_by_custodians(keeper: Keeper, secrets: list[str]) -> bytes:
    raw = KeyStore(keeper.data / keeper.settings.paths.keys).slots()
    for slot in slots.decode_slots(raw or b"[]"):
        if isinstance(slot, slots.CustodianSlot):
            return slots.open_custodians(slot, secrets)
    raise Refused("this vault has no custodians")


async def with_passphrase(keeper: Keeper, passphrase: str, word: Word = NO_WORD) -> dict[str, Any]:
    """Raises Refused for a wrong passphrase; the same words and about the same time for every wrong one."""
    if keeper.open is not None:
        return {"locked": False, "already": True}
    directory = keeper.data / keeper.settings.paths.keys
    root = await asyncio.to_thread(unlocking.root_by_passphrase, directory, passphrase)
    return await with_root(keeper, root, "passphrase", word)


async def with_root(keeper: Keeper, root: bytes, way: str, word: Word = NO_WORD) -> dict[str, Any]:
    """Opens the vault under a root and keeps the root with the supervisor. The log is held against the witness's word
    first, where there is a witness."""
    if keeper.unlocking:
        raise Conflict("the vault is being unlocked just now")
    if keeper.open is not None:
        return {"locked": False, "already": True}
    keeper.unlocking = True
    try:
        word = await witnessing.word_for(keeper, way, word)
        opened = await asyncio.to_thread(unlocking.unlock, keeper, root, check=witnessing.checking(keeper, way, word))
    except BaseException:
        keeper.forget()
        raise
    finally:
        keeper.unlocking = False
    keeper.open = opened
    tell_supervisor(keeper, root)
    await witnessing.unlocked(keeper, way, word)
    await noticing_settings.notice(keeper)
    return {"locked": False, "patients": opened.vault.patients, **keeper.unlocked_in}


def tell_supervisor(keeper: Keeper, message: bytes) -> None:
    """32 bytes: keep this root; one byte: forget it."""
    channel: socket.socket | None = keeper.channel
    if channel is not None:
        try:
            channel.send(message)
        except OSError as error:
            log.error("the supervisor did not take the root", extra={"error": type(error).__name__})


def root_from_supervisor(channel: socket.socket | None) -> bytes | None:
    """The root that the supervisor kept, if it did; it is sent at the fork, so it is there or it is not."""
    if channel is None:
        return None
    channel.settimeout(0.2)
    try:
        root = channel.recv(64)
    except (TimeoutError, OSError):
        return None
    finally:
        channel.settimeout(None)
    return root if len(root) == 32 else None


async def close(keeper: Keeper) -> None:
    """Finishes what waits, keeps the budget's snapshot, closes the stores."""
    opened = keeper.open
    if opened is None:
        return
    try:
        await opened.row_writer.drain()
        await opened.key_writer.drain()
        await opened.committer.drain()
        await snapshot_budget(keeper)
    except SeifasError as error:
        log.error("closing: the budget's snapshot was not written", extra={"code": error.code})
    await opened.committer.drain()
    await asyncio.to_thread(unlocking.lock, keeper)
    keeper.forget()


async def reopen(keeper: Keeper) -> None:
    """Closes and opens again with the root that the supervisor keeps, as often as it takes: when the second place did
    not take a commit, what is in memory is behind what is on disk."""
    await close(keeper)
    pause = 0.25
    while keeper.open is None:
        try:
            await with_root(keeper, await root_again(keeper), "reopened")
        except (Unavailable, Conflict, Tampered) as error:
            log.error("it stays locked and is tried again", extra={"code": error.code, "where": error.where})
            pause = min(2 * pause, _AGAIN_S)
            await asyncio.sleep(pause)


async def snapshot_budget(keeper: Keeper) -> None:
    snapshot = unlocking.budget_snapshot(keeper)
    await keeper.commit([], [keeper.row(Kind.BUDGET, b"ledger", snapshot)])
    keeper.snapshot_lines = snapshot.size


class _Due(msgspec.Struct):
    """When what is not done every second is done next, on the monotonic clock."""

    snapshot: float
    sweep: float


async def every_second(keeper: Keeper) -> None:
    """Publishes the log's tiles and does the upkeep; keeps going whatever happens, and says when it cannot."""
    due = _Due(time.monotonic() + _SNAPSHOT_EVERY_S, time.monotonic() + _SWEEP_EVERY_S)
    while True:
        await asyncio.sleep(1.0)
        opened = keeper.open
        if opened is None:
            continue
        # Apart: a full disk under the log must not keep sessions from being swept.
        await _tried(asyncio.to_thread(opened.audit.publish, opened.state))
        await _tried(_upkeep(keeper, opened, due))


async def _tried(work: Awaitable[object]) -> None:
    try:
        await work
    except Locked:
        return
    except Exception as error:  # a defect too: it must not end the upkeep for good
        code = error.code if isinstance(error, SeifasError) else type(error).__name__
        log.error("the keeper's own work failed, it is tried again", extra={"code": code})


async def _upkeep(keeper: Keeper, opened: Open, due: _Due) -> None:
    if opened.state.broken or opened.rows.broken or opened.keystore.broken:
        _start_anew()
    if opened.replica is not None and opened.replica.failed:
        await reopen(keeper)
        return
    if await _clock_was_set(keeper):
        due.snapshot = 0.0
    if time.monotonic() >= due.sweep:
        due.sweep = time.monotonic() + _SWEEP_EVERY_S
        await sweep(keeper)
        await erasing.carry_out(keeper)
        if opened.replica is not None:
            await asyncio.to_thread(opened.replica.follow_log)
    behind = opened.audit.size - keeper.snapshot_lines
    idle = not opened.committer.running
    due_now = due.snapshot == 0.0 or (
        behind > 100 and (time.monotonic() >= due.snapshot or behind > _SNAPSHOT_AFTER_LINES)
    )
    if idle and due_now:
        due.snapshot = time.monotonic() + _SNAPSHOT_EVERY_S
        await snapshot_budget(keeper)


async def _clock_was_set(keeper: Keeper) -> bool:
    """Rings for each jump of the wall clock and stores what it moved. The budget's snapshot is due then: it holds the
    clock, and a keeper that is killed now must not find the same jump again and ring for it once more."""
    moment = keeper.now()
    moved, keeper.set_back = keeper.set_back, []
    puts = [keeper.row(kind, ident, struct) for kind, ident, struct in moved]
    leaves = []
    for jump in keeper.clock.take_alarms():
        puts += alarming.ring(keeper, moment, jump.kind, jump.severity, jump.text)
        leaves.append(keeper.leaf(moment, Action.CLOCK_JUMP, note=jump.kind))
    if not leaves:
        return False
    try:
        await keeper.commit(leaves, puts)
    except SeifasError:
        keeper.set_back = moved + keeper.set_back
        raise
    return True


def _start_anew() -> NoReturn:
    """Ends this process as kill -9 would; the supervisor starts another one and gives it the root. Nothing is closed:
    closing would let SQLite write to, and remove, files of which it is no longer known what they hold."""
    log.error("a database has to be opened again: the keeper starts anew")
    os._exit(1)


async def sweep(keeper: Keeper) -> None:
    """Drops what has expired: sessions, links, assertions, challenges, worklists, old alarms."""
    moment = keeper.now()
    now = moment.wall_ms
    swept = keeper.sessions.sweep(now)
    puts = [keeper.row(Kind.SESSION, one.id, one) for one in swept.locked]
    puts += [keeper.row(Kind.SESSION, one.id, one) for one in keeper.sessions.due_for_save()]
    deletes = [keeper.tag(Kind.SESSION, one.id) for one in swept.ended]
    deletes += [keeper.tag(Kind.LOGIN_LINK, one.id) for one in keeper.links.sweep(now)]
    deletes += [keeper.tag(Kind.SPENT, one.id) for one in keeper.spent.sweep(now)]
    deletes += [keeper.tag(Kind.APPROVAL, one.id) for one in keeper.approvals.sweep(now)]
    for worklist in keeper.worklists.expired(now):
        keeper.worklists.remove(worklist.id)
        deletes.append(keeper.tag(Kind.WORKLIST, worklist.id))
    for alarm in keeper.alarms.stale(now):
        keeper.alarms.remove(alarm.id)
        deletes.append(keeper.tag(Kind.ALARM, alarm.id))
    for request in list(keeper.approvals):
        settled = approvals.settle(keeper.approvals, request.id, accounts=keeper.accounts, now_ms=now)
        if settled != request:
            puts.append(keeper.row(Kind.APPROVAL, settled.id, settled))
    keeper.challenges.sweep(now)
    keeper.gestures.sweep(now)
    keeper.schedule.links.prune(now)
    if puts or deletes:
        await keeper.commit([], puts, deletes)

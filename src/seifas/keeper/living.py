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
from seifas.keeper import (
    alarming,
    dropping,
    erasing,
    exporting,
    flood_keeping,
    following,
    noticing_settings,
    object_store,
    photographing,
    portal_openings,
    taking_turns,
    tip_receiving,
    token_kit,
    unlocking,
    unpublishing,
    witnessing,
)
from seifas.keeper.asking_root import Held, held_again, held_from
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.identity import approvals
from seifas.keeper.keeper import Keeper, Open
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.witnessing import NO_WORD, Word
from seifas.storage.opening import read_slots
from seifas.supervisor import HELD_SIZE

log = logging.getLogger("seifas.life")

_SNAPSHOT_EVERY_S = 600.0
_SNAPSHOT_AFTER_LINES = 20_000
_FORGET = b"\x00"
_SWEEP_EVERY_S = 10.0
_AGAIN_S = 5.0
_MOMENT_S = 0.05


class Passphrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`witness`, `without_witness`: see witnessing.Word."""

    passphrase: str
    pin: str = ""
    witness: bytes = b""
    without_witness: bool = False


class Secrets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secrets: tuple[str, ...]
    pin: str = ""
    witness: bytes = b""
    without_witness: bool = False


@OPS.op("admin.unlock", Passphrase, "admin", while_locked=True)
async def unlock_by_passphrase(keeper: Keeper, caller: Caller, args: Passphrase) -> dict[str, Any]:
    """By a passphrase, with the token's PIN where the keys need it; or by the PIN alone of a token that is a way in."""
    return await with_passphrase(keeper, args.passphrase, Word(args.witness, args.without_witness), pin=args.pin)


@OPS.op("admin.unlock_custodians", Secrets, "admin", while_locked=True)
async def unlock_by_custodians(keeper: Keeper, caller: Caller, args: Secrets) -> dict[str, Any]:
    root = await asyncio.to_thread(root_by_custodians, keeper, list(args.secrets))
    return await with_root(keeper, root, "custodians", Word(args.witness, args.without_witness), pin=args.pin)


@OPS.op("admin.lock", NoArgs, "admin", while_locked=True)
async def lock(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """Locks: the supervisor forgets the root, open work is finished first, then nothing is open. A node that stands by
    takes over no more; of the active one another that stands by takes over."""
    while keeper.standing_by and keeper.unlocking:  # it may be taking over
        await asyncio.sleep(_MOMENT_S)
    if keeper.standing_by:
        tell_supervisor(keeper, _FORGET)
        keeper.standing_by = keeper.reopening = False
        following.forget(keeper)
        return {"locked": True}
    keeper.require_unlocked()
    await keeper.commit([keeper.leaf(keeper.now(), Action.LOCK)])
    tell_supervisor(keeper, _FORGET)
    await close(keeper)
    return {"locked": True}


def root_by_custodians(keeper: Keeper, secrets: list[str]) -> bytes:
    raw = read_slots(keeper.settings.keys_at(keeper.data))
    for slot in slots.decode_slots(raw or b"[]"):
        if isinstance(slot, slots.CustodianSlot):
            return slots.open_custodians(slot, secrets)
    raise Refused("this vault has no custodians")


async def with_passphrase(keeper: Keeper, passphrase: str, word: Word = NO_WORD, *, pin: str = "") -> dict[str, Any]:
    """Raises Refused for a wrong passphrase; the same words and about the same time for every wrong one."""
    if keeper.open is not None:
        return {"locked": False, "already": True}
    if pin and not passphrase:
        raw, module = read_slots(keeper.settings.keys_at(keeper.data)), keeper.settings.hsm.module
        root = await asyncio.to_thread(token_kit.root_by_token, raw, module, pin)
        return await with_root(keeper, root, "token", word, pin=pin)
    place = keeper.settings.keys_at(keeper.data)
    root = await asyncio.to_thread(unlocking.root_by_passphrase, place, passphrase)
    return await with_root(keeper, root, "passphrase", word, pin=pin)


async def with_root(
    keeper: Keeper, root: bytes, way: str, word: Word = NO_WORD, *, pin: str = ""
) -> dict[str, Any]:
    """Opens the vault under a root and keeps root (and token's PIN) with the supervisor. The log is held against
    the witness's word first, where there is a witness."""
    while keeper.standing_by and keeper.unlocking:  # it asks for the lease twice a second; that is no reason to refuse
        await asyncio.sleep(_MOMENT_S)
    if keeper.unlocking:
        raise Conflict("the vault is being unlocked just now")
    if keeper.open is not None:
        return {"locked": False, "already": True}
    keeper.unlocking = True
    try:
        if not await taking_turns.take(keeper):
            return await _stand_by(keeper, Held(root, pin))
        word = await witnessing.word_for(keeper, way, word)
        check = witnessing.checking(keeper, way, word)
        await object_store.tried(keeper.settings.objects_at(keeper.data))
        known = await following.taken(keeper)
        opened = await asyncio.to_thread(unlocking.unlock, keeper, root, pin=pin, check=check, known=known)
    except BaseException:
        keeper.forget()
        await taking_turns.give_up(keeper)
        raise
    finally:
        keeper.unlocking = False
    keeper.open = opened
    dropping.publish(keeper)
    bound = token_kit.half_in(opened.keystore.epoch()) is not None
    tell_supervisor(keeper, Held(root, pin if bound else "").message())
    await witnessing.unlocked(keeper, way, word)
    await noticing_settings.notice(keeper)
    return {"locked": False, "patients": opened.vault.patients, **keeper.unlocked_in}


async def _stand_by(keeper: Keeper, held: Held) -> dict[str, Any]:
    """The root is tried on the key store, kept by the supervisor, and used when this node becomes the active one; until
    then the node follows what the active one commits."""
    if not keeper.reopening:
        settings = keeper.settings
        token = token_kit.opener(settings.hsm.module, held.pin)
        place = settings.keys_at(keeper.data)
        keystore, _ = await asyncio.to_thread(unlocking.open_keys, place, settings.clinic_id, held.root, token)
        keystore.abandon()
        tell_supervisor(keeper, held.message())
        keeper.standing_by = True
        log.info("this node stands by")
        keeper.spawn(reopen(keeper))
    following.go_on(keeper, held)
    return {"locked": True, "standby": True}


def tell_supervisor(keeper: Keeper, message: bytes) -> None:
    """32 bytes and more: keep this root (and PIN); one byte: forget it."""
    channel: socket.socket | None = keeper.channel
    if channel is not None:
        try:
            channel.send(message)
        except OSError as error:
            log.error("the supervisor did not take the root", extra={"error": type(error).__name__})


def held_from_supervisor(channel: socket.socket | None) -> Held | None:
    """The root (and PIN) that the supervisor kept, if it did; it is sent at the fork, so it is there or it is not."""
    if channel is None:
        return None
    channel.settimeout(0.2)
    try:
        message = channel.recv(2 * HELD_SIZE)
    except (TimeoutError, OSError):
        return None
    finally:
        channel.settimeout(None)
    return held_from(message)


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
    await taking_turns.give_up(keeper)


async def reopen(keeper: Keeper) -> None:
    """Closes and opens again with the root that the supervisor keeps, as often as it takes: when the second place did
    not take a commit, what is in memory is behind what is on disk; and when another node is active, until it is not."""
    if keeper.reopening:
        return
    keeper.reopening = True
    try:
        await close(keeper)
        await _reopen(keeper)
    finally:
        keeper.reopening = False


async def _reopen(keeper: Keeper) -> None:
    pause = 0.25
    while keeper.open is None:
        try:
            held = await held_again(keeper)
            if not keeper.reopening:  # locked meanwhile
                return
            await with_root(keeper, held.root, "reopened", pin=held.pin)
            del held
            if keeper.standing_by:
                await asyncio.sleep(taking_turns.ASKED_EVERY_S)
        except Locked:
            return
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
        log.error("a database has to be opened again")
        start_anew()
    if opened.replica is not None and opened.replica.failed:
        await reopen(keeper)
        return
    if await _clock_was_set(keeper):
        due.snapshot = 0.0
    if time.monotonic() >= due.sweep:
        due.sweep = time.monotonic() + _SWEEP_EVERY_S
        await sweep(keeper)
        portal_openings.go_on(keeper)
        await photographing.sweep_stale(keeper)
        await exporting.sweep(keeper)
        await unpublishing.end_hidden(keeper)
        await tip_receiving.sweep(keeper)
        await flood_keeping.sweep(keeper)
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
    # A case may have been charged since: what it is now is stored, not what it was when the clock was set.
    puts = [
        keeper.row(kind, ident, keeper.leaks.get(ident) if kind is Kind.LEAK_CASE else struct)
        for kind, ident, struct in moved
    ]
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


def start_anew() -> NoReturn:
    """Ends this process as kill -9 would; the supervisor starts another one and gives it the root. Nothing is closed:
    closing would let SQLite write to, and remove, files of which it is no longer known what they hold."""
    log.error("the keeper starts anew")
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
    sessions, codes = keeper.portal.sweep(now)
    deletes += [keeper.tag(Kind.PORTAL_SESSION, one.id) for one in sessions]
    deletes += [keeper.tag(Kind.PORTAL_CODE, one.id) for one in codes]
    puts += [keeper.row(Kind.PORTAL_SESSION, one.id, one) for one in keeper.portal.used_since_saved()]
    keeper.challenges.sweep(now)
    keeper.gestures.sweep(now)
    keeper.schedule.links.prune(now)
    if puts or deletes:
        await keeper.commit([], puts, deletes)

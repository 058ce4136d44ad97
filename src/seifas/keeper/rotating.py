"""Turns the epoch: a new epoch key, the surviving patients' keys wrapped again under it, the old generation destroyed.

Nobody waits but those who register new patients, and they for milliseconds: most keys are wrapped again while work goes
on; then, with no new key under way (`keys_lock`), the few that came meanwhile, and the commit in whose transaction the
state names the new generation. Killed before that commit, the vault comes back with the old generation, after it with
the new one (unlocking.py); no key is ever in neither.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, NoReturn, Protocol

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.crypto import keys
from seifas.crypto.epoch_halves import TokenHalf
from seifas.errors import Conflict, SeifasError, Tampered
from seifas.keeper import founding, token_kit
from seifas.keeper.alarming import ring
from seifas.keeper.asking_root import held_again, root_again
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.founding import Epoch
from seifas.keeper.keeper import Keeper, Open
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action
from seifas.keeper.model import Facts
from seifas.keeper.token_kit import Part, Plan
from seifas.storage.keystore import KeyStore, NextGeneration

log = logging.getLogger("seifas.rotating")

_CHUNK = 1000


class Bundles(Protocol):
    def get_many(self, tags: Iterable[bytes]) -> dict[bytes, bytes]: ...


class Deed(NamedTuple):
    """What goes into the commit that turns the epoch, beside the facts."""

    leaves: Sequence[bytes]
    puts: Sequence[tuple[bytes, bytes]] = ()
    deletes: Sequence[bytes] = ()
    expects: Sequence[tuple[bytes, bytes | None]] = ()


class Turned(NamedTuple):
    """The generation and epoch that are current now, and how many patients' keys are in it. `ended`: the former epoch
    was behind tokens, and its objects are gone from all of them."""

    generation: int
    epoch: int
    patients: int
    ended: bool = False


@OPS.op("admin.rotate", NoArgs, "admin")
async def rotate(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """A new epoch without an erasure: what was copied of the key store until now opens nothing written from now on."""
    started = time.perf_counter()
    async with keeper.upkeep:
        turned = await turn(keeper, lambda facts: Deed([_line(keeper, facts)]))
    return {**turned._asdict(), "seconds": round(time.perf_counter() - started, 2)}


def _line(keeper: Keeper, facts: Facts) -> bytes:
    return keeper.leaf(keeper.now(), Action.ROTATE, note=f"generation:{facts.generation}")


async def turn(
    keeper: Keeper,
    compose: Callable[[Facts], Deed],
    *,
    without: bytes | None = None,
    change: Callable[[Facts], Facts] = lambda facts: facts,
    accept: Callable[[], None] = lambda: None,
    before: asyncio.Lock | None = None,
    bind: Callable[[TokenHalf | None], Plan | None] = token_kit.the_same,
) -> Turned:
    """Goes over to the next epoch, leaving out one patient's keys.

    The caller holds `keeper.upkeep`. `change` alters the facts, `compose` makes the rest of the commit from them while
    the lock `before` is held too, and `accept` is called when the commit is durable, before anything else can run.
    `bind` says which tokens hold the new epoch's other half, from what is known of the old one's. When this raises,
    the old epoch goes on.
    """
    opened = keeper.require_unlocked()
    keystore, keyring = opened.keystore, opened.keyring
    generation, epoch = keystore.generation + 1, keyring.epoch + 1
    old = token_kit.half_in(keystore.epoch())
    plan, module = bind(old), keeper.settings.hsm.module
    if plan is not None and bind is token_kit.the_same:
        await asyncio.to_thread(token_kit.require_all, module, old)
    pin = "" if old is None and plan is None else (await held_again(keeper)).pin
    part = await _part(module, pin, plan, keyring.clinic, epoch)
    committed = False
    try:
        made = founding.new_epoch(
            await root_again(keeper), keyring.clinic_keys, clinic=keyring.clinic, epoch=epoch, token=part
        )
        work = await asyncio.to_thread(_Rewrapping, opened, made)
    except BaseException:
        await _end(module, pin, token_kit.half_in({token_kit.TOKEN_ROW: part.row}) if part is not None else None)
        raise
    try:
        await asyncio.to_thread(work.wrap, [one for one in opened.vault.heads if one != without])
        # In this order, as writers take them: whoever waits for the keys may hold the other already.
        async with before or asyncio.Lock(), keeper.keys_lock.alone():
            await opened.key_writer.drain()
            await asyncio.to_thread(work.wrap, [one for one in opened.vault.heads if one != without])
            await asyncio.to_thread(work.finish)
            facts = change(msgspec.structs.replace(keeper.facts, generation=generation, epoch=epoch))
            deed = compose(facts)
            try:
                await keeper.commit(
                    deed.leaves, [*deed.puts, founding.facts_row(keyring, facts)], deed.deletes, deed.expects
                )
            except Conflict:
                raise
            except BaseException as error:
                _start_again("the commit of the next key store", error)
            committed = True
            _go_over(keystore, keyring, generation, epoch, made.key)
            keeper.facts = facts
            accept()
    except BaseException:
        await asyncio.to_thread(work.abandon)
        if not committed:
            await _end(module, pin, token_kit.half_in(made.rows))
        raise
    await asyncio.to_thread(_destroy, keystore, opened)
    # Last: until the replica's new base stands, it opens with the former epoch only.
    ended = await _end(module, pin, old)
    if old is not None and not ended:
        text = "A former epoch's key is still in a token: attach it, lock, and unlock once more."
        await keeper.commit([], ring(keeper, keeper.now(), "token-behind", 2, text))
    return Turned(generation, epoch, work.count, ended)


async def _part(module: str, pin: str, plan: Plan | None, clinic: bytes, epoch: int) -> Part | None:
    if plan is None:
        return None
    return await asyncio.to_thread(token_kit.make, module, pin, plan, clinic=clinic, epoch=epoch)


async def _end(module: str, pin: str, half: TokenHalf | None) -> bool:
    return half is not None and await asyncio.to_thread(token_kit.end, module, pin, half)


def _go_over(keystore: KeyStore, keyring: Keyring, generation: int, epoch: int, epoch_key: bytes) -> None:
    """Generation and epoch at once, with no wait between: whoever reads a key sees both of one moment."""
    try:
        keystore.activate(generation)
    except (SeifasError, OSError) as error:
        _start_again("the opening of the next key store", error)
    keyring.turn(epoch, epoch_key)


def _start_again(failed: str, error: BaseException) -> NoReturn:
    """The state names, or may name, a generation that is not open here, and a key stored now would be lost. So this
    process ends at once; the supervisor starts another keeper, which opens what the state names."""
    log.critical("a rotation failed, starting again", extra={"failed": failed, "error": type(error).__name__})
    os._exit(75)


def _destroy(keystore: KeyStore, opened: Open) -> None:
    keystore.destroy_older(keystore.generation)
    if opened.replica is not None:
        opened.replica.rebase()


class _Rewrapping:
    """The next generation while it is written. `wrap` may be called again: what is there already is passed over."""

    def __init__(self, opened: Open, epoch: Epoch) -> None:
        self._keyring = opened.keyring
        self._keystore = opened.keystore
        self._replica = opened.replica
        self._old, self._old_epoch = opened.keyring.under_epoch, opened.keyring.epoch
        self._new, self._epoch = AESGCM(epoch.key), epoch.number
        self._done: set[bytes] = set()
        self._next: NextGeneration = opened.keystore.begin_next()
        self._next.put_epoch(epoch.rows)
        if self._replica is not None:
            self._replica.begin_generation(self._next.generation, epoch.rows)

    @property
    def count(self) -> int:
        return len(self._done)

    def wrap(self, patients: Iterable[bytes]) -> None:
        waiting = [patient for patient in patients if patient not in self._done]
        for start in range(0, len(waiting), _CHUNK):
            part = waiting[start : start + _CHUNK]
            items = rewrapped(
                self._keyring, self._keystore, part, old=self._old, new=self._new, old_epoch=self._old_epoch,
                new_epoch=self._epoch,
            )
            self._next.put_many(items)
            if self._replica is not None:
                self._replica.next_keys(self._next.generation, items)
            self._done.update(part)

    def finish(self) -> None:
        self._next.finish()

    def abandon(self) -> None:
        self._next.abandon()


def rewrapped(
    keyring: Keyring, keystore: Bundles, patients: Sequence[bytes], *, old: AESGCM, new: AESGCM, old_epoch: int,
    new_epoch: int,
) -> list[tuple[bytes, bytes]]:
    """The (tag, bundle) of these patients under the new epoch. Raises Tampered where one's keys are not there."""
    tags = {patient: keyring.tag(patient) for patient in patients}
    bundles = keystore.get_many(tags.values())
    items = []
    for patient, tag in tags.items():
        blob = bundles.get(tag)
        if blob is None:
            raise Tampered("a patient's keys are gone from the key store", where=patient.hex())
        items.append((tag, keys.rewrap_patient_keys(
            old, new, blob, clinic=keyring.clinic, patient=patient, old_epoch=old_epoch, new_epoch=new_epoch
        )))
    return items

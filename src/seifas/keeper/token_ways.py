"""The tokens of a vault: listed, bound to the epochs, taken out again; a token as a way to the root.

Binding (`admin.hsm_bind`) makes a new epoch whose key is half behind the tokens of the kit; every later epoch is then
made so. A token slot (`admin.hsm_slot_add`) is another thing: a way to the root, beside passphrases and custodians.
Either is proven by a way in that there is, as every change of the ways in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec

from seifas.crypto.epoch_halves import MOST_TOKENS, TokenHalf
from seifas.crypto.token_slots import TokenSlot, new_token_slot
from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper import living, token_kit
from seifas.keeper.alarming import ring
from seifas.keeper.asking_root import Held, held_again
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action
from seifas.keeper.model import Facts
from seifas.keeper.rotating import Deed, turn
from seifas.keeper.token_kit import Plan
from seifas.keeper.ways_in import Proof, proven, put_slots, slots_of
from seifas.storage import tokens
from seifas.storage.tokens import Token

ROOT_LABEL: Final = "seifas root"


class Bind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`tokens`: label or serial of each token of the kit."""

    tokens: tuple[str, ...]
    pin: str
    proof: Proof


class Release(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    proof: Proof


class NewSlot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    name: str
    pin: str
    proof: Proof


class WithoutSlot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`pin` is needed to destroy the key object; without it, or without the token, only the slot goes."""

    name: str
    proof: Proof
    pin: str = ""


@OPS.op("admin.hsm_list", NoArgs, "admin")
async def listed(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{attached, kit, slots, final}: `final` says whether an erasure now would be final at once."""
    opened = keeper.require_unlocked()
    half = token_kit.half_in(opened.keystore.epoch())
    module = keeper.settings.hsm.module
    there = await asyncio.to_thread(tokens.attached, module) if module else []
    serials = {one.serial for one in there}
    days = keeper.settings.retention.key_backup_days
    return {
        "attached": [one._asdict() for one in there],
        "kit": [
            {"label": one.label, "serial": one.serial, "attached": one.serial in serials}
            for one in (half.tokens if half is not None else ())
        ],
        "slots": [
            {"name": slot.name, "serial": slot.serial, "attached": slot.serial in serials}
            for slot in slots_of(keeper) if isinstance(slot, TokenSlot)
        ],
        "epoch": opened.keyring.epoch,
        "final": token_kit.is_final(half, keeper.now().wall_ms, days),
        "loose_ms": half.loose_ms if half is not None else 0,
    }


@OPS.op("admin.hsm_bind", Bind, "admin")
async def bind(keeper: Keeper, caller: Caller, args: Bind) -> dict[str, Any]:
    """Goes over to an epoch behind these tokens; the same for another kit in place of the one there is."""
    async with keeper.upkeep:
        root = await proven(keeper, args.proof)
        module = keeper.settings.hsm.module
        kit = await asyncio.to_thread(_resolved, module, args.tokens)
        before = await held_again(keeper)
        if token_kit.half_in(keeper.require_unlocked().keystore.epoch()) is not None and before.pin != args.pin:
            raise Refused(
                "all tokens of a vault have one PIN, the one that it was unlocked with: set it on the new token, or "
                "`seifas hsm release` first", where="pin",
            )
        now = keeper.now().wall_ms

        def plan(half: TokenHalf | None) -> Plan | None:
            serials = tuple(one.serial for one in kit)
            if half is None:
                return token_kit.first_plan(serials, now)
            # A token that leaves the kit without being there keeps the former epoch's object.
            loose = half.loose_ms if token_kit.all_there(module, half) else now
            return Plan(serials, bytes.fromhex(half.store), loose)

        living.tell_supervisor(keeper, Held(root, args.pin).message())
        try:
            turned = await turn(keeper, partial(_deed, keeper, f"hsm-bound:{len(kit)}"), bind=plan)
        except BaseException:
            living.tell_supervisor(keeper, before.message())
            raise
    return {**turned._asdict(), "tokens": [one.label for one in kit]}


@OPS.op("admin.hsm_release", Release, "admin")
async def release(keeper: Keeper, caller: Caller, args: Release) -> dict[str, Any]:
    """Goes over to an epoch that opens without tokens."""
    async with keeper.upkeep:
        root = await proven(keeper, args.proof)
        if token_kit.half_in(keeper.require_unlocked().keystore.epoch()) is None:
            raise Conflict("this vault's keys need no token", where="token")
        turned = await turn(keeper, partial(_deed, keeper, "hsm-released"), bind=lambda _: None)
        living.tell_supervisor(keeper, Held(root).message())
    return turned._asdict()


@OPS.op("admin.hsm_slot_add", NewSlot, "admin")
async def add_slot(keeper: Keeper, caller: Caller, args: NewSlot) -> dict[str, Any]:
    """A way to the root: this token, with its PIN."""
    async with keeper.upkeep:
        root = await proven(keeper, args.proof)
        module = keeper.settings.hsm.module
        token = (await asyncio.to_thread(_resolved, module, (args.token,)))[0]
        before = slots_of(keeper)
        there = [slot for slot in before if isinstance(slot, TokenSlot)]
        if any(slot.serial == token.serial or slot.name == args.name for slot in there):
            raise Conflict("this token, or this name, is a way in already; remove it first", where="token")
        if len(there) >= MOST_TOKENS:
            raise Invalid(f"a vault has at most {MOST_TOKENS} tokens as ways in", where="token")
        label = f"{ROOT_LABEL} {keeper.settings.clinic_id.hex()[:8]}"
        made = await asyncio.to_thread(tokens.make_object, module, token.serial, label, args.pin)
        ask = partial(tokens.answer, module, token.serial, made, pin=args.pin)
        try:
            slot = await asyncio.to_thread(
                new_token_slot, root, ask, name=args.name, serial=token.serial, key_object=made
            )
            await put_slots(keeper, (*before, slot), "token-added")
        except BaseException:
            await asyncio.to_thread(tokens.destroy_object, module, token.serial, made, args.pin)
            raise
    return {"name": args.name, "token": token.label, "serial": token.serial}


@OPS.op("admin.hsm_slot_remove", WithoutSlot, "admin")
async def remove_slot(keeper: Keeper, caller: Caller, args: WithoutSlot) -> dict[str, Any]:
    """Takes a token away as a way in, and destroys its key object where it is attached and the PIN is given."""
    async with keeper.upkeep:
        await proven(keeper, args.proof)
        before = slots_of(keeper)
        old = next((slot for slot in before if isinstance(slot, TokenSlot) and slot.name == args.name), None)
        if old is None:
            raise Missing("no token is a way in under this name; `seifas hsm list` shows them", where="name")
        await put_slots(keeper, tuple(slot for slot in before if slot is not old), "token-removed")
        destroyed = False
        if args.pin:
            module = keeper.settings.hsm.module
            destroyed = await asyncio.to_thread(
                tokens.destroy_object, module, old.serial, bytes.fromhex(old.object), args.pin
            )
    return {"name": args.name, "destroyed": destroyed}


def _deed(keeper: Keeper, note: str, facts: Facts) -> Deed:
    moment = keeper.now()
    rings = ring(keeper, moment, "ways-in", 2, "The ways to open the vault were changed at the machine.")
    return Deed([keeper.leaf(moment, Action.WAYS, note=note)], rings)


def _resolved(module: str, named: Sequence[str]) -> list[Token]:
    """The attached tokens of these labels or serials. Raises Invalid, Missing, Unavailable."""
    if not 1 <= len(named) <= MOST_TOKENS or len(set(named)) != len(named):
        raise Invalid(f"name 1 to {MOST_TOKENS} tokens, each once", where="token")
    there = tokens.attached(module)
    found = []
    for name in named:
        same = [one for one in there if name in (one.serial, one.label)]
        if len(same) > 1:
            raise Invalid("several tokens have this label: name them by their serial numbers", where=name[:60])
        if not same:
            raise Missing("no such token is attached; `seifas hsm list` shows them", where=name[:60])
        found.append(same[0])
    if len({one.serial for one in found}) != len(found):
        raise Invalid("one token was named twice", where="token")
    return found

"""The ways to the root: passphrases, one a named person, and k of n custodians. A change is proven by a way there is.

Whoever may use the admin socket runs the machine, and is not thereby somebody who may open the vault on another one: so
a new way is only made for somebody who shows a passphrase or the custodians' secrets once more. Taking a way out does
not reach copies of slots.json made before: see docs/running/recovery.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from seifas.crypto import keys, slots
from seifas.crypto.slots import CustodianSlot, PassphraseSlot, Slot
from seifas.errors import Conflict, Invalid, Missing, Refused, Tampered
from seifas.keeper import token_kit, unlocking
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.founding import EPOCH_ROW
from seifas.keeper.identity import guessing
from seifas.keeper.keeper import Keeper
from seifas.keeper.lines import Action

MOST_PASSPHRASES = 32


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passphrase that opens the vault, enough custodians' secrets, or the PIN of a token that is a way in."""

    passphrase: str = ""
    pin: str = ""
    secrets: tuple[str, ...] = ()


class NewPassphrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    new: str
    proof: Proof


class Without(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    proof: Proof


class NewCustodians(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    needed: int
    names: tuple[str, ...]
    proof: Proof


@OPS.op("admin.ways", NoArgs, "admin")
async def ways(keeper: Keeper, caller: Caller, args: NoArgs) -> list[dict[str, Any]]:
    """Who can open the vault; nothing of how."""
    return [described(slot) for slot in slots_of(keeper)]


def described(slot: Slot) -> dict[str, Any]:
    if isinstance(slot, PassphraseSlot):
        return {"kind": "passphrase", "name": slot.name, "memory_mib": slot.memory_kib // 1024}
    if isinstance(slot, CustodianSlot):
        return {"kind": "custodians", "needed": slot.needed, "names": list(slot.names)}
    return {"kind": "pkcs11", "name": slot.name, "serial": slot.serial}


@OPS.op("admin.passphrase_add", NewPassphrase, "admin")
async def add(keeper: Keeper, caller: Caller, args: NewPassphrase) -> dict[str, Any]:
    """One more person's passphrase."""
    async with keeper.upkeep:
        before = slots_of(keeper)
        if _named(before, args.name) is not None:
            raise Conflict("there is a passphrase under this name already; change or remove it", where="name")
        if sum(isinstance(slot, PassphraseSlot) for slot in before) >= MOST_PASSPHRASES:
            raise Invalid(f"a vault has at most {MOST_PASSPHRASES} passphrases", where="name")
        made = await _made(keeper, args)
        await put_slots(keeper, (*before, made), "passphrase-added")
    return {"name": args.name, "passphrases": sum(isinstance(slot, PassphraseSlot) for slot in before) + 1}


@OPS.op("admin.passphrase_change", NewPassphrase, "admin")
async def change(keeper: Keeper, caller: Caller, args: NewPassphrase) -> dict[str, Any]:
    """Another passphrase for the same person; any way in proves it, so that a forgotten one can be replaced."""
    async with keeper.upkeep:
        before = slots_of(keeper)
        old = _named(before, args.name)
        if old is None:
            raise Missing("there is no passphrase under this name; `seifas passphrase list` shows them", where="name")
        made = await _made(keeper, args)
        await put_slots(keeper, tuple(made if slot is old else slot for slot in before), "passphrase-changed")
    return {"name": args.name}


@OPS.op("admin.passphrase_remove", Without, "admin")
async def remove(keeper: Keeper, caller: Caller, args: Without) -> dict[str, Any]:
    """Takes one person's passphrase away. The last passphrase stays."""
    async with keeper.upkeep:
        before = slots_of(keeper)
        old = _named(before, args.name)
        if old is None:
            raise Missing("there is no passphrase under this name; `seifas passphrase list` shows them", where="name")
        left = tuple(slot for slot in before if slot is not old)
        if not any(isinstance(slot, PassphraseSlot) for slot in left):
            raise Refused("this is the last passphrase: add another person's first", where="name")
        await proven(keeper, args.proof)
        await put_slots(keeper, left, "passphrase-removed")
    return {"name": args.name, "passphrases": sum(isinstance(slot, PassphraseSlot) for slot in left)}


@OPS.op("admin.custodians_new", NewCustodians, "admin")
async def custodians(keeper: Keeper, caller: Caller, args: NewCustodians) -> dict[str, Any]:
    """New custodians in place of those there were; their secrets are in the answer and nowhere else."""
    async with keeper.upkeep:
        before = slots_of(keeper)
        root = await proven(keeper, args.proof)
        texts, made = await asyncio.to_thread(slots.new_custodian_slots, root, args.needed, args.names)
        del root
        kept = tuple(slot for slot in before if not isinstance(slot, CustodianSlot))
        await put_slots(keeper, (*kept, made), "custodians-new")
    return {
        "needed": args.needed, "secrets": dict(zip(args.names, texts, strict=True)), "replaced": len(kept) < len(before)
    }


def root_by_custodians(raw: bytes | None, secrets: Sequence[str]) -> bytes:
    """The root from the slots file's bytes and enough custodians' secrets. Raises Refused, Invalid."""
    for slot in slots.decode_slots(raw or b"[]"):
        if isinstance(slot, CustodianSlot):
            return slots.open_custodians(slot, secrets)
    raise Refused("this vault has no custodians")


def slots_of(keeper: Keeper) -> tuple[Slot, ...]:
    raw = keeper.require_unlocked().keystore.slots()
    if raw is None:
        raise Tampered("the key store has no slots", where="slots.json")
    return slots.decode_slots(raw)


def _named(ways_in: Sequence[Slot], name: str) -> PassphraseSlot | None:
    return next((slot for slot in ways_in if isinstance(slot, PassphraseSlot) and slot.name == name), None)


async def _made(keeper: Keeper, args: NewPassphrase) -> PassphraseSlot:
    root = await proven(keeper, args.proof)
    await asyncio.to_thread(guessing.refuse_guessable, args.new, (args.name, keeper.settings.clinic.name))
    profile = slots.DEMO if keeper.settings.demo else slots.FULL
    return await asyncio.to_thread(slots.new_passphrase_slot, root, args.new, args.name, profile)


async def proven(keeper: Keeper, proof: Proof) -> bytes:
    """The root, if the proof opens it and it is this vault's. Raises Refused."""
    opened = keeper.require_unlocked()
    directory = keeper.data / keeper.settings.paths.keys
    if proof.passphrase:
        root = await asyncio.to_thread(unlocking.root_by_passphrase, directory, proof.passphrase)
    elif proof.secrets:
        root = await asyncio.to_thread(root_by_custodians, opened.keystore.slots(), proof.secrets)
    elif proof.pin:
        raw, module = opened.keystore.slots(), keeper.settings.hsm.module
        root = await asyncio.to_thread(token_kit.root_by_token, raw, module, proof.pin)
    else:
        raise Refused(
            "show a passphrase that opens the vault, the custodians' secrets, or a token's PIN", where="proof"
        )
    # Slots that somebody put in place of ours would open to another root.
    wrapped = opened.keystore.epoch()[EPOCH_ROW]
    keys.unwrap_epoch(root, wrapped[4:], clinic=opened.keyring.clinic, epoch=opened.keyring.epoch)
    return root


async def put_slots(keeper: Keeper, after: tuple[Slot, ...], note: str) -> None:
    """The line first: a change without its line there must not be."""
    opened = keeper.require_unlocked()
    moment = keeper.now()
    rings = ring(keeper, moment, "ways-in", 2, "The ways to open the vault were changed at the machine.")
    await keeper.commit([keeper.leaf(moment, Action.WAYS, note=note)], rings)
    await asyncio.to_thread(opened.keystore.write_slots, slots.encode_slots(after))
    if opened.replica is not None:
        await asyncio.to_thread(opened.replica.rebase)

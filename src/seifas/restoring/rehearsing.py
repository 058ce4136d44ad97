"""Proves that a vault could be recovered, without touching it: a copied key store and the secrets, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from seifas.crypto import slots
from seifas.crypto.slots import CustodianSlot
from seifas.errors import Refused
from seifas.keeper.founding import opened_epoch
from seifas.keeper.token_kit import OpenHalf, none_at_hand
from seifas.restoring import checking
from seifas.restoring.looking import Look


class Rehearsal(msgspec.Struct, frozen=True):
    """What opened: whose secrets were right, of how many needed, and which key store they open."""

    people: tuple[str, ...]
    needed: int
    generation: int
    epoch: int


def recognised(place: Path, secret: str) -> str:
    """Whose secret this is: what one custodian can prove alone. Raises Invalid (typing), Refused (another's)."""
    slot = _custodians(checking.keys_at(place).slots)
    return slot.names[slots.check_custodian(slot, secret) - 1]


def rehearse(
    place: Path, clinic: bytes, *, passphrase: str = "", secrets: Sequence[str] = (), token: OpenHalf = none_at_hand
) -> Rehearsal:
    """Opens the slots of a copied key store and, with the root (and its token), its epoch key.

    Raises Refused, Invalid, Tampered, and Locked where a token is needed too."""
    copied = checking.keys_at(place)
    root = checking.root_of(copied.slots, passphrase, secrets)
    look = Look(copied.file)
    try:
        rows = look.epoch()
    finally:
        look.close()
    epoch, _ = opened_epoch(rows, root, clinic=clinic, token=token)
    people: tuple[str, ...] = ()
    needed = 1
    if secrets:
        slot = _custodians(copied.slots)
        people = tuple(slot.names[slots.check_custodian(slot, secret) - 1] for secret in secrets)
        needed = slot.needed
    return Rehearsal(people, needed, copied.generation, epoch.number)


def _custodians(raw: bytes) -> CustodianSlot:
    for slot in slots.decode_slots(raw):
        if isinstance(slot, CustodianSlot):
            return slot
    raise Refused("this vault has no custodians")

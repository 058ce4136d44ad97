"""Bytes of the clinic's own that are too large for a row: objects, each sealed under a key of its own.

What an object belongs to (a case, a flood) holds a key; that of an object is derived from it, so that no two share one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.keeper.keeper import Keeper


class Place(NamedTuple):
    """An object: whose it is, its key, its id."""

    owner: bytes
    key: bytes
    ident: bytes


def place(owner: bytes, key: bytes, label: bytes, ident: bytes) -> Place:
    """Where an object lies: its key is HKDF-SHA-256 (RFC 5869) of the owner's over the label and the object's id."""
    return Place(owner, HKDF(SHA256(), 32, None, label + ident).derive(key), ident)


async def seal(keeper: Keeper, at: Place, body: bytes) -> int:
    """Seals bytes into this new object, durable on return; the epoch that it names."""
    opened = keeper.require_unlocked()
    epoch = opened.keyring.epoch

    def put() -> None:
        opened.objects.put(at.ident, stream.seal_stream(
            at.key, (body,), purpose=Purpose.OBJECT, clinic=keeper.settings.clinic_id, patient=at.owner,
            record=at.ident, version=1, epoch=epoch,
        ))  # fmt: skip

    await asyncio.to_thread(put)
    return epoch


async def unseal(keeper: Keeper, sealed: Sequence[tuple[Place, int]]) -> list[bytes]:
    """What `seal` put into these, by their epochs, in order. Raises Missing, Tampered."""
    objects = keeper.require_unlocked().objects

    def get() -> list[bytes]:
        return [
            b"".join(stream.open_stream(
                at.key, objects.get(at.ident), purpose=Purpose.OBJECT, clinic=keeper.settings.clinic_id,
                patient=at.owner, record=at.ident, version=1, epoch=epoch,
            ))
            for at, epoch in sealed
        ]  # fmt: skip

    return await asyncio.to_thread(get)

"""Snapshots of who is affected: sealed, told apart by their hash in the log; and who they are today.

A snapshot is sealed as an object under a key of its own, which its state row keeps; its SHA-256 stands in the line of
the log with which it became durable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Tampered
from seifas.keeper.affected_grading import Grade, words_of
from seifas.keeper.affected_model import Affected, Frozen
from seifas.keeper.keeper import Keeper
from seifas.keeper.model import CLINIC

_encode = msgspec.msgpack.Encoder().encode


def encoded(frozen: Frozen) -> bytes:
    """The bytes that are hashed and sealed: MessagePack, fields by name, people in the order of their pseudonyms."""
    return _encode(frozen)


def seal(keeper: Keeper, ident: bytes, case: bytes, key: bytes, body: bytes) -> int:
    """Seals the bytes into a new object, durable on return; the epoch that it names. For a thread."""
    opened = keeper.require_unlocked()
    epoch = opened.keyring.epoch
    opened.objects.put(ident, stream.seal_stream(key, (body,), **_bound(keeper, ident, case, epoch)))
    return epoch


def _bound(keeper: Keeper, ident: bytes, case: bytes, epoch: int) -> dict[str, Any]:
    return {
        "purpose": Purpose.OBJECT, "clinic": keeper.settings.clinic_id, "patient": case, "record": ident, "version": 1,
        "epoch": epoch,
    }


def body_of(keeper: Keeper, ident: bytes) -> bytes:
    """The bytes of a snapshot as they were hashed. Raises Missing, Tampered. For a thread."""
    one = keeper.affected.get(ident)
    sealed = keeper.require_unlocked().objects.get(one.object)
    body = b"".join(stream.open_stream(one.key, sealed, **_bound(keeper, one.object, one.case, one.epoch)))
    if hashlib.sha256(body).digest() != one.sha256:
        raise Tampered("a snapshot is not the one that was hashed", where=ident.hex())
    return body


def frozen_of(keeper: Keeper, ident: bytes) -> Frozen:
    """A snapshot as it was frozen. Raises Missing, Tampered. For a thread; 60 ms for 24,000 people the first time."""
    known = keeper.affected.remembered(ident)
    if known is not None:
        return known
    try:
        found = msgspec.msgpack.decode(body_of(keeper, ident), type=Frozen)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Tampered("a snapshot is not as written", where=ident.hex()) from None
    keeper.affected.remember(found)
    return found


def living(keeper: Keeper) -> dict[bytes, bytes]:
    """Everybody's id by their pseudonym, as of now. For a thread; 15 ms for 24,000."""
    opened = keeper.require_unlocked()
    return {opened.keyring.pseudonym(one): one for one in list(opened.vault.heads) if one != CLINIC}


def grades(keeper: Keeper, snapshot: bytes) -> Mapping[bytes, Affected]:
    """Everybody of a snapshot who is alive now, by their id. Raises Missing, Tampered. For a thread."""
    known = living(keeper)
    return {
        patient: Affected(
            Grade(row.grade).word, row.sure, row.exempt, words_of(row.categories), row.proofs, row.country,
            row.language, row.minor,
        )
        for row in frozen_of(keeper, snapshot).rows
        if (patient := known.get(row.who)) is not None
    }  # fmt: skip


def label_of(who: bytes) -> str:
    """How a page calls somebody: the beginning of the pseudonym that stands in the log's lines."""
    return f"P-{who[:4].hex().upper()}"

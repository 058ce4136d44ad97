"""The root under a key object in a PKCS#11 token (HSM, card), which never leaves it.

The token is asked one thing only: HMAC-SHA256 (RFC 2104) of a challenge of 96 bytes under its object. From the answer
comes the key that wraps the root (HKDF, RFC 5869). So the token never sees what it protects, no nonce of ours depends
on it, and every token that can compute an HMAC will do. Asking is the caller's: nothing here does I/O.
Layouts: docs/formats/slots.md.
"""

from __future__ import annotations

from collections.abc import Callable
from os import urandom
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.crypto.aad import ALG_COBBLESTONE256, ID_SIZE, NOBODY, Purpose, bind
from seifas.crypto.envelope import KEY_SIZE
from seifas.crypto.wrapping import WRAPPED_SIZE, checked_name, checked_root, is_id, is_name, unwrap, with_length, wrap
from seifas.errors import Tampered, Unavailable

ANSWER_SIZE: Final = 32
SALT_SIZE: Final = 32

_FORMAT: Final = 1
_INFO: Final = b"seifas/1/token-slot"

Ask = Callable[[bytes], bytes]
"""Challenge to answer: the token's HMAC-SHA256 under one of its objects, 32 bytes."""


class TokenSlot(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="pkcs11", forbid_unknown_fields=True):
    """The root under one token. `id` and `object` (the key object's CKA_ID) are 32 hex digits, `salt` 32 bytes,
    `wrapped` 104; `serial` is the token's own, by which it is found."""

    format: int
    id: str
    name: str
    serial: str
    object: str
    salt: bytes
    wrapped: bytes


def new_token_slot(root: bytes, ask: Ask, *, name: str, serial: str, key_object: bytes) -> TokenSlot:
    """A slot that this token opens. Raises Unavailable where the token does not answer with an HMAC."""
    checked_root(root)
    checked_name(name)
    blank = TokenSlot(
        format=_FORMAT, id=urandom(ID_SIZE).hex(), name=name, serial=serial, object=key_object.hex(),
        salt=urandom(SALT_SIZE), wrapped=bytes(WRAPPED_SIZE),
    )
    checked_token_slot(blank)
    wrapped = wrap(_key(blank, ask(slot_challenge(blank))), root, _context(blank))
    return msgspec.structs.replace(blank, wrapped=wrapped)


def slot_challenge(slot: TokenSlot) -> bytes:
    """What the token is asked: 96 bytes."""
    return _bound(slot) + slot.salt


def open_token_slot(slot: TokenSlot, answer: bytes) -> bytes:
    """The root. Raises Tampered: the token is the right one and answered, so it is the slot that was changed."""
    checked_token_slot(slot)
    try:
        return unwrap(_key(slot, answer), slot.wrapped, _context(slot))
    except InvalidTag:
        raise Tampered("the token answers, but this slot was changed", where=f"slot {slot.id}") from None


def checked_token_slot(slot: TokenSlot) -> None:
    """Raises Tampered for a slot that could not have been made here."""
    if not (
        slot.format == _FORMAT and is_id(slot.id) and is_id(slot.object) and is_name(slot.name) and is_name(slot.serial)
        and len(slot.salt) == SALT_SIZE and len(slot.wrapped) == WRAPPED_SIZE
    ):
        raise Tampered("a token's slot is not as written", where=f"slot {slot.id[:32]}")


def key_from(answer: bytes, salt: bytes, info: bytes) -> bytes:
    """The wrapping key that an answer gives. Raises Unavailable for what is no HMAC-SHA256."""
    if len(answer) != ANSWER_SIZE:
        raise Unavailable("the token did not answer with an HMAC-SHA256: another model may be needed")
    return HKDF(SHA256(), KEY_SIZE, salt, info).derive(answer)


def _key(slot: TokenSlot, answer: bytes) -> bytes:
    return key_from(answer, bytes.fromhex(slot.id), _INFO)


def _context(slot: TokenSlot) -> bytes:
    return _bound(slot) + b"T" + slot.salt + bytes.fromhex(slot.object) + with_length(slot.serial) + with_length(
        slot.name
    )


def _bound(slot: TokenSlot) -> bytes:
    return bind(
        fmt=_FORMAT, alg=ALG_COBBLESTONE256, purpose=Purpose.SLOT, clinic=NOBODY, patient=NOBODY,
        record=bytes.fromhex(slot.id), version=0,
    )

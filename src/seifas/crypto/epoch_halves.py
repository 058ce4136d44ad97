"""An epoch key in two halves: one under the root, as ever, the other only behind a token's key object of this epoch.

    epoch key = HKDF-SHA256(ikm = root's half 32 | token's half 32, salt = clinic, info = … | epoch)

The token's half is random and wrapped once for each token of the kit, under HKDF of that token's HMAC-SHA256 over a
challenge (token_slots.py says why an HMAC). Destroying the objects of an epoch in every token of its kit ends the epoch
for whoever has everything else: every copy of the key store and of the data, and every way to the root.
Layout: docs/formats/keys.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import urandom
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.crypto.aad import ALG_COBBLESTONE256, ID_SIZE, NOBODY, Purpose, bind
from seifas.crypto.envelope import KEY_SIZE
from seifas.crypto.token_slots import SALT_SIZE, Ask, key_from
from seifas.crypto.wrapping import WRAPPED_SIZE, is_id, is_name, unwrap, with_length, wrap
from seifas.errors import Invalid, Tampered

MOST_TOKENS: Final = 5

_FORMAT: Final = 1
_WRAP_INFO: Final = b"seifas/1/token-half"
_JOIN_INFO: Final = b"seifas/1/epoch-of-two-halves/"


class TokenWrap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The token's half for one token of the kit: `serial` and `label` name it, `object` is its key object's CKA_ID in
    hex, `salt` 32 bytes, `wrapped` 104."""

    serial: str
    label: str
    object: str
    salt: bytes
    wrapped: bytes


class TokenHalf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the key store keeps beside the root's half. `store` is 32 hex digits, the same for every epoch of one key
    store, by which its objects in a token are told from another's. `loose_ms` (wall ms) is the last moment when copies
    may have been made that open without this kit's objects: see `keeper.token_kit`."""

    format: int
    store: str
    loose_ms: int
    tokens: tuple[TokenWrap, ...]


class Asked(NamedTuple):
    """One token of a kit, with its new object and how it is asked under it."""

    serial: str
    label: str
    key_object: bytes
    ask: Ask


_DECODER: Final = msgspec.json.Decoder(TokenHalf)


def encode_half(half: TokenHalf) -> bytes:
    return msgspec.json.encode(half)


def decode_half(raw: bytes) -> TokenHalf:
    """Raises Tampered for what could not have been written here."""
    try:
        half = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Tampered("the token's half of the epoch is not as written", where="keys") from wrong
    kit = half.tokens
    fine = all(
        is_name(one.serial) and is_name(one.label) and is_id(one.object) and len(one.salt) == SALT_SIZE
        and len(one.wrapped) == WRAPPED_SIZE
        for one in kit
    )
    if not (fine and half.format == _FORMAT and is_id(half.store) and 1 <= len(kit) <= MOST_TOKENS
            and 0 <= half.loose_ms < 2**63):
        raise Tampered("the token's half of the epoch is not as written", where="keys")
    return half


def new_half(
    kit: Sequence[Asked], *, clinic: bytes, epoch: int, store: bytes, loose_ms: int
) -> tuple[bytes, TokenHalf]:
    """A random half, and what is stored of it. Every token of the kit is asked once."""
    if not 1 <= len(kit) <= MOST_TOKENS or len({one.serial for one in kit}) != len(kit):
        raise Invalid(f"a kit is 1 to {MOST_TOKENS} different tokens")
    secret = urandom(KEY_SIZE)
    blank = TokenHalf(_FORMAT, store.hex(), loose_ms, ())
    wraps = []
    for one in kit:
        empty = TokenWrap(one.serial, one.label, one.key_object.hex(), urandom(SALT_SIZE), bytes(WRAPPED_SIZE))
        key = _key(empty, one.ask(half_challenge(empty, clinic=clinic, epoch=epoch)))
        context = _context(blank, empty, clinic, epoch)
        wraps.append(msgspec.structs.replace(empty, wrapped=wrap(key, secret, context)))
    half = msgspec.structs.replace(blank, tokens=tuple(wraps))
    return secret, decode_half(encode_half(half))


def half_challenge(one: TokenWrap, *, clinic: bytes, epoch: int) -> bytes:
    """What this token is asked for this epoch: 96 bytes."""
    return _bound(one, clinic, epoch) + one.salt


def open_half(half: TokenHalf, one: TokenWrap, answer: bytes, *, clinic: bytes, epoch: int) -> bytes:
    """The token's half, 32 bytes. Raises Tampered where the row was changed or belongs to another clinic or epoch."""
    try:
        return unwrap(_key(one, answer), one.wrapped, _context(half, one, clinic, epoch))
    except InvalidTag:
        raise Tampered("the token answers, but its half of the epoch was changed", where="keys") from None


def joined(first: bytes, second: bytes, *, clinic: bytes, epoch: int) -> bytes:
    """The epoch key of the root's half and the token's half, 32 bytes."""
    if len(first) != KEY_SIZE or len(second) != KEY_SIZE or len(clinic) != ID_SIZE:
        raise Invalid("each half of an epoch key is 32 bytes, a clinic's id 16")
    return HKDF(SHA256(), KEY_SIZE, clinic, _JOIN_INFO + epoch.to_bytes(4, "big")).derive(first + second)


def _key(one: TokenWrap, answer: bytes) -> bytes:
    return key_from(answer, bytes.fromhex(one.object), _WRAP_INFO)


def _context(half: TokenHalf, one: TokenWrap, clinic: bytes, epoch: int) -> bytes:
    """Everything that is said in the clear is bound: who changes the time or the store's name opens nothing."""
    said = bytes.fromhex(half.store) + half.loose_ms.to_bytes(8, "big")
    return _bound(one, clinic, epoch) + b"H" + said + one.salt + with_length(one.serial) + with_length(one.label)


def _bound(one: TokenWrap, clinic: bytes, epoch: int) -> bytes:
    return bind(
        fmt=_FORMAT, alg=ALG_COBBLESTONE256, purpose=Purpose.TOKEN_HALF, clinic=clinic, patient=NOBODY,
        record=bytes.fromhex(one.object), version=epoch,
    )

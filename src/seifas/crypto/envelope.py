"""Sealed records: AES-256-GCM (SP 800-38D) with a random 96-bit nonce, behind a header of 20 bytes.

    "SE" | format u8 | algorithm u8 | epoch u32 | nonce 12 || ciphertext | tag 16

All of the header is authenticated: format, algorithm and epoch through the AAD (`aad.bind_epoch`), the nonce by GCM.
Random nonces bear 2^32 messages a key (SP 800-38D, 8.3); a patient's key sees fewer than 10^5, an epoch key 10^7.
GCM does not commit to its key: that is enough under random keys, and is the reason why slots.py does not use it.
"""

from __future__ import annotations

from os import urandom
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.crypto.aad import ALG_AES256GCM, FORMAT, Purpose, bind_epoch
from seifas.errors import Invalid, Tampered

MAGIC: Final = b"SE"
HEADER_SIZE: Final = 20
TAG_SIZE: Final = 16
OVERHEAD: Final = HEADER_SIZE + TAG_SIZE
KEY_SIZE: Final = 32

_NONCE_SIZE: Final = 12
_FRONT: Final = Struct(">2sBBI")
_HEADER: Final = Struct(">2sBBI12s")


def sealer(key: bytes) -> AESGCM:
    """A reusable AES-256-GCM under this key of 32 bytes. Making one costs as much as sealing 1 KB: keep it."""
    if len(key) != KEY_SIZE:
        raise Invalid("a key is 32 bytes")
    return AESGCM(key)


def seal(
    under: AESGCM,
    plaintext: bytes,
    *,
    purpose: Purpose,
    clinic: bytes,
    patient: bytes,
    record: bytes,
    version: int,
    epoch: int,
) -> bytes:
    """The sealed blob, 36 bytes longer than the plaintext. Pad first (padding.py) where the size would speak."""
    bound = bind_epoch(
        fmt=FORMAT,
        alg=ALG_AES256GCM,
        purpose=purpose,
        clinic=clinic,
        patient=patient,
        record=record,
        version=version,
        epoch=epoch,
    )
    nonce = urandom(_NONCE_SIZE)
    return _HEADER.pack(MAGIC, FORMAT, ALG_AES256GCM, epoch, nonce) + under.encrypt(nonce, plaintext, bound)


def open_sealed(
    under: AESGCM,
    blob: bytes,
    *,
    purpose: Purpose,
    clinic: bytes,
    patient: bytes,
    record: bytes,
    version: int,
    epoch: int | None = None,
) -> bytes:
    """The plaintext, or `Tampered` naming purpose and record. With `epoch` None the header says it, authenticated.

    One error for a changed byte, a swapped blob, a wrong key and a cut: telling them apart would help only a forger.
    """
    if len(blob) < OVERHEAD:
        raise _tampered("is shorter than its own header", purpose, record)
    magic, fmt, alg, stated, nonce = _HEADER.unpack_from(blob)
    if magic != MAGIC or fmt != FORMAT or alg != ALG_AES256GCM:
        raise _tampered("does not begin as a sealed record of a known format", purpose, record)
    if epoch is not None and stated != epoch:
        raise _tampered("names another epoch", purpose, record)
    bound = bind_epoch(
        fmt=FORMAT,
        alg=ALG_AES256GCM,
        purpose=purpose,
        clinic=clinic,
        patient=patient,
        record=record,
        version=version,
        epoch=stated,
    )
    try:
        return under.decrypt(nonce, memoryview(blob)[HEADER_SIZE:], bound)
    except InvalidTag:
        raise _tampered("was changed, moved here from elsewhere, or is under another key", purpose, record) from None


def stated_epoch(blob: bytes) -> int:
    """The epoch in the header, before anything is opened: it chooses the key, and opening then authenticates it."""
    if len(blob) < OVERHEAD:
        raise Tampered("a sealed record is shorter than its own header")
    magic, fmt, alg, stated = _FRONT.unpack_from(blob)
    if magic != MAGIC or fmt != FORMAT or alg != ALG_AES256GCM:
        raise Tampered("a sealed record does not begin as one of a known format")
    return int(stated)


def _tampered(what: str, purpose: int, record: bytes) -> Tampered:
    return Tampered(f"a sealed {Purpose(purpose).name} {what}", where=record.hex())

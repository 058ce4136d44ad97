"""The drop box: anyone with the public half can put something in, only the keeper takes it out (HPKE, RFC 9180).

The KEM joins ML-KEM-768 and X25519, so that what lies on a public server and is harvested there today does not open
once X25519 is broken. The private half is kept as one seed of 32 bytes and expanded as the X-Wing KEM does it
(draft-connolly-cfrg-xwing-kem: SHAKE256 to 64 bytes for ML-KEM and 32 for X25519).

    public half: ML-KEM-768 encapsulation key 1184 | X25519 public key 32        = 1216 bytes
    dropped:     encapsulation 1120 | AES-256-GCM ciphertext | tag 16            = 1136 bytes longer than the text
"""

from __future__ import annotations

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHAKE256, Hash
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from seifas.errors import Invalid, Tampered

SEED_SIZE: Final = 32
PUBLIC_SIZE: Final = 1216
OVERHEAD: Final = 1136

_MLKEM_PUBLIC: Final = 1184
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def public_half(seed: bytes) -> bytes:
    """The 1216 bytes to publish for a private seed of 32 bytes (`ClinicKeys.dropbox`)."""
    mlkem, x25519 = _private(seed)
    return mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def drop(public: bytes, text: bytes, *, info: bytes) -> bytes:
    """`text` sealed to the public half. `info` says what it is and for whom, and is needed again to take it out."""
    if len(public) != PUBLIC_SIZE:
        raise Invalid(f"the public half of a drop box is {PUBLIC_SIZE} bytes")
    try:
        mlkem = MLKEM768PublicKey.from_public_bytes(public[:_MLKEM_PUBLIC])
        x25519 = X25519PublicKey.from_public_bytes(public[_MLKEM_PUBLIC:])
        return _SUITE.encrypt(text, MLKEM768X25519PublicKey(mlkem, x25519), info)
    except ValueError as wrong:
        raise Invalid("this is not the public half of a drop box") from wrong


def take(seed: bytes, dropped: bytes, *, info: bytes) -> bytes:
    """What was dropped, or `Tampered`. It says nothing about who dropped it: anyone can."""
    try:
        return _SUITE.decrypt(dropped, MLKEM768X25519PrivateKey(*_private(seed)), info)
    except (InvalidTag, ValueError):
        raise Tampered("a thing from the drop box does not open: changed, for another use, or to another key") from None


def _private(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    if len(seed) != SEED_SIZE:
        raise Invalid("the seed of a drop box is 32 bytes")
    shake = Hash(SHAKE256(96))
    shake.update(seed)
    expanded = shake.finalize()
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])

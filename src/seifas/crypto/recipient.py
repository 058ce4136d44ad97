"""Sealing to somebody else's key, by HPKE (RFC 9180): what leaves the vault in bulk opens for its recipient alone.

Two kinds of keys are taken. The hybrid of the drop box (ML-KEM-768 with X25519) keeps what is copied on its way today
closed after X25519 has fallen; plain X25519 is what every HPKE library has. Both in base mode with HKDF-SHA256 and
AES-256-GCM: who sealed it the recipient knows from where it was fetched.

    hybrid: public half 1216 bytes, sealed text 1136 bytes longer     x25519: public half 32 bytes, 48 bytes longer
"""

from __future__ import annotations

import base64
import binascii
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from seifas.crypto import dropbox
from seifas.errors import Invalid, Tampered

X25519_SIZE: Final = 32
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HYBRID_PRIVATE: Final = "seifas-recipient-1:"
_MOST: Final = 8192


def public_key(text: bytes) -> bytes:
    """The raw public half (32 or 1216 bytes) in a PEM of X25519, or in base64. Raises Invalid, never quoting it."""
    if len(text) > _MOST:
        raise Invalid("this is no recipient's public key", where="key")
    if b"PRIVATE KEY" in text or _HYBRID_PRIVATE.encode() in text:
        raise Invalid("this is a private key: make a new pair and hand over the public half only", where="key")
    try:
        if text.lstrip().startswith(b"-----BEGIN"):
            loaded = load_pem_public_key(text)
            raw = loaded.public_bytes_raw() if isinstance(loaded, X25519PublicKey) else b""
        else:
            raw = base64.b64decode(b"".join(text.split()), validate=True)
    except (ValueError, binascii.Error, TypeError):
        raw = b""
    if len(raw) not in (X25519_SIZE, dropbox.PUBLIC_SIZE):
        raise Invalid("a recipient's key is X25519 (PEM, or 32 bytes in base64) or made by `seifas exports key`",
                      where="key")
    seal(raw, b"", info=b"")  # a key to which nothing can be sealed is told now, not when the export is made
    return raw


def fingerprint(public: bytes) -> str:
    """What people compare: SHA-256 of the raw public half, in hex."""
    return sha256(public).hexdigest()


def seal(public: bytes, text: bytes, *, info: bytes) -> bytes:
    """`text` for the holder of the private half; `info` is needed again to open it. Raises Invalid for a bad key."""
    if len(public) != X25519_SIZE:
        return dropbox.drop(public, text, info=info)
    try:
        return _SUITE.encrypt(text, X25519PublicKey.from_public_bytes(public), info)
    except ValueError:
        raise Invalid("this is no X25519 public key", where="key") from None


def private_text(seed: bytes) -> str:
    """How the private half of a hybrid key is written to its file: the seed of 32 bytes."""
    return _HYBRID_PRIVATE + base64.b64encode(seed).decode("ascii") + "\n"


def open_sealed(private: bytes, sealed: bytes, *, info: bytes) -> bytes:
    """What was sealed. `private` is what `private_text` wrote, or a PEM of X25519. Raises Invalid, Tampered."""
    text = private.strip()
    if text.startswith(_HYBRID_PRIVATE.encode()):
        try:
            seed = base64.b64decode(text[len(_HYBRID_PRIVATE) :], validate=True)
        except binascii.Error:
            raise Invalid("this is no recipient's private key", where="key") from None
        return dropbox.take(seed, sealed, info=info)
    try:
        key = load_pem_private_key(text, None)
    except (ValueError, TypeError):
        raise Invalid("this is no recipient's private key", where="key") from None
    if not isinstance(key, X25519PrivateKey):
        raise Invalid("this is no X25519 private key", where="key")
    try:
        return _SUITE.decrypt(sealed, key, info)
    except (InvalidTag, ValueError):
        raise Tampered("it does not open: changed, another file of the export, or sealed to another key") from None

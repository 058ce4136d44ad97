"""C2SP chunked encryption written out from its specification, for tests only: slow, whole messages, chosen salts.

It lets the tests make sealed bytes that never change, and says what the library must make of a message.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

CHUNK = 16384
SHA_512 = SHA512()


def _derived(key: bytes, salt: bytes, context: bytes, with_hash: HashAlgorithm) -> tuple[AESGCM, int, bytes]:
    if len(key) != 32:
        raise ValueError("256-bit keys only")
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
    made = HKDFExpand(with_hash, 32 + 12 + 32, info).derive(key)
    return AESGCM(made[:32]), int.from_bytes(made[32:44], "big"), made[44:]


def seal_by_hand(
    key: bytes, text: bytes, *, salt: bytes, context: bytes = b"", with_hash: HashAlgorithm = SHA_512
) -> bytes:
    aead, nonce, commitment = _derived(key, salt, context, with_hash)
    out = salt + commitment
    for count in range(len(text) // CHUNK + 1):
        chunk = text[count * CHUNK : (count + 1) * CHUNK]
        out += aead.encrypt((nonce ^ count).to_bytes(12, "big"), chunk, None)
    return out


def open_by_hand(key: bytes, sealed: bytes, *, context: bytes = b"", with_hash: HashAlgorithm = SHA_512) -> bytes:
    aead, nonce, commitment = _derived(key, sealed[:24], context, with_hash)
    if len(sealed) < 56 or sealed[24:56] != commitment:
        raise InvalidTag
    chunks = [sealed[at : at + CHUNK + 16] for at in range(56, len(sealed), CHUNK + 16)]
    if not chunks or len(chunks[-1]) == CHUNK + 16:
        raise InvalidTag
    return b"".join(
        aead.decrypt((nonce ^ count).to_bytes(12, "big"), chunk, None) for count, chunk in enumerate(chunks)
    )

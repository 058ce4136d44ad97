"""How a key of 32 bytes is wrapped under another where the wrap has to commit to its key: Cobblestone-256 without our
header, salt 24 | commitment 32 | ciphertext 32 | tag 16 = 104 bytes. Slots and the token's half of an epoch use it.
"""

from __future__ import annotations

import re
from typing import Final

from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from seifas.crypto.envelope import KEY_SIZE
from seifas.errors import Invalid

WRAPPED_SIZE: Final = KEY_SIZE + 72
LONGEST_NAME: Final = 200

_ID: Final = re.compile("[0-9a-f]{32}")


def wrap(key: bytes, secret: bytes, context: bytes) -> bytes:
    """104 bytes."""
    made = Cobblestone256Encryptor(key, context)
    return made.update(secret) + made.finalize()


def unwrap(key: bytes, wrapped: bytes, context: bytes) -> bytes:
    """The secret. Raises cryptography's InvalidTag for another key, another context or a change."""
    made = Cobblestone256Decryptor(key, context)
    return made.update(wrapped) + made.finalize()


def with_length(value: str) -> bytes:
    """UTF-8 with its length in bytes as u16 before it: no two lists of texts encode alike."""
    raw = value.encode("utf-8")
    return len(raw).to_bytes(2, "big") + raw


def is_id(value: str) -> bool:
    return _ID.fullmatch(value) is not None


def is_name(value: str) -> bool:
    return 0 < len(value) <= LONGEST_NAME and value.isprintable()


def checked_root(root: bytes) -> None:
    if len(root) != KEY_SIZE:
        raise Invalid("the root key is 32 bytes")


def checked_name(name: str) -> None:
    if not name.strip() or not is_name(name):
        raise Invalid(f"a name has 1 to {LONGEST_NAME} printable characters")

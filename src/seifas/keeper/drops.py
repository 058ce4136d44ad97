"""What a stranger may leave with the clinic: a request for an appointment, sealed where it arrives.

The public process seals with the public half of the clinic's drop box and forgets; the keeper stores the ciphertext as
it came and opens it for one person at a time (dropping.py). Pure: no I/O, no clock.
"""

from __future__ import annotations

from typing import Final

import msgspec

from seifas.crypto import dropbox
from seifas.crypto.padding import ADDED, pad, unpad
from seifas.errors import Invalid, Tampered

MOST_NAME: Final = 100
MOST_CONTACT: Final = 120
MOST_WISH: Final = 1000
"""Letters of the three things that are asked."""

_STEP: Final = 1024  # plaintexts are padded to multiples of this: most requests then look alike
_MOST_PLAIN: Final = 6 * _STEP
MOST_SEALED: Final = _MOST_PLAIN + dropbox.OVERHEAD
_INFO: Final = b"seifas drop box 1: request for an appointment\n"

_encode = msgspec.msgpack.Encoder().encode


class Wish(msgspec.Struct, frozen=True, array_like=True):
    """A request for an appointment: who, how to reach them, what they wish, in which language they wrote; when, in ms
    by the clock of the process that took it."""

    name: str
    contact: str
    wish: str
    language: str
    sent_ms: int


class Dropped(msgspec.Struct, frozen=True, array_like=True):
    """A sealed request as the keeper stores it. `opened` are (account, ms) of those who opened it, the first time
    each; `done_by` is the account that closed it."""

    id: bytes
    received_ms: int
    sealed: bytes
    done_ms: int = 0
    done_by: bytes = b""
    opened: tuple[tuple[bytes, int], ...] = ()


_decode_wish = msgspec.msgpack.Decoder(Wish).decode


def seal(public: bytes, wish: Wish, *, clinic: bytes) -> bytes:
    """The request for whoever holds the private half. Raises Invalid where a part is too long or the key is none."""
    if len(wish.name) > MOST_NAME or len(wish.contact) > MOST_CONTACT or len(wish.wish) > MOST_WISH:
        raise Invalid("a part of the request is too long")
    data = _encode(wish)
    total = -(-(len(data) + ADDED) // _STEP) * _STEP
    return dropbox.drop(public, pad(data, total), info=_INFO + clinic)


def unseal(seed: bytes, sealed: bytes, *, clinic: bytes) -> Wish:
    """The request. Raises Tampered: anyone may have dropped anything."""
    try:
        wish = _decode_wish(unpad(dropbox.take(seed, sealed, info=_INFO + clinic)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Tampered("what was dropped is no request") from None
    if len(wish.name) > MOST_NAME or len(wish.contact) > MOST_CONTACT or len(wish.wish) > MOST_WISH:
        raise Tampered("what was dropped is no request")
    return wish

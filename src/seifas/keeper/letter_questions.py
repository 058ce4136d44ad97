"""A question from the public site, "was I affected?": a contact, sealed where it arrives. Pure: no I/O, no clock.

All of them are of one size, so that what is stored tells nothing of what was typed.
"""

from __future__ import annotations

from typing import Final

import msgspec

from seifas.crypto import dropbox
from seifas.crypto.padding import pad, unpad
from seifas.errors import Invalid, Tampered

MOST_CONTACT: Final = 160
_PLAIN: Final = 1024
SEALED: Final = _PLAIN + dropbox.OVERHEAD
_INFO: Final = b"seifas drop box 2: was I affected\n"

_encode = msgspec.msgpack.Encoder().encode


class Question(msgspec.Struct, frozen=True, array_like=True):
    """A telephone number or mail address as it was typed, and the language of the page."""

    contact: str
    language: str


_decode = msgspec.msgpack.Decoder(Question).decode


def seal(public: bytes, question: Question, *, clinic: bytes) -> bytes:
    """SEALED bytes for whoever holds the private half. Raises Invalid where it is too long or the key is none."""
    if len(question.contact) > MOST_CONTACT or len(question.language) > 8:
        raise Invalid("this contact is too long", where="contact")
    return dropbox.drop(public, pad(_encode(question), _PLAIN), info=_INFO + clinic)


def unseal(seed: bytes, sealed: bytes, *, clinic: bytes) -> Question:
    """The question. Raises Tampered: anyone may have dropped anything."""
    try:
        question = _decode(unpad(dropbox.take(seed, sealed, info=_INFO + clinic)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Tampered("what was dropped is no question") from None
    if len(question.contact) > MOST_CONTACT or len(question.language) > 8:
        raise Tampered("what was dropped is no question")
    return question

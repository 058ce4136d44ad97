"""How evidence of a flood is sealed where it is made, on its way to the keeper. Pure; the shield imports it too.

    minute   HPKE to the clinic's drop box (crypto.dropbox) over one link of the flood's chain of minutes
    part     HPKE to the drop box over one part of the book of addresses

Each is bound to the clinic, to the flood (16 bytes) and to what it is, a part also to its edition and its
place in it: whoever holds sealed ones can neither change nor exchange them. Byte by byte: docs/formats/
flood-evidence.md.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from seifas.crypto import dropbox
from seifas.errors import Invalid, TooLarge

MOST_MINUTE: Final = 1024 * 1024
"""Bytes of one minute."""

MOST_PART: Final = 1024 * 1024
"""Bytes of one part of a book."""

MOST_PARTS: Final = 256
"""Parts of one edition of a book."""

_PLACE: Final = Struct(">QII")
_LATEST_MS: Final = 1 << 53


def seal_minute(public: bytes, clinic: bytes, flood: bytes, minute: bytes) -> bytes:
    """A minute (a link of the chain) for the clinic. Raises TooLarge, Invalid where key or id is none."""
    if len(minute) > MOST_MINUTE:
        raise TooLarge(f"a minute has at most {MOST_MINUTE // 2**20} MiB", where="minute")
    return dropbox.drop(public, minute, info=_minute(clinic, flood))


def open_minute(seed: bytes, clinic: bytes, flood: bytes, sealed: bytes) -> bytes:
    """The minute again. Raises Tampered, Invalid for an id that is none."""
    return dropbox.take(seed, sealed, info=_minute(clinic, flood))


def seal_part(
    public: bytes, clinic: bytes, flood: bytes, part: bytes, *, number: int, of: int, edition: int
) -> bytes:
    """Part `number` (from 0) of `of` of a book for the clinic. `edition`: when that book was written, in ms."""
    if len(part) > MOST_PART:
        raise TooLarge(f"a part of a book has at most {MOST_PART // 2**20} MiB", where="part")
    return dropbox.drop(public, part, info=_part(clinic, flood, number, of, edition))


def open_part(
    seed: bytes, clinic: bytes, flood: bytes, sealed: bytes, *, number: int, of: int, edition: int
) -> bytes:
    """The part again. Raises Tampered, Invalid for a place that no book has."""
    return dropbox.take(seed, sealed, info=_part(clinic, flood, number, of, edition))


def _minute(clinic: bytes, flood: bytes) -> bytes:
    return b"seifas flood 1: minute\n" + clinic + _flood(flood)


def _part(clinic: bytes, flood: bytes, number: int, of: int, edition: int) -> bytes:
    if not (0 <= number < of <= MOST_PARTS and 0 < edition < _LATEST_MS):
        raise Invalid(f"a book has at most {MOST_PARTS} parts, numbered from 0, and a time", where="part")
    return b"seifas flood 1: part\n" + clinic + _flood(flood) + _PLACE.pack(edition, number, of)


def _flood(flood: bytes) -> bytes:
    if len(flood) != 16:
        raise Invalid("a flood has an id of 16 bytes", where="event")
    return flood

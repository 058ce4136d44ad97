"""The day that a camera wrote into a JPEG, read in plain Python from its first bytes: no codec, no pixels, bounded.

Exif 2.32 (CIPA DC-008): an APP1 segment holds a TIFF structure; DateTimeOriginal (0x9003) stands in the Exif IFD
(0x8769), DateTime (0x0132) in the first. What is not exactly so says nothing; nothing is guessed and nothing raises.
"""

from __future__ import annotations

import re
import struct
from datetime import date
from typing import Final

HEAD: Final = 256 * 1024
"""Bytes of a file that are looked at."""

_MOST_SEGMENTS: Final = 64
_MOST_FIELDS: Final = 512
_EXIF_IFD: Final = 0x8769
_ORIGINAL: Final = 0x9003
_CHANGED: Final = 0x0132
_ASCII: Final = 2
_LONG: Final = 4
_DATE: Final = re.compile(rb"(\d{4}):(\d\d):(\d\d) \d\d:\d\d:\d\d")


def day_taken(head: bytes) -> date | None:
    """The camera's day of a JPEG of which these are the first bytes; None where it says none."""
    tiff = _tiff(head[:HEAD])
    if tiff is None or len(tiff) < 8:
        return None
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return None
    first = _fields(tiff, order, struct.unpack_from(f"{order}I", tiff, 4)[0])
    exif = _fields(tiff, order, _pointer(order, first.get(_EXIF_IFD)))
    for field in (exif.get(_ORIGINAL), first.get(_CHANGED)):
        found = _day(tiff, order, field)
        if found is not None:
            return found
    return None


def _tiff(head: bytes) -> bytes | None:
    if head[:2] != b"\xff\xd8":
        return None
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 4 > len(head) or head[at] != 0xFF or head[at + 1] in (0xD8, 0xD9, 0xDA):
            return None
        size = int.from_bytes(head[at + 2 : at + 4], "big")
        if size < 2:
            return None
        if head[at + 1] == 0xE1 and head[at + 4 : at + 10] == b"Exif\0\0":
            return head[at + 10 : at + 2 + size]
        at += 2 + size
    return None


_Field = tuple[int, int, bytes]


def _fields(tiff: bytes, order: str, at: int) -> dict[int, _Field]:
    """(type, count, four bytes of value or offset) by tag of one directory."""
    if at <= 0 or at + 2 > len(tiff):
        return {}
    count = min(struct.unpack_from(f"{order}H", tiff, at)[0], _MOST_FIELDS)
    found: dict[int, _Field] = {}
    for number in range(count):
        place = at + 2 + 12 * number
        if place + 12 > len(tiff):
            break
        tag, kind, many = struct.unpack_from(f"{order}HHI", tiff, place)
        found.setdefault(tag, (kind, many, tiff[place + 8 : place + 12]))
    return found


def _pointer(order: str, field: _Field | None) -> int:
    if field is None or field[0] != _LONG or field[1] != 1:
        return 0
    return int(struct.unpack(f"{order}I", field[2])[0])


def _day(tiff: bytes, order: str, field: _Field | None) -> date | None:
    if field is None or field[0] != _ASCII or not 19 <= field[1] <= 20:
        return None
    at = struct.unpack(f"{order}I", field[2])[0]
    found = _DATE.fullmatch(tiff[at : at + 19])
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None

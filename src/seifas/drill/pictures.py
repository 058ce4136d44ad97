"""Recognises pictures in any buffer by how their formats begin, with enough of it that chance finds none.

    beginnings(data) -> (offset, format) ...
    PLAIN: format -> the shortest bytes that are recognised, for planting
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

_LITERAL: Final = (
    ("PNG", b"\x89PNG\r\n\x1a\n", 0),
    ("GIF", b"GIF89a", 0),
    ("GIF", b"GIF87a", 0),
    ("HEIC", b"ftypheic", 4),
    ("HEIC", b"ftypheix", 4),
    ("HEIC", b"ftypmif1", 4),
    ("AVIF", b"ftypavif", 4),
    ("TIFF", b"II*\x00\x08\x00\x00\x00", 0),
    ("TIFF", b"MM\x00*\x00\x00\x00\x08", 0),
    ("JPEG 2000", b"\x00\x00\x00\x0cjP  \r\n\x87\n", 0),
    ("DICOM", bytes(16) + b"DICM", 112),
    ("Exif", b"Exif\x00\x00", 0),
)
_SOI: Final = b"\xff\xd8\xff"
_SEGMENTS: Final = 2

PLAIN: Final = {
    "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00\xff\xdb\x00\x04\x00\x01\xff\xc0",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "GIF": b"GIF89a\x10\x00\x10\x00\x91",
    "WebP": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "HEIC": b"\x00\x00\x00\x18ftypheic",
    "TIFF": b"II*\x00\x08\x00\x00\x00",
    "DICOM": bytes(128) + b"DICM",
}


def beginnings(data: bytes) -> Iterator[tuple[int, str]]:
    """Every place in `data` where a picture begins."""
    for name, magic, before in _LITERAL:
        at = data.find(magic)
        while at >= 0:
            yield max(0, at - before), name
            at = data.find(magic, at + 1)
    at = data.find(b"WEBPVP8")
    while at >= 0:
        if data[at - 8 : at - 4] == b"RIFF":
            yield at - 8, "WebP"
        at = data.find(b"WEBPVP8", at + 1)
    at = data.find(_SOI)
    while at >= 0:
        if _is_jpeg(data, at):
            yield at, "JPEG"
        at = data.find(_SOI, at + 1)


def _is_jpeg(data: bytes, at: int) -> bool:
    """Whether two whole marker segments follow the start of image (ITU T.81, B.1): three bytes alone come by chance."""
    at += 2
    for _ in range(_SEGMENTS):
        if len(data) < at + 4 or data[at] != 0xFF or not 0xC0 <= data[at + 1] <= 0xFE:
            return False
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return data[at : at + 1] == b"\xff"

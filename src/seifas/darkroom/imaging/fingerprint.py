"""A photo's fingerprint: what finds it again when a copy, or a part of one, turns up. Taken once, when it comes.

    b"F" version  shown: width height  PDQ: 32 bytes, quality  count  count x (code 16, x 2, y 2, size 1, angle 1)

Numbers are little-endian. x and y are in 65536ths of width and height; size is 16 times the binary logarithm of 1024
times the place's diameter over the long side; angle is in 256ths of a turn. At most 320 places: 7,081 bytes.

A fingerprint describes its picture, roughly as a drawing does. It lies sealed in the photo's record, as the picture's
key does, and is only ever searched in memory.
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging import local_codes, pdq
from seifas.darkroom.imaging.scaling import Pixels
from seifas.errors import Invalid

MOST: Final = 8192
"""Bytes of one."""

MOST_PLACES: Final = 320
LARGEST_SHOWN: Final = 8192

_MAGIC: Final = b"F\x01"
_HEAD: Final = struct.Struct("<2sHH32sBH")
PLACE: Final = np.dtype([("code", "<u8", 2), ("x", "<u2"), ("y", "<u2"), ("size", "u1"), ("angle", "u1")])

Rows = NDArray[np.void]


class Fingerprint(NamedTuple):
    """`shown`: width and height in pixels of the rendition in which a copy is placed; `rows` of `PLACE`."""

    shown: tuple[int, int]
    pdq: bytes
    quality: int
    rows: Rows


def of(picture: Pixels, shown: tuple[int, int] | None = None) -> bytes:
    """The fingerprint of a picture (blue, green, red; any size, worked on at 512 pixels on the long side), 41 to 7,081
    bytes. `shown`: width and height of the rendition in which a copy is later to be placed, where `picture` is not it.
    """
    height, width = picture.shape[:2]
    shown = shown or (width, height)
    if not all(0 < side <= LARGEST_SHOWN for side in shown):
        raise Invalid(f"a rendition that is shown has sides of 1 to {LARGEST_SHOWN} pixels", where="fingerprint")
    whole = pdq.hashed(picture)
    found = local_codes.places(picture, MOST_PLACES)
    rows = np.zeros(len(found), PLACE)
    rows["code"] = local_codes.coded(local_codes.projected(found.marks))
    rows["x"] = np.clip(found.at[:, 0] / width * 65536, 0, 65535)
    rows["y"] = np.clip(found.at[:, 1] / height * 65536, 0, 65535)
    rows["size"] = np.clip(np.rint(16 * np.log2(1024 * found.size / max(width, height) + 1e-9)), 0, 255)
    rows["angle"] = np.rint(found.angle / 360 * 256).astype(int) % 256
    return _HEAD.pack(_MAGIC, *shown, whole.bits, whole.quality, len(rows)) + rows.tobytes()


def read(blob: bytes) -> Fingerprint:
    """What a fingerprint says. Raises Invalid for anything that `of` cannot have made."""
    if not _HEAD.size <= len(blob) <= MOST:
        raise Invalid("a fingerprint has another length", where="fingerprint")
    magic, width, height, bits, quality, count = _HEAD.unpack_from(blob)
    if magic != _MAGIC:
        raise Invalid("a fingerprint of a version that this program does not read", where="fingerprint")
    if not (0 < width <= LARGEST_SHOWN and 0 < height <= LARGEST_SHOWN and quality <= 100):
        raise Invalid("a fingerprint says what no picture is", where="fingerprint")
    if count > MOST_PLACES or len(blob) != _HEAD.size + count * PLACE.itemsize:
        raise Invalid("a fingerprint has another number of places than it says", where="fingerprint")
    rows = np.frombuffer(blob, PLACE, offset=_HEAD.size)
    return Fingerprint((width, height), bits, quality, rows)


def placed(
    x: NDArray[np.uint16], y: NDArray[np.uint16], size: NDArray[np.uint8], angle: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The numbers that are stored as others count: n x 2 fractions of width and height, binary logarithms of the
    diameter over the long side, degrees."""
    at = (np.stack([x, y], axis=1).astype(np.float32) + np.float32(0.5)) / np.float32(65536)
    return (
        at.astype(np.float32), (size.astype(np.float32) / 16 - 10).astype(np.float32),
        (angle.astype(np.float32) * np.float32(360 / 256)).astype(np.float32),
    )  # fmt: skip

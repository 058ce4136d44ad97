"""PDQ: 256 bits of a whole picture, near those of its copies at another size, quality or tone.

Written after the description by Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm"
(2019): luma, two passes of a box filter, 64 x 64 cells, the 16 x 16 lowest waves of a cosine transform, each over or
under their median. The eight turned and mirrored copies' hashes follow from one transform by signs and transposition.
tests/vectors holds what the authors' own program says of the same pixels.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.scaling import Pixels, shrunk, within

Waves = NDArray[np.float32]
Words = NDArray[np.uint64]

BITS: Final = 256
SIZE: Final = 32
LONG_SIDE: Final = 512
SAME: Final = 31
"""Bits by which two hashes of one picture differ at most, as its authors use it."""

_CELLS: Final = 64
_WAVES: Final = 16
_PASSES: Final = 2


class Hash(NamedTuple):
    """`bits`: 32 bytes as their hexadecimal form is written, the highest wave first; `quality`: 0 (flat) to 100, under
    50 its authors trust no match."""

    bits: bytes
    quality: int


class Transformed(NamedTuple):
    """A picture's lowest waves, 16 x 16, and its quality."""

    waves: Waves
    quality: int


def transformed(picture: Pixels) -> Transformed:
    """What all hashes of a picture (blue, green, red) are made of; worked on at 512 pixels on the long side at most."""
    height, width = picture.shape[:2]
    small = shrunk(picture, *within(width, height, LONG_SIDE))
    cells = _cells(np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.float32))
    return Transformed(np.asarray(_COSINES @ cells @ _COSINES.T, np.float32), _quality(cells))


def hashed(picture: Pixels) -> Hash:
    """The hash of the picture as it stands."""
    made = transformed(picture)
    return Hash(_bits(made.waves), made.quality)


def turned(waves: Waves) -> list[tuple[bytes, NDArray[np.float64]]]:
    """The hashes of the eight turned and mirrored copies; with each the 3 x 3 matrix that takes a place in the picture
    to its place in that copy, both as fractions of width and height."""
    found = []
    for transposed in (False, True):
        for down in (False, True):
            for across in (False, True):
                copy = waves.T if transposed else waves
                copy = copy * _ALTERNATING if across else copy
                copy = copy * _ALTERNATING[:, None] if down else copy
                matrix = np.eye(3)[[1, 0, 2]] if transposed else np.eye(3)
                if across:
                    matrix = np.array([[-1, 0, 1], [0, 1, 0], [0, 0, 1]]) @ matrix
                if down:
                    matrix = np.array([[1, 0, 0], [0, -1, 1], [0, 0, 1]]) @ matrix
                found.append((_bits(copy), matrix))
    return found


def words(bits: bytes) -> Words:
    """A hash, or several one after the other, as rows of four words: what distances are counted on."""
    return np.frombuffer(bits, np.uint64).reshape(-1, SIZE // 8)


def distances(one: Words, others: Words) -> NDArray[np.uint16]:
    """Bits by which a hash (4 words) differs from each of n others (n x 4)."""
    return np.asarray(np.bitwise_count(others ^ one).sum(axis=1, dtype=np.uint16))


def _cells(luma: Waves) -> Waves:
    """64 x 64 cells of the twice blurred picture; a window that reaches over the edge counts what is there."""
    height, width = luma.shape
    across, down = (width + 127) // 128, (height + 127) // 128
    anchor = (across - 1 - across // 2, down - 1 - down // 2)
    there: Any = _boxed(np.ones_like(luma), (across, down), anchor)
    for _ in range(_PASSES):
        luma = np.asarray(_boxed(luma, (across, down), anchor) / there, np.float32)
    rows = ((np.arange(_CELLS) + 0.5) * height / _CELLS).astype(int)
    columns = ((np.arange(_CELLS) + 0.5) * width / _CELLS).astype(int)
    return np.asarray(luma[np.ix_(rows, columns)], np.float32)


def _boxed(plane: Waves, size: tuple[int, int], anchor: tuple[int, int]) -> Waves:
    return np.asarray(
        cv2.boxFilter(plane, cv2.CV_32F, size, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT),
        np.float32,
    )


def _quality(cells: Waves) -> int:
    slopes = sum(int(np.abs(np.trunc(np.diff(cells, axis=axis) * 100 / 255)).sum()) for axis in (0, 1))
    return min(100, slopes // 90)


def _bits(waves: Waves) -> bytes:
    # The authors' median of 256 values is the lower of the middle two.
    above = waves > np.partition(waves, BITS // 2 - 1, axis=None)[BITS // 2 - 1]
    return np.packbits(above.ravel()[::-1]).tobytes()


_COSINES: Final[Waves] = (
    np.sqrt(2 / _CELLS)
    * np.cos(np.pi / 2 / _CELLS * np.outer(np.arange(1, _WAVES + 1), 2 * np.arange(_CELLS) + 1))
).astype(np.float32)  # fmt: skip

_ALTERNATING: Final[Waves] = np.where(np.arange(1, _WAVES + 1) % 2, -1, 1).astype(np.float32)
"""What mirroring does to each wave: a cosine of odd frequency changes its sign."""

"""Local codes: what a picture looks like at a few hundred places, 128 bits each, so that a part of it finds the whole.

1. The picture at 512 pixels on its long side, grey, less its surroundings' mean and divided by their spread (Gaussians
   of 24 and 36 pixels). Smooth skin, which has a contrast of two or three levels, then has as many places as hair.
2. SIFT (Lowe 2004) at a low threshold. Kept are the strongest for their size, coarse before fine because fine detail
   is what copies lose, thinned where many lie together, so that no part of a picture is without.
3. RootSIFT (Arandjelović and Zisserman 2012) less its mean, turned by three rounds of signs and Hadamard, one bit for
   the sign of each of the 128 numbers. Copies differ in 5 to 30 bits, unrelated places in 64 ± 8.

A mirrored picture's codes follow from the same descriptors: their rows and directions change places.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.scaling import Pixels, shrunk, within

Plane = NDArray[np.float32]
Words = NDArray[np.uint64]

LONG_SIDE: Final = 512
SIZE: Final = 16
"""Bytes of one code."""

_SMALL: Final = 300
_SURROUNDINGS: Final = 24.0
_FLAT: Final = 4.0
"""Grey levels under which a spread counts as noise: a plain wall gets no contrast."""

_GAIN: Final = 48.0
_CONTRAST: Final = 0.02
_COARSEST: Final = 12.0
_CELLS: Final = 8
_THINNED: Final = 0.9


class Places(NamedTuple):
    """n places of a picture. `at` n x 2, x and y in its own pixels (a pixel's middle is a half); `size` the SIFT
    diameter in pixels; `angle` in degrees, 0 to 360; `marks` n x 128, RootSIFT."""

    at: Plane
    size: Plane
    angle: Plane
    marks: Plane

    def __len__(self) -> int:
        return len(self.at)


def places(picture: Pixels, most: int, long_side: int = LONG_SIDE) -> Places:
    """The `most` best places of a picture (blue, green, red), best first, sought at that size or the picture's own."""
    height, width = picture.shape[:2]
    small = shrunk(picture, *within(width, height, long_side))
    grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
    factor = max(grey.shape) / max(width, height)
    if max(grey.shape) < _SMALL:
        grey = np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
        factor *= 2
    sift = cv2.SIFT.create(nfeatures=0, contrastThreshold=_CONTRAST)
    even = levelled(grey)
    points = list(sift.detect(even, None))
    chosen = _chosen(points, max(grey.shape), most)
    marks: Any = sift.compute(even, chosen)[1] if chosen else None
    if marks is None:
        none = np.zeros(0, np.float32)
        return Places(np.zeros((0, 2), np.float32), none, none, np.zeros((0, 128), np.float32))
    where = np.array([(*one.pt, one.size, one.angle) for one in chosen], np.float32)
    roots = np.sqrt(marks / np.maximum(marks.sum(axis=1, keepdims=True), 1e-7))
    return Places(
        ((where[:, :2] + 0.5) / factor).astype(np.float32), where[:, 2] / np.float32(factor), where[:, 3] % 360,
        np.asarray(roots, np.float32),
    )  # fmt: skip


def levelled(grey: Pixels) -> Pixels:
    """Grey with the same mean and spread everywhere."""
    plane = grey.astype(np.float32)
    rest = plane - _mean(plane, _SURROUNDINGS)
    spread = np.sqrt(_mean(rest * rest, _SURROUNDINGS * 1.5) + _FLAT**2)
    return np.asarray(np.clip(128 + _GAIN * rest / spread, 0, 255), np.uint8)


def mirrored(found: Places, width: float) -> Places:
    """The places of the same picture, `width` pixels wide, seen in a mirror."""
    at = found.at.copy()
    at[:, 0] = width - at[:, 0]
    return Places(at, found.size, (180 - found.angle) % 360, found.marks[:, _MIRROR])


def projected(marks: Plane) -> Plane:
    """n x 128 numbers whose signs are the codes; how far one is from 0 says how sure its bit is."""
    return np.asarray((marks - _MEAN) @ _TURN, np.float32)


def coded(projections: Plane) -> Words:
    """The codes of such numbers, n x 2 words."""
    return np.packbits(projections > 0, axis=1).view(np.uint64).reshape(-1, 2)


def _mean(plane: Plane, sigma: float) -> Plane:
    """A Gaussian mean, by way of a quarter of the size: at such widths nobody sees the difference."""
    height, width = plane.shape
    size = (max(1, width // 4), max(1, height // 4))
    small = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / 4, borderType=cv2.BORDER_REFLECT)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _chosen(points: list[Any], side: int, most: int) -> list[Any]:
    if not points:
        return []
    told = np.array([(*one.pt, one.size, one.response) for one in points], np.float32)
    worth = told[:, 3] * np.minimum(told[:, 2], _COARSEST)
    cells = np.minimum((told[:, :2] * _CELLS / side).astype(int), _CELLS - 1) @ np.array([_CELLS, 1])
    order = np.lexsort((-worth, cells))
    starts = np.flatnonzero(np.r_[True, np.diff(cells[order]) != 0])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    worth[order] *= _THINNED**rank
    return [points[number] for number in np.argsort(-worth, kind="stable")[:most]]


def _turn(size: int) -> Plane:
    """A rotation that is the same everywhere: three rounds of signs drawn by SHAKE-128 and of Hadamard's matrix."""
    hadamard = np.ones((1, 1))
    while len(hadamard) < size:
        hadamard = np.block([[hadamard, hadamard], [hadamard, -hadamard]])
    drawn = np.frombuffer(hashlib.shake_128(b"seifas local codes 1").digest(3 * size // 8), np.uint8)
    made = np.eye(size)
    for signs in np.unpackbits(drawn).reshape(3, size) * 2.0 - 1:
        made = (made * signs) @ hadamard / np.sqrt(size)
    return made.astype(np.float32)


_TURN: Final = _turn(128)
_MIRROR: Final = np.array([((3 - row) * 4 + column) * 8 + -way % 8
                           for row in range(4) for column in range(4) for way in range(8)])  # fmt: skip

_MEAN: Final = np.frombuffer(
    bytes.fromhex(
        "423c353d4833272f70523a3c43343047724931323e3a3a5144302830413b363d"
        "533f38495b402c35995e3f4a5640355a9a5b363f51483f5e56372d3c52453940"
        "53352c405b493940995a3540564a3f5f9a5e3f48513f365b56403946523c2d37"
        "422f2733473c353c70473034433c3a52715039393f33314a443c353b42302830"
    ),
    np.uint8,
).astype(np.float32) / np.float32(1000)  # fmt: skip
"""The mean RootSIFT of 48,083 places of the pictures that docs/finding-photos.md names, in thousandths."""

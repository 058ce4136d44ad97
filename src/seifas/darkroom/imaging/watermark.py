"""The informed watermark: a keyed pattern of one view in every picture, found again by whoever holds the original.

Cox et al. 2008 call it informed detection: the original is at hand and is taken away first. Embedding:

1. A grid of 256 cells on the long side, whatever the picture's size, so that all sizes of a photo share it.
2. Chips: SHAKE-128 of the view's 32-byte seed, one bit a cell, +1 or -1; the 5 x 5 mean is taken away for embedding.
3. A mask at twice the grid: more where there is texture, less in deep shadow and highlight.
4. Chips times mask, at the strength of `strength_for`, added equally to blue, green and red.

Detection is in evidence.py.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.scaling import Pixels

Plane = NDArray[np.float32]

SEED_SIZE: Final = 32
CELLS: Final = 256
_FEWEST_CELLS: Final = 8
_ROWS_AT_ONCE: Final = 256
_BORDER: Final = cv2.BORDER_REFLECT
_WEAK: Final = (400, 46.0)  # small pictures lose more to whoever scales them, so they carry more
_STRONG: Final = (2048, 48.0)
_LARGEST: Final = (4096, 49.0)


def strength_for(width: int, height: int) -> float:
    """The target PSNR in dB for a picture of this size: 46 up to 400 pixels, 48 at 2048, 49 from 4096 on."""
    sides = [math.log2(one[0]) for one in (_WEAK, _STRONG, _LARGEST)]
    decibels = [one[1] for one in (_WEAK, _STRONG, _LARGEST)]
    return float(np.interp(math.log2(max(width, height)), sides, decibels))


def grid_of(width: int, height: int) -> tuple[int, int]:
    """Rows and columns of cells."""
    longest = max(width, height)
    return (
        max(_FEWEST_CELLS, round(height / longest * CELLS)),
        max(_FEWEST_CELLS, round(width / longest * CELLS)),
    )


def grids_of(width: int, height: int, least: int = 512) -> tuple[tuple[int, int], ...]:
    """All grids that sizes of this picture may have been marked on, down to `least` pixels on the long side. Sizes are
    whole pixels, so that the short side of one may round to a cell more or less than that of another."""
    longest, shortest = max(width, height), min(width, height)
    cells = shortest / longest * CELLS
    slack = 0.5 + CELLS / 2 / longest + CELLS / 2 / min(longest, least)
    counts = range(max(_FEWEST_CELLS, math.ceil(cells - slack)), min(CELLS, math.floor(cells + slack)) + 1)
    grids = [grid_of(width, height)]
    grids += [(CELLS, count) if height > width else (count, CELLS) for count in counts]
    return tuple(dict.fromkeys(grids))


def chips_of(seed: bytes, grid: tuple[int, int]) -> Plane:
    """A view's raw chips, +1 or -1."""
    count = grid[0] * grid[1]
    drawn = np.frombuffer(hashlib.shake_128(seed).digest((count + 7) // 8), np.uint8)
    bits = np.unpackbits(drawn, count=count).astype(np.float32)
    return (bits * 2 - 1).reshape(grid)


def embed(picture: Pixels, seed: bytes) -> Pixels:
    """A marked copy of a picture (blue, green, red)."""
    height, width = picture.shape[:2]
    grid = grid_of(width, height)
    luma = _plane(cv2.resize(_grey(picture, grid), (grid[1] * 2, grid[0] * 2), interpolation=cv2.INTER_AREA))
    pattern = _upsampled(high_passed(chips_of(seed, grid))) * mask_of(luma)
    pattern *= 255 / 10 ** (strength_for(width, height) / 20) / max(float(np.sqrt(np.mean(pattern**2))), 1e-6)
    mark = cv2.resize(pattern, (width, height), interpolation=cv2.INTER_LINEAR)
    marked = np.empty_like(picture)
    for row in range(0, height, _ROWS_AT_ONCE):  # so that a large picture needs no float copy of itself
        rows = slice(row, min(row + _ROWS_AT_ONCE, height))
        added = cv2.merge([mark[rows]] * 3)
        cv2.add(picture[rows], added, dst=marked[rows], dtype=cv2.CV_8U)
    return marked


def grey_of(picture: Pixels) -> Plane:
    """Luma as floats, 0 to 255."""
    return _plane(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32))


def _grey(picture: Pixels, grid: tuple[int, int]) -> Plane:
    """Luma, of a copy that is at most four times the grid's double: the mask sees no more than that."""
    height, width = picture.shape[:2]
    if width > grid[1] * 8 and height > grid[0] * 8:
        picture = np.asarray(
            cv2.resize(picture, (grid[1] * 4, grid[0] * 4), interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    return grey_of(picture)


def mask_of(luma: Plane) -> Plane:
    """Strength by place: more in texture, less in deep shadow and highlight."""
    mean = cv2.blur(luma, (5, 5), borderType=_BORDER)
    variance = cv2.blur(luma * luma, (5, 5), borderType=_BORDER) - mean * mean
    texture = 0.75 + 0.125 * np.minimum(np.sqrt(np.maximum(variance, 0)), 12)
    light = np.clip(0.6 + 0.8 * np.minimum(mean, 255 - mean) / 90, 0.6, 1.15)
    return _plane(cv2.GaussianBlur(texture * light, (0, 0), 2, borderType=_BORDER))


def _upsampled(chips: Plane) -> Plane:
    return _plane(cv2.resize(chips, (chips.shape[1] * 2, chips.shape[0] * 2), interpolation=cv2.INTER_CUBIC))


def high_passed(plane: Plane) -> Plane:
    """Less the mean of 5 x 5 cells: what is embedded has nothing slower."""
    return _plane(plane - cv2.blur(plane, (5, 5), borderType=_BORDER))


def _plane(made: object) -> Plane:
    return np.asarray(made, dtype=np.float32)

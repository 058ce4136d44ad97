"""What a leaked copy holds beside its original, and how much of it is a view's pattern.

The registered copy is regressed on the original block by block (tone, blur and sub-pixel error go), what is left is
smoothed to what a mark can be, normalised, multiplied by the mask and averaged to the grid: v. A view's score is
z = <v, s> / |v| with its raw chips s. A view that had no part has chips independent of v, so z is a Rademacher sum and
P(z > t) <= exp(-t²/2) (Hoeffding 1963), whatever was done to the copy and however well it is registered. Every
comparison of a case counts: with N of them, z > sqrt(2 ln(N / 1e-6)) is wrong once in a million cases.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.watermark import Plane, chips_of, grid_of, high_passed, mask_of

FALSELY: Final = 1e-6
"""The chance that anybody at all is named wrongly in a case."""

NAMED: Final = 6.79
"""`threshold` of 10,000 comparisons."""

_BLOCK: Final = 64
_WINDOW: Final = 33
_RIDGE: Final = (1e-3, 20.0)  # on the constant, and on the rest
_AT_ONCE: Final = 1024  # seeds
_BYTES_AT_ONCE: Final = 64
_BORDER: Final = cv2.BORDER_REFLECT
_BITS: Final = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)


def threshold(comparisons: int, falsely: float = FALSELY) -> float:
    """The z above which a view is named, when so many were compared in the whole case."""
    return math.sqrt(2 * math.log(max(comparisons, 1) / falsely))


def bound(z: float, comparisons: int) -> float:
    """How likely at most any of so many comparisons reaches z with a view that had no part."""
    return min(1.0, comparisons * math.exp(-z * z / 2)) if z > 0 else 1.0


def evidence(original: Plane, leaked: Plane, valid: NDArray[np.bool_] | None = None, scale: float = 1.0) -> Plane:
    """What a leaked copy holds beside the original, on the grid of a picture of that size. Both are grey, of one size
    (long side 1024 at most), the copy registered on the original; `valid` says where it has pixels; `scale` is how many
    pixels of the original one of the copy spans: it has nothing finer."""
    return on_grid(left_over(original, leaked, valid, scale), grid_of(original.shape[1], original.shape[0]))


def on_grid(left: Plane, grid: tuple[int, int]) -> Plane:
    """`left_over` on a grid: v."""
    return high_passed(_plane(cv2.resize(left, grid[::-1], interpolation=cv2.INTER_AREA)))


def left_over(original: Plane, leaked: Plane, valid: NDArray[np.bool_] | None, scale: float) -> Plane:
    """What `evidence` is on the grid, in the original's pixels."""
    where = np.ones(original.shape, np.float32) if valid is None else valid.astype(np.float32)
    rest = regressed_away(original, leaked, where)
    rest = _plane(cv2.GaussianBlur(rest, (0, 0), min(max(0.6 * scale, 1.2), 3.0), borderType=_BORDER))
    rest = _normalised(rest, where)
    grid = grid_of(original.shape[1], original.shape[0])
    luma = _plane(cv2.resize(original, (grid[1] * 2, grid[0] * 2), interpolation=cv2.INTER_AREA))
    mask = _plane(cv2.resize(mask_of(luma), original.shape[::-1], interpolation=cv2.INTER_LINEAR))
    return _plane(rest * mask)


def score(found: Plane, seed: bytes) -> float:
    """z of one view. Above `threshold` of all comparisons it is a view the copy was made from."""
    size = float(np.linalg.norm(found))
    if size == 0:
        return 0.0
    return float(np.vdot(found, chips_of(seed, (found.shape[0], found.shape[1])))) / size


def scores(found: Plane, seeds: Sequence[bytes]) -> NDArray[np.float64]:
    """z of many views, as `score` gives it, to about 1e-4. Bits are not spread out: eight cells at once are looked up
    by the byte that draws them."""
    size = float(np.linalg.norm(found))
    made = np.zeros(len(seeds), np.float64)
    if size == 0:
        return made
    cells = found.reshape(-1).astype(np.float64) / size
    whole = -(-len(cells) // 8)
    padded = np.zeros(whole * 8, np.float64)
    padded[: len(cells)] = cells
    sums = (padded.reshape(whole, 8) @ _BITS.T.astype(np.float64)).astype(np.float32)
    for first in range(0, len(seeds), _AT_ONCE):
        some = seeds[first : first + _AT_ONCE]
        drawn = np.frombuffer(b"".join(hashlib.shake_128(seed).digest(whole) for seed in some), np.uint8)
        drawn = drawn.reshape(len(some), whole)
        ones = np.zeros(len(some), np.float64)
        for start in range(0, whole, _BYTES_AT_ONCE):
            table = sums[start : start + _BYTES_AT_ONCE]
            places = drawn[:, start : start + len(table)].astype(np.intp)
            places += np.arange(len(table), dtype=np.intp) * 256
            ones += table.reshape(-1).take(places).sum(axis=1, dtype=np.float64)
        made[first : first + len(some)] = 2 * ones - cells.sum()
    return made


def regressed_away(original: Plane, leaked: Plane, where: Plane) -> Plane:
    """What is left of the copy when each block of 64 x 64 is explained by the original, its slopes and its blurs."""
    height, width = original.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    smooth = [cv2.GaussianBlur(original, (0, 0), sigma) - original for sigma in (1.0, 2.5)]
    slopes = [cv2.Sobel(original, cv2.CV_32F, *way, ksize=3) / 8 for way in ((1, 0), (0, 1))]

    def blocks(plane: Plane) -> Plane:
        padded = np.zeros((rows * _BLOCK, columns * _BLOCK), np.float32)
        padded[:height, :width] = plane
        return padded.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2).reshape(rows * columns, _BLOCK * _BLOCK)

    weight = blocks(where)
    count = np.maximum(weight.sum(axis=1, keepdims=True), 1)
    centred = blocks(original)
    centred = centred - (centred * weight).sum(axis=1, keepdims=True) / count
    terms = np.stack([np.ones_like(centred), centred, *(blocks(_plane(one)) for one in (*slopes, *smooth))], axis=1)
    aim = blocks(leaked) - centred  # pulled to gain 1: what is sought is the difference from it
    ridge = np.diag([_RIDGE[0], *[_RIDGE[1]] * 5])
    rest = aim
    for _ in range(2):
        weighted = terms * weight[:, None, :]
        normal = (weighted @ terms.swapaxes(1, 2)).astype(np.float64) + ridge
        right = (weighted @ aim[:, :, None]).astype(np.float64)
        found = np.linalg.solve(normal, right).astype(np.float32)
        rest = aim - (found.swapaxes(1, 2) @ terms)[:, 0]
        spread = np.sqrt((rest**2 * weight).sum(axis=1, keepdims=True) / count)
        weight = weight * (np.abs(rest) <= 3 * spread + 1e-3)
    whole = rest.reshape(rows, columns, _BLOCK, _BLOCK).swapaxes(1, 2).reshape(rows * _BLOCK, columns * _BLOCK)
    return _plane(whole[:height, :width] * where)


def _normalised(rest: Plane, where: Plane) -> Plane:
    rest = rest * where
    share = np.maximum(cv2.blur(where, (_WINDOW, _WINDOW), borderType=_BORDER), 1e-3)
    for clip in (2.5, None):
        variance = cv2.blur(rest * rest, (_WINDOW, _WINDOW), borderType=_BORDER) / share
        rest = _plane(rest / np.sqrt(variance + 0.3))
        if clip is not None:
            rest = _plane(np.clip(rest, -clip, clip))
    return _plane(rest * where)


def _plane(made: object) -> Plane:
    return np.asarray(made, dtype=np.float32)

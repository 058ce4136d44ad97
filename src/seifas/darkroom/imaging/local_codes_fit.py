"""Whether the places of a picture lie as those of a photo do: the geometric check behind a find.

Codes that are nearest to each other both ways are put to the vote of all others: each alone says a turn and a scale.
Those that agree get a homography (MAGSAC++, Barath 2020), and of its inliers only those count whose own turn and scale
are the homography's there. A fit that folds, turns over or blows up the picture is none.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Plane = NDArray[np.float32]
Words = NDArray[np.uint64]

FEWEST: Final = 9
"""Inliers with which a fit counts: none of 221 wrong pairs had as many (facts measured before this was built)."""

_NEAREST: Final = 44
_REACH: Final = 3.0
_TURN: Final = 30.0
_SCALE: Final = 0.8
_ROUNDS: Final = 2000


class Constellation(NamedTuple):
    """n places to be laid over others: `at` n x 2 in units of which 512 make the long side; `size` in binary logarithms
    of those units; `angle` in degrees; `codes` n x 2 words."""

    at: Plane
    size: Plane
    angle: Plane
    codes: Words


class Fit(NamedTuple):
    """`warp` takes the moving places to the fixed ones. `score` counts inliers, near codes for more than far ones;
    `inliers` are the moving places' numbers."""

    warp: Matrix
    score: float
    inliers: NDArray[np.int64]


def fitted(moving: Constellation, fixed: Constellation) -> Fit | None:
    """How the moving places lie on the fixed ones; None where that is not sure."""
    if len(moving.at) < FEWEST or len(fixed.at) < FEWEST:
        return None
    start, end, apart = _pairs(moving.codes, fixed.codes)
    if len(start) < FEWEST:
        return None
    agree = _agreeing(fixed.angle[end] - moving.angle[start], fixed.size[end] - moving.size[start])
    start, end, apart = start[agree], end[agree], apart[agree]
    if len(start) < FEWEST:
        return None
    found, inside = cv2.findHomography(
        moving.at[start],
        fixed.at[end],
        method=cv2.USAC_MAGSAC,
        ransacReprojThreshold=_REACH,
        maxIters=_ROUNDS,
        confidence=0.999,
    )
    if found is None or inside is None:
        return None
    warp = np.asarray(found, np.float64)
    there = np.asarray(inside).ravel() > 0
    there[there] = _lies_as(warp, moving, start[there], fixed, end[there])
    # Several codes may stand at one spot, with several turns: they are one witness.
    if len(np.unique(np.rint(moving.at[start[there]]), axis=0)) < FEWEST:
        return None
    if not believable(warp, moving.at[start[there]]):
        return None
    if not _opens(warp, fixed.at):  # a small part says little of how the rest is seen: without perspective, then
        straight, _ = cv2.estimateAffinePartial2D(moving.at[start[there]], fixed.at[end[there]])
        if straight is None:
            return None
        warp = np.vstack([straight, [0, 0, 1]]).astype(np.float64)
    return Fit(warp, float((1 - apart[there] / 64).sum()), start[there])


def distances(one: Words, other: Words) -> NDArray[np.uint8]:
    """Bits by which each of n codes differs from each of m: n x m."""
    made = np.bitwise_count(one[:, None, 0] ^ other[None, :, 0])
    made += np.bitwise_count(one[:, None, 1] ^ other[None, :, 1])
    return np.asarray(made, np.uint8)


def believable(warp: Matrix, at: NDArray[Any]) -> bool:
    """Whether what the inliers span stays in front, in order, and of an area that a copy can have."""
    low, high = at.min(axis=0).astype(float), at.max(axis=0).astype(float)
    if (high - low).min() < 4:
        return False
    corners = np.array([(*low, 1), (high[0], low[1], 1), (*high, 1), (low[0], high[1], 1)])
    placed = corners @ warp.T
    if not np.isfinite(placed).all() or (placed[:, 2] <= 1e-6).any():
        return False
    flat = placed[:, :2] / placed[:, 2:]
    sides = np.roll(flat, -1, axis=0) - flat
    after = np.roll(sides, -1, axis=0)
    lengths = np.hypot(sides[:, 0], sides[:, 1])
    if not ((sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]) > 0).all() or lengths.min() <= 0:
        return False
    stretch = lengths / np.array([high[0] - low[0], high[1] - low[1]] * 2)
    return bool(stretch.min() >= 1 / 16 and stretch.max() <= 16 and stretch.max() <= 3 * stretch.min())


def _opens(warp: Matrix, fixed: Plane) -> bool:
    """Whether all of the fixed picture has a place in the moving one's plane."""
    try:
        return believable(np.asarray(np.linalg.inv(warp), np.float64), fixed)
    except np.linalg.LinAlgError:
        return False


def _pairs(moving: Words, fixed: Words) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    apart = distances(moving, fixed)
    nearest = apart.argmin(axis=1)
    least = apart[np.arange(len(moving)), nearest]
    mutual = apart.argmin(axis=0)[nearest] == np.arange(len(moving))
    start = np.flatnonzero(mutual & (least < _NEAREST))
    return start, nearest[start], least[start].astype(np.float64)


def _agreeing(turn: Plane, scale: Plane) -> NDArray[np.bool_]:
    """The largest set of pairs whose turn and scale are near those of one of them."""
    off = np.abs((turn[:, None] - turn[None] + 180) % 360 - 180)
    alike = (off < _TURN) & (np.abs(scale[:, None] - scale[None]) < _SCALE)
    return np.asarray(alike[alike.sum(axis=1).argmax()])


def _lies_as(
    warp: Matrix, moving: Constellation, start: NDArray[np.int64], fixed: Constellation, end: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which pairs have the turn and the scale that the homography has where they lie."""
    at = moving.at[start].astype(np.float64)
    depth = at @ warp[2, :2] + warp[2, 2]
    depth = np.where(np.abs(depth) < 1e-9, 1e-9, depth)
    onto = (at @ warp[:2, :2].T + warp[:2, 2]) / depth[:, None]
    slope = (warp[None, :2, :2] - onto[:, :, None] * warp[None, 2:3, :2]) / depth[:, None, None]
    turn = np.degrees(np.arctan2(slope[:, 1, 0] - slope[:, 0, 1], slope[:, 0, 0] + slope[:, 1, 1]))
    area = slope[:, 0, 0] * slope[:, 1, 1] - slope[:, 0, 1] * slope[:, 1, 0]
    off = np.abs((fixed.angle[end] - moving.angle[start] - turn + 180) % 360 - 180)
    grown = fixed.size[end] - moving.size[start] - 0.5 * np.log2(np.maximum(area, 1e-9))
    return np.asarray((area > 0) & (off < _TURN) & (np.abs(grown) < _SCALE))

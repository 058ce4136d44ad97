"""Where a cut copy may lie in its original when no point can be told from another: tried out, all over, at small size.

A template search (normalised correlation) over turns, scales and both mirror ways, with both pictures at one local
contrast and under 130 pixels: what is left at that size is the mottling of the skin and how light falls, which survives
any codec. Only starts come out of it; whether one is right is for registration to see.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.features import Plane, evened
from seifas.darkroom.imaging.scaling import within

Matrix = NDArray[np.float64]

_SIDE: Final = 128
_TURNS: Final = (0.0, -1.5, 1.5, -3.0, 3.0, -5.0, 5.0)
_SCALES: Final = tuple(1.04**-step for step in range(21))  # of the original's frame that the copy spans: 1 to 0.44
_REACHES: Final = (5.0, 12.0)
_EDGE: Final = 4  # so far a copy may reach over its original, in pixels of the small one
_APART: Final = 6.0  # starts nearer than this, in pixels of the small original, are one


def tried_out(fixed: Plane, moving: Plane, most: int = 6) -> list[Matrix]:
    """Warps from the moving grey plane to the fixed one's, best first. None for a copy that is wider than its original:
    that one has a frame, and edges with it."""
    height, width = fixed.shape
    small = within(width, height, _SIDE)
    down = resizing(width, height, *small)
    plain = np.asarray(cv2.resize(fixed, small, interpolation=cv2.INTER_AREA), np.float32)
    found: list[tuple[float, Matrix]] = []
    for reach in _REACHES:
        level = evened(plain, reach)
        for turn in _TURNS:
            about = np.vstack([cv2.getRotationMatrix2D(((small[0] - 1) / 2, (small[1] - 1) / 2), turn, 1.0), [0, 0, 1]])
            field: Plane = np.asarray(cv2.warpAffine(level, about[:2], small, flags=cv2.INTER_LINEAR), np.float32)
            field = np.asarray(cv2.copyMakeBorder(field, _EDGE, _EDGE, _EDGE, _EDGE, cv2.BORDER_CONSTANT), np.float32)
            back = _matrix(np.linalg.inv(down) @ np.linalg.inv(about))
            for scale in _SCALES:
                found += _best_of(field, back, moving, small, scale, reach)
    found.sort(key=lambda one: -one[0])
    chosen: list[Matrix] = []
    corners = np.array([[[0, 0], [moving.shape[1], 0], [0, moving.shape[0]]]], np.float64)
    places: list[NDArray[np.float64]] = []
    for _, warp in found:
        place = cv2.perspectiveTransform(corners, down @ warp)[0]
        if all(float(np.abs(place - other).max()) > _APART for other in places):
            chosen.append(warp)
            places.append(np.asarray(place, np.float64))
            if len(chosen) == most:
                break
    return chosen


def _best_of(
    field: Plane, back: Matrix, moving: Plane, small: tuple[int, int], scale: float, reach: float
) -> list[tuple[float, Matrix]]:
    """The two best places of a copy of that size in the field, mirrored or not."""
    height, width = moving.shape
    fit = min(small[0] / width, small[1] / height) * scale
    size = (round(width * fit), round(height * fit))
    if min(size) < 24:
        return []
    shrunk = np.asarray(cv2.resize(moving, size, interpolation=cv2.INTER_AREA), np.float32)
    template = evened(shrunk, reach)
    found = []
    for turned in (False, True):
        drawn = np.ascontiguousarray(template[:, ::-1]) if turned else template
        match = np.asarray(cv2.matchTemplate(field, drawn, cv2.TM_CCOEFF_NORMED))
        for _ in range(2):
            _, most, _, (x, y) = cv2.minMaxLoc(match)
            if not math.isfinite(most):
                break
            move = np.array([[1, 0, x - _EDGE], [0, 1, y - _EDGE], [0, 0, 1]], np.float64)
            flip = np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]], np.float64) if turned else np.eye(3)
            found.append((most * math.sqrt(size[0] * size[1]), back @ move @ resizing(width, height, *size) @ flip))
            match[max(0, y - 4) : y + 5, max(0, x - 4) : x + 5] = -1
    return found


def resizing(width: int, height: int, to_width: int, to_height: int) -> Matrix:
    """What resizing does to places: the edges of the outer pixels stay on each other, not their middles."""
    across, down = to_width / width, to_height / height
    return np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5], [0, 0, 1]], np.float64)


def _matrix(made: object) -> Matrix:
    return np.asarray(made, dtype=np.float64)

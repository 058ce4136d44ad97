"""Lays a leaked copy on its original.

Features of pictures at one local contrast (features.py), as the copy is and mirrored, give starts; a homography from
those that agree (MAGSAC++, Barath 2020) is refined by ECC (Evangelidis and Psarakis 2008), coarse to fine, again at one
local contrast, so that tone, light and a codec's flats do not pull. Of all starts the fit is kept under which the two
pictures are most alike: never the one that names somebody, so choosing costs no comparison. A fit that folds, blows up
the picture or leaves the two unlike is none: a wrong fit is worse than no fit, because it reads as "unmarked".
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.alignment import Matrix, resizing, tried_out
from seifas.darkroom.imaging.features import COARSE, FINE, Features, Matches, agreeing, evened, features_of, matched
from seifas.darkroom.imaging.features import mirrored as mirrored_features
from seifas.darkroom.imaging.scaling import Pixels, shrunk, within
from seifas.darkroom.imaging.watermark import Plane, grey_of

LONG_SIDE: Final = 1024
ALIKE: Final = 0.25
"""`Fit.likeness` under which there is no fit. Pictures that have nothing to do with each other stay under 0.15."""

_CERTAIN: Final = 0.6  # nothing else is tried that is turned the same way
_SYMMETRIC: Final = 12  # points for the other way round from which on it is tried too: a face fits its mirror image
_FEWEST: Final = 4
_EXACT: Final = 12  # points from which on a homography is drawn from them at once, and a similarity under that
_STEPS: Final = ((256, 15), (640, 12))  # ECC: long side in pixels, iterations
_LOOKS: Final = (512, 256)
_ALIKE_BY_CHANCE: Final = 30.0  # pixels of a look that count as one independent one
_TRIED: Final = 4


class Fit(NamedTuple):
    """`warp` takes a point of the moving picture to the fixed one's, both in their own pixels.

    `inliers` is how many features agreed on where it began; `likeness` is what `likeness` says of where it ended.
    """

    warp: Matrix
    inliers: int
    mirrored: bool
    likeness: float


def working(picture: Pixels) -> Pixels:
    """The picture as it is registered: 1024 pixels on the long side, or smaller where it was smaller."""
    height, width = picture.shape[:2]
    return shrunk(picture, *within(width, height, LONG_SIDE))


def register(fixed: Pixels, moving: Pixels, starts: tuple[Matrix, ...] = ()) -> Fit | None:
    """The homography that lays `moving` on `fixed` (both as `working` gives them), as it is or mirrored.

    `starts` are warps that somebody else thinks of: tried as all others are. None where nothing makes the two alike.
    """
    original, copy = _looked_at(fixed), grey_of(moving)
    best: Fit | None = None
    for sizes in ((), COARSE, FINE, None):
        if sizes is None:
            found = [(warp, 0) for warp in tried_out(grey_of(fixed), copy)]
        elif sizes:
            found = _starts(features_of(fixed, sizes), features_of(moving, sizes), fixed, moving)
        else:
            found = [(warp, 0) for warp in starts]
        for warp, votes in found:
            turned = _turned(warp)
            if best is not None and best.likeness >= _CERTAIN and (turned == best.mirrored or votes < _SYMMETRIC):
                continue
            if _believable(warp, copy.shape[1], copy.shape[0], fixed.shape[1], fixed.shape[0]):
                best = _better(best, _settled(original, copy, warp, votes))
        if best is not None and best.likeness >= ALIKE and sizes:
            return best
    return best if best is not None and best.likeness >= ALIKE else None


def likeness(fixed: Pixels, moving: Pixels, warp: Matrix) -> float:
    """How alike two pictures are at one local contrast where both have pixels, -1 to 1: what they are at 512 or 256
    pixels, whichever is more, because a copy has lost what is fine. Shading alone does not count, and chance in a small
    overlap is taken off."""
    return _likeness(_looked_at(fixed), grey_of(moving), warp)


class _Look(NamedTuple):
    """The fixed picture at one size and one local contrast; `down` takes its own places there."""

    plane: Plane
    down: Matrix


class _Looks(NamedTuple):
    width: int
    height: int
    seen: tuple[_Look, ...]
    steps: tuple[_Look, ...]


def _looked_at(fixed: Pixels) -> _Looks:
    grey = grey_of(fixed)
    height, width = grey.shape

    def look(side: int, reach: float) -> _Look:
        size = within(width, height, side)
        size = max(16, size[0]), max(16, size[1])
        return _Look(
            evened(np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32), reach),
            resizing(width, height, *size),
        )  # fmt: skip

    return _Looks(
        width, height, tuple(look(side, 6.0) for side in _LOOKS), tuple(look(side, 8.0) for side, _ in _STEPS)
    )


def _likeness(fixed: _Looks, moving: Plane, warp: Matrix) -> float:
    found = 0.0
    for look in fixed.seen:
        laid, there = laid_on(moving, look.down @ warp, look.plane.shape[1], look.plane.shape[0])
        many = int(there.sum())
        if many < 256:
            continue
        one, other = look.plane[there], evened(laid, 6.0)[there]
        one, other = one - one.mean(), other - other.mean()
        size = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
        if size > 0:
            found = max(found, float(np.vdot(one, other)) / size - 2 / math.sqrt(many / _ALIKE_BY_CHANCE))
    return found


def laid_on(moving: Any, warp: Matrix, width: int, height: int) -> tuple[Any, NDArray[np.bool_]]:
    """The moving picture or plane in the fixed one's frame, and where it has pixels there (9 x 9 in from its edge)."""
    smaller = scale_of(warp, moving.shape[1], moving.shape[0])
    if smaller < 0.8:  # by areas first, or it shimmers
        tall, wide = moving.shape[:2]
        size = max(8, round(wide * smaller)), max(8, round(tall * smaller))
        moving = cv2.resize(moving, size, interpolation=cv2.INTER_AREA)
        warp = warp @ resizing(*size, wide, tall)
    laid = cv2.warpPerspective(moving, warp, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpPerspective(
        np.full(moving.shape[:2], 255, np.uint8), warp, (width, height), flags=cv2.INTER_NEAREST
    )
    there = cv2.erode(there, np.ones((9, 9), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0.0)
    return np.asarray(laid, dtype=moving.dtype), np.asarray(there) > 0


def scale_of(warp: Matrix, width: int, height: int) -> float:
    """How many pixels of the fixed picture one of the moving picture's middle spans."""
    middle = np.array([[[width / 2, height / 2], [width / 2 + 1, height / 2], [width / 2, height / 2 + 1]]])
    one, right, below = cv2.perspectiveTransform(middle, warp)[0]
    (a, b), (c, d) = right - one, below - one
    return float(np.sqrt(abs(a * d - b * c)))


def correlation(fixed: Pixels, laid: Pixels, there: NDArray[np.bool_]) -> float:
    """How alike the two are where both have pixels, -1 to 1. Under 0.5 a fit is to be doubted."""
    if int(there.sum()) < 256:
        return 0.0
    one, other = grey_of(fixed)[there], grey_of(laid)[there]
    one, other = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(one)) * float(np.linalg.norm(other))
    return float(np.vdot(one, other)) / size if size > 0 else 0.0


def _believable(warp: Any, width: int, height: int, onto_width: int, onto_height: int) -> bool:
    """Whether the corners stay in order or mirrored, in front, and cover an area that a copy can have."""
    corners = np.array([[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]], np.float64)
    placed = corners @ np.asarray(warp, np.float64).T
    if not np.isfinite(placed).all() or (placed[:, 2] <= 1e-6).any():
        return False
    flat = placed[:, :2] / placed[:, 2:]
    sides = np.roll(flat, -1, axis=0) - flat
    after = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * after[:, 1] - sides[:, 1] * after[:, 0]
    if not ((turns > 0).all() or (turns < 0).all()):
        return False
    ahead = np.roll(flat, -1, axis=0)
    area = abs(float((flat[:, 0] * ahead[:, 1] - ahead[:, 0] * flat[:, 1]).sum())) / 2
    return 0.02 <= area / (onto_width * onto_height) <= 30


def _starts(points: Features, others: Features, fixed: Pixels, moving: Pixels) -> list[tuple[Matrix, int]]:
    """Where features say that it may lie, mirrored or not, with how many say so; the most first."""
    width = moving.shape[1]
    found: list[tuple[Matrix, int]] = []
    for turned in (False, True):
        pairs = matched(points, mirrored_features(others, width) if turned else others)
        for group in agreeing(pairs, float(np.hypot(*fixed.shape[:2]))):
            warp = _drawn(group)
            if warp is None or _turned(warp):
                continue
            if not _believable(warp, width, moving.shape[0], fixed.shape[1], fixed.shape[0]):
                continue
            found.append((warp @ _flip(width) if turned else warp, len(group.moving)))
    found.sort(key=lambda one: -one[1])
    return found[:_TRIED]


def _drawn(group: Matches) -> Matrix | None:
    """A warp through most of a group: a homography where there are enough, else a similarity."""
    start, towards = np.ascontiguousarray(group.moving[:, :2]), np.ascontiguousarray(group.fixed[:, :2])
    if len(start) < _FEWEST:
        return None
    found: Any = None
    if len(start) >= _EXACT:
        found, inside = cv2.findHomography(
            start, towards, method=cv2.USAC_MAGSAC, ransacReprojThreshold=3.0, maxIters=2000, confidence=0.999
        )
        if found is not None and int(inside.sum()) < _EXACT:
            found = None
    if found is None:
        found, _ = cv2.estimateAffinePartial2D(start, towards, method=cv2.RANSAC, ransacReprojThreshold=6.0)
        if found is None:
            return None
        found = np.vstack([found, [0, 0, 1]])
    return np.asarray(found, dtype=np.float64)


def _settled(fixed: _Looks, moving: Plane, warp: Matrix, votes: int) -> Fit:
    """The fit that a start leads to: ECC, coarse to fine, each step kept only where it makes the two more alike."""
    alike = _likeness(fixed, moving, warp)
    for look, (_, turns) in zip(fixed.steps, _STEPS, strict=True):
        better = _refined(look, moving, warp, turns)
        if better is None or not _believable(better, moving.shape[1], moving.shape[0], fixed.width, fixed.height):
            continue
        now = _likeness(fixed, moving, better)
        if now > alike:
            warp, alike = better, now
    return Fit(warp, votes, _turned(warp), alike)


def _better(one: Fit | None, other: Fit) -> Fit:
    return other if one is None or other.likeness > one.likeness else one


def _refined(fixed: _Look, moving: Plane, warp: Matrix, turns: int) -> Matrix | None:
    """The warp after ECC at the size of a look; None where it finds no way."""
    laid, there = laid_on(moving, fixed.down @ warp, fixed.plane.shape[1], fixed.plane.shape[0])
    start: Any = np.eye(3, dtype=np.float32)
    mask: Any = there.astype(np.uint8) * 255
    if int(there.sum()) < 256:
        return None
    try:
        _, found = cv2.findTransformECC(
            fixed.plane, evened(laid, 8.0), start, cv2.MOTION_HOMOGRAPHY,
            (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, turns, 1e-4), mask, 5,
        )  # fmt: skip
        better = np.linalg.inv(fixed.down) @ np.linalg.inv(np.asarray(found, np.float64)) @ fixed.down @ warp
    except (cv2.error, np.linalg.LinAlgError):
        return None
    return np.asarray(better / better[2, 2], dtype=np.float64)


def _flip(width: int) -> Matrix:
    return np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]], np.float64)


def _turned(warp: Matrix) -> bool:
    return bool(warp[0, 0] * warp[1, 1] - warp[0, 1] * warp[1, 0] < 0)

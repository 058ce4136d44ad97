"""Features that smooth skin has too, and what they say together of how one picture lies on another.

SIFT (Lowe 2004) finds nothing where contrast is low, and a close-up of skin has a standard deviation of two levels. So
each picture is first brought to one local contrast (minus the local mean, over the local deviation), at two or three
sizes: creases, pores and the mottling of the blood then give points like any texture, and what a codec or a thumbnail
took away at one size is left at the next. Most matches are wrong; each alone fixes place, turn and scale, and is put to
the vote of all others (Lowe's Hough vote, done exhaustively): right ones agree by the dozen, wrong ones by twos and
threes. RootSIFT distances: Arandjelović and Zisserman 2012.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.scaling import Pixels

Plane = NDArray[np.float32]

FINE: Final = ((1024, 1000), (512, 900), (256, 500))
"""Long side in pixels, points at most."""
COARSE: Final = FINE[1:]

_SMALLEST: Final = 16
_REACH: Final = 10.0  # of the local mean and deviation, in pixels at each size
_FLOOR: Final = 1.0  # added to the local variance: less than what rounding to 256 levels and a camera leave
_RATIO: Final = 0.9
_MATCHES: Final = 600
_VOTES: Final = 3


class Features(NamedTuple):
    """`places`: n x 4, x and y in the picture's own pixels, size, angle in degrees. `marks`: n x 128, of length 1."""

    places: Plane
    marks: Plane


class Matches(NamedTuple):
    """Row by row a place of the moving picture and one of the fixed one that look alike."""

    moving: Plane
    fixed: Plane


def evened(grey: Plane, reach: float = _REACH) -> Plane:
    """The plane at one local contrast: mean 0, deviation 1 wherever there is more than rounding."""
    rest = grey - cv2.GaussianBlur(grey, (0, 0), reach)
    return np.asarray(rest / np.sqrt(cv2.GaussianBlur(rest * rest, (0, 0), reach) + _FLOOR), dtype=np.float32)


def features_of(picture: Pixels, sizes: tuple[tuple[int, int], ...] = COARSE) -> Features:
    """Features at the sizes given; at its own size where the picture is smaller than all of them."""
    height, width = picture.shape[:2]
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    places, marks = [np.empty((0, 4), np.float32)], [np.empty((0, 128), np.float32)]
    for side, most in sizes:
        factor = min(1.0, side / max(height, width))
        if factor == 1.0 and side != sizes[-1][0] and max(height, width) < 0.75 * side:
            continue  # the next size is this one again
        size = (max(_SMALLEST, round(width * factor)), max(_SMALLEST, round(height * factor)))
        plane = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
        if side > 256:
            plane = cv2.GaussianBlur(plane, (0, 0), 1.0)
        drawn = np.clip(evened(np.asarray(plane, np.float32)) * 48 + 128, 0, 255).astype(np.uint8)
        points, found = cv2.SIFT.create(nfeatures=most, contrastThreshold=0.03).detectAndCompute(drawn, None)
        if found is None or not len(points):
            continue
        across, down = width / size[0], height / size[1]
        places.append(np.array(
            [[(one.pt[0] + 0.5) * across - 0.5, (one.pt[1] + 0.5) * down - 0.5, one.size * across, one.angle]
             for one in points], np.float32,
        ))  # fmt: skip
        marks.append(np.asarray(np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-7)), np.float32))
    return Features(np.vstack(places), np.vstack(marks))


def mirrored(features: Features, width: int) -> Features:
    """The features of the mirrored picture, without looking at it: a descriptor mirrored is one in another order."""
    places = features.places.copy()
    places[:, 0] = width - 1 - places[:, 0]
    places[:, 3] = (180 - places[:, 3]) % 360
    turned = features.marks.reshape(-1, 4, 4, 8)[:, ::-1][..., -np.arange(8) % 8]
    return Features(places, np.ascontiguousarray(turned.reshape(-1, 128)))


def matched(fixed: Features, moving: Features) -> Matches:
    """For each feature of the moving picture the one that looks most like it, where the next is clearly less so."""
    nothing = np.empty((0, 4), np.float32)
    if len(fixed.places) < 2 or len(moving.places) < 2:
        return Matches(nothing, nothing)
    alike = moving.marks @ fixed.marks.T
    rows = np.arange(len(alike))
    first = np.argmax(alike, axis=1)
    nearest = np.sqrt(np.maximum(2 - 2 * alike[rows, first], 0))
    alike[rows, first] = -1
    next_ = np.sqrt(np.maximum(2 - 2 * alike.max(axis=1), 1e-12))
    ratio = nearest / next_
    chosen = np.nonzero(ratio < _RATIO)[0]
    chosen = chosen[np.argsort(ratio[chosen], kind="stable")][:_MATCHES]
    return Matches(moving.places[chosen], fixed.places[first[chosen]])


def agreeing(matches: Matches, diagonal: float) -> list[Matches]:
    """At most three groups of matches that agree on one shift, turn and scale, the largest first."""
    moving, fixed = matches
    if not len(moving):
        return []
    scale = np.log(np.maximum(fixed[:, 2], 1e-3) / np.maximum(moving[:, 2], 1e-3))
    turn = np.radians(fixed[:, 3] - moving[:, 3])
    along, across = np.exp(scale) * np.cos(turn), np.exp(scale) * np.sin(turn)
    dx = moving[None, :, 0] - moving[:, None, 0]
    dy = moving[None, :, 1] - moving[:, None, 1]
    off = np.hypot(
        along[:, None] * dx - across[:, None] * dy + fixed[:, None, 0] - fixed[None, :, 0],
        across[:, None] * dx + along[:, None] * dy + fixed[:, None, 1] - fixed[None, :, 1],
    )
    # One point's turn and scale are rough, so what it says of far places is too.
    near = off < 0.008 * diagonal + 0.12 * np.hypot(dx, dy) * np.exp(scale)[:, None]
    bent = np.abs((turn[None] - turn[:, None] + np.pi) % (2 * np.pi) - np.pi)
    agree = near & (np.abs(scale[None] - scale[:, None]) < 0.35) & (bent < 0.3)
    votes = agree.sum(axis=1)
    groups: list[Matches] = []
    taken = np.zeros(len(moving), np.bool_)
    for one in np.argsort(-votes, kind="stable"):
        if taken[one]:
            continue
        taken |= agree[one]
        groups.append(Matches(moving[agree[one]], fixed[agree[one]]))
        if len(groups) == _VOTES:
            break
    return groups

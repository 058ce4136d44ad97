"""Lays an earlier photo of a patient under a later one, so that a doctor can compare them."""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np

from seifas.darkroom.imaging.alignment import Matrix
from seifas.darkroom.imaging.registration import working
from seifas.darkroom.imaging.scaling import Pixels
from seifas.darkroom.imaging.watermark import Plane

_FEATURES: Final = 1500
_FEWEST: Final = 7
_SMALL: Final = 400
_SAME_PERSON_FEWEST: Final = 12


def likened(fixed: Pixels, moving: Pixels) -> Matrix | None:
    """How to move, turn and scale `moving` so that the same body lies under `fixed`; None where that is not sure.

    Not a homography: bending one of two pictures that a doctor compares would change what is compared. Refused beyond a
    turn of 30 degrees or a scale of 1.8, which no series is taken with.
    """
    small_fixed, small_moving = working(fixed), working(moving)
    pairs = _pairs(_features(small_fixed), _features(small_moving))
    if pairs is None:
        return None
    towards, start = pairs
    found, inside = cv2.estimateAffinePartial2D(
        start, towards, method=cv2.RANSAC, ransacReprojThreshold=6.0, maxIters=5000, confidence=0.9999
    )
    if found is None or int(inside.sum()) < _SAME_PERSON_FEWEST:
        return None
    scale = float(np.hypot(found[0, 0], found[1, 0]))
    turn = abs(float(np.degrees(np.arctan2(found[1, 0], found[0, 0]))))
    if not 1 / 1.8 <= scale <= 1.8 or turn > 30:
        return None
    warp = np.vstack([found, [0, 0, 1]])
    grow = np.diag([fixed.shape[1] / small_fixed.shape[1], fixed.shape[0] / small_fixed.shape[0], 1.0])
    shrink = np.diag([small_moving.shape[1] / moving.shape[1], small_moving.shape[0] / moving.shape[0], 1.0])
    return np.asarray(grow @ warp @ shrink, dtype=np.float64)


class _Points(NamedTuple):
    places: Plane
    marks: Plane


def _features(picture: Pixels) -> _Points:
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    twice = max(picture.shape[:2]) < _SMALL
    if twice:
        grey = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    points, marks = cv2.SIFT.create(nfeatures=_FEATURES, contrastThreshold=0.02).detectAndCompute(grey, None)
    if marks is None or len(points) == 0:
        return _Points(np.empty((0, 2), np.float32), np.empty((0, 128), np.float32))
    places = np.array([point.pt for point in points], np.float32)
    roots = np.sqrt(marks / np.maximum(np.abs(marks).sum(axis=1, keepdims=True), 1e-7))
    if twice:
        places = ((places + 0.5) / 2 - 0.5).astype(np.float32)
    return _Points(places, np.asarray(roots, dtype=np.float32))


def _pairs(fixed: _Points, moving: _Points) -> tuple[Plane, Plane] | None:
    if len(fixed.places) < 2 or len(moving.places) < 2:
        return None
    close = [
        pair[0]
        for pair in cv2.BFMatcher(cv2.NORM_L2).knnMatch(moving.marks, fixed.marks, k=2)
        if len(pair) == 2 and pair[0].distance < 0.8 * pair[1].distance
    ]
    if len(close) < _FEWEST:
        return None
    return (
        np.array([fixed.places[one.trainIdx] for one in close], np.float32),
        np.array([moving.places[one.queryIdx] for one in close], np.float32),
    )

"""Sizes: how large a rendition is, shrinking without moiré, and a picture from which nobody can be recognised."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BLURRED_FROM: Final = 10
"""Pixels on the long side that are left of a blurred picture. A face that fills it keeps about 8 x 10: people who know
the person need about 18 x 24 (Bachmann 1991), programs more."""

BLURRED_TO: Final = 320


def within(width: int, height: int, long_side: int) -> tuple[int, int]:
    """The largest size of that shape whose long side is at most so many pixels; never larger than it was."""
    longest = max(width, height)
    if longest <= long_side:
        return width, height
    return max(1, round(width * long_side / longest)), max(1, round(height * long_side / longest))


def within_area(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The largest size of that shape with at most so many pixels; never larger than it was."""
    if width * height <= pixels:
        return width, height
    factor = math.sqrt(pixels / (width * height))
    return max(1, int(width * factor)), max(1, int(height * factor))


def shrunk(picture: Pixels, width: int, height: int) -> Pixels:
    """The picture at a smaller size, by areas; the same array where it has that size."""
    if picture.shape[1] == width and picture.shape[0] == height:
        return picture
    return _pixels(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def blurred(picture: Pixels) -> Pixels:
    """A placeholder in the picture's colours, 320 pixels on its long side. All it holds is ten pixels on that side,
    which are blurred once more: what is not in these cannot be brought back."""
    height, width = picture.shape[:2]
    tiny = shrunk(picture, *within(width, height, BLURRED_FROM))
    tiny = _pixels(cv2.GaussianBlur(tiny, (0, 0), 0.8, borderType=cv2.BORDER_REPLICATE))
    size = within(width * BLURRED_TO, height * BLURRED_TO, BLURRED_TO)
    return _pixels(cv2.resize(tiny, size, interpolation=cv2.INTER_CUBIC))


def _pixels(made: object) -> Pixels:
    return np.asarray(made, dtype=np.uint8)

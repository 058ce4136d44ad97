"""JPEG as everything leaves and as renditions are kept: pixels only. The encoder writes a JFIF head and no metadata."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from seifas.darkroom.imaging.scaling import Pixels
from seifas.errors import Tampered

KIND: Final = "image/jpeg"


def encoded(picture: Pixels, quality: int, *, full_colour: bool = False) -> bytes:
    """`full_colour`: no chroma subsampling, for what is decoded and encoded again."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full_colour else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    fine, made = cv2.imencode(
        ".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    )
    assert fine
    return made.tobytes()


def decoded(body: bytes) -> Pixels:
    """A rendition of our own making, which its seal has proved to be ours."""
    made = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if made is None:
        raise Tampered("a rendition is no picture")
    return np.asarray(made, dtype=np.uint8)

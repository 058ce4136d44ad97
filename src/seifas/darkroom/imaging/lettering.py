"""A visible line along the bottom edge: who is looking, and when. A camera pointed at the screen keeps it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from seifas.darkroom.imaging.scaling import Pixels

_LONGEST: Final = 120
_LEAST: Final = 10
_GREY: Final = 0.45


def lettered(picture: Pixels, text: str) -> Pixels:
    """A copy with the text on a darkened strip, one fortieth of the picture high and never wider than the picture."""
    shown = " ".join(text.split())[:_LONGEST]
    if not shown:
        return picture
    height, width = picture.shape[:2]
    size = max(_LEAST, max(height, width) // 60)
    font = cv2.FontFace("sans")
    margin = max(2, size // 3)
    while size > _LEAST:
        wide = cv2.getTextSize((0, 0), shown, (0, size), font, size, 500)[2]
        if wide <= width - 2 * margin:
            break
        size -= 1
    strip = min(height, size + 2 * margin)
    made = picture.copy()
    band = made[height - strip :]
    band[:] = np.asarray(band * _GREY, dtype=np.uint8)
    cv2.putText(made, shown, (margin, height - margin - max(1, size // 6)), (245, 245, 245), font, size, 500)
    return made

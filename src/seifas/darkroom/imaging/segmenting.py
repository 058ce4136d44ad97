"""Which parts of a picture may be pictures: of a screenshot, a gallery, a page, whatever stands between plain gaps.

A recursive cut along rows and columns that hold one colour (the XY-cut of Nagy and Seth 1984). Photos laid edge to edge
are not parted here: who seeks finds one, takes its place out of the picture, and seeks again.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.scaling import Pixels, shrunk, within

MOST: Final = 32

_WORKED_AT: Final = 1024
_PLAIN: Final = 5
"""Levels by which the means along a gap differ from its middle colour: JPEG's ringing, which averages out, aside."""

_RINGING: Final = 28
_RUN: Final = 33
_STRAY: Final = 0.01
_DEEPEST: Final = 6
_SHORTEST: Final = 40
_SMALLEST: Final = 0.004
_WHOLE: Final = 0.9


class Box(NamedTuple):
    """Pixels from left and top up to, not including, right and bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)


def regions(picture: Pixels) -> list[Box]:
    """The parts worth looking at, largest first, at most `MOST`, then the whole: it alone where there is no gap."""
    height, width = picture.shape[:2]
    whole = Box(0, 0, width, height)
    small = shrunk(picture, *within(width, height, _WORKED_AT))
    tall, wide = small.shape[:2]
    across, down = width / wide, height / tall
    found = []
    for box in _cut(small, Box(0, 0, wide, tall), 0):
        large = Box(
            round(box.left * across), round(box.top * down), round(box.right * across), round(box.bottom * down)
        )
        sides = (large.right - large.left, large.bottom - large.top)
        if min(sides) >= _SHORTEST and large.area >= _SMALLEST * whole.area and large.area < _WHOLE * whole.area:
            found.append(large)
    return [*sorted(found, key=lambda box: -box.area)[:MOST], whole]


def _cut(picture: Pixels, box: Box, depth: int) -> list[Box]:
    """The parts between the gaps of a box; the box itself where it has none."""
    if depth >= _DEEPEST:
        return [box]
    part = picture[box.top : box.bottom, box.left : box.right]
    for axis in (0, 1):
        blocks = _blocks(_plain(part, axis))
        if blocks == [(0, part.shape[axis])]:
            continue
        inside: list[Box] = []
        for start, end in blocks:
            if end - start < 4:
                continue
            inner = (
                Box(box.left, box.top + start, box.right, box.top + end) if axis == 0
                else Box(box.left + start, box.top, box.left + end, box.bottom)
            )  # fmt: skip
            inside += _cut(picture, inner, depth + 1)
        return inside
    return [box]


def _plain(part: Pixels, axis: int) -> NDArray[np.bool_]:
    """Which rows (axis 0) or columns (axis 1) hold one colour, a few stray pixels aside."""
    lines = part if axis == 0 else part.swapaxes(0, 1)
    apart = np.abs(lines.astype(np.int16) - np.median(lines, axis=1, keepdims=True).astype(np.int16)).max(axis=2)
    maybe = np.flatnonzero((apart > _RINGING).mean(axis=1) <= _STRAY)
    plain = np.zeros(len(lines), bool)
    if len(maybe):
        few = np.ascontiguousarray(lines[maybe])
        means = cv2.blur(few, (_RUN, 1), borderType=cv2.BORDER_REFLECT).astype(np.int16)
        off = np.abs(means - np.median(means, axis=1, keepdims=True)).max(axis=2) > _PLAIN
        plain[maybe] = off.mean(axis=1) <= _STRAY
    return plain


def _blocks(plain: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of lines that are not plain, (start, end)."""
    edges = np.diff(np.r_[True, plain, True].astype(np.int8))
    return list(zip(np.flatnonzero(edges == -1).tolist(), np.flatnonzero(edges == 1).tolist(), strict=True))

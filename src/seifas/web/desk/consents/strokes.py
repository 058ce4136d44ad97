"""A signature as the pen made it: strokes of points with their times, as the page sends them. Pure.

The page writes them so that a form carries them without growing: points `x.y.t` joined by `-`, strokes joined by `_`;
x from 0 to 1000, y from 0 to 400, t in ms from the first touch. That is what is kept as evidence; the picture in the
document is drawn from it.
"""

from __future__ import annotations

import itertools
import re
from typing import Final

import msgspec

from seifas.errors import Invalid

WIDTH: Final = 1000
HEIGHT: Final = 400
MOST_LETTERS: Final = 48_000
_LEAST_LENGTH = 120  # a signature is longer than a touch
_POINTS = re.compile(r"\d{1,4}\.\d{1,3}\.\d{1,7}(?:-\d{1,4}\.\d{1,3}\.\d{1,7})*\Z", re.ASCII)

Point = tuple[int, int, int]


class Signature(msgspec.Struct, frozen=True):
    """Strokes of (x, y, ms)."""

    strokes: tuple[tuple[Point, ...], ...]

    @property
    def json(self) -> bytes:
        """As kept: {"width", "height", "strokes": [[[x, y, ms], …], …]}."""
        return msgspec.json.encode({"width": WIDTH, "height": HEIGHT, "strokes": self.strokes})

    @property
    def svg(self) -> str:
        """As drawn: black ink on nothing, cut to what was written."""
        paths = "".join(f'<path d="{_path(stroke)}"/>' for stroke in self.strokes)
        xs = [x for stroke in self.strokes for x, _, _ in stroke]
        ys = [y for stroke in self.strokes for _, y, _ in stroke]
        left, top = min(xs) - 12, min(ys) - 12
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" '
            f'viewBox="{left} {top} {max(xs) - left + 12} {max(ys) - top + 12}" '
            'fill="none" stroke="#10151c" stroke-width="5" stroke-linecap="round" stroke-linejoin="round">'
            f"{paths}</svg>"
        )


def read(text: str) -> Signature:
    """What the page sent. Raises Invalid for what is no signature."""
    if not text:
        raise Invalid("Sign first.", where="signature")
    if len(text) > MOST_LETTERS:
        raise Invalid("The signature is too long.", where="signature")
    strokes: list[tuple[Point, ...]] = []
    before = 0
    for part in text.split("_"):
        if not _POINTS.match(part):
            raise Invalid("That is no signature.", where="signature")
        points = tuple(_point(one) for one in part.split("-"))
        for x, y, at in points:
            if x > WIDTH or y > HEIGHT or at < before:
                raise Invalid("That is no signature.", where="signature")
            before = at
        strokes.append(points)
    if sum(_length(stroke) for stroke in strokes) < _LEAST_LENGTH:
        raise Invalid("Sign first.", where="signature")
    return Signature(tuple(strokes))


def _point(text: str) -> Point:
    x, y, at = text.split(".")
    return int(x), int(y), int(at)


def _length(stroke: tuple[Point, ...]) -> int:
    return sum(
        abs(x - left) + abs(y - top) for (left, top, _), (x, y, _) in itertools.pairwise(stroke)
    )


def _path(stroke: tuple[Point, ...]) -> str:
    (x, y, _), *rest = stroke
    if not rest:
        return f"M{x} {y}h1"
    return f"M{x} {y}" + "".join(f"L{a} {b}" for a, b, _ in rest)

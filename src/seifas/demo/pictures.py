"""Draws the demo's pictures: patches of made-up skin, before and after, the same for the same seed everywhere.

Nobody is in them. A patch has a tone, a slow unevenness, pores, moles and fine lines, so that registration finds the
same places again; before a treatment it has a mark (redness, spots, lines or a scar), after it less of one. The camera
moves, turns and changes its light a little from one picture to the next. The word DEMO is drawn into every picture.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.scaling import Pixels

WIDTH: Final = 960
HEIGHT: Final = 720
KINDS: Final = ("redness", "spots", "lines", "scar")

_MARGIN: Final = 48
_TONES: Final = ((196, 214, 240), (178, 198, 230), (158, 180, 214), (128, 152, 190))  # blue, green, red
_Plane = NDArray[np.float32]


def drawn(seed: int, kind: str, *, left: float, shot: int) -> Pixels:
    """One picture, 960 by 720 (blue, green, red). `seed` is the patch, `kind` of KINDS what ails it, `left` how much of
    that is there (1 before, towards 0 after), `shot` which picture of the patch it is: how the camera was held."""
    wide, high = WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN
    rng = np.random.Generator(np.random.PCG64(seed))
    shade = _clouds(rng, wide, high, 5) * 9 + _clouds(rng, wide, high, 14) * 5
    pores = np.asarray(cv2.GaussianBlur(rng.standard_normal((high, wide), np.float32), (0, 0), 1.6), np.float32) * 16
    canvas = np.asarray(_TONES[int(rng.integers(len(_TONES)))], np.float32) + (shade + pores)[:, :, None]
    _moles(canvas, rng)
    _creases(canvas, rng)
    _ail(canvas, rng, kind, left)
    return _photographed(canvas, np.random.Generator(np.random.PCG64([seed, shot])))


def _clouds(rng: np.random.Generator, wide: int, high: int, cells: int) -> _Plane:
    """Slow unevenness, about -1 to 1."""
    coarse = rng.standard_normal((cells, cells * wide // high), np.float32)
    return np.asarray(cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC), np.float32)


def _spot(
    canvas: _Plane, at: tuple[int, int], axes: tuple[int, int], colour: tuple[float, float, float], soft: float
) -> None:
    """Adds `colour` in a soft ellipse, working on the part of the canvas that it covers."""
    reach = int(max(axes) + 3 * soft + 2)
    left, top = max(0, at[0] - reach), max(0, at[1] - reach)
    part = canvas[top : at[1] + reach, left : at[0] + reach]
    mask = np.zeros(part.shape[:2], np.float32)
    cv2.ellipse(mask, (at[0] - left, at[1] - top), axes, 0, 0, 360, 1.0, -1, cv2.LINE_AA)
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft), np.float32)
    part += mask[:, :, None] * np.asarray(colour, np.float32)


def _somewhere(rng: np.random.Generator, canvas: _Plane) -> tuple[int, int]:
    high, wide = canvas.shape[:2]
    return int(rng.integers(60, wide - 60)), int(rng.integers(60, high - 60))


def _moles(canvas: _Plane, rng: np.random.Generator) -> None:
    for _ in range(int(rng.integers(14, 30))):
        size = int(rng.integers(2, 9))
        depth = float(rng.integers(30, 90))
        _spot(canvas, _somewhere(rng, canvas), (size, max(2, size - 1)), (-depth, -depth * 0.9, -depth * 0.7), 1.5)


def _creases(canvas: _Plane, rng: np.random.Generator) -> None:
    lines = np.zeros(canvas.shape[:2], np.float32)
    for _ in range(26):
        x, y = _somewhere(rng, canvas)
        bend = rng.integers(-26, 27, 4)
        points = np.asarray([(x - 60, y + bend[0]), (x, y + bend[1]), (x + 60, y + bend[2]), (x + 110, y + bend[3])])
        cv2.polylines(lines, [points.astype(np.int32)], False, 1.0, 1, cv2.LINE_AA)
    canvas -= (np.asarray(cv2.GaussianBlur(lines, (0, 0), 1.1), np.float32) * 34)[:, :, None]


def _ail(canvas: _Plane, rng: np.random.Generator, kind: str, left: float) -> None:
    high, wide = canvas.shape[:2]
    x, y = wide // 2 + int(rng.integers(-80, 81)), high // 2 + int(rng.integers(-60, 61))
    if kind == "redness":
        for _ in range(5):
            at = (x + int(rng.integers(-110, 111)), y + int(rng.integers(-80, 81)))
            axes = (int(rng.integers(60, 120)), int(rng.integers(50, 90)))
            _spot(canvas, at, axes, (-13 * left, -18 * left, 4 * left), 26)
    elif kind == "spots":
        for _ in range(24):
            at = (x + int(rng.integers(-220, 221)), y + int(rng.integers(-160, 161)))
            size = int(rng.integers(5, 17))
            _spot(canvas, at, (size, size), (-62 * left, -48 * left, -26 * left), 4)
    elif kind == "lines":
        for number in range(4):
            ridge = np.zeros((high, wide), np.float32)
            along = np.linspace(-1, 1, 60)
            deep, curl, slant = int(rng.integers(8, 30)), float(rng.uniform(1.0, 2.4)), float(rng.uniform(-0.5, 0.5))
            bent = deep * np.cos(along * curl + slant)
            points = np.stack([x + 240 * along, y - 80 + number * 52 + bent], axis=1)
            cv2.polylines(ridge, [points.astype(np.int32)], False, 1.0, 4, cv2.LINE_AA)
            canvas -= (np.asarray(cv2.GaussianBlur(ridge, (0, 0), 3.2), np.float32) * (60 * left))[:, :, None]
    else:
        _spot(canvas, (x, y), (170, 9), (34 * left, 18 * left, 30 * left), 3)
        for step in range(-150, 151, 30):
            _spot(canvas, (x + step, y), (3, 18), (26 * left, 8 * left, 20 * left), 2)


def _photographed(canvas: _Plane, rng: np.random.Generator) -> Pixels:
    """The middle of the canvas as a camera saw it: turned by up to 2.5 degrees, moved, in its own light."""
    high, wide = canvas.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), float(rng.uniform(-2.5, 2.5)), float(rng.uniform(1.0, 1.05)))
    turn[:, 2] = turn[:, 2] + rng.uniform(-18, 18, 2)
    seen = np.asarray(cv2.warpAffine(canvas, turn, (wide, high), borderMode=cv2.BORDER_REFLECT), np.float32)
    seen = seen[_MARGIN : _MARGIN + HEIGHT, _MARGIN : _MARGIN + WIDTH]
    seen *= np.linspace(1.03, 0.95, HEIGHT, dtype=np.float32)[:, None, None] * np.float32(rng.uniform(0.96, 1.04))
    seen += rng.standard_normal((HEIGHT, WIDTH, 1), np.float32) * 1.4
    picture = np.ascontiguousarray(np.clip(seen, 0, 255).astype(np.uint8))
    corner = (WIDTH - 132, HEIGHT - 22)
    cv2.putText(picture, "DEMO", corner, cv2.FONT_HERSHEY_DUPLEX, 1.1, (90, 96, 110), 2, cv2.LINE_AA)
    return picture

"""Skin out of numbers: pictures of nobody, smooth as the close-ups that registration loses.

Shading from one side, mottling of the blood beneath, creases at two scales in two directions, pores, now and then
moles, freckles or hairs, then the camera: its blur, its noise. Contrast is drawn from what close-ups have: local
standard deviations of 1 to 5 of 255. The same number gives the same picture.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_Plane = NDArray[np.float32]

_TONES = ((134, 160, 205), (150, 175, 220), (105, 140, 190), (80, 112, 165), (60, 85, 130), (170, 190, 228))


def skin(number: int, width: int = 1200, height: int = 900) -> Pixels:
    """One picture, height x width x 3, blue, green, red."""
    draw = np.random.default_rng(7_000_000 + number)
    contrast = float(draw.uniform(0.35, 1.3))
    tone = np.array(_TONES[number % len(_TONES)], np.float32)
    level = np.zeros((height, width), np.float32)
    level += _shading(width, height, draw) * 26
    level += _cloud(width, height, draw, int(draw.integers(4, 9))) * 3.5 * contrast
    red = _cloud(width, height, draw, int(draw.integers(6, 16))) * 4 * contrast
    level += _creases(width, height, draw) * 2.6 * contrast
    level -= _pores(width, height, draw) * float(draw.uniform(3, 11)) * contrast
    made = tone[None, None] + level[:, :, None] * np.array([0.9, 1.0, 0.95], np.float32)
    made += red[:, :, None] * np.array([-0.9, -1.0, 0.4], np.float32)
    if draw.random() < 0.6:
        _spots(made, draw, int(draw.integers(1, 7)), contrast)
    if draw.random() < 0.25:
        _hairs(made, draw, int(draw.integers(3, 25)))
    made = cv2.GaussianBlur(made, (0, 0), float(draw.uniform(0.7, 2.2)))
    grain = draw.normal(0, float(draw.uniform(0.6, 1.8)), (height, width, 3)).astype(np.float32)
    made += cv2.GaussianBlur(grain, (0, 0), 0.6) * 1.5
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def _shading(width: int, height: int, draw: np.random.Generator) -> _Plane:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    way = float(draw.uniform(0, 2 * math.pi))
    slope = (x / width - 0.5) * math.cos(way) + (y / height - 0.5) * math.sin(way)
    middle = draw.uniform(0.3, 0.7, 2)
    round_ = -((x / width - middle[0]) ** 2 + (y / height - middle[1]) ** 2)
    return np.asarray(slope + 1.4 * float(draw.uniform(0.2, 1)) * round_, dtype=np.float32)


def _cloud(width: int, height: int, draw: np.random.Generator, cells: int) -> _Plane:
    made = np.zeros((height, width), np.float32)
    for octave in range(3):
        many = cells * 2**octave
        noise = draw.normal(0, 1, (max(3, many * height // width), many)).astype(np.float32)
        made += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC) / 2**octave
    return made


def _creases(width: int, height: int, draw: np.random.Generator) -> _Plane:
    """Fine lines that cross: noise drawn out along two directions, at two scales."""
    made = np.zeros((height, width), np.float32)
    start = float(draw.uniform(0, math.pi))
    for way, size in ((start, 2.0), (start + 1.1, 2.0), (start + 0.5, 4.0)):
        noise = draw.normal(0, 1, (height, width)).astype(np.float32)
        reach = int(size * 12) | 1
        line = np.zeros((reach, reach), np.float32)
        middle = reach // 2
        right, below = round(math.cos(way) * middle), round(math.sin(way) * middle)
        cv2.line(line, (middle - right, middle - below), (middle + right, middle + below), 1.0, 1, cv2.LINE_8)
        drawn = cv2.GaussianBlur(cv2.filter2D(noise, -1, line / line.sum()), (0, 0), size / 1.6)
        made += drawn / max(float(drawn.std()), 1e-6)
    return np.asarray(made / 1.7, dtype=np.float32)


def _pores(width: int, height: int, draw: np.random.Generator) -> _Plane:
    made = np.zeros((height, width), np.float32)
    many = int(width * height / float(draw.uniform(180, 1500)))
    made[draw.integers(0, height, many), draw.integers(0, width, many)] = draw.uniform(0.3, 1, many)
    sigma = float(draw.uniform(1.4, 3.2))
    return np.asarray(cv2.GaussianBlur(made, (0, 0), sigma) * (2 * math.pi * sigma**2), dtype=np.float32)


def _spots(made: _Plane, draw: np.random.Generator, many: int, contrast: float) -> None:
    height, width = made.shape[:2]
    for _ in range(many):
        size = float(draw.uniform(0.004, 0.03)) * width
        mask = np.zeros((height, width), np.float32)
        middle = (int(draw.integers(width)), int(draw.integers(height)))
        axes = (max(2, round(size)), max(2, round(size * float(draw.uniform(0.6, 1)))))
        cv2.ellipse(mask, middle, axes, float(draw.uniform(0, 180)), 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), max(1.0, size / 4)) * float(draw.uniform(0.2, 0.8)) * contrast
        made -= mask[:, :, None] * np.array([55, 60, 50], np.float32)


def _hairs(made: _Plane, draw: np.random.Generator, many: int) -> None:
    height, width = made.shape[:2]
    for _ in range(many):
        x, y = float(draw.uniform(0, width)), float(draw.uniform(0, height))
        way, bend = float(draw.uniform(0, 2 * math.pi)), float(draw.normal(0, 0.06))
        points = []
        for _ in range(int(draw.integers(8, 24))):
            points.append((round(x), round(y)))
            x, y, way = x + 9 * math.cos(way), y + 9 * math.sin(way), way + bend
        shade = float(draw.uniform(40, 100))
        cv2.polylines(made, [np.array(points, np.int32)], False, (shade, shade, shade * 1.1), 1, cv2.LINE_AA)

"""What copies go through before they turn up: the 33 attacks that attribution and finding are measured with.

Pure functions: pixels (uint8, blue, green, red) to pixels. Where an attack has a choice (which part is cut, how the
corners are bent, the noise) it is drawn from the `Draw` that is given, so a run can be repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Draw = np.random.Generator
Attack = Callable[[Pixels, Draw], Pixels]


def jpeg(picture: Pixels, quality: int) -> Pixels:
    return _through(picture, ".jpg", cv2.IMWRITE_JPEG_QUALITY, quality)


def webp(picture: Pixels, quality: int) -> Pixels:
    return _through(picture, ".webp", cv2.IMWRITE_WEBP_QUALITY, quality)


def resized(picture: Pixels, factor: float) -> Pixels:
    height, width = picture.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return _pixels(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC))


def cropped(picture: Pixels, removed: float, draw: Draw) -> Pixels:
    """So much of the area is cut off, anywhere; the shape of the frame stays."""
    height, width = picture.shape[:2]
    side = math.sqrt(1 - removed)
    tall, wide = round(height * side), round(width * side)
    top, left = int(draw.integers(height - tall + 1)), int(draw.integers(width - wide + 1))
    return np.ascontiguousarray(picture[top : top + tall, left : left + wide])


def turned(picture: Pixels, degrees: float) -> Pixels:
    """Turned about its middle; the empty corners are cut off."""
    height, width = picture.shape[:2]
    about = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    made = cv2.warpAffine(picture, about, (width, height), flags=cv2.INTER_LINEAR)
    sine, cosine = abs(math.sin(math.radians(degrees))), abs(math.cos(math.radians(degrees)))
    side = min(width / (width * cosine + height * sine), height / (width * sine + height * cosine))
    tall, wide = int(height * side) - 2, int(width * side) - 2
    top, left = (height - tall) // 2, (width - wide) // 2
    return _pixels(np.ascontiguousarray(made[top : top + tall, left : left + wide]))


def toned(picture: Pixels, *, gain: float = 1.0, offset: float = 0.0, gamma: float = 1.0) -> Pixels:
    level = 255 * (np.arange(256) / 255) ** gamma
    return _pixels(cv2.LUT(picture, np.clip(np.rint(level * gain + offset), 0, 255).astype(np.uint8)))


def blurred(picture: Pixels, sigma: float) -> Pixels:
    return _pixels(cv2.GaussianBlur(picture, (0, 0), sigma))


def noisy(picture: Pixels, sd: float, draw: Draw) -> Pixels:
    added = draw.normal(0, sd, picture.shape).astype(np.float32)
    return _pixels(np.clip(np.rint(picture + added), 0, 255))


def mirrored(picture: Pixels) -> Pixels:
    return np.ascontiguousarray(picture[:, ::-1])


def grey(picture: Pixels) -> Pixels:
    return _pixels(cv2.merge([cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)] * 3))


def eye_bar(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    made = picture.copy()
    made[int(0.30 * height) : int(0.45 * height), int(0.1 * width) : int(0.9 * width)] = 0
    return made


def bent(picture: Pixels, most: float, draw: Draw) -> Pixels:
    """Seen at an angle: each corner up to so much of the sides inwards; nothing empty is left."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = corners + inwards * draw.uniform(0, most, (4, 2)).astype(np.float32) * np.float32([width, height])
    warp = cv2.getPerspectiveTransform(moved.astype(np.float32), corners)
    return _pixels(cv2.warpPerspective(picture, warp, (width, height), flags=cv2.INTER_LINEAR))


def screenshot(picture: Pixels) -> Pixels:
    """On a phone's screen: smaller, between the bars of a program, compressed twice."""
    shown = jpeg(blurred(toned(resized(picture, 0.7), gamma=0.95), 0.6), 80)
    height, width = shown.shape[:2]
    head, foot = max(24, width // 7), max(32, width // 5)
    frame = np.full((height + head + foot, width, 3), 18, np.uint8)
    frame[: head // 3] = 40
    cv2.putText(frame, "12:40", (width // 30, head // 4), cv2.FONT_HERSHEY_SIMPLEX, width / 1500, (230,) * 3, 1)
    cv2.putText(frame, "Album", (width // 8, head * 3 // 4), cv2.FONT_HERSHEY_SIMPLEX, width / 900, (230,) * 3, 2)
    for place in (0.15, 0.5, 0.85):
        cv2.circle(frame, (int(width * place), head + height + foot // 2), foot // 6, (200, 200, 200), 2, cv2.LINE_AA)
    frame[head : head + height] = shown
    return jpeg(frame, 85)


def thumbnail(picture: Pixels, long_side: int, quality: int = 75) -> Pixels:
    return jpeg(resized(picture, long_side / max(picture.shape[:2])), quality)


def waved(picture: Pixels, most: float, draw: Draw) -> Pixels:
    """Bent a little everywhere, as paper is: no homography lays it back."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    shifts = []
    for _ in range(2):
        coarse = draw.normal(0, 1, (5, 5)).astype(np.float32)
        field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        shifts.append(field * np.float32(most / max(float(np.abs(field).max()), 1e-6)))
    return _pixels(cv2.remap(picture, x + shifts[0], y + shifts[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))


def averaged(copies: list[Pixels]) -> Pixels:
    """What accounts make who lay their copies over each other."""
    return _pixels(np.rint(np.mean(np.stack([one.astype(np.float32) for one in copies]), axis=0)))


def _combo_a(picture: Pixels, draw: Draw) -> Pixels:
    return jpeg(resized(cropped(picture, 0.25, draw), 0.5), 60)


def _combo_b(picture: Pixels, draw: Draw) -> Pixels:
    return jpeg(toned(resized(cropped(turned(picture, 2), 0.25, draw), 0.6), gain=1.1, offset=5), 50)


def _combo_c(picture: Pixels, draw: Draw) -> Pixels:
    return jpeg(noisy(blurred(resized(bent(picture, 0.03, draw), 0.7), 0.8), 4, draw), 60)


def _combo_d(picture: Pixels, draw: Draw) -> Pixels:
    return jpeg(resized(cropped(picture, 0.5, draw), 0.4), 40)


def _through(picture: Pixels, kind: str, option: int, quality: int) -> Pixels:
    fine, body = cv2.imencode(kind, picture, [option, quality])
    assert fine
    return _pixels(cv2.imdecode(body, cv2.IMREAD_COLOR))


def _pixels(made: object) -> Pixels:
    return np.asarray(made, dtype=np.uint8)


ATTACKS: Final[dict[str, Attack]] = {
    "none": lambda one, _: one,
    "jpeg90": lambda one, _: jpeg(one, 90),
    "jpeg75": lambda one, _: jpeg(one, 75),
    "jpeg50": lambda one, _: jpeg(one, 50),
    "jpeg30": lambda one, _: jpeg(one, 30),
    "resize.75": lambda one, _: resized(one, 0.75),
    "resize.5": lambda one, _: resized(one, 0.5),
    "resize.25": lambda one, _: resized(one, 0.25),
    "crop10%": lambda one, draw: cropped(one, 0.10, draw),
    "crop25%": lambda one, draw: cropped(one, 0.25, draw),
    "crop50%": lambda one, draw: cropped(one, 0.50, draw),
    "crop75%": lambda one, draw: cropped(one, 0.75, draw),
    "rot1": lambda one, _: turned(one, 1),
    "rot2": lambda one, _: turned(one, 2),
    "rot5": lambda one, _: turned(one, 5),
    "bright+20%": lambda one, _: toned(one, gain=1.2),
    "contrast.7": lambda one, _: toned(one, gain=0.7, offset=38),
    "gamma.7": lambda one, _: toned(one, gamma=0.7),
    "webp75": lambda one, _: webp(one, 75),
    "webp40": lambda one, _: webp(one, 40),
    "blur1.5": lambda one, _: blurred(one, 1.5),
    "noise8": lambda one, draw: noisy(one, 8, draw),
    "median5": lambda one, _: _pixels(cv2.medianBlur(one, 5)),
    "hflip": lambda one, _: mirrored(one),
    "gray+q75": lambda one, _: jpeg(grey(one), 75),
    "eyebar+q75": lambda one, _: jpeg(eye_bar(one), 75),
    "screenshot": lambda one, _: screenshot(one),
    "messenger": lambda one, _: jpeg(jpeg(resized(one, 0.6), 75), 70),
    "comboA": _combo_a,
    "comboB": _combo_b,
    "comboC": _combo_c,
    "comboD": _combo_d,
    "thumb200": lambda one, _: thumbnail(one, 200),
}

HARDER: Final[dict[str, Attack]] = {
    "jpeg15": lambda one, _: jpeg(one, 15),
    "jpeg10": lambda one, _: jpeg(one, 10),
    "webp10": lambda one, _: webp(one, 10),
    "nl-means": lambda one, _: _pixels(cv2.fastNlMeansDenoisingColored(one, None, 6, 6, 5, 15)),
    "blur4": lambda one, _: blurred(one, 4),
    "waved 1 px+q75": lambda one, draw: jpeg(waved(one, 1, draw), 75),
    "waved 2 px+q75": lambda one, draw: jpeg(waved(one, 2, draw), 75),
    "waved 4 px+q75": lambda one, draw: jpeg(waved(one, 4, draw), 75),
    "crop85%+q60": lambda one, draw: jpeg(cropped(one, 0.85, draw), 60),
    "rot15": lambda one, _: turned(one, 15),
    "rot90+q75": lambda one, _: jpeg(np.ascontiguousarray(np.rot90(one)), 75),
    "thumb160": lambda one, _: thumbnail(one, 160),
    "thumb128": lambda one, _: thumbnail(one, 128),
}
"""What is beyond the bars: to see where it ends."""

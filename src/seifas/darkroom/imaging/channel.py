"""What happened to a copy on its way, guessed from the copy alone, and played again on a picture marked by nobody.

A copy that names no view may be unmarked (from storage, from a backup), or it may have lost its mark on the way. To
tell which, the original is marked with a dummy seed, sent through what the copy seems to have gone through (its frame,
its size, blur, a codec, noise) and examined as the copy was: the z that comes out is what a view's mark would have
shown. Three things are matched, in turn: how much finer structure is left of coarser (blur), and how much is left that
the original does not explain (a codec's quality; noise where no codec leaves as much).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging import jpeg
from seifas.darkroom.imaging.alignment import Matrix
from seifas.darkroom.imaging.evidence import evidence, regressed_away, score
from seifas.darkroom.imaging.registration import laid_on, scale_of
from seifas.darkroom.imaging.scaling import Pixels
from seifas.darkroom.imaging.watermark import Plane, embed, grey_of

_BLURS: Final = (0.0, 0.7, 1.1, 1.6, 2.4, 3.6)
_QUALITIES: Final = (95, 85, 75, 60, 45, 30, 20, 12, 6)
_NOISES: Final = (2.0, 4.0, 8.0, 14.0, 22.0)
_DUMMIES: Final = tuple(hashlib.sha256(b"seifas/dummy view/%d" % number).digest() for number in range(2))


class Channel(NamedTuple):
    """`blur`: Gaussian sigma in pixels of the copy; `quality` of a JPEG, 100 for none; `noise`: standard deviation."""

    blur: float
    quality: int
    noise: float


class Replay(NamedTuple):
    """`expected` is the z a view's mark would have had; `likeness` of the copy's fine structure over the replay's: well
    under 1 says that the copy is less like the original than the channel explains."""

    channel: Channel
    expected: float
    likeness: float


class _Seen(NamedTuple):
    unexplained: float
    crispness: float
    fine: float


def replayed(original: Pixels, copy: Pixels, warp: Matrix) -> Replay:
    """Guesses the channel between two pictures as `registration.working` gives them, and replays it on dummy views."""
    height, width = original.shape[:2]
    fixed = grey_of(original)
    laid, there = laid_on(grey_of(copy), warp, width, height)
    looks = _seen(fixed, laid, there)
    marked = [embed(original, seed) for seed in _DUMMIES]

    def through(channel: Channel, picture: Pixels) -> Plane:
        sent = _sent(picture, copy.shape[1], copy.shape[0], warp, channel)
        return np.asarray(laid_on(grey_of(sent), warp, width, height)[0], np.float32)

    def seen(channel: Channel) -> _Seen:
        return _seen(fixed, through(channel, marked[0]), there)

    for blur in _BLURS:
        if seen(Channel(blur, 90, 0)).crispness <= looks.crispness * 1.02:
            break
    channel, now = _matched(blur, looks.unexplained, seen)
    scale = scale_of(warp, copy.shape[1], copy.shape[0])
    found = []
    for picture, seed in zip(marked, _DUMMIES, strict=True):
        found.append(score(evidence(fixed, through(channel, picture), there, scale), seed))
    return Replay(channel, max(0.0, min(found)), looks.fine / now.fine if now.fine > 0.02 else 1.0)


def _matched(blur: float, unexplained: float, seen: Callable[[Channel], _Seen]) -> tuple[Channel, _Seen]:
    """The codec, or the noise, that leaves as much unexplained as the copy has; rather a little more than less."""
    low, high = 0, len(_QUALITIES) - 1
    while low < high:
        middle = (low + high) // 2
        if seen(Channel(blur, _QUALITIES[middle], 0)).unexplained >= unexplained:
            high = middle
        else:
            low = middle + 1
    channel = Channel(blur, _QUALITIES[low], 0)
    now = seen(channel)
    if now.unexplained < 0.9 * unexplained:  # no codec does that
        for noise in _NOISES:
            channel = Channel(blur, 75, noise)
            now = seen(channel)
            if now.unexplained >= unexplained:
                break
    return channel, now


def _sent(picture: Pixels, width: int, height: int, warp: Matrix, channel: Channel) -> Pixels:
    back = np.linalg.inv(warp)
    made, _ = laid_on(picture, np.asarray(back / back[2, 2], np.float64), width, height)
    if channel.blur:
        made = cv2.GaussianBlur(made, (0, 0), channel.blur)
    if channel.noise:
        added = np.random.default_rng(1).normal(0, channel.noise, made.shape)
        made = np.clip(np.rint(made + added), 0, 255)
    sent = np.asarray(made, np.uint8)
    return sent if channel.quality >= 100 else jpeg.decoded(jpeg.encoded(sent, channel.quality))


def _seen(fixed: Plane, laid: Plane, there: NDArray[np.bool_]) -> _Seen:
    where = there.astype(np.float32)
    rest = regressed_away(fixed, laid, where)
    left = np.asarray(cv2.GaussianBlur(rest, (0, 0), 1.2))[there]
    fine = _share(fixed, laid, there, 1.0, 2.0)
    coarse = _share(fixed, laid, there, 3.0, 6.0)
    return _Seen(float(np.median(np.abs(left))) if left.size else 0.0, fine[0] / max(coarse[0], 1e-3), fine[1])


def _share(fixed: Plane, laid: Plane, there: NDArray[np.bool_], near: float, far: float) -> tuple[float, float]:
    """How much of the original's structure between two sigmas the copy has: gain, and correlation."""
    one, other = (
        (cv2.GaussianBlur(plane, (0, 0), near) - cv2.GaussianBlur(plane, (0, 0), far))[there]
        for plane in (fixed, laid)
    )  # fmt: skip
    own = float(np.vdot(one, one))
    both = float(np.vdot(one, other))
    size = own * float(np.vdot(other, other))
    return (both / own if own > 0 else 0.0), (both / float(np.sqrt(size)) if size > 0 else 0.0)

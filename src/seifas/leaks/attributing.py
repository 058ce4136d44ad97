"""From a leaked picture and its original to the views it was made from, with a proven bound; or to what it means that
there is none.

Named is every view whose z is above the threshold of all comparisons of the case (evidence.py says why that is wrong at
most once in a million cases). Registration is chosen by how alike the pictures are, never by z, so it costs nothing.
Where nobody is named, the channel is replayed on a dummy view: had a mark been there, it would have shown a certain z.
Well above the threshold, the copy is unmarked: it comes from storage, a backup, or its mark was taken out on purpose.
Otherwise nothing can be told. A *view* is named, never a person: a stolen login leads to the same view.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, Literal

import cv2
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from seifas.darkroom.imaging import channel
from seifas.darkroom.imaging.alignment import Matrix, resizing
from seifas.darkroom.imaging.evidence import bound, left_over, on_grid, scores, threshold
from seifas.darkroom.imaging.features import evened
from seifas.darkroom.imaging.registration import Fit, laid_on, register, scale_of, working
from seifas.darkroom.imaging.scaling import Pixels, blurred
from seifas.darkroom.imaging.watermark import Plane, grey_of, grids_of
from seifas.errors import Invalid

Verdict = Literal["named", "unmarked", "cannot-tell", "not-registered"]

_SMALLEST: Final = 32
_LARGEST: Final = 200_000_000  # pixels
_SLACK: Final = 2.0
"""A replayed z has to be so many times the threshold before its absence says "unmarked": the channel is a guess."""
_UNLIKE: Final = 0.6
_OVERLAP: Final = 0.02
_CUT_OUT: Final = 0.6
_TILE: Final = 32


class Attribution(Struct, frozen=True, kw_only=True):
    """`z` has one entry for each seed, in order; `named` are indexes into it, the highest z first.

    `warp` takes a pixel of the leaked picture to the original's, both as they were given. `found` is what the copy
    holds beside the original, on each grid that it may have been marked on (for `pooled`); z is the highest of these,
    and `comparisons` counts all of them. `bound` is how likely at most anybody is named wrongly in the whole case
    at the highest z; `expected` is the z that a dummy view's mark would have had (0 where it was not replayed).
    """

    verdict: Verdict
    comparisons: int
    threshold: float
    registered: bool = False
    mirrored: bool = False
    likeness: float = 0.0
    inliers: int = 0
    overlap: float = 0.0
    warp: Any = None
    found: Any = None
    z: Any = ()
    named: tuple[int, ...] = ()
    bound: float = 1.0
    expected: float = 0.0
    channel: channel.Channel | None = None


def attribute(
    leaked: Pixels, original: Pixels, seeds: Sequence[bytes], comparisons: int, warp: Matrix | None = None,
    *, replay: bool = True,
) -> Attribution:  # fmt: skip
    """Examines one leaked picture (or a picture in it, where `warp` says so) against every view of one photo.

    `comparisons`: all of the case, at least those made here. `warp`: where finding the photo thinks that a leaked pixel
    lies in the original; a start, no more. `replay`: whether the channel is replayed where nobody is named.
    """
    _check(leaked)
    _check(original)
    grids = grids_of(original.shape[1], original.shape[0])
    comparisons = max(comparisons, len(seeds), 1) * len(grids)
    limit = threshold(comparisons)
    fixed = working(original)
    onto = resizing(original.shape[1], original.shape[0], fixed.shape[1], fixed.shape[0])
    laying = _registered(fixed, leaked, None if warp is None else _matrix(onto @ np.asarray(warp, np.float64)))
    if laying is None:
        return Attribution(verdict="not-registered", comparisons=comparisons, threshold=limit)
    moving, into, fit = laying
    laid, there = laid_on(grey_of(moving), fit.warp, fixed.shape[1], fixed.shape[0])
    overlap = float(there.mean())
    if overlap < _OVERLAP:
        return Attribution(verdict="not-registered", comparisons=comparisons, threshold=limit)
    scale = scale_of(fit.warp, moving.shape[1], moving.shape[0])
    left = left_over(grey_of(fixed), laid, there, scale)
    found = tuple(on_grid(left, grid) for grid in grids)
    z = np.max([scores(one, seeds) for one in found], axis=0)
    order = np.argsort(-z, kind="stable")
    named = tuple(int(one) for one in order if z[one] > limit)
    best = float(z[order[0]]) if len(z) else 0.0
    verdict: Verdict = "named" if named else "cannot-tell"
    again = channel.replayed(fixed, moving, fit.warp) if replay and not named else None
    if again is not None and again.expected >= _SLACK * limit and again.likeness >= _UNLIKE:
        verdict = "unmarked"
    return Attribution(
        verdict=verdict, comparisons=comparisons, threshold=limit, registered=True, mirrored=fit.mirrored,
        likeness=fit.likeness, inliers=fit.inliers, overlap=overlap, warp=np.linalg.inv(onto) @ fit.warp @ into,
        found=found, z=z, named=named, bound=bound(best, comparisons),
        expected=again.expected if again else 0.0, channel=again.channel if again else None,
    )  # fmt: skip


def _registered(fixed: Pixels, leaked: Pixels, start: Matrix | None) -> tuple[Pixels, Matrix, Fit] | None:
    """The copy as it was registered, what took the leaked picture there, and the fit. A picture that fills only part of
    what was leaked (a screenshot, a page, a collage) is cut out and registered again, with all its pixels."""
    place = None if start is None else _place(fixed, leaked, start)
    laying = _laid(fixed, leaked, place, start)
    if laying is None and place is not None:  # where somebody thought that it lies, it does not
        place, laying = None, _laid(fixed, leaked, None, None)
    if laying is None or place is not None or max(leaked.shape[:2]) <= max(laying[0].shape[:2]):
        return laying
    _, into, fit = laying
    around = _place(fixed, leaked, _matrix(fit.warp @ into))
    return laying if around is None else _laid(fixed, leaked, around, _matrix(fit.warp @ into)) or laying


def _laid(
    fixed: Pixels, leaked: Pixels, place: tuple[int, int, int, int] | None, start: Matrix | None
) -> tuple[Pixels, Matrix, Fit] | None:
    moving, into = _cut(leaked, place)
    fit = register(fixed, moving, () if start is None else (_matrix(start @ np.linalg.inv(into)),))
    return None if fit is None else (moving, into, fit)


def _place(fixed: Pixels, leaked: Pixels, warp: Matrix) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the original in the leaked picture with a little around; None where that is most
    of the picture anyway, or makes no sense."""
    height, width = leaked.shape[:2]
    across, down = fixed.shape[1], fixed.shape[0]
    corners = np.array([[0, 0, 1], [across, 0, 1], [across, down, 1], [0, down, 1]], np.float64)
    try:
        placed = corners @ np.linalg.inv(warp).T
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(placed).all() or (placed[:, 2] / placed[0, 2] <= 1e-6).any():
        return None
    flat = placed[:, :2] / placed[:, 2:]
    (left, top), (right, bottom) = flat.min(axis=0), flat.max(axis=0)
    wide, tall = 0.03 * (right - left), 0.03 * (bottom - top)
    x, y = max(0, math.floor(left - wide)), max(0, math.floor(top - tall))
    to_x, to_y = min(width, math.ceil(right + wide)), min(height, math.ceil(bottom + tall))
    if to_x - x < _SMALLEST or to_y - y < _SMALLEST or (to_x - x) * (to_y - y) > _CUT_OUT * width * height:
        return None
    return x, y, to_x, to_y


def _cut(leaked: Pixels, place: tuple[int, int, int, int] | None) -> tuple[Pixels, Matrix]:
    left, top, right, bottom = place or (0, 0, leaked.shape[1], leaked.shape[0])
    part = np.ascontiguousarray(leaked[top:bottom, left:right])
    made = working(part)
    size = resizing(part.shape[1], part.shape[0], made.shape[1], made.shape[0])
    return made, size @ np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]], np.float64)


def _check(picture: Pixels) -> None:
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise Invalid("a picture to attribute has three channels of eight bits: have it read again")
    height, width = picture.shape[:2]
    if min(height, width) < _SMALLEST or height * width > _LARGEST or max(height, width) > 50 * min(height, width):
        raise Invalid("no picture of that size can be attributed: under 32 pixels, over 200 megapixels or a mere strip")


class Sighting(Struct, frozen=True, kw_only=True):
    """One leaked picture for `pooled`: which photo it is, `found` of its attribution, the photo's views as (seed, who),
    and how much it counts: anything that was not chosen by looking at those views, as `Attribution.expected`."""

    photo: bytes
    found: tuple[Any, ...]
    views: Sequence[tuple[bytes, bytes]]
    weight: float = 1.0


class Pool(Struct, frozen=True, kw_only=True):
    """`evidence`: for each of who, the natural logarithm of its e-value; named are those at or over `threshold`."""

    evidence: dict[bytes, float]
    threshold: float
    named: tuple[bytes, ...]
    bound: float


def pooled(sightings: Sequence[Sighting], comparisons: int) -> Pool:
    """Several leaked pictures against accounts (or sessions, or exports): faint evidence adds up, the bound holds.

    For a view without part E[exp(l z - l²/2)] <= 1 for every l that does not depend on its seed (z is a Rademacher
    sum of norm 1). The mean over who's views of one photo and its grids keeps that, and so does the product over
    photos, whose seeds are independent: an e-value, by Markov over N / 1e-6 with a chance of at most 1e-6 / N. With one
    view a photo, l = t w and sum w² = 1 it says what Hoeffding's bound says of the weighted sum. Several copies of one
    photo are added up first, for they share their seeds. `comparisons`: all of the case, with everybody pooled.
    """
    by_photo: dict[bytes, list[Sighting]] = {}
    for one in sightings:
        by_photo.setdefault(one.photo, []).append(one)
    everybody = {who for one in sightings for _, who in one.views}
    comparisons = max(comparisons, len(everybody), 1)
    limit = threshold(comparisons)
    weights = {photo: math.sqrt(sum(max(one.weight, 1e-3) ** 2 for one in some)) for photo, some in by_photo.items()}
    size = math.sqrt(sum(weight**2 for weight in weights.values()))
    total = dict.fromkeys(everybody, 0.0)
    for photo, some in by_photo.items():
        drawn = limit * weights[photo] / size
        views = dict(view for one in some for view in one.views)
        of_whom: dict[bytes, list[float]] = {}
        for found in _together(some):
            for who, value in zip(views.values(), scores(found, tuple(views)), strict=True):
                of_whom.setdefault(who, []).append(drawn * float(value) - drawn**2 / 2)
        for who, logs in of_whom.items():
            most = max(logs)
            total[who] += most + math.log(sum(math.exp(one - most) for one in logs) / len(logs))
    needed = limit**2 / 2
    named = sorted((who for who, value in total.items() if value >= needed), key=lambda who: -total[who])
    best = max(total.values(), default=0.0)
    return Pool(
        evidence=total, threshold=needed, named=tuple(named), bound=min(1.0, comparisons * math.exp(-max(best, 0.0)))
    )


def _together(some: Sequence[Sighting]) -> list[Plane]:
    """The copies of one photo added up, on each grid."""
    if len({tuple(found.shape for found in one.found) for one in some}) != 1:
        raise Invalid("copies of one photo have to be examined against the same original")
    totals = [np.zeros(found.shape, np.float32) for found in some[0].found]
    for one in some:
        for number, found in enumerate(one.found):
            size = float(np.linalg.norm(found))
            if size > 0:
                totals[number] += np.float32(max(one.weight, 1e-3) / size) * found
    return totals


def proof(leaked: Pixels, original: Pixels, warp: Matrix, *, clear: bool = False) -> Pixels:
    """Side by side: the original, the leaked picture laid on it, and where they agree (green) or not (red), tile by
    tile. Blurred past recognising unless `clear`; the third panel shows nobody in either case."""
    fixed = working(original)
    onto = resizing(original.shape[1], original.shape[0], fixed.shape[1], fixed.shape[0])
    laid, there = laid_on(leaked, onto @ np.asarray(warp, np.float64), fixed.shape[1], fixed.shape[0])
    agreement = _agreement(grey_of(fixed), grey_of(laid), there)
    panels = [fixed, np.where(there[:, :, None], laid, 32), agreement]
    if not clear:
        panels[:2] = [_unrecognisable(np.asarray(one, np.uint8)) for one in panels[:2]]
    gap = np.full((fixed.shape[0], 8, 3), 255, np.uint8)
    return np.ascontiguousarray(np.hstack([panels[0], gap, panels[1], gap, panels[2]]).astype(np.uint8))


def _agreement(fixed: Plane, laid: Plane, there: NDArray[np.bool_]) -> Pixels:
    """Green where a tile of 32 x 32 has the original's fine structure, red where not, grey where there is nothing."""
    one, other = evened(fixed, 6.0), evened(laid, 6.0)
    height, width = fixed.shape
    made = np.full((height, width, 3), 64, np.uint8)
    for y in range(0, height, _TILE):
        for x in range(0, width, _TILE):
            tile = np.s_[y : y + _TILE, x : x + _TILE]
            where = there[tile]
            if where.mean() < 0.5:
                continue
            a, b = one[tile][where], other[tile][where]
            a, b = a - a.mean(), b - b.mean()
            size = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
            alike = max(0.0, float(np.vdot(a, b)) / size) if size > 0 else 0.0
            made[tile] = (40, round(40 + 180 * alike), round(40 + 180 * (1 - alike)))
    return made


def _unrecognisable(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    return np.asarray(cv2.resize(blurred(picture), (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _matrix(made: object) -> Matrix:
    return np.asarray(made, dtype=np.float64)

"""Which photo is it: all fingerprints of a clinic in memory, and a picture that turned up.

A picture is taken apart at its plain gaps (segmenting.py). Each part is asked as a whole first (PDQ, eight ways
round), then by its places: near codes from the inverted file vote for photos, those with most votes are laid on the
picture, and only what nine places agree on counts (local_codes_fit.py). What was found is taken out and the rest asked
again, so that a collage gives all its photos. Nothing is ever written, and nothing of it survives its process.

    index = PhotoIndex((photo, fingerprint) ...)      index.missing: photos whose fingerprint cannot be read
    index.find(pixels) -> [Found ...]                 likeliest first; several where a picture shows several
    missing(entries) -> [photo ...]                   those to be fingerprinted anew (fingerprint.of) from a rendition

Memory: 30 bytes a place, at most 9.6 KB a photo. docs/finding-photos.md has recall, times and limits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging import fingerprint, local_codes, pdq
from seifas.darkroom.imaging.local_codes import Places
from seifas.darkroom.imaging.local_codes_fit import Constellation, Fit, fitted
from seifas.darkroom.imaging.scaling import Pixels
from seifas.darkroom.imaging.segmenting import Box, regions
from seifas.errors import Invalid
from seifas.leaks.photo_index_lists import NEAR, CodeLists, Hits

Matrix = NDArray[np.float64]
Plane = NDArray[np.float32]

_SIZES: Final = ((512, 0), (288, 360), (1024, 820))
"""(long side, for parts of at least that size), one after the other until the photo is found: a cut-out shows at 512
what its photo shows at 288, and a picture of several photos shows each at less."""

_PLACES: Final = 800
_ASKED: Final = 400
_CANDIDATES: Final = 16
_SURE: Final = 25
_RIVAL: Final = 0.5
_MOST_RIVALS: Final = 3
_MOST_IN_A_PART: Final = 16
_FEWEST_VOTES: Final = 3
_LOOKED_AT: Final = 3000
_OVERLAP: Final = 0.5
_COVERED: Final = 0.6
_TRUSTED_QUALITY: Final = 30
_CERTAIN: Final = 12
_TURNS: Final = 16
_BATCH: Final = 4096
_UNIT: Final = 512.0


class Found(NamedTuple):
    """A photo in a picture. `quad` 4 x 2: where the photo's corners (upper left, upper right, lower right, lower left)
    lie in the picture, beyond its edges where it shows a part. `warp` 3 x 3 takes the picture's pixels to those of the
    photo's "screen" rendition. `inliers` places agree (0 where only the whole was alike); `score` orders finds; `how`
    is "whole" or "local"; finds of one `region` are rivals for the same place."""

    photo: bytes
    score: float
    inliers: int
    quad: Matrix
    warp: Matrix
    how: str
    region: int = 0
    mirrored: bool = False


def missing(entries: Iterable[tuple[bytes, bytes]]) -> list[bytes]:
    """The photos without a fingerprint that this program reads: kept before there was one, or by another version."""
    return [photo for photo, blob in entries if not _readable(blob)]


class PhotoIndex:
    """Fingerprints by photo, in memory only."""

    def __init__(self, entries: Iterable[tuple[bytes, bytes]]) -> None:
        """(photo, fingerprint) pairs. One that cannot be read is left out and named in `missing`."""
        self._photos: list[bytes] = []
        self.missing: list[bytes] = []
        hashes = bytearray()
        shown: list[tuple[int, int]] = []
        counts: list[int] = []
        qualities: list[int] = []
        stored = bytearray()
        for photo, blob in entries:
            try:
                one = fingerprint.read(blob)
            except Invalid:
                self.missing.append(photo)
                continue
            self._photos.append(photo)
            hashes += one.pdq
            shown.append(one.shown)
            counts.append(len(one.rows))
            qualities.append(one.quality)
            stored += one.rows.tobytes()
        rows = np.frombuffer(stored, fingerprint.PLACE)
        self._hashes = pdq.words(bytes(hashes))
        self._quality = np.array(qualities, np.uint8)
        self._shown = np.array(shown, np.int32).reshape(-1, 2)
        self._starts = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        self._lists = CodeLists(rows["code"])
        self._x, self._y, self._size, self._angle = (rows[name].copy() for name in ("x", "y", "size", "angle"))

    def __len__(self) -> int:
        return len(self._photos)

    def find(self, picture: Pixels) -> list[Found]:
        """The photos that a picture (blue, green, red) shows, whole or in part, turned or mirrored; likeliest first."""
        found: list[Found] = []
        if not self._photos:
            return found
        for box in regions(picture):
            if _covered(box, found) < _COVERED:
                part = np.ascontiguousarray(picture[box.top : box.bottom, box.left : box.right])
                found += self._in_part(part, box, found)
        return sorted(found, key=lambda one: -one.score)

    # -- one part

    def _in_part(self, part: Pixels, box: Box, before: list[Found]) -> list[Found]:
        found: list[Found] = []
        nearest = self._nearest(pdq.transformed(part))
        alike = self._alike(nearest)
        for size, least in _SIZES:
            if max(part.shape[:2]) < least:
                continue
            seen = _Seen.of(part, size)
            for _ in range(_MOST_IN_A_PART):
                seen = seen.outside([*before, *found], box)
                place = len({one.region for one in [*before, *found]})
                more = self._next(seen, box, alike, place)
                if not more:
                    break
                found += more
                alike = []
            if found and _covered(box, [*before, *found]) >= _COVERED:
                return found
        if not found and not before:
            found = self._by_whole(nearest, part, box)
        return found

    def _next(self, seen: _Seen, box: Box, alike: list[int], region: int) -> list[Found]:
        """The photo that lies on top among the places left, with its rivals."""
        ways = (seen, seen.in_a_mirror())
        for photo in alike:
            laid = self._laid(ways, photo)
            if laid is not None:
                return [self._told(photo, *laid, seen, box, region)]
        for number, way in enumerate(ways):
            best: list[tuple[int, Fit, bool]] = []
            votes = self._votes(way)
            least = 0.0
            for photo, vote in votes:
                if vote < least:
                    break
                fit = fitted(way.constellation, self._constellation(photo))
                if fit is None:
                    continue
                best.append((photo, fit, number == 1))
                if len(fit.inliers) >= _SURE:
                    least = max(least, _RIVAL * vote)
            if best:
                best.sort(key=lambda one: -one[1].score)
                return self._rivals(best, ways, seen, box, region)
        return []

    def _rivals(
        self, best: list[tuple[int, Fit, bool]], ways: tuple[_Seen, _Seen], seen: _Seen, box: Box, region: int
    ) -> list[Found]:
        """The best fit and those that lie on the same place nearly as well: a photo that was kept twice, a series."""
        first = self._told(best[0][0], *(self._laid(ways, best[0][0]) or best[0][1:]), seen, box, region)
        found = [first]
        for photo, fit, mirrored in best[1:]:
            if fit.score < _RIVAL * first.score or len(found) == _MOST_RIVALS:
                break
            other = self._told(photo, fit, mirrored, seen, box, region)
            if _overlap(first.quad, other.quad) > _OVERLAP:
                found.append(other)
        return found

    def _laid(self, ways: tuple[_Seen, _Seen], photo: int) -> tuple[Fit, bool] | None:
        """The better of both ways round: a face lies on its own mirror image, too, but not as well."""
        onto = self._constellation(photo)
        fits = [(fit, mirrored) for way, mirrored in zip(ways, (False, True), strict=True)
                if (fit := fitted(way.constellation, onto)) is not None]  # fmt: skip
        return max(fits, key=lambda one: one[0].score, default=None)

    # -- what votes

    def _votes(self, seen: _Seen) -> list[tuple[int, float]]:
        """(photo, votes) of the likeliest, most votes first. A place counts once for a photo; a place that many photos
        have (a clinic's emblem, a date) counts little; only those that say the same turn and scale add up."""
        hits = self._lists.near(seen.projections[:_ASKED])
        if not len(hits.asked):
            return []
        photo = np.searchsorted(self._starts, hits.found, "right") - 1
        key = hits.asked * len(self._photos) + photo
        order = np.lexsort((hits.apart, key))
        keep = order[np.r_[True, np.diff(key[order]) != 0]]
        hits, photo = Hits(*(one[keep] for one in hits)), photo[keep]
        common = np.bincount(hits.asked, minlength=_ASKED)[hits.asked]
        weight = (1 - hits.apart / (NEAR + 4)) ** 2 / (1 + common / 100)
        turn = self._angle[hits.found].astype(np.float64) * (360 / 256) - seen.constellation.angle[hits.asked]
        grown = self._size[hits.found] / 16.0 - 1 - seen.constellation.size[hits.asked]
        return self._agreed(photo, weight, turn, grown)

    def _agreed(
        self, photo: NDArray[np.int64], weight: NDArray[np.float64], turn: NDArray[np.float64],
        grown: NDArray[np.float64],
    ) -> list[tuple[int, float]]:  # fmt: skip
        known, inverse = np.unique(photo, return_inverse=True)
        enough = np.flatnonzero(np.bincount(inverse) >= _FEWEST_VOTES)
        if not len(enough):
            return []
        plain = np.bincount(inverse, weight)[enough]
        first = np.zeros(len(known), bool)
        first[enough[np.argsort(-plain, kind="stable")[:_LOOKED_AT]]] = True
        keep = first[inverse]
        known, inverse = np.unique(photo[keep], return_inverse=True)
        sector = (turn[keep] % 360 / (360 / _TURNS)).astype(np.int64) % _TURNS
        octave = np.clip(np.floor(grown[keep] + 4), 0, 7).astype(np.int64)
        table = np.zeros((len(known), _TURNS, 8))
        np.add.at(table, (inverse, sector, octave), weight[keep])
        table += np.roll(table, 1, axis=1)  # what lies on the border of two sectors or octaves is in one of the pairs
        table[:, :, 1:] += table[:, :, :-1].copy()
        votes = table.reshape(len(known), -1).max(axis=1)
        top = np.argsort(-votes, kind="stable")[:_CANDIDATES]
        return [(int(known[one]), float(votes[one])) for one in top]

    # -- the whole

    def _nearest(self, whole: pdq.Transformed) -> _Nearest:
        ways = pdq.turned(whole.waves)
        apart = np.stack([pdq.distances(pdq.words(bits)[0], self._hashes) for bits, _ in ways])
        way = apart.argmin(axis=0)
        return _Nearest(apart.min(axis=0).astype(np.int64), way, [matrix for _, matrix in ways], whole.quality)

    def _alike(self, nearest: _Nearest) -> list[int]:
        """Photos whose hash is near that of the part, any way round; nearest first, at most eight."""
        near = np.flatnonzero(nearest.apart <= pdq.SAME)
        return [int(one) for one in near[np.argsort(nearest.apart[near], kind="stable")][:8]]

    def _by_whole(self, nearest: _Nearest, part: Pixels, box: Box) -> list[Found]:
        """What is alike as a whole and has no places to prove it: the nearest, if it is near enough for its quality."""
        photo = int(nearest.apart.argmin())
        apart = int(nearest.apart[photo])
        flat = min(nearest.quality, int(self._quality[photo])) < _TRUSTED_QUALITY
        if apart > (_CERTAIN if flat else pdq.SAME):
            return []
        height, width = part.shape[:2]
        turned = nearest.turned[int(nearest.way[photo])]
        wide, high = (int(side) for side in self._shown[photo])
        warp = np.diag([wide, high, 1.0]) @ turned @ np.diag([1 / width, 1 / height, 1.0]) @ _moved(-box.left, -box.top)
        warp = _pixelwise(warp)
        mirrored = bool(np.linalg.det(turned[:2, :2]) < 0)
        quad = _corners(warp, wide, high)
        return [Found(self._photos[photo], 8 * (1 - apart / 64), 0, quad, warp, "whole", 0, mirrored)]

    # -- places and sizes

    def _constellation(self, photo: int) -> Constellation:
        start, end = int(self._starts[photo]), int(self._starts[photo + 1])
        at, size, angle = fingerprint.placed(
            self._x[start:end], self._y[start:end], self._size[start:end], self._angle[start:end]
        )
        wide, high = (int(side) for side in self._shown[photo])
        stretch = np.array([wide, high], np.float32) * np.float32(_UNIT / max(wide, high))
        return Constellation(at * stretch, size + np.float32(np.log2(_UNIT)), angle, self._lists.codes(start, end))

    def _told(self, photo: int, fit: Fit, mirrored: bool, seen: _Seen, box: Box, region: int) -> Found:
        """A fit as the caller's picture and the photo's screen rendition have it."""
        wide, high = (int(side) for side in self._shown[photo])
        grow = np.diag([max(wide, high) / _UNIT] * 2 + [1.0])
        flip = np.array([[-1, 0, seen.width], [0, 1, 0], [0, 0, 1.0]]) if mirrored else np.eye(3)
        warp = grow @ fit.warp @ np.diag([seen.factor, seen.factor, 1.0]) @ flip @ _moved(-box.left, -box.top)
        warp = _pixelwise(warp)
        how = "whole" if _fills(warp, box, wide, high) else "local"
        return Found(
            self._photos[photo], fit.score, len(fit.inliers), _corners(warp, wide, high), warp, how, region, mirrored
        )


class _Nearest(NamedTuple):
    """By photo the least of the eight distances and which way round it was; the ways' matrices; the part's quality."""

    apart: NDArray[np.int64]
    way: NDArray[np.int64]
    turned: list[Matrix]
    quality: int


class _Seen(NamedTuple):
    """The places of a part, `width` pixels wide, as they lie in it and as a constellation `factor` times as large."""

    places: Places
    projections: Plane
    constellation: Constellation
    width: int
    factor: float

    @classmethod
    def of(cls, part: Pixels, size: int) -> _Seen:
        height, width = part.shape[:2]
        factor = _UNIT / max(height, width)
        return cls._from(local_codes.places(part, _PLACES, size), width, factor)

    @classmethod
    def _from(cls, places: Places, width: int, factor: float) -> _Seen:
        projections = local_codes.projected(places.marks)
        size = np.log2(np.maximum(places.size * factor, 1e-6)).astype(np.float32)
        made = Constellation(places.at * np.float32(factor), size, places.angle, local_codes.coded(projections))
        return cls(places, projections, made, width, factor)

    def in_a_mirror(self) -> _Seen:
        return _Seen._from(local_codes.mirrored(self.places, self.width), self.width, self.factor)

    def outside(self, found: list[Found], box: Box) -> _Seen:
        """Without the places that lie in what was found already."""
        inside = np.zeros(len(self.places), bool)
        at = self.places.at + np.array([box.left, box.top], np.float32)
        for one in found:
            inside |= _inside(one.quad, at)
        if not inside.any():
            return self
        left = Places(*(column[~inside] for column in self.places))
        return _Seen._from(left, self.width, self.factor)


def _readable(blob: bytes) -> bool:
    try:
        fingerprint.read(blob)
    except Invalid:
        return False
    return True


def _moved(right: float, down: float) -> Matrix:
    return np.array([[1, 0, right], [0, 1, down], [0, 0, 1.0]])


def _pixelwise(warp: Matrix) -> Matrix:
    """From places whose pixels' middles are halves to OpenCV's, whose middles are whole; normalised."""
    made = _moved(-0.5, -0.5) @ warp @ _moved(0.5, 0.5)
    return np.asarray(made / made[2, 2], np.float64)


def _corners(warp: Matrix, wide: int, high: int) -> Matrix:
    """Where a photo's corners lie in the picture."""
    corners = np.array([[[0, 0], [wide, 0], [wide, high], [0, high]]], np.float64) - 0.5
    return np.asarray(cv2.perspectiveTransform(corners, np.linalg.inv(warp))[0] + 0.5, np.float64)


def _inside(quad: Matrix, at: Plane) -> NDArray[np.bool_]:
    ahead = np.roll(quad, -1, axis=0) - quad
    away = at[:, None, :] - quad[None]
    turns = ahead[None, :, 0] * away[:, :, 1] - ahead[None, :, 1] * away[:, :, 0]
    return np.asarray((turns >= 0).all(axis=1) | (turns <= 0).all(axis=1))


def _overlap(one: Matrix, other: Matrix) -> float:
    """What two quads share, of the smaller."""
    shared, _ = cv2.intersectConvexConvex(one.astype(np.float32), other.astype(np.float32))
    least = min(cv2.contourArea(one.astype(np.float32)), cv2.contourArea(other.astype(np.float32)))
    return float(shared) / least if least > 0 else 0.0


def _covered(box: Box, found: list[Found]) -> float:
    """How much of a box lies in what was found: counted on 24 x 24 points."""
    across = box.left + (np.arange(24) + 0.5) / 24 * (box.right - box.left)
    down = box.top + (np.arange(24) + 0.5) / 24 * (box.bottom - box.top)
    at = np.stack(np.meshgrid(across, down), axis=2).reshape(-1, 2).astype(np.float32)
    inside = np.zeros(len(at), bool)
    for one in found:
        inside |= _inside(one.quad, at)
    return float(inside.mean())


def _fills(warp: Matrix, box: Box, wide: int, high: int) -> bool:
    """Whether the part shows the photo from edge to edge, 4 % aside."""
    corners = np.array([[[box.left, box.top], [box.right, box.top], [box.right, box.bottom], [box.left, box.bottom]]])
    onto = cv2.perspectiveTransform(corners.astype(np.float64), warp)[0] / np.array([wide, high])
    low, high_ = onto.min(axis=0), onto.max(axis=0)
    return bool((low < 0.04).all() and (high_ > 0.96).all())

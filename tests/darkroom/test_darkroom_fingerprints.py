"""Fingerprints: what the hash's authors say of the same pixels, what survives, and what a hostile one may not do."""

import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from example_counts import of_whole
from hypothesis import example, given, settings
from hypothesis import strategies as st
from made_pictures import scene

from seifas.darkroom.imaging import fingerprint, local_codes, pdq
from seifas.darkroom.imaging.local_codes_fit import Constellation, believable, distances, fitted
from seifas.darkroom.imaging.segmenting import MOST, Box, regions
from seifas.errors import Invalid

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "pdq.json").read_text())
GOOD = fingerprint.of(scene(320, 240, 5), (1280, 960))


def blocks(vector: dict[str, Any]) -> Pixels:
    """A vector's picture: squares of random colours, from whole numbers alone."""
    draw = np.random.Generator(np.random.PCG64(vector["seed"]))
    small = draw.integers(0, 256, (vector["rows"], vector["columns"], 3), np.uint8)
    return small.repeat(vector["cell"], 0).repeat(vector["cell"], 1)


def smooth(seed: int, width: int = 600, height: int = 450) -> Pixels:
    """Skin without a feature: a shade, a mottling of two levels, a camera's noise."""
    draw = np.random.default_rng(seed)
    made = np.full((height, width, 3), (140, 165, 210), np.float32)
    made += np.linspace(-12, 12, width, dtype=np.float32)[None, :, None]
    for cells, deep in ((8, 2.0), (25, 1.5), (70, 1.2)):
        noise = draw.normal(0, deep, (cells * height // width, cells)).astype(np.float32)
        made += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    return np.clip(made + draw.normal(0, 1, made.shape), 0, 255).astype(np.uint8)


def apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


# -- the hash of the whole


@pytest.mark.parametrize("vector", VECTORS, ids=lambda one: str(one["seed"]))
def test_the_hash_is_its_authors(vector: dict[str, Any]) -> None:
    """Two bits are left to the order in which two programs add floats: values at the median."""
    made = pdq.hashed(blocks(vector))
    assert apart(made.bits, bytes.fromhex(vector["pdq"])) <= 2
    assert made.quality == vector["quality"]
    turned = [bits for bits, _ in pdq.turned(pdq.transformed(blocks(vector)).waves)]
    theirs = [bytes.fromhex(one) for one in vector["turned"]]
    assert all(min(apart(one, other) for other in theirs) <= 2 for one in turned)
    assert all(min(apart(one, other) for one in turned) <= 2 for other in theirs)


def test_each_way_round_is_the_hash_of_the_picture_turned_so() -> None:
    picture = scene(384, 384, 8)
    for bits, matrix in pdq.turned(pdq.transformed(picture).waves):
        scaled = np.diag([384, 384, 1]) @ matrix @ np.diag([1 / 384, 1 / 384, 1])
        moved = cv2.warpPerspective(picture, scaled, (384, 384), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
        assert apart(pdq.hashed(np.asarray(moved, np.uint8)).bits, bits) <= 24


# -- places


def test_smooth_skin_has_as_many_places_as_it_takes() -> None:
    for seed in range(4):
        assert len(fingerprint.read(fingerprint.of(smooth(seed))).rows) >= 100


def test_the_same_pixels_give_the_same_fingerprint_of_at_most_8_kib() -> None:
    picture = scene(900, 700, 3)
    made = fingerprint.of(picture, (1800, 1400))
    assert made == fingerprint.of(picture.copy(), (1800, 1400))
    assert len(made) <= 7081 <= fingerprint.MOST
    told = fingerprint.read(made)
    assert told.shown == (1800, 1400)
    assert len(told.rows) == fingerprint.MOST_PLACES


def test_a_mirrored_pictures_codes_follow_from_its_own() -> None:
    picture = scene(512, 384, 11)
    one = local_codes.mirrored(local_codes.places(picture, 300), 512)
    other = local_codes.places(np.ascontiguousarray(picture[:, ::-1]), 300)
    near = np.linalg.norm(one.at[:, None] - other.at[None], axis=2)
    turn = np.abs((one.angle[:, None] - other.angle[None] + 180) % 360 - 180)
    pairs = np.argwhere((near < 1) & (turn < 5))
    assert len(pairs) > 200
    bits = distances(*(local_codes.coded(local_codes.projected(each.marks)) for each in (one, other)))
    assert np.median(bits[pairs[:, 0], pairs[:, 1]]) < 8
    assert np.median(bits) > 55


def test_places_are_told_in_fractions_whatever_the_size() -> None:
    picture = scene(512, 384, 12)
    large = cv2.resize(picture, (2048, 1536), interpolation=cv2.INTER_CUBIC)
    here, there = (_constellation(fingerprint.of(np.asarray(each, np.uint8))) for each in (picture, large))
    fit = fitted(here, there)
    assert fit is not None
    assert len(fit.inliers) > 150
    off = np.abs(fit.warp / fit.warp[2, 2] - np.eye(3))
    assert (off < [[0.01, 0.01, 1], [0.01, 0.01, 1], [1e-4, 1e-4, 1e-9]]).all()


def _constellation(blob: bytes) -> Constellation:
    rows = fingerprint.read(blob).rows
    at, size, angle = fingerprint.placed(*(rows[name] for name in ("x", "y", "size", "angle")))
    return Constellation(at * np.array([512, 384], np.float32), size + 9, angle, rows["code"])


# -- whatever comes


@settings(max_examples=of_whole(40), deadline=None)
@given(width=st.integers(1, 90), height=st.integers(1, 90), seed=st.integers(0, 9), flat=st.booleans())
@example(width=1, height=1, seed=0, flat=True)
@example(width=4000, height=1, seed=0, flat=False)
@example(width=3, height=2000, seed=0, flat=False)
def test_every_picture_has_a_fingerprint(width: int, height: int, seed: int, flat: bool) -> None:
    draw = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 255 * (seed % 2), np.uint8) if flat else draw.integers(
        0, 256, (height, width, 3), np.uint8
    )  # fmt: skip
    told = fingerprint.read(fingerprint.of(picture))
    assert told.shown == (width, height)
    assert regions(picture)[-1] == Box(0, 0, width, height)


@settings(max_examples=of_whole(300), deadline=None)
@given(st.binary(max_size=9000))
@example(b"")
@example(GOOD[:40])
@example(GOOD[:-1])
@example(GOOD + b"\0")
@example(GOOD * 2)
@example(b"F\x02" + GOOD[2:])
@example(GOOD[:2] + struct.pack("<HH", 0, 960) + GOOD[6:])
@example(GOOD[:2] + struct.pack("<HH", 9000, 960) + GOOD[6:])
@example(GOOD[:38] + b"\xff" + GOOD[39:])
@example(GOOD[:39] + struct.pack("<H", 65535) + GOOD[41:])
def test_what_is_no_fingerprint_is_refused(blob: bytes) -> None:
    with pytest.raises(Invalid):
        fingerprint.read(blob)


@settings(max_examples=of_whole(200), deadline=None)
@given(at=st.integers(41, len(GOOD) - 1), byte=st.integers(0, 255), head=st.binary(min_size=32, max_size=32))
def test_a_changed_fingerprint_stays_within_its_picture(at: int, byte: int, head: bytes) -> None:
    """Any numbers in its places are some picture's: they may find nothing, but reach nothing outside."""
    told = fingerprint.read(GOOD[:6] + head + GOOD[38:at] + bytes([byte]) + GOOD[at + 1 :])
    where, size, angle = fingerprint.placed(*(told.rows[name] for name in ("x", "y", "size", "angle")))
    assert ((where > 0) & (where < 1)).all()
    assert (np.abs(size) <= 10).all()
    assert ((angle >= 0) & (angle < 360)).all()


def test_a_rendition_has_sides() -> None:
    for shown in ((0, 5), (5, 0), (-1, 5), (5, 100_000)):
        with pytest.raises(Invalid):
            fingerprint.of(scene(64, 64), shown)


def test_fits_that_no_copy_has_are_refused() -> None:
    at = np.array([[0, 0], [100, 0], [100, 80], [0, 80], [50, 40]], np.float32)
    turned = np.array([[0.8, -0.6, 5], [0.6, 0.8, 2], [0, 0, 1]])
    assert believable(turned, at)
    for bad in (
        np.diag([1.0, -1.0, 1.0]), np.diag([0.01, 0.01, 1.0]), np.diag([40.0, 40.0, 1.0]), np.diag([1.0, 9.0, 1.0]),
        np.zeros((3, 3)), np.full((3, 3), np.nan), np.array([[1, 0, 0], [0, 1, 0], [-0.02, 0, 1.0]]),
    ):  # fmt: skip
        assert not believable(bad, at)
    assert not believable(turned, at[:1].repeat(9, axis=0))


def test_random_places_lie_on_nothing() -> None:
    draw = np.random.default_rng(4)
    few = np.uint64(0xFFF)
    for _ in range(20):
        sides = [
            Constellation(
                draw.uniform(0, 512, (320, 2)).astype(np.float32), draw.uniform(1, 5, 320).astype(np.float32),
                draw.uniform(0, 360, 320).astype(np.float32), draw.integers(0, 2**63, (320, 2)).astype(np.uint64) & few,
            )
            for _ in range(2)
        ]  # fmt: skip
        assert fitted(*sides) is None


# -- parts


def test_a_gallery_falls_apart_into_its_pictures() -> None:
    made = np.full((900, 700, 3), 248, np.uint8)
    cv2.putText(made, "Albumas", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (40, 40, 40), 3)
    wanted = []
    for number in range(6):
        left, top = 8 + number % 2 * 348, 100 + number // 2 * 264
        made[top : top + 250, left : left + 335] = scene(335, 250, number)
        wanted.append(Box(left, top, left + 335, top + 250))
    made = np.asarray(cv2.imdecode(cv2.imencode(".jpg", made, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], 1), np.uint8)
    found = regions(made)
    assert found[-1] == Box(0, 0, 700, 900)
    for box in wanted:
        assert min(sum(abs(a - b) for a, b in zip(box, each, strict=True)) for each in found) <= 20


def test_a_photo_alone_is_one_part() -> None:
    assert regions(scene(640, 480, 2)) == [Box(0, 0, 640, 480)]
    assert regions(np.zeros((300, 400, 3), np.uint8)) == [Box(0, 0, 400, 300)]


def test_a_picture_of_a_thousand_crumbs_gives_few_parts() -> None:
    made = np.zeros((2000, 2000, 3), np.uint8)
    made[::50, :] = 255
    chequered = np.kron(np.indices((40, 40)).sum(axis=0) % 2, np.ones((50, 50))).astype(np.uint8) * 255
    for picture in (made, np.repeat(chequered[:, :, None], 3, axis=2)):
        assert len(regions(picture)) <= MOST + 1

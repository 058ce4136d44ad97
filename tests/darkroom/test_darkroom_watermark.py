"""The watermark: invisible by the numbers, found again after what copies go through, and never where it is not."""

import hashlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from made_pictures import Pixels, scene

from seifas.darkroom.imaging import registration, watermark
from seifas.darkroom.imaging.evidence import NAMED, evidence, score
from seifas.darkroom.imaging.watermark import embed, grey_of, strength_for

SEED = hashlib.sha256(b"the view").digest()
INNOCENT = [hashlib.sha256(b"another view %d" % number).digest() for number in range(300)]


def _jpeg(picture: Pixels, quality: int) -> Pixels:
    body = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(body, cv2.IMREAD_COLOR), np.uint8)


def _half(picture: Pixels) -> Pixels:
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)


def _turned(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    about = cv2.getRotationMatrix2D((width / 2, height / 2), 2.0, 1.0)
    return np.asarray(cv2.warpAffine(picture, about, (width, height)), np.uint8)[height // 8 : -height // 8]


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "as it was": lambda one: one,
    "JPEG 75": lambda one: _jpeg(one, 75),
    "JPEG 30": lambda one: _jpeg(one, 30),
    "half the size, JPEG 75": lambda one: _jpeg(_half(one), 75),
    "a quarter cut off, turned, JPEG 60": lambda one: _jpeg(_turned(one), 60),
    "mirrored, JPEG 75": lambda one: _jpeg(np.ascontiguousarray(one[:, ::-1]), 75),
    "brighter": lambda one: np.clip(one.astype(np.float32) * 1.2, 0, 255).astype(np.uint8),
}


@pytest.fixture(scope="module")
def original() -> Pixels:
    return scene(1600, 1200)


@pytest.fixture(scope="module")
def marked(original: Pixels) -> Pixels:
    return embed(original, SEED)


def _found(original: Pixels, copy: Pixels) -> watermark.Plane:
    fixed, moving = registration.working(original), registration.working(copy)
    fit = registration.register(fixed, moving)
    assert fit is not None
    laid, there = registration.laid_on(moving, fit.warp, fixed.shape[1], fixed.shape[0])
    assert registration.correlation(fixed, laid, there) > 0.9
    return evidence(grey_of(fixed), grey_of(laid), there)


@pytest.mark.parametrize("name", list(COPIES))
def test_the_view_of_a_copy_is_named_and_no_other(original: Pixels, marked: Pixels, name: str) -> None:
    found = _found(original, COPIES[name](marked))
    assert score(found, SEED) > 3 * NAMED
    scores = [score(found, seed) for seed in INNOCENT]
    assert max(scores) < 5.5
    assert 0.8 < float(np.std(scores)) < 1.2, "a view that had no part scores like chance"


def test_an_unmarked_copy_names_nobody(original: Pixels) -> None:
    found = _found(original, _jpeg(original, 75))
    assert max(abs(score(found, seed)) for seed in (SEED, *INNOCENT)) < 5.5


@pytest.mark.parametrize("size", [(320, 240), (512, 384), (2048, 1365), (4100, 1000)])
def test_how_much_is_changed(size: tuple[int, int]) -> None:
    picture = scene(*size, 3)
    difference = picture.astype(np.float32) - embed(picture, SEED)
    decibels = 10 * np.log10(255**2 / np.mean(difference**2))
    assert 45 <= decibels <= 50.5
    assert abs(decibels - strength_for(*size)) < 1.2


def test_small_pictures_carry_it_too() -> None:
    picture = scene(512, 384, 8)
    found = _found(picture, _jpeg(embed(picture, SEED), 85))
    assert score(found, SEED) > NAMED
    assert max(score(found, seed) for seed in INNOCENT) < 5.5


def test_all_sizes_of_a_photo_share_a_grid() -> None:
    assert watermark.grid_of(4000, 3000) == watermark.grid_of(512, 384) == (192, 256)
    assert watermark.grid_of(3000, 4000) == (256, 192)


@given(width=st.integers(1, 900), height=st.integers(1, 900), level=st.integers(0, 255))
@examples(max_examples=25)
def test_any_shape_and_any_plain_picture_can_be_marked(width: int, height: int, level: int) -> None:
    picture = np.full((height, width, 3), level, np.uint8)
    made = embed(picture, SEED)
    assert made.shape == picture.shape
    assert np.abs(made.astype(int) - level).max() <= 24
    assert (picture == level).all(), "the picture itself is left as it was"


def test_two_views_differ_and_one_is_always_the_same(original: Pixels, marked: Pixels) -> None:
    assert (embed(original, SEED) == marked).all()
    assert (embed(original, INNOCENT[0]) != marked).any()

"""Registration on skin that SIFT finds nothing on, on faces that are their own mirror image, and on nothing at all."""

import hashlib

import cv2
import numpy as np
import pytest
from bench.leak_attacks import ATTACKS, cropped, jpeg, thumbnail
from bench.skin import skin
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from made_pictures import Pixels, scene

from seifas.darkroom.imaging import features
from seifas.darkroom.imaging.alignment import resizing, tried_out
from seifas.darkroom.imaging.evidence import bound, left_over, on_grid, score, scores, threshold
from seifas.darkroom.imaging.registration import ALIKE, laid_on, likeness, register, scale_of, working
from seifas.darkroom.imaging.scaling import within
from seifas.darkroom.imaging.watermark import chips_of, embed, grey_of, grid_of, grids_of

VIEW = hashlib.sha256(b"the view of skin").digest()
OTHERS = [hashlib.sha256(b"nobody %d" % number).digest() for number in range(500)]
SMOOTH = 10  # the smoothest of the made ones


@pytest.fixture(scope="module")
def smooth() -> Pixels:
    return skin(SMOOTH, 1000, 750)


@pytest.fixture(scope="module")
def smooth_marked(smooth: Pixels) -> Pixels:
    return embed(smooth, VIEW)


def _symmetric(seed: int) -> Pixels:
    """Like a frontal face: two halves that are nearly one another's mirror image."""
    picture = scene(900, 1100, seed).astype(np.float32)
    both = (picture + picture[:, ::-1]) / 2
    own = skin(seed, 900, 1100).astype(np.float32)
    return np.clip(both * 0.8 + own * 0.2, 0, 255).astype(np.uint8)


def _left_of(original: Pixels, copy: Pixels) -> np.ndarray:
    fixed, moving = working(original), working(copy)
    fit = register(fixed, moving)
    assert fit is not None
    laid, there = laid_on(grey_of(moving), fit.warp, fixed.shape[1], fixed.shape[0])
    left = left_over(grey_of(fixed), laid, there, scale_of(fit.warp, moving.shape[1], moving.shape[0]))
    return on_grid(left, grid_of(original.shape[1], original.shape[0]))


@pytest.mark.parametrize("attack", ["jpeg30", "crop75%", "rot5", "hflip", "comboB", "comboC", "comboD", "screenshot"])
def test_a_copy_of_smooth_skin_is_laid_on_it_and_names_its_view(
    smooth: Pixels, smooth_marked: Pixels, attack: str
) -> None:
    copy = ATTACKS[attack](smooth_marked, np.random.default_rng(7))
    found = _left_of(smooth, copy)
    assert score(found, VIEW) > threshold(10_000)
    assert scores(found, OTHERS).max() < 5.5


def test_where_it_is_laid_is_where_it_came_from(smooth: Pixels) -> None:
    height, width = smooth.shape[:2]
    copy = jpeg(np.ascontiguousarray(smooth[100:650, 200:900]), 60)
    fit = register(smooth, copy)
    assert fit is not None
    assert not fit.mirrored
    corners = np.array([[[0, 0], [699, 0], [699, 549], [0, 549]]], np.float64)
    placed = cv2.perspectiveTransform(corners, fit.warp)[0]
    assert np.abs(placed - (corners[0] + [200, 100])).max() < 1.5
    assert (height, width) == (750, 1000)


def test_trying_out_finds_a_cut_mirrored_copy(smooth: Pixels) -> None:
    copy = np.ascontiguousarray(cv2.resize(smooth[60:660, 150:950], (400, 300))[:, ::-1])
    found = tried_out(grey_of(smooth), grey_of(copy))
    assert 1 <= len(found) <= 6
    corners = np.array([[[0, 0], [399, 0], [399, 299], [0, 299]]], np.float64)
    truth = np.array([[950, 60], [150, 60], [150, 660], [950, 660]])
    nearest = min(float(np.abs(cv2.perspectiveTransform(corners, warp)[0] - truth).max()) for warp in found)
    assert nearest < 40, "near enough for ECC"


@pytest.mark.parametrize("attack", ["hflip", "none"])
def test_a_symmetric_face_is_laid_the_right_way_round(attack: str, whole: bool) -> None:
    for seed in (3, 4) if whole else (3,):
        right_way_round(_symmetric(seed), attack)


def right_way_round(face: Pixels, attack: str) -> None:
    copy = jpeg(ATTACKS[attack](embed(face, VIEW), np.random.default_rng(1)), 75)
    fit = register(working(face), working(copy))
    assert fit is not None
    assert fit.mirrored == (attack == "hflip")
    assert score(_left_of(face, copy), VIEW) > 3 * threshold(10_000)


def test_what_has_nothing_to_do_with_it_is_not_laid_on_it(smooth: Pixels, whole: bool) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (600, 800, 3)).astype(np.uint8)
    plain = np.full((600, 800, 3), 127, np.uint8)
    slope = np.repeat(np.linspace(40, 200, 800, dtype=np.uint8)[None, :, None], 600, axis=0).repeat(3, axis=2)
    others = (skin(3, 800, 600), np.ascontiguousarray(slope), scene(800, 600, 5), noise, plain)
    for other in others if whole else others[:2]:
        assert register(smooth, other) is None
    assert register(plain, smooth) is None


def test_a_start_that_makes_no_sense_is_passed_over(smooth: Pixels) -> None:
    copy = jpeg(smooth, 75)
    folded = np.array([[1, 0, 0], [0, 1, 0], [-0.004, 0, 1]], np.float64)
    singular, unbelievable = np.zeros((3, 3)), np.diag([1e-4, 1e-4, 1.0])
    fit = register(smooth, copy, (folded, singular, unbelievable, np.full((3, 3), np.nan)))
    assert fit is not None
    assert likeness(smooth, copy, fit.warp) > 0.7
    assert likeness(smooth, copy, np.array([[1, 0, 90], [0, 1, 60], [0, 0, 1]], np.float64)) < ALIKE


def test_features_of_the_mirrored_picture_are_known_without_it(smooth: Pixels) -> None:
    turned = features.features_of(np.ascontiguousarray(smooth[:, ::-1]))
    known = features.mirrored(features.features_of(smooth), smooth.shape[1])
    pairs = features.matched(known, turned)
    assert len(pairs.moving) > 300
    away = np.abs(pairs.moving[:, :2] - pairs.fixed[:, :2])
    assert np.median(away) < 2


def test_a_thumbnail_is_still_named() -> None:
    picture = skin(3, 1200, 900)
    copy = thumbnail(embed(picture, VIEW), 200)
    assert score(_left_of(picture, copy), VIEW) > threshold(10_000)


def test_many_are_scored_as_one_is(smooth: Pixels) -> None:
    for shape in ((192, 256), (256, 256), (9, 13), (8, 8)):
        found = np.random.default_rng(1).normal(size=shape).astype(np.float32)
        assert np.allclose(scores(found, OTHERS[:60]), [score(found, seed) for seed in OTHERS[:60]], atol=1e-4)
    assert not scores(np.zeros((192, 256), np.float32), OTHERS[:3]).any()
    assert scores(np.ones((8, 8), np.float32), ()).shape == (0,)


def test_innocents_keep_to_the_bound_whatever_is_left() -> None:
    lopsided = np.zeros((192, 256), np.float32)
    lopsided[0, :5] = (5, -4, 3, 2, 1)  # all the weight on five cells: not at all normal
    for found in (lopsided, np.random.default_rng(2).normal(size=(192, 256)).astype(np.float32)):
        z = scores(found, [hashlib.sha256(b"%d" % number).digest() for number in range(20_000)])
        for nominal in (1e-1, 1e-2, 1e-3):
            assert (z > np.sqrt(2 * np.log(1 / nominal))).mean() <= nominal * 1.3


def test_the_threshold_and_the_bound_are_one_thing() -> None:
    assert round(threshold(10_000), 2) == 6.79
    assert bound(threshold(10_000), 10_000) == pytest.approx(1e-6)
    assert bound(-3, 10) == bound(0, 1) == 1.0
    assert threshold(0) == threshold(1)


@given(width=st.integers(520, 12_000), height=st.integers(520, 12_000), side=st.sampled_from([512, 2048, 30_000]))
def test_whatever_size_left_its_grid_is_among_those_that_are_tried(width: int, height: int, side: int) -> None:
    full, seen = within(width, height, side), within(width, height, 2048)
    tried = grids_of(*seen)
    assert grid_of(*full) in tried
    assert len(tried) <= 3


def test_the_pattern_of_a_view_is_what_it_always_was() -> None:
    """Pictures that left years ago carry it: another pattern would acquit everybody."""
    chips = chips_of(bytes(range(32)), (192, 256))
    assert hashlib.sha256((chips > 0).tobytes()).hexdigest() == CHIPS
    marked = embed(scene(640, 480, 2), bytes(range(32))).astype(np.int32) - scene(640, 480, 2)
    assert marked[100:104, 200:204, 1].tolist() == MARK


CHIPS = "b4a18e959d19dfa2cd75a3aec70b0f96fca9a2a0efe540d507df32eeff6193c0"
MARK = [[-1, -1, 0, 1], [-1, -1, 0, 1], [0, 0, 0, 0], [1, 1, 0, -1]]


@given(
    width=st.integers(32, 400), height=st.integers(32, 400), other=st.integers(32, 400), kind=st.integers(0, 3),
    seed=st.integers(0, 9),
)  # fmt: skip
@examples(max_examples=6, deadline=None)
def test_any_two_pictures_are_laid_or_not(width: int, height: int, other: int, kind: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    pictures = (
        np.full((height, width, 3), seed * 28, np.uint8),
        draw.integers(0, 256, (height, width, 3)).astype(np.uint8),
        (np.indices((height, width)).sum(axis=0)[:, :, None].repeat(3, axis=2) % 256).astype(np.uint8),
        scene(width, height, seed),
    )
    fixed, moving = working(scene(other, 300, 1)), working(pictures[kind])
    fit = register(fixed, moving)
    assert fit is None or (np.isfinite(fit.warp).all() and ALIKE <= fit.likeness <= 1)


def test_resizing_keeps_edges_on_edges() -> None:
    there = resizing(1000, 800, 250, 200)
    assert np.allclose(there @ [-0.5, -0.5, 1], [-0.5, -0.5, 1])
    assert np.allclose(there @ [999.5, 799.5, 1], [249.5, 199.5, 1])
    small = cropped(scene(300, 200), 0.5, np.random.default_rng(1))
    assert small.shape[0] < 200

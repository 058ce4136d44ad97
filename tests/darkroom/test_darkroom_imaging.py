"""Sizes, blurring, letters, alignment: what is done to pixels beside the mark."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from made_pictures import scene

from seifas.darkroom.imaging import jpeg, lettering, likening, registration, scaling


@given(width=st.integers(1, 30_000), height=st.integers(1, 30_000), most=st.integers(1, 5_000))
def test_sizes_keep_their_shape_and_their_bounds(width: int, height: int, most: int) -> None:
    made = scaling.within(width, height, most)
    assert 1 <= min(made) <= max(made) <= max(most, 1)
    if max(width, height) <= most:
        assert made == (width, height)
    area = scaling.within_area(width, height, 24_000_000)
    assert min(area) >= 1
    assert area[0] * area[1] <= max(24_000_000, width, height)


def test_a_blurred_picture_holds_ten_pixels_and_no_more() -> None:
    picture = scene(512, 384, 4)
    blurred = scaling.blurred(picture)
    assert blurred.shape == (240, 320, 3)
    tiny = cv2.resize(blurred, (10, 8), interpolation=cv2.INTER_AREA)
    again = cv2.resize(tiny, (320, 240), interpolation=cv2.INTER_CUBIC)
    assert np.abs(again.astype(int) - blurred).mean() < 4, "what it shows stands in 80 pixels"
    fine = cv2.GaussianBlur(blurred, (0, 0), 8).astype(int) - blurred
    assert np.abs(fine).mean() < 4, "and no fine structure is left"


def test_two_faces_become_one_blot() -> None:
    def face(eyes: int, mouth: int, nose: int) -> np.ndarray:
        made = np.full((480, 360, 3), (150, 170, 205), np.uint8)
        for side in (-1, 1):
            cv2.circle(made, (180 + side * eyes, 190), 16, (60, 50, 40), -1)
        cv2.line(made, (180, 200), (180 + nose, 270), (120, 140, 180), 6)
        cv2.ellipse(made, (180, 350), (mouth, 14), 0, 0, 360, (90, 90, 170), -1)
        return made

    one, other = (scaling.blurred(face(*shape)) for shape in ((60, 50, 12), (72, 36, -12)))
    sharp = np.abs(face(60, 50, 12).astype(int) - face(72, 36, -12)).max()
    assert sharp > 100
    assert np.abs(one.astype(int) - other).max() < 30


def test_a_visible_line_stands_at_the_bottom_edge() -> None:
    for width, height in ((2048, 1365), (320, 213), (60, 400), (400, 33)):
        picture = scene(width, height, 6)
        made = lettering.lettered(picture, "Ž. Ąžuolaitė-Švėgždienė · 2026-11-22 14:03")
        assert made.shape == picture.shape
        changed = np.nonzero((made != picture).any(axis=(1, 2)))[0]
        assert changed.max() >= height - 3
        assert changed.min() >= height - max(24, height // 8) or height < 60
        assert (made[changed.min() :] > 200).any(), "there are letters in it"
    assert lettering.lettered(picture, "  ") is picture


def test_alignment_moves_turns_and_scales_and_nothing_else() -> None:
    fixed = scene(1000, 750, 11)
    about = cv2.getRotationMatrix2D((500, 375), 5, 1.1)
    about[:, 2] += (40, -25)
    moved = np.asarray(cv2.warpAffine(fixed, about, (1000, 750)), np.uint8)
    warp = likening.likened(fixed, moved)
    assert warp is not None
    back = cv2.invertAffineTransform(about)
    for point in ((200, 200, 1), (800, 550, 1)):
        assert np.abs(warp[:2] @ point - back @ point).max() < 2.5
    assert abs(warp[0, 0] - warp[1, 1]) < 1e-6
    assert abs(warp[0, 1] + warp[1, 0]) < 1e-6
    assert likening.likened(fixed, scene(1000, 750, 99)) is None
    assert likening.likened(fixed, np.full((750, 1000, 3), 128, np.uint8)) is None
    upside_down = np.ascontiguousarray(fixed[::-1, ::-1])
    assert likening.likened(fixed, upside_down) is None, "no series is taken upside down"


def test_no_fit_is_found_between_strangers() -> None:
    fixed, moving = registration.working(scene(1200, 900, 1)), registration.working(scene(1200, 900, 2))
    fit = registration.register(fixed, moving)
    if fit is not None:
        laid, there = registration.laid_on(moving, fit.warp, fixed.shape[1], fixed.shape[0])
        assert registration.correlation(fixed, laid, there) < 0.5


def test_what_is_encoded_carries_pixels_only() -> None:
    picture = scene(300, 200)
    for full in (False, True):
        body = jpeg.encoded(picture, 90, full_colour=full)
        markers = {body[at : at + 2] for at in range(len(body) - 1) if body[at] == 0xFF}
        assert not markers & {bytes((0xFF, number)) for number in (*range(0xE1, 0xF0), 0xFE)}
        assert jpeg.decoded(body).shape == picture.shape

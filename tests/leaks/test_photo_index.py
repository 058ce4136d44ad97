"""Which photo a picture shows: whole, cut, mirrored, among others, several at once, and never one that it does not."""

import time
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest
from bench.leak_attacks import ATTACKS, jpeg
from bench.skin import skin
from made_pictures import scene

from seifas.darkroom.imaging import fingerprint, local_codes
from seifas.leaks.photo_index import Found, PhotoIndex, missing
from seifas.leaks.photo_index_lists import NEAR, CodeLists

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
SCENES, SKINS = 7, 7


@cache
def picture(name: bytes) -> Pixels:
    kind, number = name.split(b"-")
    return scene(900, 675, int(number)) if kind == b"scene" else skin(int(number), 900, 675)


def names() -> list[bytes]:
    return [b"scene-%d" % number for number in range(SCENES)] + [b"skin-%d" % number for number in range(SKINS)]


@cache
def entries() -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, fingerprint.of(picture(name))) for name in names())


@pytest.fixture(scope="module")
def index() -> PhotoIndex:
    return PhotoIndex(entries())


def draw(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def best(found: list[Found]) -> dict[int, bytes]:
    """The best photo of each place."""
    return {one.region: one.photo for one in reversed(found)}


@pytest.mark.parametrize("attack", ["crop50%", "crop75%", "screenshot", "eyebar+q75", "hflip", "comboB", "comboD",
                                    "thumb200", "jpeg30", "median5"])  # fmt: skip
def test_a_copy_is_known_after_all_that_was_done_to_it(index: PhotoIndex, attack: str) -> None:
    for name in (b"scene-3", b"skin-5"):
        found = index.find(ATTACKS[attack](picture(name), draw()))
        assert [one.photo for one in found][:1] == [name]
        assert found[0].inliers >= 9
        assert found[0].mirrored == (attack == "hflip")


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_the_warp_leads_to_the_photos_own_pixels(index: PhotoIndex, quarter: int, mirrored: bool) -> None:
    """A part, made smaller and turned: a place that is known lands where it came from, within three pixels."""
    part = picture(b"scene-4")[100:600, 200:850]
    small = cv2.resize(part, (520, 400), interpolation=cv2.INTER_AREA)
    shown = np.rot90(small[:, ::-1] if mirrored else small, quarter)
    (found, *_) = index.find(jpeg(np.ascontiguousarray(shown), 80))
    assert found.photo == b"scene-4"
    where = np.dstack(np.meshgrid(np.arange(520), np.arange(400))).astype(np.float64)
    moved = np.rot90(where[:, ::-1] if mirrored else where, quarter)
    for y, x in ((20, 30), (200, 100), (350, 350), (90, 390)):
        came = moved[y, x] * [650 / 520, 500 / 400] + [200.125, 100.125]
        told = cv2.perspectiveTransform(np.array([[[x, y]]], np.float64), found.warp)[0, 0]
        assert np.abs(told - came).max() < 3
    laid = cv2.perspectiveTransform(found.quad[None] - 0.5, found.warp)[0] + 0.5
    assert np.allclose(laid, [[0, 0], [900, 0], [900, 675], [0, 675]], atol=0.1)


def test_the_warp_is_told_in_the_screen_renditions_pixels() -> None:
    """The intake takes the fingerprint from 512 pixels, and says how large the rendition is that is shown."""
    photo = picture(b"scene-2")
    small = np.asarray(cv2.resize(photo, (512, 384), interpolation=cv2.INTER_AREA), np.uint8)
    (found,) = PhotoIndex([(b"one", fingerprint.of(small, (1800, 1350)))]).find(photo[:, :600])
    told = cv2.perspectiveTransform(np.array([[[0, 0], [500, 300]]], np.float64), found.warp)[0]
    assert np.abs(told - [[0.5, 0.5], [1000.5, 600.5]]).max() < 2
    assert found.how == "local"


def test_strangers_are_nobodys_photo(index: PhotoIndex) -> None:
    for number in range(2):
        assert index.find(scene(700, 500, 900 + number)) == []
        assert index.find(skin(900 + number, 700, 500)) == []
    text = np.full((900, 700, 3), 255, np.uint8)
    for line in range(20):
        cv2.putText(text, "Vardas Pavarde 1984-02-03", (20, 40 + 40 * line), cv2.FONT_HERSHEY_SIMPLEX, 1, (0, 0, 0), 2)
    assert index.find(text) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (40, 40), (600, 800)])
def test_pictures_of_nothing_find_nothing(index: PhotoIndex, shape: tuple[int, int]) -> None:
    assert index.find(np.full((*shape, 3), 90, np.uint8)) == []
    assert PhotoIndex([]).find(np.full((*shape, 3), 90, np.uint8)) == []


def test_a_gallery_and_a_collage_give_all_their_photos(index: PhotoIndex) -> None:
    chosen = [b"scene-1", b"skin-2", b"scene-6", b"skin-4", b"scene-0", b"skin-1"]
    gallery = np.full((1150, 1000, 3), 245, np.uint8)
    for number, name in enumerate(chosen):
        tile = cv2.resize(picture(name)[:, 100:775], (320, 320), interpolation=cv2.INTER_AREA)
        y, x = 150 + number // 3 * 335, 10 + number % 3 * 330
        gallery[y : y + 320, x : x + 320] = tile
    found = index.find(jpeg(gallery, 80))
    assert set(best(found).values()) == set(chosen)
    collage = np.vstack([np.hstack([picture(name) for name in pair]) for pair in (chosen[:2], chosen[2:4])])
    found = index.find(jpeg(cv2.resize(collage, (1200, 900), interpolation=cv2.INTER_AREA), 75))
    assert set(best(found).values()) == set(chosen[:4])


def test_a_photo_that_was_kept_twice_is_named_twice(index: PhotoIndex) -> None:
    """Its copies bear the marks of either's views."""
    twice = PhotoIndex([*entries(), (b"again", entries()[3][1])])
    found = twice.find(ATTACKS["comboA"](picture(b"scene-3"), draw()))
    assert {one.photo for one in found} == {b"scene-3", b"again"}
    assert len({one.region for one in found}) == 1


def test_what_has_no_places_is_known_as_a_whole() -> None:
    """A blurred shade: a hash, but no place that another picture has not."""
    shade = np.zeros((300, 400, 3), np.uint8)
    for number in range(6):
        cv2.circle(shade, (60 * number + 30, 40 * number + 40), 60, (40 * number,) * 3, -1)
    shade = np.asarray(cv2.GaussianBlur(shade, (0, 0), 14), np.uint8)
    blob = fingerprint.of(shade)
    bare = blob[:39] + b"\0\0"
    found = PhotoIndex([*entries(), (b"shade", bare)]).find(jpeg(np.ascontiguousarray(shade[:, ::-1]), 60))
    assert [(one.photo, one.how, one.inliers, one.mirrored) for one in found] == [(b"shade", "whole", 0, True)]
    corner = cv2.perspectiveTransform(np.array([[[399, 0]]], np.float64), found[0].warp)[0, 0]
    assert np.abs(corner).max() < 1


def test_hostile_fingerprints_are_passed_over_or_find_nothing(index: PhotoIndex) -> None:
    good = bytearray(entries()[0][1])
    same = good.copy()
    rows = np.frombuffer(same, fingerprint.PLACE, offset=41)
    rows["code"] = rows["code"][0]
    spot = good.copy()
    np.frombuffer(spot, fingerprint.PLACE, offset=41)["x"] = 7
    np.frombuffer(spot, fingerprint.PLACE, offset=41)["y"] = 7
    hostile = [
        (b"empty", b""), (b"short", bytes(good[:50])), (b"noise", bytes(range(256)) * 30), (b"same", bytes(same)),
        (b"spot", bytes(spot)), (b"version", b"F\x09" + bytes(good[2:])),
    ]  # fmt: skip
    assert missing(hostile) == [b"empty", b"short", b"noise", b"version"]
    mixed = PhotoIndex([*hostile, *entries()])
    assert mixed.missing == [b"empty", b"short", b"noise", b"version"]
    assert len(mixed) == len(entries()) + 2
    found = mixed.find(ATTACKS["crop50%"](picture(b"scene-0"), draw()))
    assert [one.photo for one in found] == [b"scene-0"]


def test_one_emblem_in_all_photos_does_not_drown_them() -> None:
    """A clinic's sign in the corner of every photo is in every list; the photo is found all the same, and soon."""
    sign = scene(160, 120, 77)

    def signed(name: bytes) -> Pixels:
        made = picture(name).copy()
        made[20:140, 20:180] = sign
        return made

    index = PhotoIndex([(name, fingerprint.of(signed(name))) for name in names()])
    began = time.thread_time()
    found = index.find(ATTACKS["comboA"](signed(b"skin-3"), draw(3)))
    assert found[0].photo == b"skin-3"
    assert time.thread_time() - began < 20


def test_near_codes_are_found_as_a_scan_finds_them() -> None:
    rng = draw(6)
    marks = np.sqrt(rng.dirichlet(np.full(128, 0.3), 4000)).astype(np.float32)
    asked = np.sqrt(np.maximum(marks[:200] ** 2 + rng.normal(0, 0.002, (200, 128)), 0)).astype(np.float32)
    projections = local_codes.projected(asked)
    codes = local_codes.coded(local_codes.projected(marks))
    lists = CodeLists(codes)
    assert np.array_equal(lists.codes(17, 40), codes[17:40])
    hits = lists.near(projections)
    apart = np.bitwise_count(local_codes.coded(projections)[hits.asked] ^ codes[hits.found]).sum(axis=1)
    assert np.array_equal(apart, hits.apart)
    assert (hits.apart <= NEAR).all()
    assert len(set(hits.asked[hits.asked == hits.found].tolist())) >= 180
    assert len(CodeLists(codes[:0]).near(projections).asked) == 0

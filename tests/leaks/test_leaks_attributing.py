"""A leaked picture leads to its view, to "unmarked", or to nothing that could be told; never to who had no part."""

import hashlib

import cv2
import numpy as np
import pytest
from bench.leak_attacks import ATTACKS, averaged, jpeg, thumbnail
from bench.skin import skin
from made_pictures import Pixels, scene

from seifas.darkroom.imaging.evidence import threshold
from seifas.darkroom.imaging.watermark import embed
from seifas.errors import Invalid
from seifas.leaks.attributing import Attribution, Sighting, attribute, pooled, proof

SEEDS = [hashlib.sha256(b"a view %d" % number).digest() for number in range(400)]
GUILTY = 137


@pytest.fixture(scope="module")
def original() -> Pixels:
    return skin(5, 1100, 825)


@pytest.fixture(scope="module")
def marked(original: Pixels) -> Pixels:
    return embed(original, SEEDS[GUILTY])


def _attacked(picture: Pixels, attack: str) -> Pixels:
    return ATTACKS[attack](picture, np.random.default_rng(4))


@pytest.mark.parametrize("attack", ["comboB", "comboC", "hflip", "gray+q75"])
def test_the_view_is_named_and_nobody_else(original: Pixels, marked: Pixels, attack: str) -> None:
    made = attribute(_attacked(marked, attack), original, SEEDS, 10_000)
    assert (made.verdict, made.named) == ("named", (GUILTY,))
    assert made.bound < 1e-6
    assert made.threshold == pytest.approx(6.786, abs=1e-2)
    assert made.mirrored == (attack == "hflip")
    assert made.z.shape == (400,)
    assert 0.2 < made.overlap <= 1


def test_the_warp_is_in_the_pictures_own_pixels(original: Pixels, marked: Pixels) -> None:
    large = np.asarray(cv2.resize(original, (2200, 1650), interpolation=cv2.INTER_CUBIC), np.uint8)
    made = attribute(np.ascontiguousarray(marked[200:800, 100:900]), large, SEEDS, 400)
    corner = cv2.perspectiveTransform(np.array([[[0.0, 0.0], [799.0, 599.0]]]), made.warp)[0]
    assert np.abs(corner - np.array([[200.5, 400.5], [1798.5, 1598.5]])).max() < 4


def test_an_unmarked_copy_is_called_so(original: Pixels, whole: bool) -> None:
    for attack in ("none", "jpeg50", "resize.5", "crop25%") if whole else ("jpeg50", "crop25%"):
        made = attribute(_attacked(original, attack), original, SEEDS, 10_000)
        assert made.verdict == "unmarked", attack
        assert made.named == ()
        assert made.expected > 2 * made.threshold
        assert made.channel is not None


def test_what_would_not_show_a_mark_is_not_called_unmarked(original: Pixels, marked: Pixels, whole: bool) -> None:
    for picture in (original, marked) if whole else (marked,):
        made = attribute(thumbnail(picture, 110, 40), original, SEEDS, 10_000)
        assert made.verdict in {"cannot-tell", "not-registered"}
        assert not made.named


def test_another_picture_is_not_registered(original: Pixels, whole: bool) -> None:
    others = (skin(2, 900, 700), scene(900, 700, 9), np.full((700, 900, 3), 90, np.uint8))
    for other in others if whole else others[:1]:
        made = attribute(other, original, SEEDS, 10_000)
        assert made.verdict == "not-registered"
        assert not made.registered
        assert made.named == ()


def test_ten_who_lay_their_copies_over_each_other_are_all_named(original: Pixels) -> None:
    who = list(range(20, 30))
    copy = jpeg(averaged([embed(original, SEEDS[one]) for one in who]), 75)
    made = attribute(copy, original, SEEDS, 10_000)
    assert sorted(made.named) == who
    assert list(made.named) == sorted(made.named, key=lambda one: -made.z[one])


def test_every_comparison_of_the_case_raises_the_threshold(original: Pixels, marked: Pixels) -> None:
    few = attribute(marked, original, SEEDS[:10], 1, replay=False)
    many = attribute(marked, original, SEEDS[:10], 5_000_000)
    assert few.comparisons == 10, "never fewer than are made here"
    assert many.threshold > few.threshold == pytest.approx(threshold(10))
    assert many.verdict in {"unmarked", "cannot-tell"}


def test_a_photo_on_a_page_is_cut_out_of_it(original: Pixels, marked: Pixels, whole: bool) -> None:
    page = np.full((3000, 2200, 3), 250, np.uint8)
    page[300:1050, 200:1200] = cv2.resize(marked, (1000, 750), interpolation=cv2.INTER_AREA)
    page[1400:2150, 900:1900] = skin(8, 1000, 750)
    made = attribute(jpeg(page, 80), original, SEEDS, 10_000)
    assert made.named == (GUILTY,)
    hint = np.array([[1.1, 0, -215], [0, 1.1, -335], [0, 0, 1]], np.float64)
    hinted = attribute(jpeg(page, 80), original, SEEDS, 10_000, hint)
    assert hinted.named == (GUILTY,)
    assert hinted.z[GUILTY] == pytest.approx(made.z[GUILTY], rel=0.25)
    if not whole:
        return
    wrong = np.array([[1.1, 0, -990], [0, 1.1, -1540], [0, 0, 1]], np.float64)
    misled = attribute(jpeg(page, 80), original, SEEDS, 10_000, wrong)
    assert misled.named in {(), (GUILTY,)}


def _faint(number: int, account: bytes) -> tuple[Attribution, Sighting]:
    picture = skin(20 + number, 1000, 750)
    views = [(hashlib.sha256(b"%d/%d" % (number, view)).digest(), b"account %d" % (view % 40)) for view in range(120)]
    own = next(seed for seed, who in views if who == account)
    made = attribute(thumbnail(embed(picture, own), 150), picture, [seed for seed, _ in views], 10**6, replay=False)
    assert made.registered
    return made, Sighting(photo=b"photo %d" % number, found=made.found, views=views)


def test_faint_evidence_of_several_pictures_adds_up() -> None:
    account = b"account 7"
    both = [_faint(number, account) for number in range(6)]
    together = pooled([sighting for _, sighting in both], 10**6)
    assert together.named == (account,)
    assert together.bound < 1e-6
    innocent = [value for who, value in together.evidence.items() if who != account]
    assert max(innocent) < together.threshold / 2
    alone = [pooled([sighting], 10**6) for _, sighting in both]
    assert all(together.evidence[account] > one.evidence[account] for one in alone)


def test_pooled_evidence_of_innocents_is_an_e_value() -> None:
    """Its mean is at most 1, however many views each has, so Markov's bound holds."""
    found = np.random.default_rng(5).normal(size=(64, 64)).astype(np.float32)
    views = [(hashlib.sha256(b"e %d" % one).digest(), b"%d" % (one // 3)) for one in range(30_000)]
    made = pooled([Sighting(photo=b"one", found=(found,), views=views)], 1)
    values = np.exp(np.array(list(made.evidence.values())))
    assert (values >= 100).mean() <= 0.01
    assert made.named == ()


def test_copies_of_one_photo_are_not_counted_as_two_photos(original: Pixels, marked: Pixels) -> None:
    views = [(seed, b"%d" % number) for number, seed in enumerate(SEEDS)]
    found = attribute(_attacked(marked, "comboD"), original, SEEDS, 400, replay=False).found
    once = pooled([Sighting(photo=b"p", found=found, views=views)], 400)
    twice = pooled([Sighting(photo=b"p", found=found, views=views)] * 2, 400)
    assert once.evidence == pytest.approx(twice.evidence)
    with pytest.raises(Invalid):
        pooled([Sighting(photo=b"p", found=one, views=views) for one in (found, (found[0][1:],))], 9)
    assert pooled([], 5).named == ()


def test_the_proof_shows_nobody_unless_asked(original: Pixels, marked: Pixels) -> None:
    made = attribute(_attacked(marked, "crop25%"), original, SEEDS, 400)
    hidden, clear = (proof(_attacked(marked, "crop25%"), original, made.warp, clear=how) for how in (False, True))
    assert hidden.shape == clear.shape
    assert hidden.dtype == np.uint8
    third = hidden.shape[1] // 3
    edges = [float(cv2.Laplacian(panels[:, : third - 20], cv2.CV_64F).var()) for panels in (hidden, clear)]
    assert edges[0] < edges[1] / 5
    map_ = hidden[:, -third + 8 :]
    assert (map_[:, :, 1].astype(int) > map_[:, :, 2]).mean() > 0.5, "most tiles agree"


@pytest.mark.parametrize("shape", [(0, 0, 3), (1, 1, 3), (31, 900, 3), (40, 4000, 3), (100, 100), (100, 100, 4)])
def test_hostile_shapes_are_refused(original: Pixels, shape: tuple[int, ...]) -> None:
    with pytest.raises(Invalid):
        attribute(np.zeros(shape, np.uint8), original, SEEDS, 400)
    with pytest.raises(Invalid):
        attribute(original, np.zeros(shape, np.uint8), SEEDS, 400)


def test_other_numbers_than_bytes_are_refused(original: Pixels) -> None:
    with pytest.raises(Invalid):
        attribute(original.astype(np.float32), original, SEEDS, 400)  # type: ignore[arg-type]


def test_no_views_at_all_is_an_answer_too(original: Pixels, marked: Pixels) -> None:
    made = attribute(marked, original, (), 0)
    assert made.verdict in {"unmarked", "cannot-tell"}
    assert len(made.z) == 0

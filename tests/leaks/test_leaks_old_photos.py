"""Photos that were kept before there were fingerprints: found all the same, so many for a case."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from seifas.darkroom.imaging import fingerprint, jpeg
from seifas.darkroom.imaging.scaling import Pixels
from seifas.darkroom.renditions import Place, seal_into
from seifas.errors import Missing, OverBudget
from seifas.leaks import loaded_photos
from seifas.leaks.asking import Printed
from seifas.leaks.job import Cancelled
from seifas.leaks.loaded_photos import LoadedPhotos
from seifas.storage.objects import Objects, local_objects

CASE, OTHER = b"c" * 16, b"o" * 16


def _picture(seed: int) -> Pixels:
    """Blots of many sizes."""
    chance = np.random.default_rng(seed)
    made = np.full((600, 800, 3), 128.0)
    for size in (4, 12, 40, 120):
        grain = chance.normal(0, 60, (600 // size + 2, 800 // size + 2, 3))
        made += cv2.resize(grain, (800, 600), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(made, 0, 255), np.uint8)


class Keeper:
    """Stands for the search: photos with and without fingerprints, so many of which it lets be opened."""

    def __init__(self, objects: Objects, *, old: int, new: int = 1, lets: int = 10**6) -> None:
        self.pictures = {bytes([number]) * 16: _picture(number) for number in range(1, old + new + 1)}
        self.old = list(self.pictures)[:old]
        self.lets = lets
        self.asked: list[bytes] = []
        self.gone: set[bytes] = set()
        self._places = {}
        for photo in self.old:
            place = Place(os.urandom(16), os.urandom(32), b"k" * 16, b"p" * 16, 1)
            seal_into(objects, place, (jpeg.encoded(self.pictures[photo], 90),))
            self._places[photo] = place

    def fingerprints(self) -> Iterator[list[Printed]]:
        for photo, picture in self.pictures.items():
            yield [Printed(photo, b"" if photo in self.old else fingerprint.of(picture), b"p" * 16)]

    def original(self, photo: bytes) -> Place:
        if photo in self.gone:
            raise Missing("there is no such photo")
        if len(self.asked) >= self.lets:
            raise OverBudget("an approval lets so many photos be compared", where="leak-photos")
        self.asked.append(photo)
        return self._places[photo]


@pytest.fixture
def objects(tmp_path: Path) -> Objects:
    return local_objects(tmp_path)


def _loaded(photos: LoadedPhotos, keeper: Keeper, objects: Objects, case: bytes = CASE) -> tuple[object, list[int]]:
    told: list[int] = []
    photos.begin(case)
    return photos.index(keeper, objects, told.append), told  # type: ignore[arg-type]


def test_old_photos_are_found_like_new_ones(objects: Objects) -> None:
    keeper, photos = Keeper(objects, old=4, new=2), LoadedPhotos()
    _, told = _loaded(photos, keeper, objects)
    index = photos.index(keeper, objects, told.append)  # type: ignore[arg-type]
    assert photos.left_out == 0
    assert sorted(keeper.asked) == sorted(keeper.old)
    assert told[-1] == 6
    assert {2, 3, 4, 5} <= set(told), "whoever waits sees it go on"
    for photo, picture in keeper.pictures.items():
        part = np.ascontiguousarray(picture[60:540, 100:740])
        assert [one.photo for one in index.find(part)][:1] == [photo]


def test_each_is_made_once_for_a_case_and_never_for_another(objects: Objects) -> None:
    keeper, photos = Keeper(objects, old=3), LoadedPhotos()
    _loaded(photos, keeper, objects)
    photos._read_at -= 10**6  # the fingerprints are read again
    _loaded(photos, keeper, objects)
    assert len(keeper.asked) == 3
    _loaded(photos, keeper, objects, OTHER)
    assert len(keeper.asked) == 6


def test_no_more_than_an_approval_covers_and_what_is_left_is_told(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, photos = Keeper(objects, old=4, lets=1), LoadedPhotos()
    _loaded(photos, keeper, objects)
    assert photos.left_out == 3
    monkeypatch.setattr(loaded_photos, "MOST_MADE", 2)
    keeper, photos = Keeper(objects, old=4), LoadedPhotos()
    _loaded(photos, keeper, objects)
    assert (len(keeper.asked), photos.left_out) == (2, 2)


def test_one_that_is_gone_or_damaged_stops_no_other(objects: Objects) -> None:
    keeper, photos = Keeper(objects, old=4), LoadedPhotos()
    keeper.gone.add(keeper.old[0])
    objects.delete(keeper._places[keeper.old[1]].object)
    place = keeper._places[keeper.old[2]]
    objects.delete(place.object)
    seal_into(objects, place, (b"no picture",))
    _loaded(photos, keeper, objects)
    assert photos.left_out == 3
    assert keeper.asked == keeper.old[1:]


def test_it_can_be_ended_between_two(objects: Objects) -> None:
    def loaded(count: int) -> None:
        if count > 2:
            raise Cancelled

    keeper, photos = Keeper(objects, old=4, new=0), LoadedPhotos()
    photos.begin(CASE)
    keeper.lets = 10
    with pytest.raises(Cancelled):
        photos.index(keeper, objects, loaded)  # type: ignore[arg-type]

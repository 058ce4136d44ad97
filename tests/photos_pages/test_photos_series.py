"""Rows of the keeper as shots and series: order, neighbours, what nobody described, what a camera wrote."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.web.desk.photos.series import (
    Described,
    around,
    camera_said,
    described,
    found,
    photo_id,
    series_of,
    shot_of,
)


def row(number: int, area: str = "face", view: str = "front", day: str = "2026-01-02", **more: Any) -> dict[str, Any]:
    media = {"resourceType": "Media", "createdDateTime": f"{day}T10:00:00+02:00"}
    if area:
        media |= {"bodySite": {"text": area}}
    if view:
        media |= {"view": {"coding": [{"system": "urn:seifas:view", "code": view}], "text": view}}
    return {
        "photo": number.to_bytes(16, "big"), "media": json.dumps(media | more).encode(), "version": 1, "taken_ms": 0,
        "received_ms": number, "width": 40, "height": 30, "source": "desk", "uses": [], "exif": {}, "by": "",
        "sha256": b"",
    }


def test_a_shot_is_read_whole() -> None:
    shot = shot_of({
        **row(7, note=[{"text": "po 2 sav."}, {"text": "be randų"}]), "uses": [{"use": "teaching"}], "taken_ms": 5,
        "exif": {"Model": "X"}, "by": "Dr. Rasa",
    })
    assert (shot.id, shot.area, shot.view, shot.note) == ("0" * 31 + "7", "face", "front", "po 2 sav.\nbe randų")
    assert (shot.day, shot.uses, shot.exif, shot.by) == ("2026-01-02", ("teaching",), (("Model", "X"),), "Dr. Rasa")


def test_series_are_newest_first_and_what_nobody_described_leads() -> None:
    rows = [row(1, day="2026-01-01"), row(2, day="2026-03-01"), row(3, day="2026-02-01"),
            row(4, area="nose", day="2026-05-01"), row(5, area="", view="", day="2025-01-01")]
    made = series_of(shot_of(one) for one in rows)
    assert next((one.area, len(one.shots)) for one in made) == ("", 1)
    face = next(one for one in made if one.area == "face")
    assert [int(shot.id, 16) for shot in face.shots] == [2, 3, 1]
    assert (int(face.newest.id, 16), int(face.oldest.id, 16), len(face.between)) == (2, 1, 1)
    assert around(face, face.shots[1].id) == (face.shots[2].id, face.shots[0].id)
    assert around(face, face.newest.id) == (face.shots[1].id, "")
    assert found(face.shots, face.oldest.id) == face.oldest
    assert found(face.shots, "f" * 32) is None


@given(st.lists(st.tuples(st.sampled_from(["", "face", "nose"]), st.sampled_from(["", "front", "left"]),
                          st.dates().map(str)), max_size=20))
def test_no_photo_is_lost_in_series(told: list[tuple[str, str, str]]) -> None:
    shots = [shot_of(row(number, area, view, day)) for number, (area, view, day) in enumerate(told)]
    made = series_of(shots)
    assert sorted(shot.id for one in made for shot in one.shots) == sorted(shot.id for shot in shots)
    assert len({one.key for one in made}) == len(made)
    for one in made:
        assert [shot.day for shot in one.shots] == sorted((shot.day for shot in one.shots), reverse=True)


def test_what_a_person_says() -> None:
    assert described({"area": "face", "view": "left", "note": " a ", "taken": "2026-01-05"}) == Described(
        "face", "left", "a", "2026-01-05")
    assert described({"area": "face", "area_other": "kairė ausis"}).area == "kairė ausis"
    assert described({}) == Described()


@pytest.mark.parametrize("sent", [
    {"view": "sideways"}, {"area": "a" * 81}, {"note": "a" * 1001}, {"taken": "yesterday"}, {"taken": "1969-01-01"},
])
def test_what_cannot_be_said(sent: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        described(sent)


@pytest.mark.parametrize("text", [
    "", "a" * 31, "A" * 32, "g" * 32, "a" * 33, "../" + "a" * 29, "a" * 31 + "\n", "١" * 32,
])
def test_what_is_no_photo(text: str) -> None:
    with pytest.raises(Invalid):
        photo_id(text)


def test_a_camera_is_named_once() -> None:
    assert camera_said([("Make", "Canon"), ("Model", "Canon EOS R5"), ("FNumber", "8"), ("GPSInfo", "54.9")]) == [
        ("exif-camera", "Canon EOS R5"), ("exif-aperture", "f/8")]
    assert camera_said([("Make", "Apple"), ("Model", "iPhone 15")])[0] == ("exif-camera", "Apple iPhone 15")
    assert camera_said([]) == []

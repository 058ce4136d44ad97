"""What the names of folders and files tell of a photo, and what they do not."""

from __future__ import annotations

import struct
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.photos.exif_dates import day_taken
from seifas.photos.folder_dates import birth_of, personal_code, read
from seifas.photos.guessing import Person, guess

TODAY = date(2026, 11, 22)
ONA = Person(names=("Žukauskienė", "Ona"), birth="1984-02-03")


@pytest.mark.parametrize(("path", "person", "day", "stage", "site", "view"), [
    ("Žukauskienė Ona 1984-02-03/2024-05-01 prieš/IMG_1.jpg", ONA, "2024-05-01", "before", "", ""),
    ("Žukauskienė Ona 1984.02.03/po/nosis kairė.jpg", ONA, "", "after", "nose", "left"),
    ("Žukauskienė Ona 03.02.1984/IMG_20240501_101112.jpg", ONA, "2024-05-01", "", "", ""),
    ("Žukauskienė_Ona_19840203/2024 m. gegužės 1 d. krūtys iš priekio.png", ONA, "2024-05-01", "", "breasts", "front"),
    ("2024/Žukauskienė Ona, gim. 1984-02-03/1 May 2024 after/face right oblique.heic", ONA, "2024-05-01", "after",
     "face", "right-oblique"),
    ("Žukauskienė Ona 1984-02-03 2024-05-01 prieš.jpg", ONA, "2024-05-01", "before", "", ""),
    ("Žukauskienė Ona/1984-02-03/2024-05-01/x.jpg", ONA, "2024-05-01", "", "", ""),
    ("48402030019/po.jpg", Person(personal="48402030019", birth="1984-02-03"), "", "after", "", ""),
    ("O'Brien Ona 8 612 34567/x.jpg", Person(names=("O'Brien", "Ona"), phone="+37061234567"), "", "", "", ""),
    ("Žukauskienė Ona 1984-02-03/nosis lūpos/x.jpg", ONA, "", "", "", ""),
])
def test_paths_are_read(path: str, person: Person, day: str, stage: str, site: str, view: str) -> None:
    found = guess(path.split("/"), TODAY)
    assert found.doubts == ()
    assert found.person == person
    assert (found.day, found.stage, found.site, found.view) == (day, stage, site, view)


@pytest.mark.parametrize(("path", "doubt"), [
    ("IMG_0001.jpg", "nobody-named"),
    ("Ona/x.jpg", "nobody-named"),
    ("Žukauskienė Ona/x.jpg", "nobody-named"),  # a name alone is nobody's
    ("Žukauskienė Ona 03-02-1984/x.jpg", "date-unsure"),  # 3 February or 2 March
    ("Žukauskienė Ona 1984-02-03/Petraitis Jonas 1990-01-01/x.jpg", "several-people"),
    ("48402030019 Ona/49001010001/x.jpg", "several-codes"),
    ("48402030019/Ona Žukauskienė 1984-02-04/x.jpg", "contradiction"),
    ("Žukauskienė Ona 1984-02-03/2031-05-01/x.jpg", "date-in-the-future"),
    ("Žukauskienė Ona 1984-02-03/2024-05-01/2024-09-01.jpg", "several-days"),
    ("Žukauskienė Ona 2015-02-03/2014-05-01/x.jpg", "before-birth"),
    ("Žukauskienė Ona +37061234567 861234568/x.jpg", "several-phones"),
])
def test_doubts_are_named(path: str, doubt: str) -> None:
    assert doubt in guess(path.split("/"), TODAY).doubts


def test_the_camera_is_believed_unless_the_folder_says_another_day() -> None:
    path = ["Žukauskienė Ona 1984-02-03", "2024-05-01", "x.jpg"]
    assert guess(path, TODAY, camera=date(2024, 5, 2)).day == "2024-05-02"
    assert guess(path, TODAY, camera=date(2020, 1, 1)).doubts == ("camera-says-another-day",)
    assert guess([*path[:1], "x.jpg"], TODAY, camera=date(2024, 5, 2)).day == "2024-05-02"


def test_personal_codes_are_checked() -> None:
    assert personal_code("48402030019")
    assert birth_of("48402030019") == date(1984, 2, 3)
    for wrong in ("48402030010", "48413030019", "78402030019", "4840203001", "٤٨٤٠٢٠٣٠٠١٩", ""):
        assert not personal_code(wrong)


@given(st.lists(st.text(max_size=80), max_size=8))
def test_no_path_breaks_the_guessing(parts: list[str]) -> None:
    found = guess(parts, TODAY)
    assert found.person.enough or "nobody-named" in found.doubts


@given(st.text(max_size=400))
def test_no_text_breaks_the_reading(text: str) -> None:
    read(text)


@given(st.dates(date(1995, 1, 1), TODAY), st.sampled_from(["%Y-%m-%d", "%Y.%m.%d", "%Y_%m_%d", "%Y%m%d", "%d.%m.%Y"]))
def test_spelled_dates_come_back(day: date, spelling: str) -> None:
    assert read(f"x {day.strftime(spelling)} y").dates == (day,)


def _jpeg(order: str, original: bytes) -> bytes:
    """A JPEG's head with an Exif segment in which the camera wrote a moment."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    first = struct.pack(f"{order}HHHII", 1, 0x8769, 4, 1, 8 + 2 + 12 + 4) + bytes(4)
    second = struct.pack(f"{order}HHHII", 1, 0x9003, 2, 20, 8 + 18 + 18) + bytes(4)
    tiff = mark + struct.pack(f"{order}I", 8) + first + second + original
    segment = b"Exif\0\0" + tiff
    return b"\xff\xd8\xff\xe0\x00\x04xx\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + b"\xff\xda"


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_cameras_day_is_read(order: str) -> None:
    assert day_taken(_jpeg(order, b"2024:05:01 10:11:12\0")) == date(2024, 5, 1)
    assert day_taken(_jpeg(order, b"2024:15:01 10:11:12\0")) is None
    assert day_taken(_jpeg(order, b"0000:00:00 00:00:00\0")) is None


@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\x01\x00Exif\0\0II*\0"]))
def test_no_bytes_break_the_camera(tail: bytes, head: bytes) -> None:
    day_taken(head + tail)


@given(st.integers(0, 120), st.binary(min_size=1, max_size=8))
def test_a_spoiled_head_says_nothing_wrong(place: int, noise: bytes) -> None:
    head = bytearray(_jpeg("<", b"2024:05:01 10:11:12\0"))
    head[place : place + len(noise)] = noise
    day_taken(bytes(head))
    day_taken(bytes(head[:place]))

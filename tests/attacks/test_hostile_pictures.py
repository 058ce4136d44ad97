"""Hostile pictures: refused in clear words, by a worker that dies alone; nothing of them stored, nothing left."""

import io
import os
import socket
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from darkroom_stage import Desk
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from intake_rig import Intake, running_intake
from made_pictures import encoded, exif, jpeg, picture, png_of
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import IFDRational

from seifas.darkroom import camera
from seifas.darkroom.intake import SIZE
from seifas.darkroom.unfit import SENTENCES
from seifas.drill.stage import Stage
from seifas.errors import Invalid

HEIC = Path(__file__).parents[1] / "vectors" / "made-160x96.heic"


@pytest.fixture(scope="module")
def intake(places: Path) -> Iterator[Intake]:
    with running_intake(places) as made:
        yield made


@pytest.fixture(scope="module")
def desk(shared_stage: Stage) -> Iterator[Desk]:
    with Desk(shared_stage) as made:
        yield made


def _word(intake: Intake, file: bytes) -> str:
    """Why a file is refused; "" where it is taken."""
    try:
        intake.decode(file)
    except Invalid as refused:
        return refused.where if refused.message == SENTENCES[refused.where] else f"{refused.where}, with other words"
    return ""


def _claiming(width: int, height: int) -> dict[str, bytes]:
    """Small files whose headers claim such a size."""
    small = Image.new("RGB", (64, 64), (200, 170, 150))
    jpg = bytearray(encoded(small, "JPEG"))
    at = jpg.index(b"\xff\xc0") + 5
    jpg[at : at + 4] = struct.pack(">HH", min(height, 65535), min(width, 65535))
    webp = bytearray(encoded(small, "WEBP", lossless=True))
    at = webp.index(b"VP8L") + 9
    said = (min(width, 16384) - 1) | (min(height, 16384) - 1) << 14
    webp[at : at + 4] = struct.pack("<I", said | int.from_bytes(webp[at : at + 4], "little") & 0xF0000000)
    heic = bytearray(HEIC.read_bytes())
    at = heic.index(b"ispe") + 8
    heic[at : at + 8] = struct.pack(">II", width, height)
    return {"jpeg": bytes(jpg), "png": png_of(width, height, body=zlib.compress(bytes(1000))), "webp": bytes(webp),
            "heic": bytes(heic)}


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "heic"])
@pytest.mark.parametrize("size", [(60_000, 60_000), (2_000_000_000, 3), (12_001, 9_001)])
def test_huge_dimensions_are_refused_before_they_are_decoded(
    intake: Intake, kind: str, size: tuple[int, int]
) -> None:
    began = time.monotonic()
    assert _word(intake, _claiming(*size)[kind]) in ("too-many-pixels", "too-small", "damaged", "truncated")
    assert time.monotonic() - began < 20


def test_a_claim_that_is_within_the_limits_costs_no_more_than_it_claims(intake: Intake) -> None:
    for file in _claiming(11_000, 9_000).values():
        assert _word(intake, file) in ("damaged", "truncated", "too-much-work", "")
    assert _word(intake, jpeg()) == ""


def test_pictures_that_unpack_to_a_hundred_times_their_size(intake: Intake) -> None:
    body = zlib.compress(bytes((12_000 * 3 + 1) * 9_000), 1)
    assert len(body) < 2_000_000, "324 MB in it"
    assert _word(intake, png_of(12_000, 9_000, body=body)) == "", "108 megapixels are taken, and fit"
    text = b"Comment\x00\x00" + zlib.compress(bytes(150 * 2**20), 1)
    assert _word(intake, png_of(64, 64, body=zlib.compress(bytes(64 * 193)), chunks=((b"zTXt", text),))) != "truncated"
    profile = b"icc\x00\x00" + zlib.compress(bytes(150 * 2**20), 1)
    assert _word(intake, png_of(64, 64, body=zlib.compress(bytes(64 * 193)), chunks=((b"iCCP", profile),))) in (
        "", "damaged", "too-much-work",
    )
    assert _word(intake, jpeg()) == "", "the next one is read"


def test_a_worker_that_takes_too_long_is_stopped_and_the_next_one_works(places: Path) -> None:
    with running_intake(places, wall_s=3.0) as slow:
        with socket.socket(socket.AF_UNIX) as stuck:
            stuck.settimeout(60)
            stuck.connect(str(slow.path))
            stuck.sendall(SIZE.pack(1000) + b"\xff\xd8\xff")  # and never the rest
            assert stuck.recv(1) == b"", "its worker is gone"
        assert _word(slow, jpeg()) == ""


@pytest.mark.parametrize(
    ("file", "word"),
    [
        (b"", "empty"), (b"\x00", "not-a-picture"), (os.urandom(5000), "not-a-picture"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "svg"),
        (b'\xef\xbb\xbf\n <!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>', "svg"),
        (b"<html><script>alert(1)</script></html>", "not-a-picture"),
        (zlib.compress(b"<svg/>"), "not-a-picture"), (b"PK\x03\x04" + bytes(100), "not-a-picture"),
        (b"%PDF-1.7\n", "unsupported"), (b"BM" + bytes(100), "unsupported"), (b"II*\x00" + bytes(100), "unsupported"),
        (b"8BPS" + bytes(40), "unsupported"), (b"\x7fELF" + bytes(100), "not-a-picture"),
        (b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf" + bytes(64), "unsupported"),
        (b"\x00\x00\x00\x18ftyphevc\x00\x00\x00\x00mif1heic" + bytes(64), "animated"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(64), "animated"),
        (b"\xff\xd8\xff", "truncated"), (b"\x89PNG\r\n\x1a\n", "truncated"), (b"RIFF\xff\xff\x00\x00WEBP", "truncated"),
        (encoded(Image.new("RGB", (31, 400)), "JPEG"), "too-small"),
        (encoded(picture(64, 64), "GIF"), "gif"), (encoded(picture(64, 64), "TIFF"), "unsupported"),
        (encoded(picture(64, 64), "WEBP", save_all=True, append_images=[picture(64, 64, 2)]), "animated"),
        (encoded(picture(64, 64), "PNG", save_all=True, append_images=[picture(64, 64, 2)]), "animated"),
        (encoded(picture(64, 64), "GIF", save_all=True, append_images=[picture(64, 64, 2)]), "gif"),
    ],
    ids=lambda one: one if isinstance(one, str) else None,
)  # fmt: skip
def test_what_is_not_a_photo_is_refused_by_its_name(intake: Intake, file: bytes, word: str) -> None:
    if not file:
        with pytest.raises(Invalid) as refused:
            intake.decode(file)
        assert refused.value.where == "empty"
        return
    assert _word(intake, file) == word


FILES = {
    "jpeg": jpeg(200, 150), "progressive": jpeg(200, 150, progressive=True), "png": encoded(picture(96, 64), "PNG"),
    "webp": encoded(picture(200, 150), "WEBP", quality=80), "lossless": encoded(picture(96, 64), "WEBP", lossless=True),
    "heic": HEIC.read_bytes(),
}


@given(kind=st.sampled_from(sorted(FILES)), share=st.floats(0, 0.995))
@example("jpeg", 0.5)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cut_anywhere_it_is_refused_as_cut(intake: Intake, kind: str, share: float) -> None:
    file = FILES[kind]
    cut = file[: int(len(file) * share)]
    assert _word(intake, cut) in (("truncated",) if len(cut) > 12 else ("truncated", "not-a-picture", "empty"))


@given(
    kind=st.sampled_from(sorted(FILES)),
    changes=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=12),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changed_anywhere_it_is_taken_or_refused_and_never_more(
    intake: Intake, kind: str, changes: list[tuple[float, int]]
) -> None:
    file = bytearray(FILES[kind])
    for share, value in changes:
        file[int(len(file) * share)] = value
    assert _word(intake, bytes(file)) in {"", *SENTENCES}


def test_two_files_in_one_are_the_picture_alone(intake: Intake) -> None:
    body = jpeg(320, 240)
    for tail in (b"PK\x03\x04" + os.urandom(3000), b"<html><script>alert(1)</script></html>", b"<?php system();"):
        made = intake.decode(body + tail)
        assert made.pixels.shape == (240, 320, 3)
    commented = bytearray(body)
    commented[2:2] = b"\xff\xfe" + struct.pack(">H", 2 + 40) + b"*/=alert(1)/*<script>alert(1)</script>".ljust(40)
    assert intake.decode(bytes(commented)).pixels.shape == (240, 320, 3)


def test_a_hostile_exif_block_becomes_a_few_clean_words(intake: Intake) -> None:
    hostile = exif(
        t0xa434="Lens\x00<script>alert(1)</script>", t0x9003="2026:13:45 99:99:99",
        t0x9286=b"UNICODE\x00" + b"A" * 50_000,
        t0xa420="\u202egpj.exe\x1b[31m\r\nSet-Cookie: x", t0x829d=IFDRational(1, 0), t0x927c=os.urandom(3000),
    )  # fmt: skip
    made = intake.decode(encoded(picture(64, 64), "JPEG", exif=hostile))
    assert made.header.exif["Make"] == "Fotoaparatai"
    for name, text in made.header.exif.items():
        assert name in camera.FIELDS.values()
        assert len(text) <= camera.LONGEST_TEXT
        assert text == camera.clean(text)
        assert not set(text) & set("\x00\x1b\r\n\u202e")
    assert "FNumber" not in made.header.exif, "divided by nothing"
    assert made.header.taken == "2026-13-45T99:99:99"
    assert "GPSInfo" not in made.header.exif


def test_a_megabyte_of_exif_costs_nothing(intake: Intake) -> None:
    made = intake.decode(encoded(picture(64, 64), "PNG", exif=exif(t0x927c=os.urandom(1_000_000))))
    assert made.header.exif["Model"] == "K-1"
    assert sum(len(name) + len(text) for name, text in made.header.exif.items()) < 16_000
    junk = b"Exif\x00\x00II*\x00\x08\x00\x00\x00\xff\xff" + os.urandom(1_000_000)
    assert intake.decode(encoded(picture(64, 64), "PNG", exif=junk)).pixels.shape == (64, 64, 3)


def test_unusual_pictures_are_taken_as_they_look(intake: Intake) -> None:
    plain = Image.new("RGB", (80, 60), (200, 120, 60))
    ours = {
        "grey": encoded(plain.convert("L"), "PNG"), "palette": encoded(plain.convert("P"), "PNG"),
        "one bit": encoded(plain.convert("1"), "PNG"), "alpha": encoded(plain.convert("RGBA"), "PNG"),
        "CMYK": encoded(plain.convert("CMYK"), "JPEG", quality=95),
        "webp alpha": encoded(plain.convert("RGBA"), "WEBP"),
        "16 bits": encoded(Image.new("I;16", (80, 60), 40_000), "PNG"),
        "16 bits RGB": png_of(80, 60, depth=16, body=zlib.compress((b"\x00" + b"\xc8\x10\x78\x10\x3c\x10" * 80) * 60)),
    }  # fmt: skip
    for name, file in ours.items():
        made = intake.decode(file)
        assert made.pixels.shape == (60, 80, 3), name
        colour = made.pixels.reshape(-1, 3).mean(axis=0)
        if name in ("palette", "alpha", "CMYK", "webp alpha", "16 bits RGB"):
            assert abs(colour - [60, 120, 200]).max() < 12, (name, colour)
        elif name == "16 bits":
            assert abs(colour - 156).max() < 3, (name, colour)
    clear = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
    assert intake.decode(encoded(clear, "PNG")).pixels.min() == 255, "on white"


def test_colour_profiles_are_applied_and_broken_ones_passed_over(intake: Intake) -> None:
    plain = Image.new("RGB", (80, 60), (200, 120, 60))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (os.urandom(4000), srgb[:200], bytes(500), lab, srgb, b"x", srgb[:128] + os.urandom(2000)):
        made = intake.decode(encoded(plain, "JPEG", quality=95, icc_profile=profile))
        assert abs(made.pixels.reshape(-1, 3).mean(axis=0) - [60, 120, 200]).max() < 4


def test_the_orientation_is_applied_and_said(intake: Intake) -> None:
    plain = picture(120, 80)
    for orientation in range(1, 9):
        block = Image.Exif()
        block[0x0112] = orientation
        made = intake.decode(encoded(plain, "JPEG", quality=95, exif=block.tobytes()))
        shape = (80, 120, 3) if orientation < 5 else (120, 80, 3)
        assert made.pixels.shape == shape
        assert (made.header.width, made.header.height) == (shape[1], shape[0])
    assert intake.decode(HEIC.with_name("made-160x96-turned.heic").read_bytes()).pixels.shape == (160, 96, 3)


def test_nothing_of_a_hostile_file_is_stored(desk: Desk) -> None:
    patient, data = desk.patient(), desk.stage.data / "data"
    before = {path.name for path in (data / "objects").iterdir()}
    claims = _claiming(60_000, 60_000)
    for file in (*claims.values(), *(one[: len(one) // 2] for one in FILES.values()), io.BytesIO(b"<svg/>").getvalue()):
        with pytest.raises(Invalid):
            desk.send(patient, file)
    assert {path.name for path in (data / "objects").iterdir()} == before
    assert not list((data / "uploads").iterdir())
    assert desk.ask("photo.list", patient=patient, reason="visit") == []
    assert desk.send(patient, jpeg())["width"] == 640, "and the next one is taken"

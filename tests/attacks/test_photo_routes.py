"""Every route of the clinic is walked by those who may and may not: no picture leaves without its mark and its line."""

from __future__ import annotations

import itertools
import re
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest

from seifas.darkroom.imaging import jpeg
from seifas.demo.made import day_of
from seifas.demo.photographs import chosen
from seifas.drill.photo_truth import PhotoTruth
from seifas.drill.stage import Browser, Stage
from seifas.drill.thieves import form_of
from seifas.web.desk.app import ROUTES
from seifas.web.portal.app import ROUTES as PORTAL

_FRAME = struct.Struct(">16sI")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"RIFF", b"GIF8", b"<svg", b"BM", b"II*\0", b"MM\0*")
_INSIDE = (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xdb", b"\xff\xd8\xff\xe1", b"\x89PNG\r\n\x1a\n", b"ftypheic", b"WEBPVP8")
_SIGNED_IN = ("doctor1", "nurse1", "reception1", "officer1", "administrator")
_MOST = 40


class _Seen:
    """Pictures that came out, by what they are of; other bytes that look like pictures."""

    def __init__(self) -> None:
        self.pictures: list[tuple[str, bytes, bytes]] = []
        self.strange: list[str] = []
        self.asked = 0

    def look(self, path: str, photo: bytes, status: int, kind: str, body: bytes) -> None:
        self.asked += 1
        if path.startswith("/static/") or status >= 400:
            if status >= 400 and any(sign in body for sign in _INSIDE):
                self.strange.append(f"{path}: a picture in a refusal")
            return
        if kind == "image/jpeg":
            self.pictures.append((path, photo, body))
        elif kind == "application/octet-stream" and path.endswith(("/look", "/align")):
            for ident, picture in _frames(body):
                self.pictures.append((path, ident, picture))
        elif body.startswith(_PICTURES) or any(sign in body for sign in _INSIDE):
            self.strange.append(f"{path}: {kind}")


def _frames(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(body):
        ident, size = _FRAME.unpack_from(body, at)
        yield ident, body[at + _FRAME.size : at + _FRAME.size + size]
        at += _FRAME.size + size


def _fill(pattern: str, values: dict[str, str]) -> Iterator[str]:
    names = re.findall(r"\{(\w+)\}", pattern)
    choices = [
        ("blur", "thumb", "screen", "full", "original") if name == "rendition" else (values.get(name, values["photo"]),)
        for name in names
    ]
    for picked in itertools.product(*choices):
        path = pattern
        for name, value in zip(names, picked, strict=True):
            path = path.replace("{" + name + "}", value)
        yield path


def _walk(browser: Browser, patterns: list[tuple[str, str]], values: dict[str, str], seen: _Seen, form: str) -> None:
    photo = bytes.fromhex(values["photo"])
    for methods, pattern in patterns:
        for path in _fill(pattern, values):
            for method in methods.split():
                if "sign-out" in path or path.startswith("/desk/officer"):
                    continue
                if method == "POST" and not path.endswith(("/look", "/align", "/photos", "/compare", "/take")):
                    continue
                fields = {"form": form, "photos": values["photo"], "rendition": "thumb", "reason": "visit",
                          "a": values["photo"], "b": values["other"]}
                answer = browser.form(path, fields) if method == "POST" else browser.ask(method, path)
                seen.look(path, photo, answer.status, answer.headers.get("content-type", "").split(";")[0], answer.body)


@pytest.mark.slow
def test_no_route_gives_out_a_picture_without_a_mark(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    patient = next(iter(chosen(1, 300, day_of(stage.data))))
    known = PhotoTruth(stage.data)
    photo, other = known.photos_of(patient)[:2]
    unmarked = {known.original(one) for one in (photo, other)}
    consents = [one.consent.hex() for one in known.publications if one.patient == patient]
    known.close()
    values = {"patient": patient.hex(), "photo": photo.hex(), "other": other.hex(), "consent": consents[0],
              "id": patient.hex(), "language": "lt", "slug": "gallery"}
    patterns = [(route.methods, route.pattern) for route in ROUTES]
    seen = _Seen()
    stage.start()
    try:
        for account in _SIGNED_IN:
            browser = stage.sign_in(account)
            pages = patterns if account == "doctor1" else [one for one in patterns if "photo" in one[1]]
            _walk(browser, pages, values, seen, form_of(browser))
            for path in (
                f"/fhir/Media/{photo.hex()}", f"/fhir/Media?subject=Patient/{patient.hex()}",
                f"/fhir/Photo/{photo.hex()}", f"/fhir/Patient/{patient.hex()}/$everything",
                f"/fhir/Binary/{photo.hex()}", f"/fhir/Media/{photo.hex()}/_history",
            ):
                answer = browser.read(path, reason="visit")
                seen.look(path, photo, answer.status, answer.headers.get("content-type", "").split(";")[0], answer.body)
        public = Browser(stage.port)
        _wait_for_gallery(public)
        for listener in (public, stage.browser()):
            strangers = [*patterns, *((route.methods, f"/my{route.pattern}") for route in PORTAL),
                         ("GET", "/lt/gallery"), ("GET", "/en/gallery"), ("GET", "/gallery/{photo}")]
            before = len(seen.pictures)
            _walk(listener, [one for one in strangers if "photo" in one[1] or "gallery" in one[1]], values, seen, "")
            assert len(seen.pictures) == before, "a stranger was shown a picture of a patient's"
        gallery = [found.decode() for found in re.findall(rb'src="(/gallery/[0-9a-f]{32})"',
                                                          public.read("/lt/gallery").body)]
        published = [(path, public.read(path)) for path in gallery]
        public.close()
    finally:
        stage.stop()
    assert seen.asked > 100
    assert seen.strange == []
    assert len(seen.pictures) >= 8, "the doctor sees pictures, so the walk would see unmarked ones"
    known = PhotoTruth(stage.data)
    try:
        _hold_to_their_lines(known, seen, unmarked)
        _hold_published(known, published)
    finally:
        known.close()


def _wait_for_gallery(public: Browser) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        named = re.findall(rb'src="(/gallery/[0-9a-f]{32})"', public.read("/lt/gallery").body)
        if len(named) >= 2:
            return
        time.sleep(0.2)
    raise AssertionError("the gallery stayed empty")


def _hold_to_their_lines(known: PhotoTruth, seen: _Seen, unmarked: set[bytes]) -> None:
    by_view: dict[bytes, Any] = {line.objects[-1]: line for line in known.shown}
    for path, photo, picture in seen.pictures[:_MOST]:
        assert picture not in unmarked, path
        height, width = jpeg.decoded(picture).shape[:2]
        if path.endswith("/blur") or max(height, width) < 400 or "/align" in path:
            # Blurred ones hold nothing of the photo to register on; an aligned one was moved: its line is looked for.
            assert any(photo in line.objects for line in known.shown), path
            continue
        view, sure = known.view_in(photo, picture)
        assert view, f"{path}: no mark of any logged view ({sure:.1f})"
        assert photo in by_view[view].objects, path


def _hold_published(known: PhotoTruth, published: list[tuple[str, Any]]) -> None:
    rows = {one.id.hex(): one for one in known.publications}
    assert published
    for path, answer in published:
        assert answer.status == 200, path
        one = rows[path.rpartition("/")[2]]
        view, _ = known.view_in(one.photo, answer.body)
        assert view == one.id, "a published copy bears its publication's mark"
        assert one.patient.hex().encode() not in msgspec.json.encode(answer.headers)

"""Text in pictures: read where Tesseract is, and by a process that can do nothing else."""

import io
import os
import socket
from collections.abc import Callable
from pathlib import Path

import cv2
import leaked_files as made
import numpy as np
import pytest
from made_pictures import picture
from numpy.typing import NDArray
from PIL import Image

from seifas import hardening
from seifas.darkroom import jail, syscalls
from seifas.leaks import mentions, ocr
from seifas.leaks.matching import Matcher
from seifas.leaks.people import Person
from seifas.leaks.reading.pieces import Picture, Prose, Unread
from seifas.names.folding import fold

SAMPLE = made.people(3)


def _pixels(png: bytes) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))[:, :, ::-1])


@pytest.fixture(scope="module")
def page() -> NDArray[np.uint8]:
    return _pixels(made.page(SAMPLE))


def test_a_screenshot_is_read_and_what_it_says_is_found(page: NDArray[np.uint8]) -> None:
    assert ocr.available(), "tests/prepare installs Tesseract"
    text = ocr.text_of(page)
    folded = fold(text.replace("\n", " ")[:400])
    assert fold(SAMPLE[0].given) in folded
    assert SAMPLE[0].birth in text
    found = ocr.prose_of(Picture("a.png", page.shape[1], page.shape[0], page))
    assert isinstance(found, Prose)
    assert "".join(found.lines) == "".join(text.splitlines())
    matcher = Matcher([
        Person(patient=bytes([at]) * 16, families=(one.family,), givens=(one.given,), birth=one.birth)
        for at, one in enumerate(made.people(200))
    ])  # fmt: skip
    best = {matcher.match(one).candidates[0].patient[0] for one in mentions.of(found, matcher.spans)}
    assert {0, 1, 2} <= best


def test_letters_are_seen_light_on_dark_small_and_compressed(page: NDArray[np.uint8]) -> None:
    _, packed = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, 50])
    for seen in (page, np.asarray(255 - page, dtype=np.uint8), cv2.imdecode(packed, cv2.IMREAD_COLOR),
                 cv2.resize(page, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)):  # fmt: skip
        assert ocr.looks_written(np.asarray(seen, dtype=np.uint8))


def test_photos_are_not_read() -> None:
    photo = np.ascontiguousarray(np.asarray(picture(800, 600).convert("RGB"))[:, :, ::-1])
    noise = np.random.default_rng(1).integers(0, 255, (400, 400, 3)).astype(np.uint8)
    for seen in (photo, noise, np.zeros((64, 64, 3), np.uint8), np.full((33, 4000, 3), 255, np.uint8)):
        assert not ocr.looks_written(seen)
        assert ocr.prose_of(Picture("x", seen.shape[1], seen.shape[0], seen)) is None


def test_without_tesseract_pictures_of_text_are_listed(
    page: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "_PROGRAM", Path("/usr/bin/none"))
    assert ocr.text_of(page) == ""
    assert ocr.prose_of(Picture("a.png", 1, 1, page)) == Unread("a.png", "no-recognition")


def _confined(deed: Callable[[], object]) -> str:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = "done"
        try:
            hardening.no_new_privileges()
            jail.read_only(("/usr", "/lib", "/lib64", "/etc/ld.so.cache"))
            syscalls.refuse_sockets()
            deed()
        except BaseException as error:
            told = type(error).__name__
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    told = os.read(reading, 100).decode()
    os.close(reading)
    return told


def test_what_runs_it_can_open_no_socket_and_nothing_but_the_systems_files() -> None:
    assert _confined(lambda: Path("/usr/bin/env").read_bytes()) == "done"
    for deed in (lambda: socket.socket(socket.AF_INET), lambda: socket.socket(socket.AF_UNIX),
                 lambda: Path("/etc/passwd").read_bytes(), lambda: Path("/tmp/from-ocr").write_text("x"),
                 lambda: os.listdir("/root"), lambda: Path("/usr/from-ocr").write_text("x")):  # fmt: skip
        assert _confined(deed) in ("PermissionError", "OSError")


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_its_filter_is_whole(machine: str) -> None:
    made_ = syscalls.refusing_sockets(machine)
    assert made_ is not None
    steps = [made_[at : at + 8] for at in range(0, len(made_), 8)]
    assert steps[-1][:2] == b"\x06\x00"
    for at, step in enumerate(steps):
        if step[0] & 7 == 5:
            assert at + 1 + max(step[2], step[3]) < len(steps)
    assert syscalls.refusing_sockets("vax") is None

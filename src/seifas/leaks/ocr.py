"""Text in pictures, by Debian's Tesseract with its Lithuanian and English letters, where they are installed.

It is given grey pixels that our own decoder made, through a pipe. The process that runs it can open no socket and write
no file, reads nothing but the system's own files, and is ended after a minute.
"""

from __future__ import annotations

import os
import resource
import select
import subprocess
import time
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from seifas import hardening
from seifas.darkroom import jail, syscalls
from seifas.darkroom.imaging.scaling import Pixels
from seifas.leaks.reading.pieces import Picture, Prose, Unread

_PROGRAM: Final = Path("/usr/bin/tesseract")
_LETTERS: Final = Path("/usr/share/tesseract-ocr/5/tessdata")
_LANGUAGES: Final = ("lit", "eng")
_LONGEST_SIDE: Final = 3_600
_SMALL_SIDE: Final = 1_000
_LETTERS_OF_A_LINE: Final = 6
_LETTERS_OF_A_PAGE: Final = 12
_WALL_S: Final = 60
_CPU_S: Final = 60
_MEMORY: Final = 1024 * 2**20
_MOST_TEXT: Final = 200_000
_STEP: Final = 64 * 1024
_READ: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache")


def languages() -> str:
    """What Tesseract can read here, "lit+eng"; "" where it is not installed."""
    if not _PROGRAM.is_file():
        return ""
    return "+".join(one for one in _LANGUAGES if (_LETTERS / f"{one}.traineddata").is_file())


def available() -> bool:
    """Whether text in pictures can be read here at all."""
    return bool(languages())


def prose_of(picture: Picture) -> Prose | Unread | None:
    """The text in a picture; None for a picture without any, such as a photo of skin."""
    if not looks_written(picture.pixels):
        return None
    if not available():
        return Unread(picture.source, "no-recognition")
    lines = _recognised(picture.pixels).splitlines()
    return Prose(picture.source, lines) if any(line.strip() for line in lines) else None


def text_of(pixels: Pixels) -> str:
    """The text in a picture (blue, green, red); "" where there is none, or nobody who can read it."""
    return _recognised(pixels) if available() and looks_written(pixels) else ""


def looks_written(pixels: Pixels) -> bool:
    """Whether there is something like a line of letters in it: thin strokes side by side, much wider than high. Takes
    milliseconds, and spares the seconds that Tesseract spends on skin."""
    grey = _grey(pixels, 1_600)
    if max(grey.shape) < _SMALL_SIDE // 2:
        grey = np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (11, 11))
    return any(_has_lines(np.asarray(cv2.morphologyEx(grey, kind, kernel), dtype=np.uint8))
               for kind in (cv2.MORPH_BLACKHAT, cv2.MORPH_TOPHAT))


def _has_lines(strokes: Pixels) -> bool:
    """Whether strokes (dark on light, or light on dark) stand as letters do."""
    _, dark = cv2.threshold(strokes, 45, 255, cv2.THRESH_BINARY)
    joined = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, (15, 1)))
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    _, _, letters, middles = cv2.connectedComponentsWithStats(dark, connectivity=8)
    boxes[0, 2:] = 0
    wide, high, area = boxes[:, 2], boxes[:, 3], boxes[:, 4]
    lines = (high >= 6) & (high <= 80) & (wide >= 2.5 * high) & (wide >= 20) & (area >= 0.35 * wide * high)
    places = np.minimum(middles[1:].astype(int), [strokes.shape[1] - 1, strokes.shape[0] - 1])
    within = labels[places[:, 1], places[:, 0]]
    # Letters of one line are of one height, more or less, and there are several; hairs and folds are not.
    fitting = lines[within] & (letters[1:, 3] >= 0.35 * high[within]) & (letters[1:, 2] <= 2.5 * high[within])
    counts = np.bincount(within[fitting], minlength=len(boxes))
    return int((counts >= _LETTERS_OF_A_LINE).sum()) >= 1 and int(counts[counts >= 3].sum()) >= _LETTERS_OF_A_PAGE


def _grey(pixels: Pixels, longest: int) -> Pixels:
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    side = max(grey.shape)
    if side > longest:
        scale = longest / side
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.uint8)


def _recognised(pixels: Pixels) -> str:
    grey = _grey(pixels, _LONGEST_SIDE)
    if max(grey.shape) < _SMALL_SIDE:
        grey = np.asarray(cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)
    if float(np.median(grey)) < 110:
        grey = np.asarray(255 - grey, dtype=np.uint8)  # light letters on a dark screen
    page = f"P5 {grey.shape[1]} {grey.shape[0]} 255\n".encode() + grey.tobytes()
    said = _asked([str(_PROGRAM), "stdin", "stdout", "-l", languages(), "--psm", "3"], page)
    return said.decode("utf-8", "ignore")


def _asked(command: list[str], page: bytes) -> bytes:
    """What a program says of a page, at most `_MOST_TEXT` bytes: one that a picture has broken may never end, read
    nothing, or say more than there is memory for."""
    try:
        running = subprocess.Popen(  # noqa: S603 - a fixed program without a shell; the picture is its standard input
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", bufsize=0,
            env={"OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"},
            preexec_fn=_confined,  # noqa: PLW1509 - system calls alone: no lock of another thread's can be in the way
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    with running:
        try:
            return _exchanged(running, memoryview(page))
        except OSError:
            return b""
        finally:
            running.kill()


def _exchanged(running: subprocess.Popen[bytes], page: memoryview) -> bytes:
    assert running.stdin is not None
    assert running.stdout is not None
    os.set_blocking(running.stdin.fileno(), False)
    said, give_up = bytearray(), time.monotonic() + _WALL_S
    while len(said) < _MOST_TEXT and (left := give_up - time.monotonic()) > 0:
        asking = [] if running.stdin.closed else [running.stdin]
        readable, writable, _ = select.select([running.stdout], asking, [], left)
        if writable:
            try:
                page = page[os.write(running.stdin.fileno(), page[:_STEP]) :]
            except BrokenPipeError:
                page = page[:0]
            if not page:
                running.stdin.close()
        if readable:
            part = running.stdout.read(_STEP)
            if not part:
                return bytes(said)
            said += part
    return bytes(said[:_MOST_TEXT])


def _confined() -> None:
    """In the child, before the program begins."""
    hardening.no_new_privileges()
    jail.read_only(_READ)
    syscalls.refuse_sockets()
    os.nice(10)
    # Memory last: until the program begins, this is a copy of a process that may have more already.
    for limit, most in (
        (resource.RLIMIT_CPU, _CPU_S), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, _MEMORY),
    ):
        resource.setrlimit(limit, (most, most))

"""The other photos that a photo is found among: fingerprints of real pictures and of generated ones, and many more."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from bench.leak_attacks import Pixels
from bench.skin import skin
from seifas.darkroom.imaging import fingerprint
from seifas.darkroom.imaging.scaling import shrunk, within, within_area

_SMALLEST = 200
_FEWEST_PLACES = 40

Make = partial[list[tuple[str, str, Pixels]]]
"""What gives distractors: kind, name and pixels of each."""


def at_a_megapixel(picture: Pixels) -> Pixels:
    return shrunk(picture, *within_area(picture.shape[1], picture.shape[0], 1_000_000))


def taken(picture: Pixels) -> bytes:
    """As the intake takes it: from 512 pixels."""
    height, width = picture.shape[:2]
    return fingerprint.of(shrunk(picture, *within(width, height, 512)), (width, height))


def others(
    folders: list[Path], least: int, cache: Path, workers: int
) -> tuple[list[tuple[str, Pixels]], list[tuple[str, str, bytes]]]:
    """Strangers (pictures that no fingerprint is of) and distractors (kind, name, fingerprint), kept between runs."""
    files = sorted(path for folder in folders for path in _large_enough(Path(folder)))
    strangers: list[tuple[str, Pixels]] = []
    wanted: list[Make] = []
    for number, path in enumerate(files):
        if number % 15 == 0 and len(strangers) < 100:
            picture = _read(path)
            if picture is not None:
                strangers.append(("real", picture))
            continue
        wanted.append(partial(_with_quarters, path))
    strangers += [("generated skin", skin(60_000 + number, 900, 700)) for number in range(60)]
    cache.mkdir(parents=True, exist_ok=True)
    made = _kept("real", wanted, cache, workers)
    rest: list[Make] = [partial(_generated, number) for number in range(max(0, least - len(made)))]
    return strangers, made + _kept("generated", rest, cache, workers)


def _kept(name: str, wanted: list[Make], cache: Path, workers: int) -> list[tuple[str, str, bytes]]:
    told = hashlib.sha256("|".join(map(repr, (one.args for one in wanted))).encode()).hexdigest()[:16]
    place = cache / f"{name}-{told}.json"
    if place.exists():
        return [(kind, one, bytes.fromhex(blob)) for kind, one, blob in json.loads(place.read_text())]
    say(f"fingerprints of {len(wanted)} distractors ({name})")
    global _WANTED  # noqa: PLW0603  # what forked workers inherit
    _WANTED = wanted
    found: list[tuple[str, str, bytes]] = []
    known = set()
    with get_context("fork").Pool(workers) as pool:
        for number, made in enumerate(pool.imap(_fingerprinted, range(len(wanted)), chunksize=8), 1):
            for one in made:
                if one[2] not in known:  # packages hold some pictures twice
                    known.add(one[2])
                    found.append(one)
            if number % 500 == 0:
                say(f"{number}")
    place.write_text(json.dumps([(kind, one, blob.hex()) for kind, one, blob in found]))
    return found


_WANTED: list[Make] = []


def _fingerprinted(number: int) -> list[tuple[str, str, bytes]]:
    made = [(kind, name, taken(picture)) for kind, name, picture in _WANTED[number]()]
    return [one for one in made if len(fingerprint.read(one[2]).rows) >= _FEWEST_PLACES]


def _generated(number: int) -> list[tuple[str, str, Pixels]]:
    return [("generated skin", f"distractor-{number}", skin(10_000 + number, 512, 384))]


def _with_quarters(path: Path) -> list[tuple[str, str, Pixels]]:
    """A picture and, of a large one, its quarters: what the whole does not show at that size."""
    picture = _read(path)
    if picture is None:
        return []
    found = [("real", f"real-{path}", picture)]
    tall, wide = picture.shape[0] // 2, picture.shape[1] // 2
    if min(tall, wide) >= _SMALLEST:
        for part in range(4):
            top, left = part // 2 * tall, part % 2 * wide
            piece = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
            found.append(("cut from real", f"cut-{part}-{path}", piece))
    return found


def _large_enough(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") and path.is_file() and not path.is_symlink():
            try:
                with Image.open(path) as head:
                    if min(head.size) >= _SMALLEST:
                        yield path
            except (OSError, ValueError):
                continue


def _read(path: Path) -> Pixels | None:
    """A picture of 200 pixels a side or more, on white where it is transparent."""
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or min(picture.shape[:2]) < _SMALLEST or picture.dtype != np.uint8:
        return None
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    if picture.shape[2] == 4:
        part = picture[:, :, 3:].astype(np.float32) / 255
        picture = (picture[:, :, :3] * part + 255 * (1 - part)).astype(np.uint8)
    return at_a_megapixel(np.asarray(picture[:, :, :3], np.uint8))


def mixed(pictures: list[tuple[str, str, bytes]], many: int) -> list[tuple[str, str, bytes]]:
    """Fingerprints of no picture: each code of some picture's, drawn from all of them, at a place of another's."""
    if not many:
        return []
    draw = np.random.default_rng(21)
    rows = np.concatenate([fingerprint.read(blob).rows for _, _, blob in pictures])
    found = []
    for number in range(many):
        head = bytearray(pictures[number % len(pictures)][2][: fingerprint._HEAD.size])
        head[6:38] = draw.bytes(32)
        head[39:41] = fingerprint.MOST_PLACES.to_bytes(2, "little")
        chosen = rows[draw.integers(0, len(rows), fingerprint.MOST_PLACES)]
        others_at = rows[draw.integers(0, len(rows), fingerprint.MOST_PLACES)]
        chosen["x"], chosen["y"] = others_at["x"], others_at["y"]
        found.append(("mixed from their places", f"mixed-{number}", bytes(head) + chosen.tobytes()))
    return found


def blown_up(entries: list[tuple[bytes, bytes]], blobs: list[bytes], many: int) -> Iterator[tuple[bytes, bytes]]:
    yield from entries
    rng = np.random.default_rng(11)
    head = fingerprint._HEAD.size
    for number in range(many - len(entries)):
        one = bytearray(blobs[number % len(blobs)])
        rows = np.frombuffer(one, fingerprint.PLACE, offset=head)
        if number >= len(blobs):
            bits = rng.bytes(len(rows) * 32)
            noise = np.frombuffer(bits, np.uint64).reshape(2, -1, 2)
            rows["code"] ^= noise[0] & noise[1]
            for name in ("x", "y"):
                rows[name] = rng.permutation(rows[name])
            one[6:38] = rng.bytes(32)
        yield number.to_bytes(16, "big"), bytes(one)


def say(text: str) -> None:
    """Progress, on stderr."""
    print(f"  . {text}", file=sys.stderr, flush=True)

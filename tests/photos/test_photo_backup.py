"""Backups carry the photos: verified, brought back on another machine, and without those of whoever was erased."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seifas.darkroom.imaging import jpeg
from seifas.demo.made import day_of
from seifas.demo.photographs import chosen
from seifas.demo.secret import demo_passphrase_file
from seifas.drill.photo_truth import PhotoTruth
from seifas.drill.stage import Stage


@pytest.fixture
def place(places: Path) -> Iterator[Path]:
    made = places / f"photo-backups-{time.monotonic_ns()}"
    made.mkdir(mode=0o711)
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _originals(data: Path, patients: list[bytes]) -> dict[bytes, bytes]:
    """Each photo's picture, opened with the root of a stopped clinic."""
    known = PhotoTruth(data)
    try:
        return {photo: known.original(photo) for patient in patients for photo in known.photos_of(patient)}
    finally:
        known.close()


def _verify(directory: str) -> int:
    """The exit status of `seifas backup verify`."""
    command = [sys.executable, "-m", "seifas.cli.main", "backup", "verify", directory]
    return subprocess.run(command, capture_output=True, check=False, timeout=100).returncode


def _published(data: Path) -> set[str]:
    """The objects of what a stopped clinic publishes."""
    known = PhotoTruth(data)
    known.close()
    return {one.object.hex() for one in known.publications}


def _objects(data: Path) -> set[str]:
    return {path.name for path in (data / "data" / "objects").iterdir() if len(path.name) == 32}


@pytest.mark.slow
def test_photos_come_back_from_a_backup(make_stage: Callable[[], Stage], place: Path) -> None:
    stage = make_stage()
    gone, *stay = chosen(1, 300, day_of(stage.data))
    before = _originals(stage.data, stay)
    assert before
    assert all(jpeg.decoded(body).shape[2] == 3 for body in before.values())
    there = _objects(stage.data)
    published = _published(stage.data)
    assert published
    stage.start()
    backup = stage.seifas("backup", "--to", str(place / "data"), "--keys-to", str(place / "keys"))
    assert _verify(backup["directory"]) == 0
    stage.seifas("erase", gone.hex(), "--now")
    shutil.copyfile(stage.data / "kit" / "tombstones.note", place / "tombstones.note")
    left = _objects(stage.data)
    stage.stop()
    assert left < there, "the erased patient's objects are gone at once"
    pool = place / "data" / "objects"
    assert {path.name[:32] for path in pool.iterdir()} == there

    new = Stage(place / "restored")
    try:
        secret = demo_passphrase_file(stage.data)
        new.seifas(
            "restore", "--from", backup["directory"], "--keys-from", backup["keys_directory"], "--passphrase-file",
            str(secret), "--tombstones", str(place / "tombstones.note"),
        )
        shutil.copyfile(secret, demo_passphrase_file(new.data))
        new.start()
        give_up = time.monotonic() + 60
        while _objects(new.data) != left - published and time.monotonic() < give_up:
            time.sleep(0.2)
        new.stop()
        assert _objects(new.data) == left - published, "what nothing leads to after the restore is swept"
        assert _published(new.data) == set(), "nobody knows which consents were withdrawn since the backup"
        assert _originals(new.data, stay) == before
        some = next(iter(pool.iterdir()))
        body = some.read_bytes()
        some.write_bytes(body[:-1] + bytes((body[-1] ^ 1,)))
        assert _verify(backup["directory"]) == 5
    finally:
        new.remove()

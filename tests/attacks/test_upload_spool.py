"""Twenty slow clients with a large picture each (50 MB with --whole): what has come lies sealed on the disk and nowhere
else, and nobody waits."""

import contextlib
import os
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from darkroom_stage import Desk
from made_pictures import jpeg

from seifas.drill.stage import Stage
from seifas.errors import Missing, SeifasError, Unavailable

CLIENTS = 20
LARGEST = 50 * 2**20
PART = 2**20
MARK = b"kuno-nuotrauka-kurios-niekas-neturi-matyti"


@pytest.fixture(scope="module")
def desk(shared_stage: Stage) -> Iterator[Desk]:
    with Desk(shared_stage) as made:
        yield made


@pytest.fixture(scope="module")
def file(whole: bool) -> bytes:
    """A large picture; most of it stands behind the picture, and all of it can be found again. Twenty of them are more
    than the darkroom may hold in memory."""
    body, size = jpeg(1200, 900), LARGEST if whole else 12 * 2**20
    return body + (MARK + os.urandom(1024 - len(MARK))) * ((size - len(body)) // 1024)


def _holding(places: list[Path], since: float) -> list[Path]:
    """Files that hold the mark. Files under /tmp that are older than the test are passed over."""
    found = []
    for place in places:
        for folder, _, names in os.walk(place):
            for path in (Path(folder) / name for name in names):
                with contextlib.suppress(OSError):
                    told = path.lstat()
                    if path.is_symlink() or not path.is_file() or told.st_mtime < since:
                        continue
                    with path.open("rb") as opened:
                        tail = b""
                        while chunk := opened.read(8 * PART):
                            if MARK in tail + chunk:
                                found.append(path)
                                break
                            tail = chunk[-len(MARK) :]
    return found


def _memory(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def _open_files(stage: Stage) -> set[str]:
    """Plain files that the clinic's processes hold open."""
    found = set()
    for pid in stage.pids().values():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                target = os.readlink(link)
                if target.startswith("/") and not target.startswith("/dev/"):
                    found.add(target)
    return found


def test_twenty_slow_uploads(desk: Desk, shared_stage: Stage, file: bytes) -> None:
    began, data = time.time() - 1, shared_stage.data
    patient = desk.patient()
    shown = desk.send(patient, jpeg(2400, 1800))["photo"]
    before = _memory(shared_stage.pids()["darkroom"])
    grants = [desk.begin(patient)["grant"] for _ in range(CLIENTS)]
    offsets = range(0, len(file) - PART, PART)
    looks: list[tuple[int, float]] = []
    third, sent = [0], threading.Event()

    def look() -> None:
        with Desk(shared_stage) as other:
            while not sent.is_set():
                begun_in, start = third[0], time.perf_counter()
                other.show(shown, "screen")
                looks.append((begun_in, time.perf_counter() - start))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        for grant in grants:
            desk.darkroom_op("upload.begin", grant=grant, size=len(file))
        for number, offset in enumerate(offsets):  # all at the same pace; none has ended
            third[0] = number * 3 // len(offsets)
            for grant in grants:
                desk.darkroom_op("upload.part", grant=grant, offset=offset, data=file[offset : offset + PART])
        give_up = time.monotonic() + 60
        while len(looks) < 5:
            assert time.monotonic() < give_up
            time.sleep(0.05)
    finally:
        sent.set()
        looking.join()
    assert _memory(shared_stage.pids()["darkroom"]) - before < 150 * 2**20 < CLIENTS * len(file), "more has come"
    thirds = [[took for begun_in, took in looks if begun_in == number] for number in range(3)]
    waited = [statistics.median(times) for times in thirds if times]
    assert min(waited) < 1.0, "who looks at photos does not wait for those who send, or a busy machine did it thrice"
    spooled = list((data / "data" / "uploads").iterdir())
    assert sum(path.stat().st_size for path in spooled) > CLIENTS * (len(file) - 5 * 2**20)
    with Path("/tmp", f"planted-{os.urandom(4).hex()}").open("wb") as planted:
        planted.write(bytes(8 * PART - 5) + MARK)
        planted.flush()
        assert _holding([Path("/tmp")], began) == [Path(planted.name)], "the search sees what is there, and no more"
    Path(planted.name).unlink()
    assert _holding([data, Path("/var/tmp"), Path("/dev/shm")], began) == []
    outside = {one for one in _open_files(shared_stage) if not one.startswith(str(data))}
    assert {one for one in outside if "(deleted)" in one or "/tmp" in one} <= {str(shared_stage.log)}

    at = (len(file) - 1) // PART * PART
    for grant in grants[:2]:
        at = desk.darkroom_op("upload.status", grant=grant)["received"]
        while at < len(file):
            at = desk.darkroom_op("upload.part", grant=grant, offset=at, data=file[at : at + PART])["received"]
        assert desk.darkroom_op("upload.finish", grant=grant)["width"] == 1200
    for grant in grants[2:4]:
        desk.darkroom_op("upload.drop", grant=grant)
        with pytest.raises(Missing):
            desk.darkroom_op("upload.status", grant=grant)
    assert _holding([data], began) == [], "kept originals are sealed too"
    _kill_and_find_nothing(desk, shared_stage, grants[5])


def _kill_and_find_nothing(desk: Desk, stage: Stage, grant: bytes) -> None:
    uploads = stage.data / "data" / "uploads"
    stage.kill("darkroom")
    give_up = time.monotonic() + 60
    while any(uploads.iterdir()) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not list(uploads.iterdir()), "what a killed darkroom left is swept at its next start"
    with Desk(stage, account="") as again, pytest.raises(Missing):
        again.darkroom_op("upload.status", grant=grant)


def test_uploads_are_bounded_in_number_and_in_sum(shared_stage: Stage) -> None:
    with Desk(shared_stage, account="") as desk:
        accepted = [number.to_bytes(32, "big") for number in range(3 * 2**30 // LARGEST)]
        for grant in accepted:
            desk.darkroom_op("upload.begin", grant=grant, size=LARGEST)
        with pytest.raises(Unavailable) as full:
            desk.darkroom_op("upload.begin", grant=b"one too many".ljust(32), size=LARGEST)
        assert full.value.where == "full"
        with pytest.raises(SeifasError):
            desk.darkroom_op("upload.begin", grant=b"short", size=10)
        for grant in accepted:
            desk.darkroom_op("upload.drop", grant=grant)
        assert not list((shared_stage.data / "data" / "uploads").iterdir())

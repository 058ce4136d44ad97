"""A full disk under a working clinic: nothing is shown or acknowledged unwritten, and it comes back by itself."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacked import Work, lines, look, without_line

from seifas.drill.stage import Stage
from seifas.keeper.lines import Action

pytestmark = pytest.mark.slow


class Disk:
    """A small disk: a tmpfs of its own where mounting is allowed, else a limit on how far the keeper's files may grow
    (which is what SQLite sees of a full disk, only with another word for it)."""

    def __init__(self, place: Path, megabytes: int) -> None:
        self.place = place
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(place)],
            check=False, capture_output=True,
        )
        self.mounted = done.returncode == 0
        self.filler = place / "filler"
        self._limited: list[int] = []

    def fill(self, stage: Stage) -> None:
        if not self.mounted:
            self._limited.append(stage.pids()["keeper"])
            _limit_files(self._limited[-1], 4096)
            return
        with self.filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 65536)
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0")

    def free(self) -> None:
        self.filler.unlink(missing_ok=True)
        while self._limited:
            _limit_files(self._limited.pop(), resource.RLIM_INFINITY)

    def gone(self) -> None:
        self.free()
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.place)], check=True)


def _limit_files(pid: int, size: int) -> None:
    """As the process's own user: prlimit(2) asks for the same one, whoever asks."""
    helper = os.fork()
    if helper == 0:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
            owner = int(next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1])
            if os.geteuid() == 0:
                os.setresgid(owner, owner, owner)
                os.setresuid(owner, owner, owner)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            os._exit(0)
        finally:
            os._exit(1)
    os.waitpid(helper, 0)


@pytest.fixture(scope="module")
def disk(places: Path) -> Iterator[Disk]:
    made = Disk(places / f"disk-{os.urandom(4).hex()}", 96)
    yield made
    made.gone()


@pytest.fixture(scope="module")
def work(places: Path, disk: Disk, small_clinic: Path) -> Iterator[Work]:
    """A clinic on a small disk. The last look finds all that was acknowledged, and a line for all that was shown."""
    stage = Stage(disk.place / "clinic")
    stage.log = places / f"disk-{os.urandom(4).hex()}.log"
    stage.copy_from(small_clinic)
    stage.start()
    made = Work(stage)
    yield made
    try:
        disk.free()
        assert len(made.written) > 20
        assert made.lost() == []
        stage.stop()
        assert without_line(stage.data, made.shown) == []
    finally:
        made.browser.close()
        stage.remove()


def _fine(work: Work) -> None:
    """Until it writes and reads again; fails where it does not by itself."""
    give_up = time.monotonic() + 60
    while work.write() != 201 or work.read() != 200:
        assert time.monotonic() < give_up, work.answers[-1].body
        time.sleep(0.05)


def test_it_fails_closed_says_so_and_goes_on_by_itself(work: Work, disk: Disk) -> None:
    for _ in range(10):
        _fine(work)
    keeper = work.stage.pids()["keeper"]
    disk.fill(work.stage)
    try:
        statuses: Counter[int] = Counter()
        for _ in range(40):
            statuses[work.write()] += 1
            statuses[work.read()] += 1
        assert set(statuses) <= {200, 201, 503}, statuses
        assert statuses[503] > 40, "the disk was not full"
        last = work.refused()[-1]["issue"][0]
        assert last["code"] == "transient"
        assert "disk" in last["diagnostics"]
        assert work.write() == work.read() == 503
        for port, path, status in (
            (work.stage.staff, "/health", 200), (work.stage.staff, "/auth/sign-in", 200), (work.stage.port, "/", 200),
            (work.stage.staff, "/fhir/metadata", 200),
        ):
            assert look(port, path).status == status
    finally:
        disk.free()
    _fine(work)
    assert work.stage.pids()["keeper"] == keeper, "without a restart"
    assert work.lost() == []


def test_signing_in_is_refused_with_words_and_works_afterwards(work: Work, disk: Disk) -> None:
    with work.stage.admin() as admin:
        token = admin.call("admin.login_link", name="doctor1")["token"]
    disk.fill(work.stage)
    try:
        while work.write() != 503:
            pass
        answer = look(work.stage.staff, f"/auth/link/{token}")
        assert answer.status == 503
        assert "set-cookie" not in answer.headers, "no session without its line"
        assert b"<html" in answer.body
    finally:
        disk.free()
    _fine(work)
    browser = work.stage.sign_in("doctor1")
    assert browser.ask("GET", "/desk").status == 200
    browser.close()


def test_full_in_the_middle_of_much_work(work: Work, disk: Disk) -> None:
    """Eight people at once while the disk fills and empties five times; all answers are held against the records."""
    crew = [Work(work.stage) for _ in range(8)]
    for one in crew:
        assert one.write() == 201
    stop = threading.Event()
    bad: list[int] = []

    def busy(one: Work) -> None:
        while not stop.is_set():
            for status in (one.write(), one.read()):
                if status not in (200, 201, 503):
                    bad.append(status)
            time.sleep(0.005)

    threads = [threading.Thread(target=busy, args=(one,)) for one in crew]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            time.sleep(0.15)
            before = _refused(crew)
            disk.fill(work.stage)
            give_up = time.monotonic() + 60
            while _refused(crew) < before + 5:
                assert time.monotonic() < give_up, "the disk was never full"
                time.sleep(0.02)
            disk.free()
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
        disk.free()
    assert bad == []
    for one in crew:
        assert one.lost() == []
        work.written |= one.written
        work.shown += one.shown
        one.browser.close()
    assert _refused(crew) > 20


def _refused(crew: list[Work]) -> int:
    return sum(answer.status == 503 for one in crew for answer in tuple(one.answers))


def test_killed_while_the_disk_is_full(work: Work, disk: Disk) -> None:
    """It cannot even say that it was unlocked: so it stays shut, until there is room."""
    if not disk.mounted:
        return  # a limit goes with the process that had it; the other tests of this file stand without a mount
    _fine(work)
    disk.fill(work.stage)
    try:
        while work.write() != 503:
            pass
        former, give_up = work.stage.kill("keeper"), time.monotonic() + 60
        while work.stage.pids().get("keeper", former) == former:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        time.sleep(1)
        assert work.write() == 503
        assert work.read() == 503
        assert look(work.stage.port, "/").status == 200
    finally:
        disk.free()
    _fine(work)
    assert work.lost() == []


def test_a_full_disk_under_the_published_log_holds_up_nobody(places: Path, small_clinic: Path) -> None:
    """The log's files on a disk of their own. Lines are durable in keeper.db, and are published when there is room."""
    stage = Stage(places / f"full-log-{os.urandom(4).hex()}")
    stage.copy_from(small_clinic)
    audit, kept = stage.data / "audit", stage.data / "audit-kept"
    audit.rename(kept)
    disk = Disk(audit, 4)
    work = None
    try:
        for path in kept.rglob("*"):
            place = audit / path.relative_to(kept)
            place.mkdir(exist_ok=True) if path.is_dir() else place.write_bytes(path.read_bytes())
        stage.start()
        work = Work(stage)
        for _ in range(5):
            assert work.write() == 201
        disk.fill(stage) if disk.mounted else os.chmod(audit, 0o500)
        for _ in range(20):
            assert work.write() == 201
            assert work.read() == 200
            time.sleep(0.1)
        disk.free()
        os.chmod(audit, 0o700)
        for _ in range(3):
            assert work.write() == 201
        assert work.lost() == []
        stage.stop()
        assert without_line(stage.data, work.shown) == []
        created = sum(line.action == Action.CREATE for line in lines(stage.data))
        assert created >= len(work.written)
    finally:
        if work is not None:
            work.browser.close()
        stage.stop()
        disk.gone()
        stage.remove()

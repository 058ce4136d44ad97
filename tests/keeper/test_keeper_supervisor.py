"""The supervisor: restarts what dies, keeps the root where no child can see it, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import re
import signal
import socket
import statistics
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seifas import supervisor
from seifas.supervisor import GIVE, ROOT_SIZE, Program, child_channel

MASK = bytes(range(7, 7 + ROOT_SIZE))


def _masked(root: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(root, MASK, strict=True))


def _began() -> float:
    """When this process was forked, in seconds since the machine's start, whatever it has waited for since."""
    ticks = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    return int(ticks) / os.sysconf("SC_CLK_TCK")


class Told:
    """What children write of themselves: one file a start."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.chmod(0o777)

    def tell(self, name: str, **more: Any) -> None:
        status = Path("/proc/self/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        told = {
            "pid": os.getpid(), "uid": fields["Uid"].split()[0], "groups": fields["Groups"].split(),
            "privileges": fields["NoNewPrivs"], "comm": Path("/proc/self/comm").read_text().strip(),
            "fds": sorted(int(fd) for fd in os.listdir("/proc/self/fd")), "ppid": os.getppid(), "at": _began(),
            "core": next(line.split()[4] for line in Path("/proc/self/limits").read_text().splitlines()
                         if line.startswith("Max core")), **more,
        }
        made = self.place / f"{name}-{os.getpid()}.new"
        made.write_text(json.dumps(told))
        made.rename(made.with_suffix(".json"))

    def starts(self, name: str) -> list[dict[str, Any]]:
        found = [json.loads(path.read_text()) for path in self.place.glob(f"{name}-*.json")]
        return sorted(found, key=lambda one: int(one["pid"]))

    def wait(self, name: str, count: int, patience: float = 60.0) -> list[dict[str, Any]]:
        give_up = time.monotonic() + patience
        while len(self.starts(name)) < count:
            assert time.monotonic() < give_up, f"{name} was started {len(self.starts(name))} times"
            time.sleep(0.01)
        return self.starts(name)


@pytest.fixture
def told(places: Path, request: pytest.FixtureRequest) -> Told:
    place = places / f"told-{os.urandom(4).hex()}"
    place.mkdir()
    return Told(place)


@pytest.fixture
def supervise() -> Iterator[Callable[[list[Program]], int]]:
    """Runs a supervisor in a process of its own; its id. Ended at the end if it still runs."""
    running: list[int] = []

    def start(programs: list[Program]) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                status = supervisor.run(programs)
                sys.stdout.flush()
            finally:
                os._exit(status)
        running.append(pid)
        return pid

    yield start
    for pid in running:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _sleeps(told: Told, name: str) -> Callable[[], None]:
    def main() -> None:
        told.tell(name)
        time.sleep(600)

    return main


def _alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _gone(pids: list[int], patience: float = 60.0) -> bool:
    give_up = time.monotonic() + patience
    while any(_alive(pid) for pid in pids) and time.monotonic() < give_up:
        time.sleep(0.01)
    return not any(_alive(pid) for pid in pids)


def _found_in_memory(pid: int, wanted: bytes) -> int:
    """How often the bytes stand in a process's readable memory."""
    hits = 0
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
            if found is None or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            start, end = int(found[1], 16), int(found[2], 16)
            with contextlib.suppress(OSError, ValueError, OverflowError):
                memory.seek(start)
                hits += memory.read(end - start).count(wanted)
    return hits


def test_what_dies_is_started_again_and_the_others_are_left_alone(
    told: Told, supervise: Callable[[list[Program]], int]
) -> None:
    supervise([Program("one", _sleeps(told, "one")), Program("two", _sleeps(told, "two"))])
    (first,), (other,) = told.wait("one", 1), told.wait("two", 1)
    for count in range(2, 5):
        os.kill(told.starts("one")[-1]["pid"], signal.SIGKILL)
        assert len(told.wait("one", count)) == count
    assert told.starts("two") == [other]
    assert _alive(other["pid"])
    assert first["comm"] == "seifas-one"
    assert first["core"] == "0"


def test_what_a_child_leaves_behind_ends_with_it(told: Told, supervise: Callable[[list[Program]], int]) -> None:
    """A worker that outlives its master would hold the master's ports."""

    def master() -> None:
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            told.tell("worker")
            time.sleep(60)
            os._exit(0)
        told.tell("master")
        time.sleep(60)

    pid = supervise([Program("master", master)])
    first = told.wait("worker", 1)[0]["pid"]
    os.kill(told.wait("master", 1)[0]["pid"], signal.SIGKILL)
    assert _gone([first])
    second = [one["pid"] for one in told.wait("worker", 2) if one["pid"] != first]
    os.kill(pid, signal.SIGTERM)
    assert _gone(second)


def test_what_dies_young_is_started_ever_more_slowly(told: Told, supervise: Callable[[list[Program]], int]) -> None:
    def dies() -> None:
        told.tell("dies")
        raise KeyError("Ona Petrauskienė")

    supervise([Program("dies", dies), Program("lives", _sleeps(told, "lives"))])
    starts = sorted(one["at"] for one in told.wait("dies", 5))[:5]
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert all(pause > wait - 0.02 for pause, wait in zip(pauses, (0.1, 0.2, 0.4, 0.8), strict=True)), pauses
    assert len(told.starts("lives")) == 1


def test_what_ends_when_its_work_is_done_is_started_anew_at_once(
    told: Told, supervise: Callable[[list[Program]], int]
) -> None:
    """However often: it is no crash. One that dies is, also of such a program."""

    def done() -> None:
        told.tell("done")

    def breaks() -> None:
        told.tell("breaks")
        raise KeyError

    supervise([Program("done", done, renewed=True), Program("breaks", breaks, renewed=True)])
    starts = sorted(one["at"] for one in told.wait("done", 8))
    assert statistics.median(later - earlier for earlier, later in itertools.pairwise(starts)) < 0.5
    broken = sorted(one["at"] for one in told.wait("breaks", 5))
    pauses = [later - earlier for earlier, later in itertools.pairwise(broken)]
    assert pauses[-1] > 0.78


def test_a_defect_in_a_child_says_no_name(
    told: Told, supervise: Callable[[list[Program]], int], capfd: pytest.CaptureFixture[str]
) -> None:
    def dies() -> None:
        told.tell("dies")
        raise KeyError("Ona Petrauskienė")

    supervise([Program("dies", dies)])
    told.wait("dies", 2)
    said = capfd.readouterr()
    assert "Petrausk" not in said.out + said.err


def test_the_root_is_in_one_page_of_the_supervisor_and_in_no_child(
    told: Told, supervise: Callable[[list[Program]], int], tmp_path: Path
) -> None:
    """The keeper hands a root over and dies; the next one is given the same, and nobody else has it in memory."""
    kept = told.place / "root"

    def unread(channel: socket.socket) -> int:
        return struct.unpack("i", fcntl.ioctl(channel, termios.TIOCOUTQ, bytes(4)))[0]  # type: ignore[no-any-return]

    def keeper() -> None:
        channel = child_channel()
        assert channel is not None
        channel.settimeout(60 if kept.exists() else 0.5)
        try:
            given = channel.recv(64)
        except TimeoutError:
            given = b""
        if not given:
            root = os.urandom(ROOT_SIZE)
            kept.write_bytes(_masked(root))
            channel.send(root)
            while unread(channel):
                time.sleep(0.01)
        told.tell("keeper", given=len(given), same=bool(given) and _masked(given) == kept.read_bytes())
        time.sleep(600)

    pid = supervise([Program("keeper", keeper, holds_root=True), Program("desk", _sleeps(told, "desk"))])
    (first,) = told.wait("keeper", 1)
    os.kill(first["pid"], signal.SIGKILL)
    second = told.wait("keeper", 2)[-1]
    assert (second["given"], second["same"]) == (ROOT_SIZE, True)
    # A child that is forked while the root is held.
    os.kill(told.wait("desk", 1)[0]["pid"], signal.SIGKILL)
    desk = told.wait("desk", 2)[-1]
    if os.geteuid() != 0:
        with pytest.raises(PermissionError):
            _found_in_memory(desk["pid"], b"x")  # not even the same user
        return
    root = _masked(kept.read_bytes())
    assert _found_in_memory(pid, root) >= 1, "the searcher finds what is there"
    assert _found_in_memory(desk["pid"], root) == 0
    assert _found_in_memory(desk["pid"], b"seifas-desk"[:6]) > 0, "the searcher reads this process at all"
    flags = {}
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            block = line
        elif line.startswith("VmFlags:"):
            flags[block] = line.split()[1:]
    unforked = [flag for flag in flags.values() if "dc" in flag and "dd" in flag]
    assert unforked, "the page is neither forked nor dumped"


def test_told_to_forget_the_supervisor_forgets(told: Told, supervise: Callable[[list[Program]], int]) -> None:
    def keeper() -> None:
        channel = child_channel()
        assert channel is not None
        channel.settimeout(60)
        channel.send(b"r" * ROOT_SIZE)
        channel.send(GIVE)
        given = channel.recv(64)
        channel.send(b"\x00")
        channel.send(GIVE)
        told.tell("keeper", given=given == b"r" * ROOT_SIZE, after=len(channel.recv(64)))
        time.sleep(600)

    supervise([Program("keeper", keeper, holds_root=True)])
    (first,) = told.wait("keeper", 1)
    assert (first["given"], first["after"]) == (True, 1)


def test_a_child_keeps_no_descriptor_but_its_own_channel(
    told: Told, supervise: Callable[[list[Program]], int]
) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(open("/dev/null"))  # what whoever starts it has open
        supervise([
            Program("keeper", _sleeps(told, "keeper"), holds_root=True), Program("desk", _sleeps(told, "desk")),
            Program("jobs", _sleeps(told, "jobs")),
        ])
        told.wait("jobs", 1)
        for count in (1, 2):
            os.kill(told.wait("desk", count)[-1]["pid"], signal.SIGKILL)
        told.wait("desk", 3)
        told.wait("keeper", 1)
        for name, most in (("keeper", 1), ("desk", 0), ("jobs", 0)):
            for one in told.starts(name):
                beyond = [fd for fd in one["fds"] if fd > 2]
                # One more is the listing of /proc/self/fd itself.
                assert len(beyond) <= most + 1, (name, one["fds"])


def test_children_have_users_of_their_own_and_no_way_back(
    told: Told, supervise: Callable[[list[Program]], int]
) -> None:
    if os.geteuid() == 0:
        supervise([Program("desk", _sleeps(told, "desk"), uid=61401), Program("own", _sleeps(told, "own"))])
        (desk,) = told.wait("desk", 1)
        assert (desk["uid"], desk["groups"], desk["privileges"]) == ("61401", [], "1")
    else:
        supervise([Program("own", _sleeps(told, "own"))])
    (own,) = told.wait("own", 1)
    assert own["uid"] == str(os.geteuid())


def test_told_to_stop_it_stops_the_whole_tree(
    told: Told, supervise: Callable[[list[Program]], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "_GOODBYE", 1.0)

    def stubborn() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        told.tell("stubborn")
        while True:
            time.sleep(1)

    pid = supervise([Program("one", _sleeps(told, "one")), Program("stubborn", stubborn)])
    pids = [told.wait(name, 1)[0]["pid"] for name in ("one", "stubborn")]
    started = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert _gone(pids)
    assert time.monotonic() - started > 0.9, "a child that does not listen gets that long"


@pytest.mark.parametrize("after_restart", [False, True])
def test_children_die_with_it(told: Told, supervise: Callable[[list[Program]], int], after_restart: bool) -> None:
    uid = 61401 if os.geteuid() == 0 else None  # giving up root clears the wish to die with the parent; it is set again
    pid = supervise([Program("one", _sleeps(told, "one")), Program("two", _sleeps(told, "two"), uid=uid)])
    told.wait("two", 1)
    if after_restart:
        os.kill(told.starts("two")[0]["pid"], signal.SIGKILL)
        told.wait("two", 2)
    pids = [told.wait("one", 1)[0]["pid"], told.starts("two")[-1]["pid"]]
    assert all(_alive(one) for one in pids)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert _gone(pids)

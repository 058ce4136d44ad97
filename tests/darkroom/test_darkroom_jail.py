"""What an intake worker can still do, tried from inside; and that it needs nothing it has given up."""

import contextlib
import ctypes
import mmap
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from intake_rig import USER, Intake, running_intake
from made_pictures import encoded, exif, jpeg, picture

from seifas import hardening
from seifas.darkroom import jail, syscalls
from seifas.darkroom.decoding import decoded
from seifas.darkroom.intake import SIZE
from seifas.errors import Unavailable

HEIC = Path(__file__).parents[1] / "vectors" / "made-160x96.heic"


@pytest.fixture(scope="module")
def intake(places: Path) -> Iterator[Intake]:
    with running_intake(places) as made:
        yield made


def _inside(deed: Callable[[], object], *, threads: bool = False) -> str:
    """What comes of a deed in a sealed process: "done", the error's name, or the signal that ended it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        told = "nothing"
        try:
            if os.geteuid() == 0:
                hardening.become(USER)
            jail.seal(memory=256 * 2**20, cpu_s=2)
            jail.narrow(threads=threads)
            deed()
            told = "done"
        except BaseException as error:
            told = type(error).__name__
        finally:
            os.write(writing, told.encode())
            os._exit(0)
    os.close(writing)
    _, status = os.waitpid(pid, 0)
    told = os.read(reading, 100).decode()
    os.close(reading)
    return told or signal.Signals(os.WTERMSIG(status)).name


def _write_file() -> None:
    Path("/tmp/from-the-jail").write_text("x")


def _execute() -> None:
    os.execv("/bin/true", ["/bin/true"])


def _executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def _connect() -> None:
    socket.socket(socket.AF_INET).connect(("127.0.0.1", 9))


def _spin() -> None:
    while True:
        pass


def _fill() -> None:
    bytearray(1024 * 2**20)


def _kill_others() -> None:
    os.kill(os.getppid(), signal.SIGTERM)


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _traced() -> None:
    if ctypes.CDLL(None).ptrace(0, 0, 0, 0) != 0:
        raise PermissionError


DEEDS: dict[str, Callable[[], object]] = {
    "read a file": lambda: Path("/etc/passwd").read_text(), "list": lambda: os.listdir("/tmp"), "write": _write_file,
    "run a program": _execute, "fork": _fork, "connect": _connect, "a socket": lambda: socket.socket(socket.AF_UNIX),
    "memory to run": _executable_memory, "kill": _kill_others, "memory": _fill, "trace": _traced,
    "another's memory": lambda: Path(f"/proc/{os.getppid()}/mem").read_bytes(),
}  # fmt: skip


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize("name", list(DEEDS))
def test_a_worker_can_do_nothing_but_decode(name: str, threads: bool) -> None:
    assert _inside(DEEDS[name], threads=threads) in ("PermissionError", "OSError", "MemoryError", "BlockingIOError")


def test_a_worker_has_two_seconds_of_processor_and_no_more() -> None:
    assert _inside(_spin) == "SIGKILL"


def test_threads_are_there_for_the_codec_that_needs_them_alone() -> None:
    def thread() -> None:
        one = threading.Thread(target=int)
        one.start()
        one.join()

    assert _inside(thread, threads=True) == "done"
    assert _inside(thread) == "RuntimeError"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_whole(machine: str) -> None:
    for threads in (False, True):
        made = syscalls.program(machine, threads=threads)
        assert made is not None
        steps = [made[at : at + 8] for at in range(0, len(made), 8)]
        assert len(steps) < 256
        assert steps[-1][:2] == b"\x06\x00"
        for at, step in enumerate(steps):  # every jump lands inside
            if step[0] & 7 == 5:
                assert at + 1 + max(step[2], step[3]) < len(steps)
    assert syscalls.program("vax", threads=False) is None


def test_decoding_imports_nothing_that_was_not_there_before() -> None:
    small = picture(64, 64)
    files = [encoded(small, kind, exif=exif()) for kind in ("JPEG", "PNG", "WEBP")]
    known = set(sys.modules)
    for file in (*files, HEIC.read_bytes()):
        decoded(file)
    assert set(sys.modules) - known == set()


def test_only_the_darkroom_may_ask(places: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("users cannot be changed without root")
    with running_intake(places) as intake:
        os.chmod(intake.path.parent, 0o711)
        pid = os.fork()
        if pid == 0:
            status = 1
            with contextlib.suppress(BaseException):
                hardening.become(USER + 1)
                with socket.socket(socket.AF_UNIX) as stranger:
                    stranger.connect(str(intake.path))
                    status = 0 if stranger.recv(1) == b"" else 2
            os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, "turned away before a worker was made"


def test_workers_are_few_and_the_rest_waits(intake: Intake) -> None:
    slow = []
    for _ in range(5):
        one = socket.socket(socket.AF_UNIX)
        one.connect(str(intake.path))
        one.sendall(SIZE.pack(100))
        slow.append(one)
    give_up = time.monotonic() + 60
    while len(intake.workers()) < 2 and time.monotonic() < give_up:
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(intake.workers()) == 2
    for one in slow:
        one.close()
    assert intake.decode(jpeg()).header.width == 640
    give_up = time.monotonic() + 60
    while intake.workers() and time.monotonic() < give_up:
        time.sleep(0.01)
    assert intake.workers() == []


def test_without_an_intake_the_caller_is_told_to_come_back(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Intake(tmp_path / "none.sock", 0).decode(jpeg())

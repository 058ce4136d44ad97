"""A leaked file that has broken the process which reads it: what it can reach, and what its caller believes."""

import contextlib
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import leaked_files as made
import msgspec
import pytest
from reading_rig import USER, Reading, rows_of, running, text_of, unread

from seifas import hardening
from seifas.darkroom import jail
from seifas.errors import Unavailable
from seifas.leaks.reading import program
from seifas.leaks.reading.frames import HEAD, SIZE, PictureHead
from seifas.leaks.reading.pieces import Prose, Table, Unread


def _tried(deed: Callable[[], object]) -> str:
    try:
        deed()
    except BaseException as error:
        return type(error).__name__
    return "done"


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


DEEDS: dict[str, Callable[[], object]] = {
    "read a file": lambda: Path("/etc/passwd").read_text(), "list": lambda: os.listdir("/"),
    "write": lambda: Path("/tmp/from-a-leak").write_text("x"), "run": lambda: os.execv("/bin/true", ["/bin/true"]),
    "fork": _fork, "a socket": lambda: socket.socket(socket.AF_INET), "another": lambda: socket.socket(socket.AF_UNIX),
    "kill": lambda: os.kill(os.getppid(), 15),
    "its parent's memory": lambda: Path(f"/proc/{os.getppid()}/mem").read_bytes(),
    "other descriptors": lambda: [os.read(number, 1) for number in range(1, 3)],
    "more memory": lambda: bytearray(2**31),
}  # fmt: skip


def _broken_into(connection: socket.socket) -> None:
    """The work of a worker that a file has taken over, after what every worker does first."""
    jail.narrow(threads=True)
    lines = [f"{name}: {_tried(deed)}" for name, deed in DEEDS.items()]
    program.send(connection, Prose("broken", lines))


@pytest.fixture(scope="module")
def reading(places: Path) -> Iterator[Reading]:
    with running(places) as made_:
        yield made_


def test_a_worker_that_is_broken_into_can_open_nothing(places: Path) -> None:
    with running(places, work=_broken_into) as broken:
        found = broken.read("a.csv", b"x")
    done = [line for line in text_of(found).splitlines() if line.endswith("done")]
    assert len(text_of(found).splitlines()) == len(DEEDS)
    assert done == []
    assert not Path("/tmp/from-a-leak").exists()
    assert unread(found) == [("a.csv", "stopped")]


def _says(*parts: bytes) -> Callable[[socket.socket], None]:
    def work(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    return work


def _frame(value: object) -> bytes:
    body = msgspec.msgpack.encode(value)
    return HEAD.pack(len(body)) + body


LIES = {
    "too long a frame": struct.pack(">I", 2**31), "no frame": b"\x00\x00\x00\x05hello",
    "another kind": _frame(["photo", "x", 1, 1]), "too many pixels": _frame(PictureHead("x", 30_000, 30_000)),
    "no pixels": _frame(PictureHead("x", 0, 10)), "fewer pixels": _frame(PictureHead("x", 100, 100)) + b"abc",
    "too many rows": _frame(Table("x", (), [["a"]] * 5_000)), "too wide": _frame(Table("x", (), [["a"] * 600])),
    "too long a cell": _frame(Table("x", (), [["a" * 40_000]])), "row nought": _frame(Table("x", (), [["a"]], 0)),
    "too long a name": _frame(Prose("x" * 500, ["a"])), "a name to break a page": _frame(Prose("x\x1b[2J", ["a"])),
    "nothing": b"",
}  # fmt: skip


@pytest.mark.parametrize("name", list(LIES))
def test_what_a_broken_worker_says_is_not_believed(name: str, places: Path) -> None:
    with running(places, work=_says(_frame(Prose("fine", ["first"])), LIES[name])) as lying:
        found = lying.read("a.csv", b"x")
    assert [type(piece) for piece in found] == [Prose, Unread]
    assert unread(found) == [("a.csv", "stopped")]


def test_an_invented_reason_is_one_of_ours(places: Path) -> None:
    with running(places, work=_says(_frame(Unread("x", "call this number")), _frame(["end"]))) as lying:
        assert lying.read("a", b"") == [Unread("x", "damaged")]


def test_only_the_leaks_process_may_ask(places: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("users cannot be changed without root")
    with running(places) as reading:
        pid = os.fork()
        if pid == 0:
            status = 1
            with contextlib.suppress(BaseException):
                hardening.become(USER + 1)
                with socket.socket(socket.AF_UNIX) as stranger:
                    stranger.connect(str(reading.path))
                    status = 0 if stranger.recv(1) == b"" else 2
            os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize("name", list(made.FORMS))
def test_a_worker_needs_nothing_it_has_given_up(name: str, reading: Reading) -> None:
    sample = made.people(4)
    found = reading.read(name, made.FORMS[name](sample))
    assert unread(found) == []
    said = text_of(found) + str(rows_of(found))
    assert all(one.family.split("-")[0].lower() in said.lower() or name == "story-en.txt" or name == "all.zip"
               for one in sample if one.family.encode("windows-1257", "ignore").decode("windows-1257") == one.family)


def test_files_in_languages_that_need_more_letters(reading: Reading) -> None:
    text = "Imię;Nazwisko;Telefon\nŁukasz;Żółć;861234567\nИмя;Фамилия;ελληνικά\n名前;電話;x\n"
    for raw in (text.encode(), text.encode("utf-16")):
        assert unread(reading.read("a.csv", raw)) == []


def test_three_hundred_megabytes_take_no_more_memory_than_three(reading: Reading) -> None:
    row = ";".join(["Kazlauskas", "Jonas", "1980-01-02", "x" * 30_000]) + "\n"
    block = (row * 30).encode()
    peak, rows = {}, 0
    for megabytes in (3, 300):
        count = megabytes * 2**20 // len(block)
        peak[megabytes] = rows = 0
        for piece in reading.stream("big.csv", (block for _ in range(count)), count * len(block)):
            assert isinstance(piece, Table)
            rows += len(piece.rows)
            for worker in reading.workers():
                with contextlib.suppress(OSError):
                    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[1])
                    peak[megabytes] = max(peak[megabytes], pages * 4096)
        assert rows == 30 * count
    assert peak[300] < peak[3] + 24 * 2**20


def test_a_worker_without_its_caller_ends(reading: Reading) -> None:
    found = reading.stream("big.csv", (b"a;b;c\n" * 10_000 for _ in range(10_000)), 600_000_000)
    next(found)
    assert reading.workers()
    found.close()  # type: ignore[attr-defined]
    give_up = time.monotonic() + 60
    while reading.workers() and time.monotonic() < give_up:
        time.sleep(0.02)
    assert reading.workers() == []


def test_a_file_that_is_shorter_than_it_says_stops_its_worker(places: Path) -> None:
    with running(places, wall_s=2.0) as reading, socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(reading.path))
        caller.sendall(SIZE.pack(1_000, 1) + b"a" + b"x;y\n")
        caller.shutdown(socket.SHUT_WR)
        caller.settimeout(60)
        assert caller.recv(100) == b""
        with socket.socket(socket.AF_UNIX) as slow:
            slow.connect(str(reading.path))
            slow.sendall(SIZE.pack(1_000, 1))
            slow.settimeout(60)
            assert slow.recv(100) == b"", "killed by the clock"


def test_without_the_program_the_caller_is_told_to_come_back(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Reading(tmp_path / "none.sock", 0).read("a", b"x")

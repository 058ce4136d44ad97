"""A reading worker that was broken into, against the process that searches: what it says, how much, and not at all."""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from reading_rig import running, unread

from seifas.leaks.asking import CaseFile
from seifas.leaks.job import Cancelled, Job
from seifas.leaks.reading.frames import HEAD
from seifas.leaks.reading.pieces import LONGEST_SOURCE, Piece, Prose, Table, Unread
from seifas.leaks.results import MOST_BODY, Candidate, Left, Matched, Row, Traced, body_of, read
from seifas.leaks.searching import Samples

FIRST = Prose("fine", ["first"])


def _frame(body: bytes) -> bytes:
    return HEAD.pack(len(body)) + body


def _said(value: object) -> bytes:
    return _frame(msgspec.msgpack.encode(value))


def _works(*parts: bytes, again: int = 1, silent: float = 0.0) -> Callable[[socket.socket], None]:
    def work(connection: socket.socket) -> None:
        for _ in range(again):
            for part in parts:
                connection.sendall(part)
        time.sleep(silent)

    return work


def _deep(levels: int) -> bytes:
    """["prose", "x", ["a"], 1, [[[...]]]]: one part more than there is, of lists in lists."""
    return b"\x95\xa5prose\xa1x\x91\xa1a\x01" + b"\x91" * levels + b"\x01"


LIES = {
    "a heading without end": _said(Table("x", ("a" * 2**20,), [["a"]])),
    "a row beyond all numbers": _said(Table("x", (), [["a"]] * 2, 2**64 - 1)),
    "a line beyond all numbers": _said(Prose("x", ["a"] * 2, 2**63)),
    "lines without end": _said(Prose("x", [""] * 2_000_000)),
    "a row of sixteen million letters": _said(Table("x", (), [["a" * 30_000] * 500])),
    "lists in lists": _frame(_deep(1_000_000)),
    "no letters": _frame(b"\x93\xa5prose\xa1x\x91\xa3\xed\xa0\x80"),
    "a number that is none": _frame(b"\x94\xa5prose\xa1x\x91\xa1a\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
}


@pytest.mark.parametrize("name", list(LIES))
def test_what_is_too_much_or_nothing_ends_the_worker_and_not_the_search(name: str, places: Path) -> None:
    with running(places, work=_works(_said(FIRST), LIES[name])) as lying:
        found = lying.read("a.csv", b"x")
    assert found[0] == FIRST
    assert unread(found) == [("a.csv", "stopped")]
    assert len(found) == 2


def test_a_piece_too_large_to_be_gone_through_at_once_comes_in_parts(places: Path) -> None:
    lines, rows = ["a" * 30_000] * 400, [["b" * 30_000] * 4] * 100
    with running(places, work=_works(_said(Prose("x", lines, 7)), _said(Table("y", ("h",), rows, 9)))) as large:
        found = [piece for piece in large.read("a.csv", b"x") if not isinstance(piece, Unread)]
    prose = [piece for piece in found if isinstance(piece, Prose)]
    tables = [piece for piece in found if isinstance(piece, Table)]
    assert [line for piece in prose for line in piece.lines] == lines
    assert [row for piece in tables for row in piece.rows] == rows
    assert [piece.first for piece in prose] == [7 + 18 * at for at in range(len(prose))]
    assert [piece.first for piece in tables] == [9 + 5 * at for at in range(len(tables))]
    assert {piece.header for piece in tables} == {("h",)}
    assert max(sum(map(len, piece.lines)) for piece in prose) < 600_000


class _Case:
    """Stands for the keeper: the sample is at hand."""

    def opened(self, objects: Any, file: CaseFile) -> Iterator[bytes]:
        yield b"x" * file.size


def _searched(path: Path, deed: Callable[[Job, Iterator[Piece]], Any]) -> Any:
    """A search over one file, in a thread as in the leaks process."""
    async def main() -> Any:
        job = Job("match", b"c" * 16, (), "desk")
        samples = Samples(job, _Case(), None, path)  # type: ignore[arg-type]
        file = CaseFile(b"f" * 16, "a.csv", 1, b"o" * 16, b"k" * 32, b"c" * 16, 1)
        return await asyncio.to_thread(deed, job, samples.pieces([file]))

    return asyncio.run(main())


def test_a_worker_that_never_answers_can_be_given_up_at_once(places: Path) -> None:
    def deed(job: Job, pieces: Iterator[Piece]) -> float:
        threading.Timer(0.5, job.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            list(pieces)
        return time.monotonic() - began

    with running(places, work=_works(silent=60)) as silent:
        assert _searched(silent.path, deed) < 30


def test_a_worker_that_talks_without_end_can_be_given_up_at_once(places: Path) -> None:
    def deed(job: Job, pieces: Iterator[Piece]) -> float:
        threading.Timer(0.5, job.cancel).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            for _ in pieces:
                pass
        return time.monotonic() - began

    with running(places, work=_works(_said(FIRST), again=10**9)) as endless:
        assert _searched(endless.path, deed) < 30


def test_reasons_without_end_fill_no_memory_and_are_counted(places: Path) -> None:
    many = 200_000

    def deed(job: Job, pieces: Iterator[Piece]) -> Job:
        assert list(pieces) == []
        return job

    with running(places, work=_works(_said(Unread("x" * 300, "damaged")), again=many)) as lying:
        job = _searched(lying.path, deed)
    assert job.told["unread"] >= many
    assert sum(sys.getsizeof(one.source) for one in job.unread) < 2**20
    assert job.unread[-1].word == "more"


def test_a_result_is_never_too_large_to_be_kept() -> None:
    long = "ž" * LONGEST_SOURCE
    patients = [n.to_bytes(16, "big") for n in range(50)]
    alike = tuple(Candidate(one, 0.02, ("surname-form", "birth-date")) for one in patients)
    row = Row(long, 2**40, (0, 2**15), "ū" * 200, alike, 0.0, True, "2024-01-01")
    lost = tuple(Left(long, "unpacks-too-large") for _ in range(20_000))
    for made in (Matched((row,) * 5_000, lost), Traced((), lost, (b"x" * 300_000,) * 24)):
        body = body_of(made)
        assert len(body) <= MOST_BODY
        kept = read(body)
        if isinstance(kept, Matched):
            assert len(kept.rows) == 5_000
            assert kept.rows[0].candidates[0] == row.candidates[0]
            assert kept.rows[0].nobody == pytest.approx(0.98)

"""A reading program of its own, as the supervisor would run it, and what it makes of files."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from seifas import hardening, preloading
from seifas.darkroom.intake import serve
from seifas.darkroom.sockets import bound
from seifas.leaks.reading import client, program
from seifas.leaks.reading.opening import opened
from seifas.leaks.reading.pieces import Piece, Prose, Table, Unread
from seifas.leaks.reading.streams import Budget, of_bytes

preloading.preload()  # as the supervisor does: a worker can load nothing any more

USER = 61491
"""Of nobody else on a test machine; used where the tests run as root."""


class Reading:
    def __init__(self, path: Path, pid: int) -> None:
        self.path = path
        self.pid = pid

    def read(self, name: str, data: bytes) -> list[Piece]:
        return list(client.read(self.path, name, [data], len(data)))

    def stream(self, name: str, pieces: Iterable[bytes], size: int) -> Iterator[Piece]:
        return client.read(self.path, name, pieces, size)

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children]


@contextmanager
def running(
    place: Path, *, work: Callable[..., None] = program.work, wall_s: float = 120.0
) -> Iterator[Reading]:
    """Forked as by the supervisor; gone at the end."""
    path = place / f"{os.urandom(4).hex()}.sock"
    listener = bound(path)
    own = os.geteuid()
    pid = os.fork()
    if pid == 0:
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            if own == 0:
                hardening.become(USER)
            serve(listener, own, work=work, wall_s=wall_s, cpu_s=program.CPU_S)
        finally:
            os._exit(1)
    listener.close()
    try:
        yield Reading(path, pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        path.unlink()


def pieces_of(data: bytes | str, name: str = "f") -> list[Piece]:
    """What a worker would send, read here."""
    raw = data.encode() if isinstance(data, str) else data
    budget = Budget()
    budget.taken = len(raw)
    return list(opened(name, of_bytes(raw), budget))


def unread(pieces: Iterable[Piece]) -> list[tuple[str, str]]:
    return [(piece.source, piece.word) for piece in pieces if isinstance(piece, Unread)]


def rows_of(pieces: Iterable[Piece]) -> list[list[str]]:
    return [row for piece in pieces if isinstance(piece, Table) for row in piece.rows]


def text_of(pieces: Iterable[Piece]) -> str:
    return "\n".join(line for piece in pieces if isinstance(piece, Prose) for line in piece.lines)

"""An intake program of its own, as the supervisor would run it, and what it makes of files."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seifas import hardening
from seifas.darkroom import intake
from seifas.darkroom.feeding import Developed, developed
from seifas.darkroom.sockets import bound

USER = 61490
"""Of nobody else on a test machine; used where the tests run as root."""


class Intake:
    def __init__(self, path: Path, pid: int) -> None:
        self.path = path
        self.pid = pid

    def decode(self, file: bytes) -> Developed:
        return developed(self.path, [file], len(file))

    def workers(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [int(child) for child in children]


@contextmanager
def running_intake(place: Path, *, wall_s: float = intake.WALL_S) -> Iterator[Intake]:
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
            intake.serve(listener, own, wall_s=wall_s)
        finally:
            os._exit(1)
    listener.close()
    try:
        yield Intake(path, pid)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        path.unlink()

"""A demo clinic served by the bench's own entry, with its CPU, its memory and its counters within reach."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from seifas.demo.secret import demo_passphrase_file
from seifas.drill import flood_people
from seifas.drill.stage import Browser, Stage
from seifas.errors import Unavailable
from seifas.settings import load

ROOT = Path(__file__).resolve().parents[1]
_LOADED_ANEW_S = 8.0  # so much younger than its master is a worker that is not the first
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class Served(Stage):
    """A `Stage` whose server, and whose command line, is a variant of bench/entry.py."""

    def __init__(self, data: Path, variant: str = "plain") -> None:
        super().__init__(data)
        self.variant = variant

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "bench.entry", self.variant]

    def take(self, built: Path) -> None:
        """As copy_from, of a clinic that nobody else needs: for sizes of which a disk has no room for a second one."""
        built.rename(self.data)
        demo_passphrase_file(built).rename(demo_passphrase_file(self.data))

    def seifas(self, *args: str, fine: bool = True) -> dict[str, Any]:
        done = subprocess.run(
            [*self._command(), *args, "--data", str(self.data), "--json"], capture_output=True, check=False,
            timeout=3600, stdin=subprocess.DEVNULL, cwd=ROOT,
        )  # fmt: skip
        if fine and done.returncode != 0:
            raise Unavailable(f"seifas {args[0]}: {done.returncode}: {done.stdout[-500:]!r} {done.stderr[-1500:]!r}")
        lines = done.stdout.decode().strip().splitlines()
        told: dict[str, Any] = msgspec.json.decode(lines[-1]) if lines else {}
        return told if fine else {**told, "exit": done.returncode}

    def start(self, *, wait: bool = True, environment: Mapping[str, str] | None = None) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command(), "serve", "--data", str(self.data), "--port", str(self.port)], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True, cwd=ROOT, env={**os.environ, **(environment or {})},
            )  # fmt: skip
        if wait:
            self.wait_ready(600)

    def counters(self) -> dict[str, float]:
        """The server's own counters, as a collector would scrape them."""
        with contextlib.closing(Browser(self.staff)) as browser:
            text = browser.ask("GET", "/metrics").body.decode()
        rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
        return {name: float(value) for name, value in rows}

    def settle(self, patience_s: float = 60.0) -> None:
        """Waits until the front has loaded anew with the pages that it holds for a siege, which it does once, some ten
        seconds after its begin: connections that are kept at that moment may break."""
        if not load(self.data).shield.on:
            return
        front = flood_people.runtime(self)
        give_up = time.monotonic() + patience_s
        while time.monotonic() < give_up:
            with contextlib.suppress(Unavailable, OSError):
                if _begun_s(int(front.info()["Pid"])) - _begun_s(self.pids()["front"]) > _LOADED_ANEW_S:
                    return
            time.sleep(0.2)

    def all_pids(self) -> list[int]:
        assert self.process is not None
        return [self.process.pid, *self.pids().values()]


def _begun_s(pid: int) -> float:
    """When a process began, in seconds since the machine did."""
    return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]) * _TICK_S


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def resident(pid: int) -> int:
    """Bytes of memory in use."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def only(running: Iterable[int], halted: Iterable[int]) -> Iterator[None]:
    """Keeps `halted` from running at all meanwhile, once both sides have come to rest."""
    stopped = list(halted)
    rest([*running, *stopped])
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def rest(pids: Iterable[int], patience_s: float = 60.0) -> None:
    """Waits until these processes have little left to do: searches whose asker is gone, tiles to be written."""
    known = list(pids)
    give_up = time.monotonic() + patience_s
    while time.monotonic() < give_up:
        before = sum(map(cpu_seconds, known))
        time.sleep(0.4)
        if sum(map(cpu_seconds, known)) - before <= 0.06:
            return

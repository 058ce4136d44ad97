"""Serves stages without importing the whole program and compiling its templates anew each time, which is four fifths of
what a start costs: one process has done that, and forks.

    with Forge() as forge: forge.serve(data, port, log) -> Served          from any process that was forked since

What comes of it is a session of its own that runs the command line `serve`, as if it had been executed: same arguments,
same log, same way to end. A quick drill starts its clinics so (drilling.py); a whole one executes each.
"""

from __future__ import annotations

import contextlib
import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from seifas import preloading
from seifas.cli import main as command_line
from seifas.cli.verbs import VERBS, command_of
from seifas.web import pages

_END_S = 20


class Served:
    """A forked server, to be asked and told like a Popen. It is reaped by nobody here: /proc says whether it runs."""

    def __init__(self, pid: int, status: Path) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        if self.returncode is None and not Path(f"/proc/{self.pid}").exists():
            self.returncode = -signal.SIGKILL
            with contextlib.suppress(FileNotFoundError):
                self.returncode = int(self._status.read_text())
                self._status.unlink()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        give_up = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if give_up is not None and time.monotonic() > give_up:
                raise subprocess.TimeoutExpired("seifas serve", timeout or 0)
            time.sleep(0.02)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)


class Forge:
    """The asking end. Several processes may ask: who was forked from the one that made it, one at a time."""

    def __init__(self) -> None:
        self._one_asks = multiprocessing.get_context("fork").Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "seifas.cli.forge"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> Self:
        return self

    def serve(self, data: Path, port: int, log: Path) -> Served:
        """Begins a server. Raises OSError or ValueError where the forge is gone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        status = log.with_name(f"{log.name}.status")
        asked = {
            "arguments": ["serve", "--data", str(data), "--port", str(port)], "log": str(log), "status": str(status),
            "directory": str(Path.cwd()), "environment": dict(os.environ),
        }  # fmt: skip
        with self._one_asks:
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            return Served(int(self._process.stdout.readline()), status)

    def __exit__(self, *_: object) -> None:
        """Ends the forge; its servers are their stages' to stop."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # The terminal interrupts all: the drill then ends each server itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be(asked)
        print(pid, flush=True)


def _be(asked: dict[str, Any]) -> None:
    status = 1
    try:
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.setsid()
        os.chdir(asked["directory"])
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        _onto(os.devnull, os.O_RDONLY, 0)
        for output in (1, 2):
            _onto(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, output)
        sys.argv[:] = ["seifas", *asked["arguments"]]
        try:
            command_line.run()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
            Path(asked["status"]).write_text(str(status))
        os._exit(status)


def _onto(path: str, flags: int, number: int) -> None:
    descriptor = os.open(path, flags, 0o600)
    os.dup2(descriptor, number)
    os.close(descriptor)


if __name__ == "__main__":
    for verb in VERBS:
        if verb.name == "serve":
            command_of(verb)
    pages.templates()
    preloading.preload()
    gc.freeze()  # what is loaded is shared with every server: looking through it would copy it
    _serve()

"""Starts real processes without importing everything anew each time: one that has imported it all, and forks.

Asked by lines of JSON on its standard input, {"run": "keeper" | "seifas", "args": [...], "out": path, "err": path}; it
answers each with the process id. What is started is a session of its own with its own supervisor or command line, just
as if it had been executed.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    from seifas import settings
    from seifas.cli import main as command_line
    from seifas.cli.verbs import VERBS, command_of
    from seifas.keeper import main as keeper_main
    from seifas.supervisor import Program, run


class Forge:
    """The test's end of it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def start(self, what: str, args: list[str], *, out: Path, err: Path) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"run": what, "args": args, "out": str(out), "err": str(err)}), file=self._process.stdin,
              flush=True)
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them here: the tests look into /proc
    for line in sys.stdin:
        asked = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _be(asked)
        print(pid, flush=True)


def _be(asked: dict[str, Any]) -> None:
    status = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, path, flags in (
            (0, os.devnull, os.O_RDONLY), (1, asked["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
            (2, asked["err"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
        ):
            descriptor = os.open(path, flags, 0o600)
            os.dup2(descriptor, number)
            os.close(descriptor)
        status = _keeper(asked["args"]) if asked["run"] == "keeper" else _seifas(asked["args"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(f"{asked['out']}.status.new").write_text(str(status))
        os.rename(f"{asked['out']}.status.new", f"{asked['out']}.status")
        os._exit(status)


def _keeper(args: list[str]) -> int:
    data = Path(args[0])
    chosen = settings.load(data)
    return run([Program("keeper", lambda: keeper_main.main(data, chosen, alone=True), None, holds_root=True)])


def _seifas(args: list[str]) -> int:
    sys.argv[:] = ["seifas", *args]
    try:
        command_line.run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


if __name__ == "__main__":
    for verb in VERBS:  # once, not in every fork
        command_of(verb)
    _serve()

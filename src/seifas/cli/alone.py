"""A keeper for one command: started for a vault that nobody serves, unlocked if the command needs it, ended with it."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.asking_witness import newest
from seifas.cli.separating import shared_group
from seifas.errors import Unavailable
from seifas.keeper import main as keeper_main
from seifas.keeper.client import BlockingClient
from seifas.keeper.identity import leaked
from seifas.settings import Settings
from seifas.supervisor import Program, run
from seifas.upgrading import refuse_if_due


@contextlib.contextmanager
def keeper_alone(
    data: Path, settings: Settings, file: Path | None, *, unlocked: bool, pin_file: Path | None = None
) -> Iterator[BlockingClient]:
    """A client on its admin socket. Raises what unlocking raises, and Conflict where an upgrade is due."""
    refuse_if_due(data, settings)
    secrets = reach.opening(data, file, pin_file) if unlocked else {}
    (data / "run").mkdir(mode=0o755, exist_ok=True)
    seen = newest(data) if unlocked else b""
    pid = os.fork()
    if pid == 0:
        _serve(data)
    try:
        client = BlockingClient(data / "run" / "admin.sock", patience=15.0)
        try:
            if unlocked:
                client.call("admin.unlock", **secrets, witness=seen)
            yield client
        finally:
            client.close()
    finally:
        _end(pid)


def _serve(data: Path) -> None:
    """In the child: a supervisor with nothing but a keeper, silent, ended by its parent."""
    status = 1
    try:
        os.setsid()
        quiet = os.open(os.devnull, os.O_RDWR)
        os.dup2(quiet, 0)
        os.dup2(quiet, 1)
        if "SEIFAS_KEEPER_LOG" in os.environ:
            os.dup2(os.open(os.environ["SEIFAS_KEEPER_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)
        else:
            os.dup2(quiet, 2)
        settings = settings_module.load(data)
        owner = reach.owner(data)
        program = Program(
            "keeper", lambda: keeper_main.main(data, settings, alone=True), owner, holds_root=True,
            groups=() if owner is None else (shared_group(settings),),
        )
        leaked.hold()
        status = run([program])
    finally:
        os._exit(status)


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGTERM)
    give_up = time.monotonic() + 15
    while time.monotonic() < give_up:
        done, _ = os.waitpid(pid, os.WNOHANG)
        if done:
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise Unavailable("the keeper that was started for this command did not end; it was stopped")

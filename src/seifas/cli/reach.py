"""Reaches the keeper for a command: the running one through its admin socket, or one started just for the command.

A command works the same whether `seifas serve` runs or not; when it does not, the vault is unlocked for the command's
time only, with the passphrase from --passphrase-file, a demo's own file, or typed at the terminal.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import typer

from seifas import settings as settings_module
from seifas.cli.asking_witness import newest
from seifas.cli.frame import secret_from
from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Locked, Unavailable
from seifas.keeper import main as keeper_main
from seifas.keeper.client import BlockingClient
from seifas.supervisor import Program, run
from seifas.upgrading import refuse_if_due


def staff_url(data: Path) -> str:
    """How the staff listener is reached now: as it is being served, else as the settings say."""
    settings = settings_module.load(data)
    served = data / "run" / "staff_url"
    if is_running(data) and served.exists():
        return served.read_text().strip()
    return settings.staff_url


def is_running(data: Path) -> bool:
    """Whether a keeper answers on this vault's admin socket."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(data / "run" / "admin.sock"))
    except OSError:
        return False
    else:
        return True
    finally:
        probe.close()


def passphrase(data: Path, file: Path | None) -> str:
    """From the file, from the demo's own file, or asked at the terminal. Raises Locked where none of them is there."""
    if file is not None:
        return secret_from(file, data)
    settings = settings_module.load(data)
    own = demo_passphrase_file(data)
    if settings.demo and own.exists():
        return secret_from(own, data)
    if sys.stdin.isatty():
        return str(typer.prompt("Passphrase", hide_input=True))
    raise Locked("give the passphrase with --passphrase-file, or run this at a terminal")


@contextlib.contextmanager
def keeper(data: Path, file: Path | None = None, *, unlocked: bool = True) -> Iterator[BlockingClient]:
    """A client on the admin socket of this vault, unlocked unless asked otherwise."""
    settings = settings_module.load(data)
    if is_running(data):
        client = BlockingClient(data / "run" / "admin.sock")
        try:
            if unlocked and client.call("health")["locked"]:
                client.call("admin.unlock", passphrase=passphrase(data, file), witness=newest(data))
            yield client
        finally:
            client.close()
        return
    refuse_if_due(data, settings)
    secret = passphrase(data, file) if unlocked else ""
    (data / "run").mkdir(mode=0o755, exist_ok=True)
    seen = newest(data) if unlocked else b""
    pid = os.fork()
    if pid == 0:
        _serve_alone(data)
    try:
        client = BlockingClient(data / "run" / "admin.sock", patience=15.0)
        try:
            if unlocked:
                client.call("admin.unlock", passphrase=secret, witness=seen)
            yield client
        finally:
            client.close()
    finally:
        _end(pid)


def owner(data: Path) -> int | None:
    """The user that a root command's keeper has to become, so that it leaves no file the served keeper cannot read."""
    settings_module.load(data)  # says so where there is no vault
    uid = (data / "state").stat().st_uid
    return uid if os.geteuid() == 0 and uid != 0 else None


def _serve_alone(data: Path) -> None:
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
        program = Program("keeper", lambda: keeper_main.main(data, settings, alone=True), owner(data), holds_root=True)
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



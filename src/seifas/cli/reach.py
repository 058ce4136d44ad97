"""Reaches the keeper for a command: the running one through its admin socket, or one started for it (alone.py).

A command works the same whether `seifas serve` runs or not; when it does not, the vault is unlocked for the command's
time only, with the passphrase from --passphrase-file, a demo's own file, or typed at the terminal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

from seifas import settings as settings_module
from seifas.cli.asking_witness import newest
from seifas.cli.frame import secret_from
from seifas.cli.loading import loaded
from seifas.demo.secret import demo_passphrase_file
from seifas.errors import Locked
from seifas.keeper.client import BlockingClient

_SERVING: Final = "serving.lock"
_PATIENCE_S: Final = 15.0


def staff_url(data: Path) -> str:
    """How the staff listener is reached now: as it is being served, else as the settings say."""
    settings = settings_module.load(data)
    served = data / "run" / "staff_url"
    if is_running(data) and served.exists():
        return served.read_text().strip()
    return settings.staff_url


def hold_serving(data: Path) -> None:
    """Says, for as long as this process or one that it forks lives, that this vault is being served."""
    descriptor = os.open(data / "run" / _SERVING, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with contextlib.suppress(BlockingIOError):  # what the one before leaves behind is about to end
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_served(data: Path) -> bool:
    try:
        descriptor = os.open(data / "run" / _SERVING, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def is_running(data: Path) -> bool:
    """Whether a keeper answers on this vault's admin socket. One that is being started again is waited for: a command
    that started its own meanwhile would take its socket away."""
    give_up = time.monotonic() + _PATIENCE_S
    while not (answers := _answers(data)) and time.monotonic() < give_up and _is_served(data):
        time.sleep(0.05)
    return answers


def _answers(data: Path) -> bool:
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
        if settings.hsm.module:
            return str(typer.prompt("Passphrase (empty: by a token alone)", default="", hide_input=True))
        return str(typer.prompt("Passphrase", hide_input=True))
    raise Locked("give the passphrase with --passphrase-file, or run this at a terminal")


def opening(data: Path, file: Path | None, pin_file: Path | None = None) -> dict[str, str]:
    """What the vault is opened with: {passphrase, pin}. The PIN of a token is asked for where a PKCS#11 module is set;
    it may be empty, and with it the passphrase may be. Raises Locked, Invalid."""
    at_terminal = sys.stdin.isatty()
    pin = secret_from(pin_file, data) if pin_file is not None else ""
    if pin and file is None and not at_terminal:
        return {"passphrase": "", "pin": pin}
    secret = passphrase(data, file)
    if not pin and at_terminal and settings_module.load(data).hsm.module:
        pin = str(typer.prompt("The token's PIN (empty: none needed)", default="", hide_input=True))
    return {"passphrase": secret, "pin": pin}


@contextlib.contextmanager
def keeper(
    data: Path, file: Path | None = None, *, unlocked: bool = True, pin_file: Path | None = None
) -> Iterator[BlockingClient]:
    """A client on the admin socket of this vault, unlocked unless asked otherwise."""
    settings = settings_module.load(data)
    if is_running(data):
        client = BlockingClient(data / "run" / "admin.sock")
        try:
            if unlocked and client.call("health")["locked"]:
                client.call("admin.unlock", **opening(data, file, pin_file), witness=newest(data))
            yield client
        finally:
            client.close()
        return
    with loaded("seifas.cli.alone:keeper_alone")(
        data, settings, file, unlocked=unlocked, pin_file=pin_file
    ) as alone:
        yield alone


def owner(data: Path) -> int | None:
    """The user that a root command's keeper has to become, so that it leaves no file the served keeper cannot read."""
    settings_module.load(data)  # says so where there is no vault
    uid = (data / "state").stat().st_uid
    return uid if os.geteuid() == 0 and uid != 0 else None

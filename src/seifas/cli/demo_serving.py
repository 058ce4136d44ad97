"""The second half of `seifas demo`, in a program image of its own: serves, and prints links to sign in with."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from seifas.cli import reach
from seifas.cli.frame import Json, console, reporting
from seifas.cli.serving import serve
from seifas.keeper.client import BlockingClient

_LINKS_FOR = ("doctor1", "reception1", "officer1", "administrator")


def demo_serve(
    data: Annotated[Path, typer.Option("--data")], port: Annotated[int, typer.Option()] = 8400, json: Json = False
) -> None:
    """The second half of `seifas demo`: serves, and prints login links once the vault is unlocked."""
    with reporting(json):
        _links_later(data)
        raise typer.Exit(serve(data, port, None))


def _links_later(data: Path) -> None:
    """A child that waits for the vault, then prints one login link for each kind of account."""
    if os.fork() != 0:
        return
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not reach.is_running(data):
            time.sleep(0.1)
        with BlockingClient(data / "run" / "admin.sock") as keeper:
            while time.monotonic() < deadline and keeper.call("health")["locked"]:
                time.sleep(0.1)
            base = reach.staff_url(data)
            for name in _LINKS_FOR:
                made = keeper.call("admin.login_link", name=name)
                console.print(f"sign in as {name:15} {base}/auth/link/{made['token']}")
            for invited in keeper.call("admin.portal_demo"):
                said = f"code {invited['code']}, birth date {invited['birth']}"
                console.print(f"enter as a patient      {invited['url']}  {said}")
        console.print("each link works once, for 15 minutes; more: seifas account login-link NAME --data DIR")
        console.print("passkeys belong to a name: to try them, open a link with localhost in place of 127.0.0.1")
    finally:
        os._exit(0)

"""`seifas leaks watch`: has addresses looked at for a case, and lists what changed there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from seifas import settings as settings_module
from seifas.cli import reach
from seifas.cli.frame import Data, Json, console, ident, reporting, tell
from seifas.errors import Invalid, SeifasError, Unavailable
from seifas.keeper.client import BlockingClient


def watch(
    urls: Annotated[list[str] | None, typer.Argument(help="http or https; none: list what is watched.")] = None,
    data: Data = Path("."),
    case: Annotated[str, typer.Option("--case", help="The case they are watched for; a demo makes its own.")] = "",
    every: Annotated[int, typer.Option("--every", help="Minutes between two looks, 1 to 1440.")] = 15,
    json: Json = False,
) -> None:
    """Watch addresses where a sample was published: each change is kept as sealed evidence, and rings."""
    with reporting(json):
        if not reach.is_running(data):
            raise Unavailable(f"the clinic is not being served: start it with `seifas serve --data {data}`")
        with BlockingClient(data / "run" / "admin.sock") as admin:
            added = _added(admin, data, case, urls, every) if urls else []
            told = admin.call("watch.admin_list")
            tell(json, {"added": added, "watches": told}, lambda: _words(told))


def _added(admin: BlockingClient, data: Path, case: str, urls: list[str], every: int) -> list[bytes]:
    if case:
        ident = case_of(case)
    elif settings_module.load(data).demo:
        ident = bytes(admin.call("leak.admin_begin", title="seifas leaks watch", ground="demo")["case"])
    else:
        raise Invalid("name the case that these addresses are watched for; it holds the legal basis", where="--case")
    added: list[bytes] = []
    try:
        for url in urls:
            added.append(bytes(admin.call("watch.admin_add", case=ident, url=url, every_min=every)["id"]))
    except SeifasError:
        if not case and not added:
            admin.call("leak.admin_close", case=ident)  # a demo's own: nothing is watched for it
        raise
    return added


def case_of(text: str) -> bytes:
    """A case as `seifas leaks cases` prints it. Raises Invalid."""
    return ident(text, "case", "seifas leaks cases", where="--case")


def _words(told: list[dict[str, Any]]) -> None:
    for one in told:
        at = time.localtime(one["looked_ms"] / 1000)
        looked = time.strftime("%Y-%m-%d %H:%M", at) if one["looked_ms"] else "never"
        state = "ended" if one["stopped_ms"] else f"every {one['every_min']} min"
        trouble = f", {one['trouble']}" if one["trouble"] else ""
        console.print(
            f"{one['url']}  {state}, looked at {looked}{trouble}; {len(one['changes'])} changes", markup=False
        )
    if not told:
        console.print("no address is watched")

"""`seifas check`: holes in this installation, each with why it matters, how to close it, and how it was seen."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich.markup import escape

from seifas import settings as settings_module
from seifas.checking import looking
from seifas.checking.machine import Machine
from seifas.checking.model import HIGH, Report
from seifas.checking.sight import Sight
from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, bar, console, reporting, tell
from seifas.cli.ports import on_ports
from seifas.errors import Invalid
from seifas.keeper.client import BlockingClient
from seifas.keeper.inspected import Inspected

FOUND = 1
"""The exit status where there is a finding; 0 where there is none, 2 for wrong input."""


def check(
    data: Data = Path("."),
    only: Annotated[str, typer.Option("--only", help="These findings alone, by id, with commas between.")] = "",
    advisories: Annotated[
        Path | None, typer.Option("--advisories", help="Published holes of packages: OSV JSON, or osv.dev's all.zip.")
    ] = None,
    backups: Annotated[
        Path | None, typer.Option("--backups", help="Where backups lie, if not where the settings say.")
    ] = None,
    key_copies: Annotated[
        Path | None, typer.Option("--key-copies", help="Where copies of the key store lie, likewise.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The public listener, where it is served with --port.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do not read the log and the backup whole.")] = False,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Look for holes in this installation; nothing is changed. Ends with 1 if there are any."""
    with reporting(json):
        settings = on_ports(settings_module.load(data), port)
        asked = looking.chosen(only)
        for place, option in ((advisories, "--advisories"), (backups, "--backups"), (key_copies, "--key-copies")):
            if place is not None and not place.exists():
                raise Invalid("there is no such file or directory", where=f"{option} {place}")
        served = reach.is_running(data)
        with (
            _told(data, passphrase_file, served=served) as told,
            bar("looking", len(looking.FAMILIES), quiet=json) as advance,
        ):
            report = looking.look(Sight(
                data=data.absolute(), settings=settings, machine=Machine(), now_ms=time.time_ns() // 1_000_000,
                keeper=None if isinstance(told, Standby) else told, served=served and not isinstance(told, Standby),
                standby=isinstance(told, Standby),
                backups=backups or _named(data, settings.backups.data),
                key_copies=key_copies or _named(data, settings.backups.keys),
                advisories=advisories, quick=quick,
            ), asked, advance)  # fmt: skip
        tell(json, msgspec.to_builtins(report), lambda: _words(report))
        if report.findings:
            raise typer.Exit(FOUND)


class Standby(NamedTuple):
    """In place of what a keeper tells: it waits for another node's end."""


@contextlib.contextmanager
def _told(data: Path, passphrase_file: Path | None, *, served: bool) -> Iterator[Inspected | Standby | None]:
    """What the keeper that serves this vault tells, or one that is started for it where a passphrase was given."""
    if served:
        with BlockingClient(data / "run" / "admin.sock") as keeper:
            yield _asked(keeper)
    elif passphrase_file is not None:
        with reach.keeper(data, passphrase_file) as keeper:
            yield _asked(keeper)
    else:
        yield None


def _asked(keeper: BlockingClient) -> Inspected | Standby:
    if keeper.call("health").get("standby"):
        return Standby()
    return msgspec.convert(keeper.call("admin.check"), Inspected)


def _named(data: Path, place: str) -> Path | None:
    return data.absolute() / place if place else None


def _words(report: Report) -> None:
    for one in report.findings:
        colour = "bold red" if one.severity == HIGH else "yellow"
        console.print(f"[{colour}]{one.severity}[/]  [bold]{escape(one.title)}[/]  ({one.id})", markup=True)
        for name, text in (("seen", one.seen), ("why", f"{one.why} {one.story}"), ("fix", one.fix)):
            console.print(f"  {name:5} {text}", markup=False)
        console.print()
    for blind in report.unseen:
        console.print(f"not seen: {', '.join(blind.ids)}\n  {blind.reason}", markup=False)
    of = len(report.looked) + sum(len(one.ids) for one in report.unseen)
    console.print(f"{len(report.findings)} findings; {len(report.looked)} of {of} were looked for in full")

"""`seifas drill`: replays the attack on a synthetic clinic and measures each promise."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from seifas.cli.forge import Forge
from seifas.cli.frame import Json, bar, console, reporting, tell
from seifas.drill import report
from seifas.drill.frame import Context, Step, Told
from seifas.drill.lanes import run_beside
from seifas.drill.paper import paper
from seifas.drill.running import run
from seifas.drill.stage import Stage
from seifas.drill.steps import STEPS, chosen
from seifas.errors import Invalid

_WHOLE = 24_000
_QUICK = 600
_PAPERS = (("lt", "drill.pdf"), ("en", "drill.en.pdf"))
_NAMES = ", ".join(step.name for step in STEPS)


class _Live:
    """Progress on the terminal: what is going on now, and how far it is."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def say(self, text: str) -> None:
        if not self._quiet:
            console.print(f"[dim]{datetime.now():%H:%M:%S}[/] {escape(text)}", markup=True)

    def bar(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        return bar(title, total, quiet=self._quiet)


def drill(
    quick: Annotated[bool, typer.Option("--quick", help=f"{_QUICK} patients, two to three minutes.")] = False,
    only: Annotated[str, typer.Option(help=f"Steps to run, separated by commas: {_NAMES}.")] = "",
    seed: Annotated[int, typer.Option(help="The same seed, the same clinic and the same thief.")] = 1,
    patients: Annotated[int, typer.Option(help=f"How many patients; 0: {_WHOLE}, or {_QUICK} with --quick.")] = 0,
    data: Annotated[
        Path | None, typer.Option("--data", help="Where the drill builds its clinic, and keeps it for the next time.")
    ] = None,
    directory: Annotated[Path, typer.Option("--report", help="Where the report goes.")] = Path("drill-report"),
    json: Json = False,
) -> None:
    """Replay the attack on a synthetic clinic, and measure what the thief gets. Ends with 1 if a promise is broken."""
    with reporting(json):
        steps = chosen(tuple(name.strip() for name in only.split(",") if name.strip()))
        count = patients or (_QUICK if quick else _WHOLE)
        if not 50 <= count <= 1_000_000:
            raise Invalid("a drill takes between 50 and 1,000,000 patients", where="--patients")
        started, clock = datetime.now().astimezone(), time.monotonic()
        with _ending(), _place(data) as place:
            context = Context(place, patients=count, seed=seed, quick=quick, screen=_Live(quiet=json))
            try:
                told = _beside(steps, context) if quick and len(steps) > 1 else run(steps, context)
            finally:
                context.close()
        done = report.Drill(started, round(time.monotonic() - clock, 1), count, seed, quick, tuple(told))
        page, _ = report.write(done, directory)
        for language, name in _PAPERS:
            (directory / name).write_bytes(paper(done, language))
        tell(json, {**report.as_json(done), "report": str(page)}, lambda: _say(done, page))
        raise typer.Exit(1 if done.broken else 0)


def _beside(steps: tuple[Step, ...], context: Context) -> list[Told]:
    before = Stage.serves
    with Forge() as forge:
        Stage.serves = forge.serve
        try:
            return run_beside(steps, context, _lanes())
        finally:
            Stage.serves = before


def _lanes() -> int:
    """One more than cores: a step waits now and then."""
    return min(4, (os.cpu_count() or 1) + 1)


@contextlib.contextmanager
def _ending() -> Iterator[None]:
    """Ended from outside, a drill stops the servers that it has started, as it does after an error."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _place(data: Path | None) -> Iterator[Path]:
    """A directory that the server's own users can enter, so that they are kept apart as in a real clinic."""
    if data is not None:
        data.mkdir(mode=0o711, parents=True, exist_ok=True)
        yield data.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="seifas-drill-") as name:
        os.chmod(name, 0o711)  # noqa: S103 - what is inside is closed by itself
        yield Path(name)


def _say(done: report.Drill, page: Path) -> None:
    for told in done.steps:
        mark = "[green]kept[/]  " if told.result.kept else "[bold red]BROKEN[/]"
        console.print(f"\n{mark} [bold]{escape(told.title)}[/] [dim]{told.name}, {told.seconds} s[/]", markup=True)
        console.print(f"       {escape(told.result.loot)}", markup=True)
        for figure in told.result.figures:
            must = f"  (must be: {figure.bar})" if figure.bar else ""
            console.print(f"       [dim]{escape(figure.label)}:[/] {escape(figure.value)}{escape(must)}", markup=True)
        for other in told.beside:
            console.print(f"       [cyan]{escape(other.system)}:[/] {escape(other.loot)}", markup=True)
        for note in told.result.notes if not told.result.kept else ():
            console.print(f"       [yellow]{escape(note)}[/]", markup=True)
    console.print(f"\n[bold]{report.headline(done.steps)}[/] in {done.seconds:.0f} s. Report: {page}", markup=True)

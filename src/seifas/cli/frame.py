"""What every command shares: `--data`, `--json`, errors with exit codes, progress bars, secrets from files.

Exit codes: 0 done, 1 a defect, 2 wrong input, 3 refused, 4 over budget, 5 tampered, 6 missing, 7 conflict, 8 locked,
9 unavailable (seifas.errors). With --json stdout carries one JSON object, also for an error: {"error", "message",
"where"}; everything for people goes to stderr then.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from seifas.errors import Invalid, SeifasError

Data = Annotated[Path, typer.Option("--data", help="The vault's directory.", envvar="SEIFAS_DATA")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for programs.")]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file with the passphrase, kept outside the vault.")
]

PinFile = Annotated[
    Path | None, typer.Option("--pin-file", help="A file with the token's PIN, kept outside the vault.")
]

# Markup only where a call asks for it: words like "[backups] data" and names of files would be taken for styles.
console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


@contextmanager
def reporting(as_json: bool) -> Iterator[None]:
    """Turns an expected error into words or JSON, and its exit code."""
    try:
        yield
    except SeifasError as error:
        if as_json:
            print(json.dumps({"error": error.code, "message": error.message, "where": error.where}))
        else:
            where = f"  ({error.where})" if error.where else ""
            console.print(f"[bold red]{error.code}[/]: {escape(error.message + where)}", markup=True)
        raise typer.Exit(error.exit_status) from None


def tell(as_json: bool, value: dict[str, Any], words: Callable[[], None] | str) -> None:
    """The result: JSON on stdout, or words for people."""
    if as_json:
        print(json.dumps(value, default=_plain))
    elif callable(words):
        words()
    else:
        console.print(words)
    sys.stdout.flush()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


@contextmanager
def bar(
    title: str, total: int | None, *, quiet: bool, in_bytes: bool = False
) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; the yielded function takes how many were done since the last call."""
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    counted = DownloadColumn(binary_units=True) if in_bytes else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(), counted, TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.advance(task, done)


class Stage(Protocol):
    """What is being done, and how many of its things (bytes, rows) there are; None: unknown."""

    @property
    def name(self) -> str: ...

    @property
    def total(self) -> int | None: ...


@contextmanager
def stages(*, quiet: bool) -> Iterator[Callable[[Stage], Callable[[int], None]]]:
    """One progress bar after the other, on stderr: told of a stage, it gives the function that takes how many were
    done since the last call."""
    if quiet or not console.is_terminal:
        yield lambda stage: lambda done: None
        return
    columns = (TextColumn("{task.description:14}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        last: list[Callable[[], None]] = []

        def watch(stage: Stage) -> Callable[[int], None]:
            for finish in last:
                finish()
            task = progress.add_task(stage.name, total=stage.total)
            last[:] = [lambda: progress.update(task, total=1, completed=1)]
            return lambda done: progress.advance(task, done)

        yield watch
        for finish in last:
            finish()


def ident(text: str, what: str, listed: str, *, where: str) -> bytes:
    """The 16 bytes that name `what`, as the command `listed` prints them. Raises Invalid."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 16:
        raise Invalid(f"a {what} is named by 32 hex characters, as `{listed}` prints them", where=where)
    return found


def kept_outside(path: Path, data: Path) -> None:
    """Raises Invalid for a secret's file inside the vault's directory, and for one that is not there."""
    if path.resolve().is_relative_to(data.resolve()):
        raise Invalid(
            "keep the passphrase outside the vault's directory: who takes the disk would take both", where=str(path)
        )
    if not path.is_file():
        raise Invalid("there is no such passphrase file", where=str(path))


def secret_from(path: Path, data: Path) -> str:
    """The first line of a secret's file. Raises Invalid when it is missing, empty, or inside the vault's directory."""
    kept_outside(path, data)
    try:
        text = path.read_text(encoding="utf-8").split("\n", 1)[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("the passphrase file cannot be read as text", where=str(path)) from error
    if not text:
        raise Invalid("the passphrase file is empty", where=str(path))
    return text


def secret_lines(path: Path) -> tuple[str, ...]:
    """Secrets of a file, one a line. Raises Invalid."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("the file with the secrets cannot be read as text", where=str(path)) from error
    found = tuple(line.strip() for line in lines if line.strip())
    if not found:
        raise Invalid("the file with the secrets is empty", where=str(path))
    return found


def asked_secrets(what: str) -> Iterator[str]:
    """Secrets typed at the terminal, until an empty one."""
    while text := str(typer.prompt(f"{what} (empty to end)", default="", hide_input=True)).strip():
        yield text

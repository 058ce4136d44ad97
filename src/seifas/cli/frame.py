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
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seifas.errors import Invalid, SeifasError

Data = Annotated[Path, typer.Option("--data", help="The vault's directory.", envvar="SEIFAS_DATA")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, for programs.")]
PassphraseFile = Annotated[
    Path | None, typer.Option("--passphrase-file", help="A file with the passphrase, kept outside the vault.")
]

console = Console(stderr=True, highlight=False, soft_wrap=True)


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
            console.print(f"[bold red]{error.code}[/]: {error.message}{where}", markup=True)
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
def bar(title: str, total: int | None, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; the yielded function takes how many were done since the last call."""
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.advance(task, done)


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

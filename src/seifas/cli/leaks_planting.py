"""`seifas leaks plant`: decoys for one list that leaves the clinic, or canaries among the patients."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, TextIO

import typer

from seifas.cli import reach
from seifas.cli.frame import Data, Json, PassphraseFile, console, reporting, tell
from seifas.errors import Invalid, SeifasError

_COLUMNS: Final = ("family", "given", "birth", "sex", "email", "phone")


def plant(
    label: Annotated[str, typer.Option("--label", help="Which export they are for, such as its day and receiver.")],
    data: Data = Path("."),
    count: Annotated[int, typer.Option("--count", help="How many, 1 to 50.")] = 5,
    canaries: Annotated[bool, typer.Option("--canaries", help="Among the patients, where a thief finds them.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="A new CSV file for people to mix into the list.")] = None,
    passphrase_file: PassphraseFile = None,
    json: Json = False,
) -> None:
    """Plant decoys: people who are nobody. When a sample names one, it names the list that one was planted in."""
    with reporting(json), reach.keeper(data, passphrase_file) as keeper:
        if out is not None and canaries:
            raise Invalid("canaries are told to nobody, and go into no file", where="--out")
        with _file(out) as write:
            told = keeper.call("decoy.admin_plant", label=label, count=count, kind="canary" if canaries else "export")
            write(told["people"])
        tell(json, told, lambda: _words(told, count, out))


@contextlib.contextmanager
def _file(path: Path | None) -> Iterator[Callable[[list[dict[str, Any]]], None]]:
    """A new file, readable by its owner only, like every list of people; the yielded function writes them into it.

    Made before anybody is planted: they are told once, and would be lost. Nothing planted, no file is left.
    """
    if path is None:
        yield lambda people: None
        return
    try:
        target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Invalid("give a file that is not there yet, where one can be made", where="--out") from error
    try:
        with os.fdopen(target, "w", encoding="utf-8", newline="") as file:
            yield lambda people: _write(file, people)
    except SeifasError:
        path.unlink(missing_ok=True)
        raise
    except OSError as error:
        raise Invalid("the file could not be written; the decoys are planted, plant others", where="--out") from error


def _write(file: TextIO, people: list[dict[str, Any]]) -> None:
    writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(people)


def _words(told: dict[str, Any], count: int, out: Path | None) -> None:
    said = "whoever uses one of their addresses is heard of"
    console.print(f"planted {count} as {told['export'].hex()}; {said}", markup=False)
    if out is not None:
        console.print(f"mix the rows of {out} into the list before it leaves", markup=False)
        return
    for one in told["people"]:
        console.print("  " + ", ".join(str(one[name]) for name in _COLUMNS if one[name]), markup=False)

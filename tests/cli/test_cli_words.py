"""What the command line says to people stands there to the letter: names of settings, of files and of people are no
styles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from seifas.cli.frame import console, reporting, tell
from seifas.errors import Invalid, Missing

HOSTILE = ("set [backups] data", "[/red]", "a[/b].json", "[bold]Ona[/bold]", "ends with \\", ":warning:", "entry[0].x")


@pytest.mark.parametrize("text", HOSTILE)
def test_an_error_is_told_to_the_letter(text: str) -> None:
    error = Invalid(text, where=text)
    with console.capture() as told, pytest.raises(typer.Exit) as ended, reporting(False):
        raise error
    assert ended.value.exit_code == error.exit_status
    assert told.get() == f"invalid: {text}  ({text})\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_result_is_told_to_the_letter(text: str) -> None:
    with console.capture() as told:
        tell(False, {}, text)
    assert told.get() == f"{text}\n"


def _said(*args: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", *args], capture_output=True, text=True, timeout=60, check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stderr


def test_a_directory_with_such_a_name_ends_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "a[/b]"
    status, said = _said("status", "--data", str(place))
    assert status == Missing.exit_status
    assert str(place) in said
    assert "Traceback" not in said

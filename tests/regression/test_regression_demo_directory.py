"""What a tester outside found in `seifas demo`: it built into strangers' directories, and told what was not so."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from seifas.cli.main import app


def _demo(data: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """The command as a program of its own, where it builds."""
    command = [sys.executable, "-m", "seifas.cli.main", "demo", "--data", str(data), "--no-serve", "--json", *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    told: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, told


def _refused(data: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """The command in this process, where it builds nothing."""
    done = CliRunner().invoke(app, ["demo", "--data", str(data), "--no-serve", "--json", *more])
    told: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, told


def test_a_demo_is_built_into_an_empty_directory_only(tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.mkdir()
    (strange / "letter.txt").write_text("x")
    assert _refused(strange, "--patients", "3")[0] == 7
    assert [one.name for one in strange.iterdir()] == ["letter.txt"]

    assert _refused(tmp_path / "port", "--patients", "3", "--port", "0")[0] == 2
    assert not (tmp_path / "port").exists()

    cut_off = tmp_path / "cut"
    (cut_off / "keys").mkdir(parents=True)
    status, told = _refused(cut_off, "--patients", "3")
    assert status == 7
    assert "cut off" in told["message"]


def test_a_demo_that_is_here_is_told_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    assert _demo(data, "--patients", "3", "--seed", "5")[1]["built"] is True
    status, told = _refused(data, "--patients", "9", "--seed", "6")
    assert (status, told["patients"], told["seed"], told["built"]) == (0, 3, 5, False)


def test_a_demo_that_was_interrupted_is_not_in_the_way(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    command = [sys.executable, "-m", "seifas.cli.main", "demo", "--data", str(data), "--no-serve", "--patients", "2000"]
    command = ["env", "--default-signal=INT", *command]  # tests that run in the background have it ignored
    building = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while not (data / "keys").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    os.killpg(building.pid, signal.SIGINT)
    assert building.wait(timeout=240) != 0
    status, told = _demo(data, "--patients", "3")
    assert (status, told["built"]) == (0, True)

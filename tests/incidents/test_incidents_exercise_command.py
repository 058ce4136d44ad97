"""`seifas cases exercise` against a served demo, and what the admin socket refuses of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from seifas.drill.stage import Stage
from seifas.errors import Missing
from seifas.keeper.client import BlockingClient


def test_an_exercise_is_begun_from_the_command_line(shared_stage: Stage) -> None:
    told = shared_stage.seifas("cases", "exercise", "2017", "--law", "2026", "--language", "en")
    assert told["address"].endswith(f"/desk/cases/{told['case']}")
    shown = shared_stage.seifas("cases", "show", told["case"])
    kinds = [one["kind"] for one in shown["entries"]]
    assert kinds[0] == "exercise"
    assert {"rates", "event", "claim", "demand"} <= set(kinds)
    assert not any(one["signed"] for one in shown["entries"])
    listed = shared_stage.seifas("cases", "list")["cases"]
    assert [one["exercise"] for one in listed if one["case"] == told["case"]] == [True]


@pytest.mark.parametrize("args", [("2016",), ("2017", "--law", "2018"), ("2017", "--language", "de")])
def test_what_is_no_exercise_is_refused(shared_stage: Stage, args: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seifas.cli.main", "cases", "exercise", *args, "--data", str(shared_stage.data)],
        capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr


def test_the_machine_writes_into_exercises_only(shared_stage: Stage) -> None:
    client = BlockingClient(shared_stage.data / "run" / "admin.sock")
    try:
        with pytest.raises(Missing):
            client.call("case.admin_exercise_write", case=b"\0" * 16, kind="note", body=b"{}")
        made = client.call("case.admin_exercise", title="Savos", kind="hand", shift_ms=0)
        assert made["exercise"] is True
        client.call("case.admin_exercise_write", case=made["case"], kind="note", body=b"{}")
    finally:
        client.close()

"""A quick drill's servers are forks of one process, and can be told from executed ones by nothing but the time."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seifas.cli.forge import Forge
from seifas.drill.stage import Stage

PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    with Forge() as made:
        yield made


def test_a_clinic_is_served_and_stopped(make_stage: Callable[[], Stage], forge: Forge) -> None:
    stage = make_stage()
    stage.process = forge.serve(stage.data, stage.port, stage.log)
    stage.wait_ready()
    server = stage.process
    assert server.poll() is None
    assert stage.sign_in("doctor1").ask("GET", "/desk").status == 200
    assert "keeper" in stage.pids()
    keeper = stage.pids()["keeper"]
    stage.stop()
    assert server.poll() == 0
    assert not Path(f"/proc/{keeper}").exists()


def test_what_cannot_be_served_ends_and_says_why(tmp_path: Path, forge: Forge) -> None:
    ended = forge.serve(tmp_path / "nothing", 1, tmp_path / "nothing.log")
    assert ended.wait(PATIENCE_S) not in (0, -signal.SIGKILL)
    assert (tmp_path / "nothing.log").read_bytes()
    ended.send_signal(signal.SIGTERM)
    assert not list(tmp_path.glob("*.status"))


def test_several_processes_ask_at_the_same_time(tmp_path: Path, forge: Forge) -> None:
    def ask(number: int) -> None:
        served = forge.serve(tmp_path / f"none{number}", 1, tmp_path / f"{number}.log")
        os._exit(0 if served.wait(PATIENCE_S) not in (0, -signal.SIGKILL) else 1)

    forking = multiprocessing.get_context("fork")
    askers = [forking.Process(target=ask, args=(number,)) for number in range(4)]
    for one in askers:
        one.start()
    for one in askers:
        one.join(PATIENCE_S)
    assert [one.exitcode for one in askers] == [0] * 4
    assert len(list(tmp_path.glob("*.log"))) == 4

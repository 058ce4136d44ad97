"""A report of the bench keeps what was measured, and is gone on with only where figures may stand beside new ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bench.figures import Bar, alone, beside
from bench.served import ROOT

from bench import report, table
from seifas.errors import Conflict, Invalid


def _told(**named: object) -> report.Report:
    usual: dict[str, object] = {
        "at": "2026-11-22T00:00", "machine": {"cpu": "x", "cores": 2, "python": "3.11", "load": 0.1}, "patients": 60,
        "phase_s": 1.0, "rounds": 1,
    }  # fmt: skip
    return report.Report(**{**usual, **named})  # type: ignore[arg-type]


def test_what_failed_is_measured_again_and_the_rest_is_kept(tmp_path: Path) -> None:
    old = _told(figures={"read": [alone("x", "ms", [1, 2])]}, failed=["promise"], took_s={"read": 3.0})
    old.write(tmp_path / "new" / "bench.json")
    later = _told(at="2026-11-23T00:00", machine={"cpu": "x", "cores": 2, "python": "3.11", "load": 0.9})
    again = report.resumed(tmp_path / "new" / "bench.json", later)
    assert (again.at, again.figures, again.failed, again.took_s) == (old.at, old.figures, [], old.took_s)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["bench.json"]


@pytest.mark.parametrize("other", [
    {"patients": 61}, {"phase_s": 2.0}, {"machine": {"cpu": "y", "cores": 2, "python": "3.11"}}, {"machine": {}},
])  # fmt: skip
def test_figures_of_another_machine_or_setting_are_not_gone_on_with(tmp_path: Path, other: dict[str, object]) -> None:
    _told().write(tmp_path / "bench.json")
    with pytest.raises(Conflict, match="without --resume"):
        report.resumed(tmp_path / "bench.json", _told(**other))


@pytest.mark.parametrize("content", [None, b"", b"{}", b'{"at": 1', b"\xff", b"[]"])
def test_what_is_no_report_is_said(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "bench.json").write_bytes(content)
    with pytest.raises(Invalid):
        report.resumed(tmp_path / "bench.json", _told())


def test_the_command_measures_nothing_where_there_is_nothing_to_go_on_with(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--resume", "--json", str(tmp_path / "none.json"), "--work",
         str(tmp_path / "work")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no report to go on with" in done.stderr
    assert not (tmp_path / "none.json").exists()


def test_the_page_of_a_report_holds_every_figure_and_what_failed(tmp_path: Path) -> None:
    hostile = "a | b <script> [x](y) *\nz"
    told = _told(
        figures={
            "read": [beside(hostile, "req/s", [1, 2, 3], "peer", [2, 4, 6], Bar(at_least=4), "said | so")],
            "photos": [alone("view", "ms", [5.0], Bar(at_most=9, unit="ms"))],
        },
        failed=["promise"], took_s={"read": 61.4},
    )  # fmt: skip
    page = table.write(told, tmp_path / "docs").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert [len(re.split(r"(?<!\\)\|", row)) for row in rows] == [9] * 6
    assert r"| 2 (1 to 3) req/s | peer: 4 (2 to 6) | 0.5 | ≥ 4x | **missed** | said \| so |" in page
    assert r"a \| b \<script\> \[x\](y) \* z" in page
    assert "| view | 5 ms |  |  | ≤ 9 ms | met |  |" in page
    assert "Bars: 1 met, 1 missed" in page
    assert "Could not be measured: promise." in page
    assert "61 s." in page

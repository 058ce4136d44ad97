"""The run of all tests: what fails beside others only is tried alone and named; all else fails it."""

from pathlib import Path

import pytest

import run_all

BESIDE = "import os\ndef test_beside():\n    assert 'PYTEST_XDIST_WORKER' not in os.environ\n"
ALWAYS = "def test_always():\n    assert False\n"
HOLDS = "def test_holds():\n    pass\n"


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)


def written(root: Path, **files: str) -> Path:
    (root / "pytest.ini").write_text("[pytest]\n")
    for name, text in files.items():
        (root / f"test_{name}.py").write_text(text)
    return root


def test_what_holds_is_run_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all.run_all(written(tmp_path, holds=HOLDS), []) == 0
    assert "alone" not in capfd.readouterr().out


def test_what_fails_beside_others_only_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all.run_all(written(tmp_path, holds=HOLDS, beside=BESIDE), []) == 0
    assert capfd.readouterr().out.rstrip().endswith("find out why:\n  test_beside.py::test_beside")


def test_what_fails_alone_too_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run_all.run_all(written(tmp_path, always=ALWAYS, beside=BESIDE), []) == run_all.TESTS_FAILED
    assert "find out why" not in capfd.readouterr().out


def test_many_files_are_no_chance(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    many = {f"beside_{number}": BESIDE for number in range(run_all.FEW + 1)}
    assert run_all.run_all(written(tmp_path, **many), []) == run_all.TESTS_FAILED
    assert "too many" in capfd.readouterr().out


def test_a_run_that_is_cut_off_is_not_tried_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = written(tmp_path, holds=HOLDS)
    assert run_all.run_all(broken, ["--no-such-option"]) not in (0, run_all.TESTS_FAILED)
    assert "alone" not in capfd.readouterr().out

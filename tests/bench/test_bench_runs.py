"""The bench runs, on clinics so small that its figures mean nothing: only that they are there and say what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from bench.figures import Bar, Figure, alone, beside, shown
from bench.hitting import Load, hit
from bench.peer import Sekmet
from bench.served import ROOT
from bench.setting import Setting

from bench import audit, machine, promise, unlock
from seifas.errors import Unavailable


@pytest.fixture(scope="module")
def setting(places: Path) -> Setting:
    work = places / "bench"
    work.mkdir()
    work.chmod(0o755)
    return Setting(work, patients=60, phase_s=1, rounds=1, connections=(16,), quick=True)


def test_a_ratio_is_the_median_of_neighbours() -> None:
    figure = beside("x", "req/s", [100, 10, 1000], "peer", [10, 2, 50], Bar(at_least=5))
    assert figure.value == 10
    assert figure.met
    assert not beside("x", "req/s", [9, 9], "peer", [2, 2], Bar(at_least=5)).met
    assert alone("x", "ms", [1, 2, 30], Bar(at_most=2, unit="ms")).met
    assert alone("x", "ms", [1]).met is None


def test_a_missed_bar_is_said() -> None:
    words = shown(alone("time", "ms", [7.0], Bar(at_most=5, unit="ms"), "slow disk"))
    assert "MISSED" in words
    assert "≤ 5 ms" in words
    assert "slow disk" in words
    assert "MISSED" not in shown(alone("time", "ms", [4.0], Bar(at_most=5, unit="ms")))


def test_the_machine_is_described(tmp_path: Path) -> None:
    told = machine.described(tmp_path)
    assert told["cores"]
    assert float(str(told["fdatasync_ms"])) >= 0  # in memory it takes nothing
    assert list(tmp_path.iterdir()) == []


def _sound(figures: list[Figure]) -> None:
    for figure in figures:
        assert figure.ours
        assert all(sample > 0 for sample in (*figure.ours, *figure.theirs))
        assert shown(figure)


def test_promises_have_a_price(setting: Setting) -> None:
    figures = promise.run(setting)
    assert [figure.bar for figure in figures] == ["≤ 2.5x", "≤ 3x"]
    _sound(figures)


def test_promises_are_off_and_only_in_the_bench(setting: Setting) -> None:
    name = msgspec.json.decode(setting.patients_file().read_bytes().splitlines()[0])["name"][0]["family"].encode()
    plain, bare = (setting.clinic(variant) / "data" / "rows.db" for variant in ("plain", "unpromised"))
    assert name in bare.read_bytes()
    assert name not in plain.read_bytes()


def test_the_peer_answers_what_it_was_filled_with(setting: Setting) -> None:
    with setting.sekmet() as peer:
        assert isinstance(peer, Sekmet)
        hits = hit(peer.port, Load(setting.read_paths()), connections=4, seconds=1)
        assert hits.requests > 0
        assert hits.p50_us > 0
        missing = setting.work / "missing"
        missing.write_text("/fhir/Patient/nobody\n")
        with pytest.raises(Unavailable):
            hit(peer.port, Load(missing), connections=1, seconds=1)


def test_audit_and_unlock_are_measured(setting: Setting) -> None:
    _sound(audit.run(Setting(setting.work, patients=60, phase_s=0.2, rounds=1)))
    figures = unlock.run(setting)
    _sound(figures)
    assert any("unlock" in figure.what for figure in figures)


def test_the_command_lists_its_parts_and_knows_no_others() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bench", *arguments], capture_output=True, text=True, check=False, cwd=ROOT
        )

    listed = run("--list")
    assert listed.returncode == 0
    assert {line.split()[0] for line in listed.stdout.splitlines()} >= {"read", "promise", "killed"}
    assert run("--only", "nothing").returncode == 2

"""Unlocking once the passphrase is through its KDF: state against log, every card, the directory; and what it holds.

In a process of its own for each size, as the keeper does it: `keeper.unlocking.unlock` with the root at hand. Memory is
what the process has more than before, divided by the patients. The directory alone, up to a million synthetic cards,
and searches in it: bench/directory.py.

    python -m bench.unlock DATA PASSPHRASE_FILE        one JSON line
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from bench import directory
from bench.figures import Bar, Figure, alone
from bench.served import ROOT
from bench.setting import Setting
from seifas.demo.secret import demo_passphrase_file
from seifas.keeper import unlocking
from seifas.keeper.keeper import Keeper
from seifas.settings import load

_MILLION = 1_000_000


class Unlocked(msgspec.Struct, frozen=True):
    """One unlock: seconds of its parts, bytes of memory a patient."""

    patients: int
    seconds: float
    parts: dict[str, float]
    bytes_per_patient: float


def run(setting: Setting) -> list[Figure]:
    figures = _unlocks(setting)
    sizes = [setting.patients] if setting.quick else [setting.patients, _MILLION]
    for patients in sizes:
        setting.say(f"searching a directory of {patients:,} synthetic cards")
        done = subprocess.run(
            [sys.executable, "-m", "bench.directory", "--patients", str(patients), "--json",
             "--rounds", "50" if setting.quick else "300"], check=True, capture_output=True, text=True, cwd=ROOT,
        )  # fmt: skip
        told = json.loads(done.stdout)
        bar = Bar(at_most=50 if patients == _MILLION else 5, unit="ms")
        worst = max(told["search"], key=lambda name: told["search"][name]["p99_ms"])
        figures += [
            alone(f"search in process, {patients:,} patients, p99 of the slowest of {len(directory.QUESTIONS)} kinds",
                  "ms", [told["search_p99_ms"]], bar,
                  f"the slowest: {worst}; p99 of CPU {told['search'][worst]['p99_cpu_ms']:.2f} ms"),
            alone(f"directory in memory, {patients:,} patients", "bytes/patient", [told["bytes_per_patient"]], None,
                  f"while it is built up to {told['peak_bytes_per_patient']:,.0f}"),
        ]  # fmt: skip
    return figures


def _unlocks(setting: Setting) -> list[Figure]:
    few = _measured(setting, setting.patients, setting.rounds)
    bar = None if setting.quick else Bar(at_most=3, unit="s")
    figures = [_time(few, bar), _memory(few)]
    if setting.quick:
        return figures
    if setting.large:
        many = _measured(setting, _MILLION, 1)
        return [*figures, _time(many, Bar(at_most=90, unit="s")), _memory(many)]
    more = _measured(setting, 4 * setting.patients, 1)
    # A line through both sizes, with the steeper of the two slopes: what grows faster than the patients would show.
    slope = max(
        (more[0].seconds - _median(few)) / (more[0].patients - few[0].patients), more[0].seconds / more[0].patients
    )
    guess = more[0].seconds + slope * (_MILLION - more[0].patients)
    return [
        *figures, _time(more, None), _memory(more),
        alone("unlock with directory, a million patients, extrapolated", "s", [guess], Bar(at_most=90, unit="s"),
              f"from {few[0].patients:,} and {more[0].patients:,} patients; --large builds and unlocks a million"),
    ]  # fmt: skip


def _measured(setting: Setting, patients: int, rounds: int) -> list[Unlocked]:
    data = setting.clinic(patients=patients)
    setting.say(f"unlocking {patients:,} patients")
    found = []
    for _ in range(rounds):
        done = subprocess.run(
            [sys.executable, "-m", "bench.unlock", str(data), str(demo_passphrase_file(data))], check=True,
            capture_output=True, cwd=ROOT,
        )  # fmt: skip
        found.append(msgspec.json.decode(done.stdout.splitlines()[-1], type=Unlocked))
    return found


def _median(found: list[Unlocked]) -> float:
    return sorted(one.seconds for one in found)[len(found) // 2]


def _time(found: list[Unlocked], bar: Bar | None) -> Figure:
    parts = ", ".join(f"{name.removesuffix('_s')} {seconds:.2f}" for name, seconds in found[0].parts.items())
    return alone(f"unlock with directory after the KDF, {found[0].patients:,} patients", "s",
                 [one.seconds for one in found], bar, f"{parts} s")  # fmt: skip


def _memory(found: list[Unlocked]) -> Figure:
    return alone(f"memory of an unlocked vault, {found[0].patients:,} patients", "bytes/patient",
                 [one.bytes_per_patient for one in found])  # fmt: skip


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def _unlock(data: Path, passphrase_file: Path) -> Unlocked:
    settings = load(data)
    root = unlocking.root_by_passphrase(settings.keys_at(data), passphrase_file.read_text().strip())
    gc.collect()
    keeper = Keeper(data, settings)
    before = _resident()
    began = time.perf_counter()
    keeper.open = unlocking.unlock(keeper, root)
    took = time.perf_counter() - began
    gc.collect()
    patients = len(keeper.open.vault.heads)
    grown = _resident() - before
    unlocking.lock(keeper)
    return Unlocked(patients, took, keeper.unlocked_in, grown / patients)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(_unlock(Path(sys.argv[1]), Path(sys.argv[2]))) + b"\n")

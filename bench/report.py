"""What a run of the bench found, in one file: written after every part, so that a run that was cut short keeps what it
measured, and `--resume` measures the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from bench import machine
from bench.figures import Figure
from bench.setting import Setting
from seifas.errors import Conflict, Invalid


class Report(msgspec.Struct, kw_only=True):
    """`figures` and `took_s` (seconds) by part; `failed` are the parts that could not be measured."""

    at: str
    machine: dict[str, Any]
    patients: int
    phase_s: float
    rounds: int
    figures: dict[str, list[Figure]] = {}
    failed: list[str] = []
    took_s: dict[str, float] = {}

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_bytes(msgspec.json.format(msgspec.json.encode(self)) + b"\n")
        new.rename(path)


def begun(setting: Setting, at: str) -> Report:
    """A report of this machine without figures."""
    return Report(
        at=at, machine=machine.described(setting.work), patients=setting.patients, phase_s=setting.phase_s,
        rounds=setting.rounds,
    )  # fmt: skip


def resumed(path: Path, new: Report) -> Report:
    """What stands in the file, what failed forgotten. Raises Invalid where it is no report, Conflict where it is of
    another machine or another setting: figures of one file are held beside each other."""
    try:
        old = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as error:
        raise Invalid(f"there is no report to go on with: {error}", where=str(path)) from None

    def of(report: Report) -> tuple[Any, ...]:
        return *(report.machine.get(name) for name in ("cpu", "cores", "python")), report.patients, report.phase_s

    if of(old) != of(new):
        raise Conflict(f"the report is of {of(old)}, this run of {of(new)}: run without --resume", where=str(path))
    old.failed.clear()
    return old

"""The drill: each promise kept or broken, with its figures as the drill says them, and what a plain system lost beside.

The drill builds a clinic of its own of the bench's size. Its figures are words with units; they go into the notes, so
that README's table can be held against one run of `make bench`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from bench.figures import Bar, Figure, alone
from bench.setting import Setting
from seifas.errors import Unavailable

_LONGEST_S = 3600


class _Figure(msgspec.Struct):
    label: str
    value: str
    bar: str = ""


class _Beside(msgspec.Struct):
    system: str
    loot: str


class _Step(msgspec.Struct):
    title: str
    kept: bool
    loot: str
    seconds: float
    figures: list[_Figure]
    beside: list[_Beside] = []


class _Drill(msgspec.Struct):
    seconds: float
    steps: list[_Step]


def run(setting: Setting) -> list[Figure]:
    """A figure a step, 1 for a promise that was kept, and how long the whole drill took."""
    place = setting.work / "drill"
    asked = [
        str(Path(sys.executable).with_name("seifas")), "drill", "--json", "--patients", str(setting.patients),
        "--report", str(place), *(["--quick"] if setting.quick else []),
    ]  # fmt: skip
    done = subprocess.run(asked, capture_output=True, timeout=_LONGEST_S, check=False)
    try:
        told = msgspec.json.decode(done.stdout, type=_Drill)
    except msgspec.DecodeError:
        raise Unavailable(f"the drill ended with {done.returncode} and told nothing") from None
    longest = 120 if setting.quick else 900
    return [
        *(alone(f"promise kept: {step.title}", "", [float(step.kept)], Bar(at_least=1, unit=""), _words(step))
          for step in told.steps),
        alone("the whole drill", "s", [told.seconds], Bar(at_most=longest, unit="s")),
    ]  # fmt: skip


def _words(step: _Step) -> str:
    figures = (f"{one.label}: {one.value}" + (f" ({one.bar})" if one.bar else "") for one in step.figures)
    beside = (f"{one.system}: {one.loot}" for one in step.beside)
    return "; ".join([step.loot, *figures, *beside])

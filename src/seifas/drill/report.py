"""Writes what a drill found: drill.html for a clinic's director, drill.json for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, StrictUndefined

from seifas import __version__
from seifas.drill.frame import Told

_PAGE = Path(__file__).with_name("report.html")


class Drill(msgspec.Struct, frozen=True):
    """A whole drill. `started` is local time with its offset."""

    started: datetime
    seconds: float
    patients: int
    seed: int
    quick: bool
    steps: tuple[Told, ...]

    @property
    def broken(self) -> tuple[str, ...]:
        return tuple(told.name for told in self.steps if not told.result.kept)


def headline(steps: Sequence[Told]) -> str:
    """One sentence for all."""
    broken = sum(not told.result.kept for told in steps)
    if broken:
        return f"{broken} of {len(steps)} promises broken" if len(steps) > 1 else "The promise was broken"
    return f"All {len(steps)} promises kept" if len(steps) > 1 else "The promise was kept"


class Row(msgspec.Struct, frozen=True):
    """One figure of a step and what other systems gave in its place, in the order of their columns."""

    label: str
    value: str
    bar: str
    beside: tuple[str, ...] = ()


def rows(told: Told) -> tuple[Row, ...]:
    """The step's figures, each beside the other systems'; then what was measured of those alone. "": not measured."""
    others = [{one.label: one.value for one in beside.figures} for beside in told.beside]
    own = [
        Row(one.label, one.value, one.bar, tuple(each.get(one.label, "") for each in others))
        for one in told.result.figures
    ]
    known = {one.label for one in told.result.figures}
    more = dict.fromkeys(label for each in others for label in each if label not in known)
    return (*own, *(Row(label, "", "", tuple(each.get(label, "") for each in others)) for label in more))


def as_json(drill: Drill) -> dict[str, Any]:
    """The report as plain values."""
    return {
        "started": drill.started.isoformat(timespec="seconds"), "seconds": drill.seconds, "version": __version__,
        "patients": drill.patients, "seed": drill.seed, "quick": drill.quick, "kept": not drill.broken,
        "broken": list(drill.broken),
        "steps": [
            {"name": told.name, "title": told.title, "story": told.story, "seconds": told.seconds,
             **msgspec.to_builtins(told.result), "beside": msgspec.to_builtins(told.beside)}
            for told in drill.steps
        ],
    }


def as_html(drill: Drill) -> str:
    """The page: one file, no script, nothing fetched."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    minutes, seconds = divmod(round(drill.seconds), 60)
    return environment.from_string(_PAGE.read_text(encoding="utf-8")).render(
        headline=headline(drill.steps), when=f"{drill.started:%Y-%m-%d %H:%M}", patients=drill.patients,
        seed=drill.seed, quick=drill.quick, took=f"{minutes} min {seconds} s" if minutes else f"{seconds} s",
        version=__version__, steps=drill.steps, rows_of=rows,
    )


def write(drill: Drill, directory: Path) -> tuple[Path, Path]:
    """Writes both files into `directory`, replacing earlier ones; their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    page, data = directory / "drill.html", directory / "drill.json"
    page.write_text(as_html(drill), encoding="utf-8")
    data.write_bytes(msgspec.json.format(msgspec.json.encode(as_json(drill)), indent=1) + b"\n")
    return page, data

"""Every figure of a run as one page of tables, a part each: `docs/bench/figures.md`.

    write(told: Report, directory: Path) -> Path

Medians, the least and the most in brackets. Words are the bench's own, and escaped for Markdown all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bench.figures import Figure, samples
from bench.report import Report

_MARKUP: Final = re.compile(r"([\\`*_<>\[\]|])")


def write(told: Report, directory: Path) -> Path:
    """The page. A part without figures is left out, one that failed is named."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "figures.md"
    path.write_text("\n".join(_lines(told)) + "\n", encoding="utf-8")
    return path


def _lines(told: Report) -> Iterator[str]:
    held = [figure for figures in told.figures.values() for figure in figures if figure.bar]
    machine = ", ".join(f"{name} {value}" for name, value in told.machine.items())
    yield "# Figures of one run of `make bench`"
    yield ""
    yield (
        f"Written by the run itself ({told.at}; {told.patients:,} patients, phases of {told.phase_s:g} s, "
        f"{told.rounds} rounds). {_plain(machine)}. Bars: {sum(bool(one.met) for one in held)} met, "
        f"{sum(not one.met for one in held)} missed. What each figure means: [the bench](../bench.md)."
    )
    if told.failed:
        yield ""
        yield f"Could not be measured: {', '.join(told.failed)}."
    for part, figures in told.figures.items():
        yield from ("", f"## {part}", "")
        if part in told.took_s:
            yield f"{told.took_s[part]:.0f} s."
            yield ""
        yield "| figure | Seifas | beside | ratio | bar | | said |"
        yield "|---|---|---|---|---|---|---|"
        yield from (_row(figure) for figure in figures)


def _row(figure: Figure) -> str:
    beside = f"{figure.peer}: {samples(figure.theirs)}" if figure.theirs else ""
    ratio = f"{figure.value:.3g}" if figure.theirs and figure.value is not None else ""
    met = "" if not figure.bar else "not measured" if figure.met is None else "met" if figure.met else "**missed**"
    cells = (figure.what, f"{samples(figure.ours)} {figure.unit}".strip(), beside, ratio, figure.bar)
    return f"| {' | '.join(map(_plain, cells))} | {met} | {_plain(figure.note)} |"


def _plain(text: str) -> str:
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))

"""Figures as pictures: how far each is from its bar, or from its peer, a line a figure and a file a part.

    write(told: Report, directory: Path) -> list[Path]
    drawn(title: str, figures: Sequence[Figure]) -> str       an SVG that needs nothing else; "" where nothing compares

Across goes a ratio on a scale of powers: 1 is the bar, right of it is better, whichever way round the bar is meant.
Where there is no bar but a peer, 1 is the peer; there right means more of the unit, which may be worse, and the colour
says nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from bench.figures import Figure, number
from bench.report import Report

_WIDTH, _LEFT, _SCALE, _ROW, _TOP = 1080, 430, 380, 26, 46
_MET, _MISSED, _PLAIN = "#2b6f8f", "#b3431b", "#6f7a80"
_BAR: Final = re.compile(r"([≥≤]) ([-+.0-9e]+)")


class Row(NamedTuple):
    """What is drawn of a figure: what it is, how far (1: at the bar or the peer), the words beside it, the colour."""

    what: str
    far: float
    words: str
    colour: str


def row(figure: Figure) -> Row | None:
    """None where there is nothing to compare with, or a nought that no power reaches."""
    bar = _BAR.match(figure.bar)
    if bar is not None and figure.value is not None:
        bound = float(bar[2])
        far = figure.value / bound if bar[1] == "≥" and bound else bound / figure.value if figure.value else 0.0
        unit = figure.bar[bar.end() :].strip()
        words = f"{number(figure.value)}{'' if unit == 'x' else ' '}{unit} (bar {figure.bar})"
        return Row(figure.what, far, words, _MET if figure.met else _MISSED) if far > 0 else None
    if figure.theirs and figure.value:
        return Row(figure.what, figure.value, f"{number(figure.value)}x {figure.peer}", _PLAIN)
    return None


def drawn(title: str, figures: Sequence[Figure]) -> str:
    rows = [found for figure in figures if (found := row(figure)) is not None]
    if not rows:
        return ""
    powers = max(1, math.ceil(max(abs(math.log10(one.far)) for one in rows)))
    height = _TOP + _ROW * len(rows) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
    ]
    bottom = _TOP + _ROW * len(rows)
    for power in range(-powers, powers + 1):
        x = _x(10.0**power, powers)
        line = "#222" if power == 0 else "#ddd"
        parts.append(f'<path d="M{x} {_TOP - 6}V{bottom}" stroke="{line}"/>')
        told = "1" if power == 0 else f"{10**power:,}" if power > 0 else f"1/{10**-power:,}"
        parts.append(f'<text x="{x}" y="{bottom + 17}" text-anchor="middle" fill="#444">{told}</text>')
    for place, one in enumerate(rows):
        y = _TOP + _ROW * place + _ROW // 2
        begin, end = sorted((_x(1.0, powers), _x(one.far, powers)))
        parts.append(f'<text x="{_LEFT - 14}" y="{y + 4}" text-anchor="end">{escape(_short(one.what, 62))}</text>')
        wide = max(1.0, end - begin)
        parts.append(f'<rect x="{begin}" y="{y - 5}" width="{wide:.1f}" height="10" fill="{one.colour}"/>')
        parts.append(
            f'<text x="{_LEFT + _SCALE + 12}" y="{y + 4}" fill="{one.colour}">{escape(_short(one.words, 40))}'
            f"<title>{escape(one.words)}</title></text>"
        )
    return "\n".join([*parts, "</svg>", ""])


def _x(far: float, powers: int) -> float:
    return round(_LEFT + _SCALE * (math.log10(far) / powers + 1) / 2, 1)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def write(told: Report, directory: Path) -> list[Path]:
    """One file for each part that has something to compare; those of parts that were not measured stay as they are."""
    directory.mkdir(parents=True, exist_ok=True)
    made = []
    for part, figures in told.figures.items():
        picture = drawn(f"{part}, {told.patients:,} patients, {told.at[:10]}: 1 is the bar, right is better", figures)
        if picture:
            path = directory / f"{part}.svg"
            path.write_text(picture, encoding="utf-8")
            made.append(path)
    return made

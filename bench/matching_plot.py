"""The reliability of the matcher as a picture, docs/leaks-reliability.svg: `python -m bench.matching --plot`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

_SIDE, _LEFT, _TOP, _BARS = 320, 56, 24, 60
_COLOURS = ("#1f5f8b", "#c2571a")


class Reliability(Protocol):
    """What is drawn of one kind of probabilities."""

    @property
    def counts(self) -> tuple[int, ...]: ...
    @property
    def said(self) -> tuple[float, ...]: ...
    @property
    def right(self) -> tuple[float, ...]: ...
    @property
    def error(self) -> float: ...


def drawn(curves: Sequence[tuple[str, Reliability]], title: str) -> str:
    """An SVG: what was said across, what was true upwards, a point a bin, its area by how many."""
    width, height = _LEFT + _SIDE + 24, _TOP + _SIDE + 48 + 18 * len(curves)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="11" role="img">',
        f"<title>{title}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for at in range(6):
        share = at / 5
        x, y = _x(share), _y(share)
        parts.append(f'<path d="M{x} {_TOP}V{_TOP + _SIDE}M{_LEFT} {y}H{_LEFT + _SIDE}" stroke="#e3e3e3" fill="none"/>')
        parts.append(f'<text x="{x}" y="{_TOP + _SIDE + 15}" text-anchor="middle">{share:.1f}</text>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{share:.1f}</text>')
    parts.append(f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="#888" stroke-dasharray="4 4"/>')
    for number, (name, curve) in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        most = max(curve.counts)
        points = [
            (_x(said), _y(right), 2.5 + 6 * (count / most) ** 0.5)
            for count, said, right in zip(curve.counts, curve.said, curve.right, strict=True)
            if count >= 20
        ]
        line = "L".join(f"{x} {y}" for x, y, _ in points)
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts.extend(
            f'<circle cx="{x}" cy="{y}" r="{r:.1f}" fill="{colour}" fill-opacity=".75"/>' for x, y, r in points
        )
        y = _TOP + _SIDE + 50 + 18 * number
        parts.append(f'<circle cx="{_LEFT + 6}" cy="{y - 4}" r="5" fill="{colour}"/>')
        parts.append(
            f'<text x="{_LEFT + 18}" y="{y}">{name}: {sum(curve.counts):,} probabilities, ECE {curve.error:.3f}</text>'
        )
    middle = _LEFT + _SIDE / 2
    parts.append(f'<text x="{middle}" y="{_TOP + _SIDE + 31}" text-anchor="middle">probability said</text>')
    parts.append(
        f'<text x="14" y="{_TOP + _SIDE / 2}" text-anchor="middle" '
        f'transform="rotate(-90 14 {_TOP + _SIDE / 2})">share that was true</text>'
    )
    parts.append(f'<text x="{middle}" y="15" text-anchor="middle">{title}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _x(share: float) -> float:
    return round(_LEFT + share * _SIDE, 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _SIDE, 1)

"""Demands as their page shows them: the curve of each, what it proves, and which seem to be of one hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import babel.numbers

from seifas.incidents.demands import Chain
from seifas.incidents.extorter import Cluster, Published, Verdict
from seifas.incidents.rates import Rates
from seifas.incidents.takedown import Address, local
from seifas.incidents.valuing import Point, curve, valued

WIDTH: Final = 640
HEIGHT: Final = 160
"""The box of a curve, in its own units."""

_EDGE: Final = 6


def of_chain(
    chain: Chain, number: int, today: str, rates: Rates | None, judged: Mapping[str, Verdict], language: str
) -> dict[str, Any]:
    """A demand with its history. `today` is the day by the case's clock."""
    now = chain.now.demand
    points = curve(chain, date.fromisoformat(today), rates) if chain.stands else ()
    worth = valued(now, date.fromisoformat(today), rates)
    then = valued(now, now.day, rates)
    return {
        "first": chain.first, "number": number, "now": now, "stands": chain.stands, "kept": chain.kept,
        "amount": _number(now.amount, language), "worth": _euro(worth.eur, language), "worth_of": worth,
        "then": _euro(then.eur, language), "then_of": then, "verdict": judged.get(chain.now.entry),
        "addresses": now.paid_to, "late": bool(now.deadline) and now.deadline[:10] < today,
        "curve": _curve(points, language), "before": [_earlier(one.demand, language) for one in chain.kept[:-1]],
    }  # fmt: skip


def _earlier(demand: Any, language: str) -> dict[str, str]:
    return {"amount": _number(demand.amount, language), "unit": demand.unit, "seen_at": demand.seen_at,
            "deadline": demand.deadline}  # fmt: skip


def _curve(points: Sequence[Point], language: str) -> dict[str, Any] | None:
    """Lines of an SVG, one for each run of days that could be valued; None for fewer than two of them."""
    worths = [Decimal(one.valuation.eur) for one in points if one.valuation.eur]
    if len(worths) < 2:
        return None
    least, most = min(worths), max(worths)
    first, last = points[0].day.toordinal(), points[-1].day.toordinal()
    lines: list[list[str]] = [[]]
    for one in points:
        if not one.valuation.eur:
            lines.append([])
            continue
        x = _EDGE + (one.day.toordinal() - first) / max(1, last - first) * (WIDTH - 2 * _EDGE)
        share = (Decimal(one.valuation.eur) - least) / (most - least) if most > least else Decimal("0.5")
        lines[-1].append(f"{x:.1f},{_EDGE + (1 - float(share)) * (HEIGHT - 2 * _EDGE):.1f}")
    return {
        "lines": [" ".join(one if len(one) > 1 else [one[0], _beside(one[0])]) for one in lines if one],
        "width": WIDTH, "height": HEIGHT,
        "least": _euro(str(least), language), "most": _euro(str(most), language),
        "first": points[0].day.isoformat(), "last": points[-1].day.isoformat(), "gaps": len(lines) > 1,
    }  # fmt: skip


def _beside(place: str) -> str:
    """A day alone is drawn as a dash."""
    x, _, y = place.partition(",")
    return f"{float(x) + 2:.1f},{y}"


def of_cluster(cluster: Cluster, number: Mapping[str, int], first: Mapping[str, str]) -> dict[str, Any]:
    """Demands of one hand by their numbers, and why they are thought to be."""
    def of(entry: str) -> int:
        return number.get(first.get(entry, entry), 0)

    links = [
        {"one": of(one.one), "other": of(one.other), "why": one.why, "what": one.what}
        for one in cluster.links if one.why != "replaces"
    ]  # fmt: skip
    return {"numbers": sorted({of(one) for one in cluster.entries}), "links": links}


def published(addresses: Iterable[Address], watches: Iterable[Mapping[str, Any]], zone: str) -> list[Published]:
    """The files of a case that are copies of what was public: the evidence of addresses to be taken down, and what the
    watcher kept; each from the moment at which it was first seen there."""
    made = [
        Published(file, step.takedown.at, zone)
        for address in addresses for step in address.steps if step.takedown.state in ("found", "back")
        for file in step.takedown.evidence
    ]  # fmt: skip
    made += [
        Published(each["file"].hex(), local(each["at_ms"], zone), zone)
        for one in watches for each in one["changes"] if each["file"]
    ]  # fmt: skip
    # The same file twice: it was public from the earlier time on.
    return sorted(made, key=lambda one: one.since, reverse=True)


def _number(text: str, language: str) -> str:
    return str(babel.numbers.format_decimal(Decimal(text), locale=language, decimal_quantization=False))


def _euro(text: str, language: str) -> str:
    if not text:
        return ""
    whole = Decimal(text).quantize(Decimal(1))
    return str(babel.numbers.format_currency(whole, "EUR", "#,##0 ¤", language, currency_digits=False))

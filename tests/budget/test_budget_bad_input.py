"""Broken bytes, clocks that run backwards, odd limits: refused clearly, and nothing is freed by it."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from budget_desk import NOW, Desk, new

from seifas.errors import Invalid
from seifas.keeper.budget.asks import Action
from seifas.keeper.budget.charges import Charge, Kind, decode, encode
from seifas.keeper.budget.decisions import Outcome
from seifas.keeper.budget.ledger import Ledger
from seifas.keeper.budget.limits import DAY, MINUTE, Limits


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x92\x01\xa1x", bytes(64), encode(Charge(Kind.COLD, 1))[:9]])
def test_bytes_that_are_no_charge(data: bytes) -> None:
    with pytest.raises(Invalid):
        decode(data)


def test_a_charge_of_a_later_version_is_refused_and_not_half_read() -> None:
    data = msgspec.msgpack.encode([99, NOW])
    with pytest.raises(Invalid):
        decode(data)


@pytest.mark.parametrize("data", [b"", b"\x80", bytes(99), msgspec.msgpack.encode([9, 0, [], [], [{}, [], {}], []])])
def test_bytes_that_are_no_snapshot(data: bytes) -> None:
    with pytest.raises(Invalid):
        Ledger.restore(data)


def test_a_truncated_snapshot_is_refused() -> None:
    desk = Desk(reason="x")
    desk.allowed(5, Action.OPEN_CHART)
    whole = desk.ledger.snapshot()
    for cut in range(0, len(whole), 7):
        with pytest.raises(Invalid):
            Ledger.restore(whole[:cut])


def test_time_that_runs_backwards_frees_nothing() -> None:
    desk = Desk(reason="x", fresh_passkey=True)
    desk.allowed(60, Action.OPEN_CHART)
    desk.at = NOW - 400 * DAY
    assert desk.chart().code == "cold-day"
    assert desk.ledger.now > NOW


def test_a_search_that_names_one_patient_many_times() -> None:
    patient = new()
    assert Desk().ask(Action.SEARCH, patients=(patient,) * 20).left == 299


def test_sessions_that_ended_are_forgotten() -> None:
    ledger, at = Ledger(), count(NOW, 10 * MINUTE)
    for _ in range(2000):
        Desk(ledger, warm=True, at=next(at), account=b"a" * 16).ask(Action.SEARCH, patients=(new(),))
    assert len(ledger._books.sessions) <= 24 * 6 + 1
    assert len(ledger.snapshot()) < 40_000


def test_limits_can_be_small_without_breaking() -> None:
    limits = Limits(warm_charts=1, cold_session_hour=1, cold_session_day=1, insist=1, glass_kept=0, repeat_hours=0)
    desk = Desk(Ledger(limits), reason="x")
    assert desk.chart(warm=True, fresh_passkey=True).outcome is Outcome.ALLOW
    assert desk.allowed(3, Action.OPEN_CHART, warm=True, fresh_passkey=True) == 2
    assert desk.allowed(3, Action.OPEN_CHART) == 1


def test_a_charge_that_is_dated_back_counts_as_made_now() -> None:
    ledger, account = Ledger(), new()
    ledger.apply(Charge(Kind.COLD, NOW, account, new(), (new(),)))
    ledger.apply(Charge(Kind.COLD, NOW - 2 * DAY, account, new(), (new(),)))
    assert ledger.now == NOW
    assert ledger.remaining(account, new(), NOW + DAY - 1).cold_account_day == 58
    assert ledger.remaining(account, new(), NOW + DAY).cold_account_day == 60

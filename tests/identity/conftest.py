"""Shared actors: a table with one account for each hat, all made long ago so that their hats count."""

from __future__ import annotations

import pytest
from identity_ceremonies import Clinic

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity.accounts import Account, AccountTable
from seifas.keeper.identity.hats import PERSONS

NOW = 1_790_000_000_000
LONG_AGO = NOW - 90 * 86_400_000


@pytest.fixture
def now() -> int:
    return NOW


@pytest.fixture
def table() -> AccountTable:
    return AccountTable()


@pytest.fixture
def staff(table: AccountTable) -> dict[str, Account]:
    """One account named after each hat it owns (and owning only that one)."""
    return {
        hat.value: people.create(table, name=hat.value, display=f"The {hat.value}", hats=[hat], now_ms=LONG_AGO)
        for hat in sorted(PERSONS)
    }


@pytest.fixture
def clinic(now: int) -> Clinic:
    return Clinic(now)


@pytest.fixture
def ruta(clinic: Clinic) -> Account:
    return clinic.person()


@pytest.fixture
def phone(clinic: Clinic, ruta: Account) -> SoftAuthenticator:
    device = SoftAuthenticator()
    clinic.register(ruta, device)
    return device

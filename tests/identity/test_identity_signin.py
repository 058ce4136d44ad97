"""Password sign-in under attack. The hash itself is tested elsewhere: here its verdict is handed in."""

from __future__ import annotations

import pyotp
import pytest

from seifas.errors import OverBudget, SeifasError, SignIn
from seifas.keeper.identity import accounts as people
from seifas.keeper.identity import passwords, recovery, signin
from seifas.keeper.identity.accounts import Account, AccountTable
from seifas.keeper.identity.backoff import EVERYONE, FAMILIAR, STRANGERS
from seifas.keeper.identity.signin import Attempt, Guard, SignedIn

HOME, AWAY = "10.1.2.3", "203.0.113.9"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
def ruta(table: AccountTable) -> Account:
    account = people.create(table, name="rūta", display="Rūta", hats=["nurse"], now_ms=1)
    people.set_password_hash(table, account.id, passwords.dummy_hash())
    return people.set_totp(table, account.id, SECRET, 0)


def code_at(now: int) -> str:
    return pyotp.TOTP(SECRET).at(now // 1000)


def attempt(table: AccountTable, guard: Guard, now: int, *, name: str = "ruta", address: str = AWAY) -> Attempt:
    return signin.begin(table, guard, name=name, address=address, now_ms=now)


def enter(table: AccountTable, guard: Guard, now: int, *, address: str = HOME, code: str | None = None) -> SignedIn:
    begun = attempt(table, guard, now, address=address)
    return signin.finish(table, begun, matched=True, code=code_at(now) if code is None else code, now_ms=now)


def held(table: AccountTable, guard: Guard, now: int, **where: str) -> bool:
    try:
        attempt(table, guard, now, **where)
    except OverBudget:
        return True
    return False


def test_password_and_code_sign_in_and_the_network_is_known(
    table: AccountTable, guard: Guard, ruta: Account, now: int
) -> None:
    signed = enter(table, guard, now)
    assert signed.factor == "totp"
    assert table.get(ruta.id) == signed.account
    assert [known.network for known in signed.account.familiar] == ["10.1.2.0/24"]


def test_the_same_code_again_is_refused_even_when_both_attempts_began_together(
    table: AccountTable, guard: Guard, ruta: Account, now: int
) -> None:
    first, second = attempt(table, guard, now), attempt(table, guard, now)
    signin.finish(table, first, matched=True, code=code_at(now), now_ms=now)
    with pytest.raises(SignIn):
        signin.finish(table, second, matched=True, code=code_at(now), now_ms=now)


def test_recovery_code_replaces_the_code_once_and_never_the_password(
    table: AccountTable, guard: Guard, ruta: Account, now: int
) -> None:
    shown, kept = recovery.new_codes(ruta.id)
    people.set_recovery(table, ruta.id, kept)
    with pytest.raises(SignIn):
        signin.finish(table, attempt(table, guard, now), matched=False, code=shown[0], now_ms=now)
    assert len(table.get(ruta.id).recovery_hashes) == 10
    assert enter(table, guard, now, code=shown[0]).factor == "recovery"
    assert len(table.get(ruta.id).recovery_hashes) == 9
    with pytest.raises(SignIn):
        enter(table, guard, now, code=shown[0])


def failures(table: AccountTable, guard: Guard, ruta: Account, now: int) -> list[SeifasError]:
    """Every way to fail, each from an address of its own."""
    nobody = people.create(table, name="nobody", display="N", hats=["nurse"], now_ms=1)
    people.set_password_hash(table, nobody.id, passwords.dummy_hash())
    gone = people.create(table, name="gone", display="G", hats=["nurse"], now_ms=1)
    people.set_password_hash(table, gone.id, passwords.dummy_hash())
    people.set_totp(table, gone.id, SECRET, 0)
    people.disable(table, gone.id, by=ruta.id, now_ms=now)
    bare = people.create(table, name="bare", display="B", hats=["nurse"], now_ms=1)
    people.set_totp(table, bare.id, SECRET, 0)
    found = []
    for name, matched, code in [
        ("ruta", False, code_at(now)), ("ruta", True, "000000"), ("ruta", True, ""), ("unknown", True, code_at(now)),
        ("nobody", True, code_at(now)), ("gone", True, code_at(now)), ("bare", True, code_at(now)), ("", True, ""),
        ("x" * 100_000, True, "1"), ("\ud800", True, code_at(now)),
    ]:
        begun = attempt(table, guard, now, name=name)
        with pytest.raises(SignIn) as caught:
            signin.finish(table, begun, matched=matched, code=code, now_ms=now)
        found.append(caught.value)
    return found


def test_every_failure_looks_the_same(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    assert len({(type(e), e.message, e.where) for e in failures(table, guard, ruta, now)}) == 1


def test_unknown_names_get_a_hash_to_check_too(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    real, fake = attempt(table, guard, now), attempt(table, guard, now, name="unknown")
    assert len(real.password_hash) == len(fake.password_hash)
    assert real.password_hash.rsplit("$", 2)[0] == fake.password_hash.rsplit("$", 2)[0]
    assert attempt(table, guard, now, name="unknown").password_hash != fake.password_hash


def test_attempts_are_counted_before_the_verdict(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    started = sum(not held(table, guard, now) for _ in range(100))
    assert started == STRANGERS.free
    assert table.get(ruta.id).strangers.strikes == STRANGERS.free


def test_braking_does_not_tell_which_names_exist(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    known, unknown = [], []
    for second in range(0, 90):
        known.append(held(table, guard, now + second * 1000))
        unknown.append(held(table, guard, now + second * 1000, name="unknown"))
    assert known == unknown
    assert any(known)


def test_a_stranger_never_locks_the_owner_out(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    enter(table, guard, now)
    for second in range(0, 4 * 3600, 5):
        held(table, guard, now + second * 1000)
        held(table, guard, now + second * 1000, name=f"spray{second}")
    later = now + 4 * 3_600_000
    assert held(table, guard, later)
    assert enter(table, guard, later).account.id == ruta.id


def test_and_from_a_new_network_the_owner_waits_at_most_the_cap(
    table: AccountTable, guard: Guard, ruta: Account, now: int
) -> None:
    for second in range(0, 3600, 5):
        held(table, guard, now + second * 1000)
    later = now + 3_600_000 + STRANGERS.cap_ms
    assert enter(table, guard, later, address="192.0.2.1").account.id == ruta.id


def test_a_familiar_network_is_braked_for_itself_only(
    table: AccountTable, guard: Guard, ruta: Account, now: int
) -> None:
    enter(table, guard, now)
    began = sum(not held(table, guard, now + 1, address=HOME) for _ in range(50))
    assert began == FAMILIAR.free
    assert table.get(ruta.id).strangers.strikes == 1  # the very first sign-in, before the network was known
    assert not held(table, guard, now + 2)
    assert enter(table, guard, now + FAMILIAR.cap_ms).account.familiar[0].brake.strikes == 0


def test_spraying_over_many_names_is_braked_for_strangers_only(
    table: AccountTable, guard: Guard, ruta: Account, now: int
) -> None:
    enter(table, guard, now)
    began = sum(not held(table, guard, now + 1, name=f"name{at}") for at in range(500))
    assert began <= EVERYONE.free
    assert enter(table, guard, now + 30_000).account.id == ruta.id


def test_password_changed_while_the_hash_ran(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    begun = attempt(table, guard, now)
    people.set_password_hash(table, ruta.id, passwords.dummy_hash())
    with pytest.raises(SignIn):
        signin.finish(table, begun, matched=True, code=code_at(now), now_ms=now)


def test_disabled_while_the_hash_ran(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    begun = attempt(table, guard, now)
    people.disable(table, ruta.id, by=b"o" * 16, now_ms=now)
    with pytest.raises(SignIn):
        signin.finish(table, begun, matched=True, code=code_at(now), now_ms=now)


def test_a_new_hash_is_kept(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    fresh = passwords.dummy_hash()
    signin.finish(table, attempt(table, guard, now), matched=True, code=code_at(now), now_ms=now, rehashed=fresh)
    assert table.get(ruta.id).password_hash == fresh


def test_unknown_names_are_bounded(table: AccountTable, guard: Guard, now: int) -> None:
    for at in range(5_000):
        guard.strike_unknown(f"name{at}", now)
    assert guard.unknown("name0").strikes == 0
    assert guard.unknown("name4999").strikes == 1


def test_an_unreadable_address_is_nobodys_home(table: AccountTable, guard: Guard, ruta: Account, now: int) -> None:
    assert enter(table, guard, now, address="").account.familiar == ()

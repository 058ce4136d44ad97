"""Signing in with a password and a one-time code, in three steps so that the hash runs outside the keeper's loop:

1. `begin` finds the account, waits out no one (it refuses while a brake holds) and *counts the attempt as failed*;
2. the caller runs `passwords.check_password(attempt.password_hash, password)` in an executor thread;
3. `finish` checks code and account as they are by then, and on success takes the count back.

Counting first means that a hundred attempts sent at once are a hundred attempts, not one. An unknown name goes the
same way through a dummy hash and a brake of its own, gets the same words and costs the same time. So that commits do
not tell the two apart, the caller makes one commit at the end in both cases: the line, and a known account's row with
it.
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from seifas.errors import OverBudget, SignIn
from seifas.keeper.identity import recovery, totp
from seifas.keeper.identity.accounts import FAMILIAR_MS, Account, AccountTable, fold, signed_in_from
from seifas.keeper.identity.backoff import EVERYONE, FAMILIAR, STRANGERS, Brake, strike, wait_ms
from seifas.keeper.identity.networks import network_of
from seifas.keeper.identity.passwords import dummy_hash

_MOST_UNKNOWN = 4_096


class Attempt(msgspec.Struct, frozen=True):
    """One attempt under way. `changed` is the account to store with the line of a failure (None for an unknown name).

    `strikes` counts the failures from where this came, this one included: the caller rings at ten.
    """

    account: bytes | None
    password_hash: str
    network: str
    strikes: int
    changed: Account | None


class SignedIn(msgspec.Struct, frozen=True):
    """The account, changed (stored before the session is handed out), and what proved it: "totp" or "recovery"."""

    account: Account
    factor: str


class Guard:
    """The brakes that belong to no account, in memory only: all strangers together, and names that do not exist."""

    def __init__(self) -> None:
        self.everyone = Brake()
        self._unknown: OrderedDict[bytes, Brake] = OrderedDict()
        self._salt = os.urandom(16)

    def unknown(self, name: str) -> Brake:
        """The brake of a name that does not exist, so that braking does not tell which names do."""
        return self._unknown.get(self._tag(name), Brake())

    def strike_unknown(self, name: str, now_ms: int) -> Brake:
        """Count an attempt at it. The oldest of 4,096 names is forgotten; by then `everyone` brakes for all of them."""
        tag = self._tag(name)
        self._unknown[tag] = strike(self._unknown.pop(tag, Brake()), STRANGERS, now_ms)
        if len(self._unknown) > _MOST_UNKNOWN:
            self._unknown.popitem(last=False)
        return self._unknown[tag]

    def _tag(self, name: str) -> bytes:
        return sha256(self._salt + fold(name[:200]).encode("utf-8", "surrogatepass")).digest()


def begin(accounts: AccountTable, guard: Guard, *, name: str, address: str, now_ms: int) -> Attempt:
    """Start an attempt. Raises OverBudget (with the seconds to wait) while a brake holds: nothing is counted then."""
    network = network_of(address)
    account = accounts.find(name)
    home = None if account is None else _familiar(account, network, now_ms)
    if account is not None and home is not None:
        _wait(wait_ms(account.familiar[home].brake, FAMILIAR, now_ms))
        known = list(account.familiar)
        known[home] = replace(known[home], brake=strike(known[home].brake, FAMILIAR, now_ms))
        changed: Account | None = replace(account, familiar=tuple(known))
        strikes = known[home].brake.strikes
    else:
        brake = guard.unknown(name) if account is None else account.strangers
        _wait(max(wait_ms(brake, STRANGERS, now_ms), wait_ms(guard.everyone, EVERYONE, now_ms)))
        guard.everyone = strike(guard.everyone, EVERYONE, now_ms)
        if account is None:
            changed, strikes = None, guard.strike_unknown(name, now_ms).strikes
        else:
            changed = replace(account, strangers=strike(brake, STRANGERS, now_ms))
            strikes = changed.strangers.strikes
    if changed is not None:
        accounts.put(changed)
    return Attempt(
        account=None if account is None else account.id,
        password_hash=(account.password_hash if account is not None else "") or dummy_hash(),
        network=network, strikes=strikes, changed=changed,
    )


def finish(
    accounts: AccountTable, attempt: Attempt, *, matched: bool, code: str, now_ms: int, rehashed: str = ""
) -> SignedIn:
    """Complete an attempt with the hash's verdict. Raises SignIn, always in the same words; nothing needs storing then.

    `code` is a one-time code or a recovery code, spent here. An account without a one-time code secret cannot sign in
    with a password at all. Whether the password changed while the hash ran is checked as well.
    """
    account = None if attempt.account is None else accounts.lookup(attempt.account)
    proven = None if account is None else _second(account, code, now_ms)
    if (
        account is None or proven is None or not matched or account.disabled or not account.password_hash
        or not hmac.compare_digest(account.password_hash.encode(), attempt.password_hash.encode())
    ):
        raise SignIn("Name, password or code is wrong.", where="sign-in")
    changed = signed_in_from(proven.account, attempt.network, now_ms)
    if rehashed:
        changed = replace(changed, password_hash=rehashed)
    accounts.put(changed)
    return SignedIn(account=changed, factor=proven.factor)


def _second(account: Account, code: str, now_ms: int) -> SignedIn | None:
    if not account.totp_secret:
        return None
    step = totp.verify(account.totp_secret, code, account.totp_last_step, now_ms)
    if step is not None:
        return SignedIn(account=replace(account, totp_last_step=step), factor="totp")
    spent = recovery.spend(account, code)
    return None if spent is None else SignedIn(account=spent, factor="recovery")


def _familiar(account: Account, network: str, now_ms: int) -> int | None:
    for at, known in enumerate(account.familiar):
        if known.network == network and known.seen_ms > now_ms - FAMILIAR_MS:
            return at
    return None


def _wait(wait: int) -> None:
    if wait:
        raise OverBudget(
            f"Too many wrong attempts. Wait {-(-wait // 1000)} seconds, or use a passkey.", where="sign-in",
        )

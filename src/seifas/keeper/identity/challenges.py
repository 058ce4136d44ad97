"""WebAuthn challenges under way: random, bound to what they are for, good once, dead after five minutes.

In memory only and bounded, for each network or session and in all, so that starting ceremonies cannot fill the keeper
and strangers cannot push out the ceremonies of a signed-in session (those have a table of their own).
"""

from __future__ import annotations

import os
import secrets
from collections import OrderedDict
from enum import StrEnum

import msgspec

from seifas.errors import Refused

LIFETIME_MS = 300_000


class Kind(StrEnum):
    """Which ceremony a challenge belongs to; a challenge of one is worthless in another."""

    REGISTER = "register"
    SIGN_IN = "sign-in"
    STEP_UP = "step-up"


class Challenge(msgspec.Struct, frozen=True):
    """`owner` is the session id, or the network of a stranger. `account` is None when any account may answer.

    `digest` is the SHA-256 of the request a step-up is for, b"" otherwise.
    """

    handle: str
    kind: Kind
    challenge: bytes
    owner: bytes
    account: bytes | None
    digest: bytes
    expires_ms: int


class ChallengeTable:
    """Two pools, one for sessions, one for strangers; in each the oldest gives way when it is full."""

    def __init__(self, *, most: int = 8_192, per_network: int = 256, per_session: int = 8) -> None:
        self._most = most
        self._per_owner = {True: per_session, False: per_network}
        self._pools: dict[bool, OrderedDict[str, Challenge]] = {True: OrderedDict(), False: OrderedDict()}
        self._owned: dict[bool, dict[bytes, list[str]]] = {True: {}, False: {}}

    def __len__(self) -> int:
        return sum(map(len, self._pools.values()))

    def new(
        self, kind: Kind, *, owner: bytes, now_ms: int, account: bytes | None = None, digest: bytes = b""
    ) -> Challenge:
        """A fresh challenge of 32 random bytes under a handle of 22 characters."""
        inside = kind is not Kind.SIGN_IN
        self._make_room(inside, owner, now_ms)
        made = Challenge(
            handle=secrets.token_urlsafe(16), kind=kind, challenge=os.urandom(32), owner=owner, account=account,
            digest=digest, expires_ms=now_ms + LIFETIME_MS,
        )
        self._pools[inside][made.handle] = made
        self._owned[inside].setdefault(owner, []).append(made.handle)
        return made

    def take(self, handle: str, kind: Kind, *, now_ms: int, session: bytes | None = None) -> Challenge:
        """Spend a challenge: it is gone whatever happens next, so each handle is one try.

        Raises Refused for an unknown or used handle, another ceremony, another session, or one that is too old.
        """
        inside = kind is not Kind.SIGN_IN
        taken = self._drop(inside, handle) if len(handle) <= 64 else None
        if (
            taken is None or taken.kind is not kind or now_ms >= taken.expires_ms
            or (inside and (session is None or taken.owner != session))
        ):
            raise Refused("This confirmation is too old or was used already. Try again.", where="challenge")
        return taken

    def sweep(self, now_ms: int) -> None:
        """Drop the expired."""
        for inside, pool in self._pools.items():
            for handle in [c.handle for c in pool.values() if now_ms >= c.expires_ms]:
                self._drop(inside, handle)

    def _make_room(self, inside: bool, owner: bytes, now_ms: int) -> None:
        pool, mine = self._pools[inside], self._owned[inside].get(owner, [])
        while pool and now_ms >= next(iter(pool.values())).expires_ms:
            self._drop(inside, next(iter(pool)))
        if len(mine) >= self._per_owner[inside]:
            self._drop(inside, mine[0])
        elif len(pool) >= self._most:
            self._drop(inside, next(iter(pool)))

    def _drop(self, inside: bool, handle: str) -> Challenge | None:
        gone = self._pools[inside].pop(handle, None)
        if gone is not None:
            mine = self._owned[inside][gone.owner]
            mine.remove(handle)
            if not mine:
                del self._owned[inside][gone.owner]
        return gone

"""Gestures: a passkey touched for one request of one session. Each is redeemed once, within two minutes.

In memory only: a gesture lost with the keeper is given again. What a gesture proves is a person, not a text: a passkey
shows nothing of what is signed, so the budget stays the bound on what a broken page can make people sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from seifas.errors import StepUp

LIFETIME_MS = 120_000
MOST_PER_SESSION = 8
_CANONICAL = msgspec.msgpack.Encoder(order="deterministic")


class Gesture(msgspec.Struct, frozen=True):
    """Account (16 bytes), session (16 bytes), SHA-256 of the request, wall ms, and the passkey that was touched."""

    account: bytes
    session: bytes
    digest: bytes
    at_ms: int
    credential_id: bytes


def request_digest(op: str, args: Mapping[str, Any]) -> bytes:
    """SHA-256 (32 bytes) of an operation and its arguments: MessagePack of `[op, args]`, keys sorted, no session."""
    return sha256(b"seifas request 1\0" + _CANONICAL.encode([op, dict(args)])).digest()


MEANS_CHANGE = request_digest("means.change", {})
"""What a gesture is over that lets a session change how its account signs in, for a few minutes."""


class GestureTable:
    """Gestures waiting to be redeemed, a few a session."""

    def __init__(self) -> None:
        self._by_session: dict[bytes, dict[bytes, Gesture]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_session.values()))

    def put(self, gesture: Gesture) -> None:
        """Keep one; the session's oldest of more than eight goes."""
        mine = self._by_session.setdefault(gesture.session, {})
        mine.pop(gesture.digest, None)
        mine[gesture.digest] = gesture
        if len(mine) > MOST_PER_SESSION:
            del mine[next(iter(mine))]

    def remove(self, session: bytes) -> None:
        """Forget all of a session (it ended, froze, locked or changed hats)."""
        self._by_session.pop(session, None)

    def redeem(self, *, session: bytes, account: bytes, digest: bytes, now_ms: int) -> Gesture:
        """Spend the gesture for exactly this request of this session. Raises StepUp when there is none."""
        gesture = self._by_session.get(session, {}).pop(digest, None)
        if gesture is None or gesture.account != account or not 0 <= now_ms - gesture.at_ms < LIFETIME_MS:
            raise StepUp("Confirm this with your passkey.", where="gesture")
        return gesture

    def take(self, *, session: bytes, account: bytes, digest: bytes, now_ms: int) -> bool:
        """`redeem` for a caller who goes on without: whether there was one, spent now."""
        try:
            self.redeem(session=session, account=account, digest=digest, now_ms=now_ms)
        except StepUp:
            return False
        return True

    def sweep(self, now_ms: int) -> None:
        """Drop the stale."""
        for session, mine in list(self._by_session.items()):
            left = {d: g for d, g in mine.items() if 0 <= now_ms - g.at_ms < LIFETIME_MS}
            if left:
                self._by_session[session] = left
            else:
                del self._by_session[session]

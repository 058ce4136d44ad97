"""How fast codes may be tried and asked for, and the codes that were mailed. In memory only; all of it bounded.

Whoever knows an address could keep its owner out by asking for codes without end. So guesses and requests are counted
for an address *and* a network; strangers' networks share one more count, which the networks that the owner signed in
from lately do not wait for; and passkeys and invitations wait for none of it.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections import OrderedDict, deque
from typing import Final

import msgspec

from seifas.errors import OverBudget
from seifas.keeper.identity.backoff import Brake, strike, wait_ms
from seifas.keeper.identity.backoff import Pace as Steps

CODE_MS: Final = 10 * 60_000
TRIES: Final = 5
ASKED_FROM_ONE: Final = 5
ASKED_BY_STRANGERS: Final = 10
# Each question at the door is a line in the log: one network gets sixty at once and then two a second.
DOORS = Steps(free=60, first_ms=500, cap_ms=500, forget_ms=500)
_HOUR_MS: Final = 3_600_000
_MOST: Final = 8_192
_MOST_MAILS: Final = 1_000
# An invitation has 49 bits and a birth date: the brake spares the machine, the code holds by itself.
INVITATIONS = Steps(free=10, first_ms=500, cap_ms=60_000, forget_ms=60_000)


class MailCode(msgspec.Struct, frozen=True):
    """A code under way; `accounts` is empty for an address that nobody has here. `digest` is an HMAC of the code.
    `address`: the one that the account is to have, where the code proves a new address; else empty."""

    accounts: tuple[bytes, ...]
    digest: bytes
    expires_ms: int
    tries: int = 0
    address: str = ""


class Mail(msgspec.Struct, frozen=True):
    """One letter for the jobs process, with words of no clinic and no name."""

    id: bytes
    to: str
    subject: str
    text: str
    until_ms: int


class MailDesk:
    """Codes by handle, and letters that wait to be carried."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._codes: OrderedDict[str, MailCode] = OrderedDict()
        self._letters: deque[Mail] = deque(maxlen=_MOST_MAILS)

    def begin(self, accounts: tuple[bytes, ...], now_ms: int, *, address: str = "") -> tuple[str, str]:
        """(handle, code of six digits). The same work whether anybody is meant or not."""
        handle, code = secrets.token_urlsafe(16), f"{secrets.randbelow(1_000_000):06d}"
        self._codes[handle] = MailCode(accounts, self._digest(handle, code), now_ms + CODE_MS, 0, address)
        if len(self._codes) > _MOST:
            self._codes.popitem(last=False)
        return handle, code

    def check(self, handle: str, code: str, now_ms: int, *, proves_address: bool = False) -> MailCode | None:
        """What a code was for, spent now; None for a wrong, unknown, used or late one. A wrong one counts."""
        known = self._codes.get(handle[:64])
        digest = self._digest(handle[:64], code[:16])
        if known is None or now_ms >= known.expires_ms:
            return None
        right = hmac.compare_digest(digest, known.digest) and bool(known.accounts)
        if right and bool(known.address) is proves_address:
            del self._codes[handle[:64]]
            return known
        tried = msgspec.structs.replace(known, tries=known.tries + 1)
        if tried.tries >= TRIES:
            del self._codes[handle[:64]]
        else:
            self._codes[handle[:64]] = tried
        return None

    def send(self, to: str, subject: str, text: str, until_ms: int) -> None:
        self._letters.append(Mail(os.urandom(16), to, subject, text, until_ms))

    def due(self, now_ms: int) -> list[Mail]:
        return [one for one in self._letters if now_ms < one.until_ms][:20]

    def sent(self, ident: bytes) -> None:
        self._letters = deque((one for one in self._letters if one.id != ident), maxlen=_MOST_MAILS)

    def sweep(self, now_ms: int) -> None:
        for handle in [handle for handle, one in self._codes.items() if now_ms >= one.expires_ms]:
            del self._codes[handle]
        self._letters = deque((one for one in self._letters if now_ms < one.until_ms), maxlen=_MOST_MAILS)

    def _digest(self, handle: str, code: str) -> bytes:
        return hmac.digest(self._key, handle.encode("utf-8", "replace") + b"\0" + code.encode("utf-8", "replace"),
                           "sha256")


class Pace:
    """Counts of late, by address and network."""

    def __init__(self) -> None:
        self._asked: OrderedDict[tuple[bytes, str], tuple[int, ...]] = OrderedDict()
        self._brakes: OrderedDict[str, Brake] = OrderedDict()

    def ask(self, mail_tag: bytes, network: str, *, familiar: bool, now_ms: int) -> bool:
        """Whether another code may be made for this address; counted if so. Unknown addresses count alike."""
        kept = [((mail_tag, network), ASKED_FROM_ONE)]
        if not familiar:
            kept.append(((mail_tag, ""), ASKED_BY_STRANGERS))
        late = {key: tuple(at for at in self._asked.get(key, ()) if 0 <= now_ms - at < _HOUR_MS) for key, _ in kept}
        if any(len(late[key]) >= most for key, most in kept):
            return False
        for key, _ in kept:
            self._asked[key] = (*late[key], now_ms)
            self._asked.move_to_end(key)
        while len(self._asked) > _MOST:
            self._asked.popitem(last=False)
        return True

    def try_code(self, network: str, now_ms: int) -> None:
        """Before an invitation is looked at. Raises OverBudget while this network has to wait."""
        self._braked(network, INVITATIONS, now_ms)

    def _braked(self, key: str, steps: Steps, now_ms: int) -> None:
        brake = self._brakes.get(key, Brake())
        wait = wait_ms(brake, steps, now_ms)
        if wait:
            raise OverBudget(f"Too many tries. Wait {-(-wait // 1000)} seconds.", where="sign-in")
        self._brakes[key] = strike(brake, steps, now_ms)
        self._brakes.move_to_end(key)
        if len(self._brakes) > _MOST:
            self._brakes.popitem(last=False)

    def knock(self, network: str, now_ms: int) -> None:
        """Before anything is looked up or written for who is not signed in. Raises OverBudget."""
        self._braked(f"door {network}", DOORS, now_ms)

    def right(self, network: str) -> None:
        """The code was right: others on this network start afresh."""
        self._brakes.pop(network, None)

    def sweep(self, now_ms: int) -> None:
        for key in [key for key, times in self._asked.items() if not any(0 <= now_ms - at < _HOUR_MS for at in times)]:
            del self._asked[key]

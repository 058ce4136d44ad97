"""One-time links: to sign in once (demo accounts, a lost passkey), to accept an invitation, to add means of signing in.

A link is a 256-bit token of which only the SHA-256 is kept. It is good once and dies by the clock. Pages must redeem it
by a POST that a person sends, never by the GET that mail scanners and previews make.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from enum import StrEnum
from hashlib import sha256

import msgspec

from seifas.errors import Invalid, OverBudget, SignIn

TOKEN_CHARS = 43
_CLOCK_BACK_MS = 60_000


class Purpose(StrEnum):
    """LOGIN opens a session; INVITE opens one that may only enrol; ENROL adds a passkey on another device."""

    LOGIN = "login"
    INVITE = "invite"
    ENROL = "enrol"


LIFETIME_MS: dict[Purpose, int] = {
    Purpose.LOGIN: 15 * 60_000,
    Purpose.INVITE: 72 * 3_600_000,
    Purpose.ENROL: 15 * 60_000,
}


class Link(msgspec.Struct, frozen=True):
    """`made_by` is the account that asked for it, or 16 zero bytes for the admin socket."""

    id: bytes
    token_hash: bytes
    purpose: Purpose
    account: bytes
    made_by: bytes
    created_ms: int
    expires_ms: int


class Made(msgspec.Struct, frozen=True):
    """A new link with the only copy of its token, and the links it replaces (their rows are deleted)."""

    token: str
    link: Link
    replaced: tuple[Link, ...]


def _over(link: Link, now_ms: int) -> bool:
    """Whether it is too old, or was made in the future: then the clock was set back, and it would live longer."""
    return now_ms >= link.expires_ms or now_ms < link.created_ms - _CLOCK_BACK_MS


class LinkTable:
    """All live links; at most `most`, and one an account and purpose: a newer link shuts the older one."""

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._by_hash: dict[bytes, Link] = {}
        self._hash_of: dict[bytes, bytes] = {}

    def __len__(self) -> int:
        return len(self._by_hash)

    def __iter__(self) -> Iterator[Link]:
        return iter(tuple(self._by_hash.values()))

    def put(self, link: Link) -> None:
        """Add or replace by id."""
        self.remove(link.id)
        self._by_hash[link.token_hash] = link
        self._hash_of[link.id] = link.token_hash

    def remove(self, ident: bytes) -> None:
        """Forget a link. Unknown ids are no error."""
        hashed = self._hash_of.pop(ident, None)
        if hashed is not None:
            del self._by_hash[hashed]

    def load(self, links: Iterable[Link]) -> None:
        """Replace everything, as at unlock."""
        self._by_hash.clear()
        self._hash_of.clear()
        for link in links:
            self.put(link)

    def make(self, *, purpose: Purpose, account: bytes, made_by: bytes, now_ms: int) -> Made:
        """A new link. Raises OverBudget when the table is full of live ones, Invalid for a link to no account."""
        if len(account) != 16:
            raise Invalid("A link belongs to one account.", where="account")
        replaced = [link for link in self if link.account == account and link.purpose is purpose]
        if len(self) - len(replaced) >= self._most:
            raise OverBudget("Too many links are waiting to be used. Let some expire or be used first.", where="links")
        for link in replaced:
            self.remove(link.id)
        token = secrets.token_urlsafe(32)
        made = Link(
            id=os.urandom(16), token_hash=sha256(token.encode()).digest(), purpose=purpose, account=account,
            made_by=made_by, created_ms=now_ms, expires_ms=now_ms + LIFETIME_MS[purpose],
        )
        self.put(made)
        return Made(token=token, link=made, replaced=tuple(replaced))

    def redeem(self, token: str, purpose: Purpose, now_ms: int) -> Link:
        """Spend a link: it is gone from memory when this returns, and its row is deleted before the answer.

        Raises SignIn, in the same words for an unknown, used, expired or otherwise meant link. A link offered for
        another purpose is not spent: that is a mistake of the page, not of the person.
        """
        link = None
        if len(token) == TOKEN_CHARS and token.isascii():
            link = self._by_hash.get(sha256(token.encode()).digest())
        if link is None or link.purpose is not purpose or _over(link, now_ms):
            raise SignIn("This link was used already or is too old. Ask for a new one.", where="link")
        self.remove(link.id)
        return link

    def drop_account(self, account: bytes) -> list[Link]:
        """Shut every link of an account (it was disabled). The caller deletes the rows."""
        return self._drop([link for link in self if link.account == account])

    def sweep(self, now_ms: int) -> list[Link]:
        """Drop the expired. The caller deletes the rows."""
        return self._drop([link for link in self if _over(link, now_ms)])

    def _drop(self, links: list[Link]) -> list[Link]:
        for link in links:
            self.remove(link.id)
        return links

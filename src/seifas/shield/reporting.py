"""Whom the control loop tells: the keeper (keeper_reporting.py), or files of a site that has none (sealed_files.py).

Telling never holds up the loop: what cannot be handed over now is kept, sealed, and handed over later, in its order.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from seifas.shield.model import Change, Mode, State
from seifas.shield.modes import Order


class Wishes(msgspec.Struct, frozen=True):
    """What people want of the shield: listeners set by hand, and whether the public notice stands."""

    orders: dict[str, Order] = {}
    notice: bool = False


class Reporter(Protocol):
    """One a process. An `event` is a flood: 16 random bytes, made by the loop when a listener leaves CALM."""

    async def told(self, state: State) -> Wishes:
        """How the shield stands. Raises SeifasError where nobody answers: the wishes of before hold."""

    async def changed(self, event: bytes, change: Change) -> None:
        """A listener's mode has changed. Never fails: what cannot be told now is told later."""

    async def minute(self, event: bytes, body: bytes) -> None:
        """A minute: of a flood a link of its chain (evidence/chain.py), else (event empty) the JSON of a Minute that
        holds numbers only."""

    async def book(self, event: bytes, made_ms: int, parts: tuple[bytes, ...]) -> None:
        """The book of addresses as it is now, in parts (evidence/book.py); each edition replaces the one before."""


class _Order(msgspec.Struct, frozen=True):
    mode: str
    until_ms: int


def wishes(orders: object, notice: object) -> Wishes:
    """What was answered, as Wishes; what does not read is no order."""
    try:
        read = msgspec.convert(orders, dict[str, _Order])
    except msgspec.ValidationError:
        read = {}
    return Wishes(
        {
            listener: Order(Mode[one.mode.upper()], one.until_ms)
            for listener, one in read.items() if one.mode.upper() in Mode.__members__
        },
        bool(notice),
    )

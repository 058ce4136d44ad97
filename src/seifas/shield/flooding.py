"""A flood's evidence as it comes: minutes as links of a chain, the book of addresses at intervals and at the end."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import SeifasError
from seifas.shield.addresses import Addresses, Book
from seifas.shield.counting import without_details
from seifas.shield.distinct import Total
from seifas.shield.evidence import book as books
from seifas.shield.evidence.chain import linked
from seifas.shield.model import Change, Minute, Mode
from seifas.shield.modes import Situation
from seifas.shield.networks import Networks
from seifas.shield.reporting import Reporter
from seifas.shield.standing import Flood, Held, Standing, store

log = logging.getLogger("seifas.shield")

BOOKS_AT_MS: Final = (60_000, 300_000)
"""Ages of a flood at which its book is told first: the provider wants a list within minutes."""

BOOK_EVERY_MS: Final = 600_000
_BEFORE_S: Final = 60  # who sent last so long before a flood began is none of its senders


class Floods:
    """The flood under way, if there is one, and what is told of it."""

    def __init__(
        self, file: Path, reporter: Reporter, addresses: Addresses, networks: Networks, flood: Flood | None
    ) -> None:
        self._file = file
        self._reporter = reporter
        self._addresses = addresses
        self._networks = networks
        self._total = Total()
        self.flood = flood

    def keep(self, situations: dict[str, Situation]) -> None:
        """Writes down what the next loop needs."""
        try:
            store(self._file, Standing({name: Held.of(one) for name, one in situations.items()}, self.flood))
        except OSError as error:
            log.warning("the shield's standing was not written", extra={"error": type(error).__name__})

    async def changed(self, change: Change, situations: dict[str, Situation]) -> None:
        """A listener's mode has changed: a flood may begin or end with it."""
        if self.flood is None and change.after > Mode.CALM:
            self.flood = Flood.begin(change.ms)
            self._total = Total()
        flood = self.flood
        over = all(one.mode == Mode.CALM for one in situations.values())
        self.keep(situations)
        await self._reporter.changed(flood.event if flood is not None else b"", change)
        if flood is not None and over:
            await self._tell_book(flood, change.ms)
            self.flood = None
            self.keep(situations)

    async def minute(self, minute: Minute, situations: dict[str, Situation]) -> None:
        """A minute of one listener is over."""
        flood = self.flood
        if flood is None:
            await self._reporter.minute(b"", msgspec.json.encode(without_details(minute)))
            return
        try:
            body, head = linked(flood.head, minute)
        except SeifasError:
            body, head = linked(flood.head, without_details(minute))
        # Written down first: two links with one number would be two stories.
        self.flood = flood = msgspec.structs.replace(flood, head=head)
        self.keep(situations)
        await self._reporter.minute(flood.event, body)
        ends_ms = minute.begins_ms + round(minute.seconds * 1000)
        if _is_due(flood, ends_ms):
            self.flood = flood = msgspec.structs.replace(flood, told_ms=ends_ms)
            await self._tell_book(flood, ends_ms)

    async def _tell_book(self, flood: Flood, ms: int) -> None:
        whole = self.book(since_s=flood.began_ms // 1000 - _BEFORE_S)
        distinct = len(whole)
        if not whole.exact:
            self._total.add(whole.v4.keys)
            self._total.add(whole.v6.keys)
            distinct = max(distinct, self._total.count())
        parts = await asyncio.to_thread(books.packed, whole, chain=flood.event, made_ms=ms, distinct=distinct)
        await self._reporter.book(flood.event, ms, parts)

    def count_further(self) -> Total | None:
        """Where addresses are to be counted that the book has no room for; None while it has."""
        return None if self._addresses.exact or self.flood is None else self._total

    def book(self, *, since_s: int = 0) -> Book:
        """Who sent since then."""
        four, six = self._addresses.tables()
        networks4, networks6 = self._networks.good()
        return Book(
            four.taken(four.last >= since_s), six.taken(six.last >= since_s), self._addresses.exact, networks4,
            networks6,
        )


def _is_due(flood: Flood, now_ms: int) -> bool:
    """Whether the book is to be told again."""
    told = flood.told_ms - flood.began_ms
    early = next((age for age in BOOKS_AT_MS if told < age), None)
    return now_ms - flood.told_ms >= BOOK_EVERY_MS if early is None else now_ms - flood.began_ms >= early

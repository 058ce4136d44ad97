"""The gallery of published photos: from memory only, marked, and gone within five seconds of a consent's end.

Every two seconds the keeper is asked what is published. A picture that it no longer names is dropped in that moment; if
it says nothing for four seconds nothing is shown at all, because then nobody knows what may be. Each picture is fetched
once, by ticket, from the darkroom, which marks it. No page here names a patient, and no address leads to one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.keeper.client import KeeperClient
from seifas.records.consents import caption_read
from seifas.web.answers import PAGE_GUARDS
from seifas.web.words import say

log = logging.getLogger("seifas.public")

FRESH_S: Final = 4.0
"""Seconds for which the keeper's last word counts, from when it was asked."""

MOST_PICTURES: Final = 200
MOST_BYTES: Final = 96 * 2**20
_ANSWER_S: Final = 3.0
_AGAIN_S: Final = 30.0  # after a picture could not be fetched

Show = Callable[[bytes], Awaitable[Mapping[str, Any]]]
"""The darkroom's: a ticket for a marked picture."""


class Published(msgspec.Struct, frozen=True):
    """One row of the op gallery.list. Two of the same pair stand side by side, before and after."""

    id: bytes
    caption: str = ""
    width: int = 0
    height: int = 0

    @property
    def said(self) -> tuple[dict[str, str], str, str]:
        """Words by language, pair, side (records.consents.caption_of)."""
        return caption_read(self.caption)


class Picture(msgspec.Struct, frozen=True):
    """A marked picture in memory."""

    kind: bytes
    body: bytes
    width: int
    height: int


class Shown(msgspec.Struct, frozen=True):
    """A picture as the page shows it."""

    name: str
    width: int
    height: int
    alt: str
    label: str


class Pair(msgspec.Struct, frozen=True):
    """One or more pictures that belong together, under one caption."""

    pictures: tuple[Shown, ...]
    caption: str


class Gallery:
    """Of one process. `show` is the darkroom's; without a darkroom nothing is shown."""

    def __init__(self, client: KeeperClient, show: Show | None) -> None:
        self._client = client
        self._show = show
        self._rows: tuple[Published, ...] = ()
        self._pictures: dict[bytes, Picture] = {}
        self._failed: dict[bytes, float] = {}
        self._asked = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether the keeper's word is recent enough to show anything."""
        return time.monotonic() - self._asked <= FRESH_S

    @property
    def there(self) -> bool:
        """Whether there is anything to show."""
        return self.fresh and any(row.id in self._pictures for row in self._rows)

    async def ask(self) -> None:
        """One round: what is published, and what is not any more."""
        if self._show is None:
            return
        began = time.monotonic()
        try:
            async with asyncio.timeout(_ANSWER_S):
                rows = msgspec.convert(await self._client.call("gallery.list"), tuple[Published, ...], strict=False)
        except (SeifasError, TimeoutError, msgspec.ValidationError):
            if not self.fresh:
                self._clear()
            return
        self._rows, self._asked = rows[:MOST_PICTURES], began
        known = {row.id for row in self._rows}
        self._pictures = {ident: one for ident, one in self._pictures.items() if ident in known}
        self._failed = {ident: at for ident, at in self._failed.items() if ident in known}

    async def fetch(self) -> None:
        """The next picture that is published and not here yet, if there is one."""
        now = time.monotonic()
        for row in self._rows:
            if row.id not in self._pictures and now - self._failed.get(row.id, -_AGAIN_S) >= _AGAIN_S:
                if self._show is not None:
                    await self._fetch(self._show, row.id)
                return

    async def _fetch(self, show: Show, ident: bytes) -> None:
        try:
            async with asyncio.timeout(_ANSWER_S):
                ticket = (await self._client.call("gallery.ticket", id=ident))["ticket"]
                got = await show(ticket)
        except (SeifasError, TimeoutError, OSError):
            self._failed[ident] = time.monotonic()
            return
        picture = Picture(str(got["kind"]).encode("ascii"), got["body"], int(got["width"]), int(got["height"]))
        held = sum(len(one.body) for one in self._pictures.values())
        if picture.kind not in (b"image/jpeg", b"image/png", b"image/webp") or held + len(picture.body) > MOST_BYTES:
            log.warning("a published picture is not shown", extra={"bytes": len(picture.body)})
            self._failed[ident] = time.monotonic()
            return
        if any(row.id == ident for row in self._rows):  # not withdrawn while it was on its way
            self._pictures[ident] = picture

    def _clear(self) -> None:
        self._rows = ()
        self._pictures.clear()

    def pairs(self, language: str) -> list[Pair]:
        """What the page shows, before first."""
        if not self.fresh:
            return []
        groups: dict[str, list[Published]] = {}
        for row in self._rows:
            if row.id in self._pictures:
                groups.setdefault(row.said[1] or row.id.hex(), []).append(row)
        return [_pair(rows, self._pictures, language) for rows in groups.values()]

    async def picture(self, exchange: Exchange, name: str) -> bool:
        """Answers with a picture that is published now; whether there is one."""
        try:
            ident = bytes.fromhex(name) if len(name) == 32 and name.islower() | name.isdigit() else b""
        except ValueError:
            return False
        picture = self._pictures.get(ident) if self.fresh else None
        if picture is None or all(row.id != ident for row in self._rows):
            return False
        exchange.route("/gallery/{picture}")
        headers = [*PAGE_GUARDS, (b"content-type", picture.kind), (b"x-robots-tag", b"noindex, noimageindex")]
        await exchange.answer(200, picture.body, headers)
        return True


def _pair(rows: list[Published], pictures: Mapping[bytes, Picture], language: str) -> Pair:
    rows = sorted(rows, key=lambda row: ("before", "", "after").index(row.said[2]))
    caption = next((words for row in rows if (words := row.said[0].get(language, ""))), "")
    shown = []
    for row in rows:
        label = {"before": say(language, "site-before"), "after": say(language, "site-after")}.get(row.said[2], "")
        picture = pictures[row.id]
        alt = ", ".join(one for one in (label, caption) if one) or say(language, "site-picture")
        shown.append(Shown(row.id.hex(), picture.width, picture.height, alt, label))
    return Pair(tuple(shown), caption)

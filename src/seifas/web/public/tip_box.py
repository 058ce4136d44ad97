"""Seals tips where they arrive and hands them to the keeper; holds a few texts, sealed, while the vault is locked.

A text exists here for as long as sealing takes, a file for as long as a piece of it does: it is sealed as it streams
in and goes on in sealed parts of 4 MiB. Files are not taken while the vault is locked: there is nowhere to put them but
memory. Nothing here is kept on a disk, and no address goes with anything.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import AsyncIterator
from typing import Final

from seifas.errors import SeifasError
from seifas.keeper import tip_sealing
from seifas.keeper.client import KeeperClient
from seifas.keeper.tip_receipts import Keys
from seifas.keeper.tip_sealing import PART, Place, TipAnswer, TipFile, TipText
from seifas.web.public.drop_key import ANSWER_S, DropKey
from seifas.web.public.handing_over import HandingOver, Told, answered

MOST_HELD: Final = 50
_PART_S: Final = 60.0


class TipBox:
    """Of one process and clinic."""

    def __init__(self, client: KeeperClient, clinic: bytes) -> None:
        self._client = client
        self._clinic = clinic
        self._key = DropKey(client)
        self._waiting = HandingOver(client, "tip.put", MOST_HELD)

    @property
    def held(self) -> int:
        """How many texts wait here."""
        return self._waiting.held

    async def look(self, keys: Keys) -> list[TipAnswer]:
        """The answers that lie under a receipt, oldest first; none for a receipt that never was. Raises Locked,
        Unavailable, OverBudget."""
        rows = await answered(self._client, "tip.look", ANSWER_S, lookup=keys.lookup)
        found = []
        for row in rows:
            with contextlib.suppress(SeifasError):  # sealed to other keys than this receipt's: nothing to show
                place = Place(self._clinic, keys.lookup, row["id"])
                found.append(tip_sealing.open_answer(keys.seed, place, row["sealed"]))
        return found

    async def put(self, keys: Keys, ident: bytes, text: str, language: str) -> Told:
        """Seals a text and hands it over; `ident` tells the form it came by. Raises Unavailable without a key."""
        part = tip_sealing.once(ident, text)
        place = Place(self._clinic, keys.lookup, part)
        sealed = tip_sealing.seal_text(await self._key.ask(), place, TipText(text, language, _now_ms()))
        one = {"lookup": keys.lookup, "answer_key": keys.public, "id": part, "sealed": sealed}
        return await self._waiting.put(one)

    async def pass_on(self) -> None:
        """Hands over what is held; called every other second."""
        await self._waiting.pass_on()

    async def send(self, keys: Keys, name: str, size: int, pieces: AsyncIterator[bytes]) -> str:
        """Seals a file of `size` bytes as it comes, and hands it over; its SHA-256 in hex, for whoever sent it. Raises
        Locked, Unavailable, OverBudget ("full", "pace", "busy"), and what `pieces` raises; nothing is left then."""
        public, part, key = await self._key.ask(), os.urandom(16), os.urandom(tip_sealing.KEY_SIZE)
        place = Place(self._clinic, keys.lookup, part)
        await answered(self._client, "tip.file_begin", ANSWER_S, id=part, size=tip_sealing.size_of(size))
        try:
            digest = await self._stream(key, place, pieces)
            header = TipFile(key, tip_sealing.name_of(name), size, digest, _now_ms())
            await answered(self._client, "tip.file_end", _PART_S, lookup=keys.lookup, answer_key=keys.public, id=part,
                sealed=tip_sealing.seal_file(public, place, header),
            )
        except BaseException:
            with contextlib.suppress(SeifasError):
                await answered(self._client, "tip.file_drop", ANSWER_S, id=part)
            raise
        return digest.hex()

    async def _stream(self, key: bytes, place: Place, pieces: AsyncIterator[bytes]) -> bytes:
        sealer, digest, buffer, number = tip_sealing.file_sealer(key, place), hashlib.sha256(), bytearray(), 0
        async for piece in pieces:
            digest.update(piece)
            buffer += sealer.update(piece)
            while len(buffer) >= PART:
                await self._part(place.part, number, bytes(buffer[:PART]))
                del buffer[:PART]
                number += 1
        buffer += sealer.finish()
        for at in range(0, len(buffer), PART):
            await self._part(place.part, number, bytes(buffer[at : at + PART]))
            number += 1
        return digest.digest()

    async def _part(self, ident: bytes, number: int, data: bytes) -> None:
        await answered(self._client, "tip.file_part", _PART_S, id=ident, number=number, data=data)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000

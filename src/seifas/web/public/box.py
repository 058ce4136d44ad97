"""Seals requests for an appointment and hands them over.

What is written in a form exists here for as long as sealing takes.
"""

from __future__ import annotations

import os
from typing import Final

from seifas.keeper import drops
from seifas.keeper.client import KeeperClient
from seifas.keeper.drops import Wish
from seifas.web.public.drop_key import DropKey
from seifas.web.public.handing_over import HandingOver, Told

MOST_HELD: Final = 50


class Box:
    """Of one process and clinic."""

    def __init__(self, client: KeeperClient, clinic: bytes) -> None:
        self._clinic = clinic
        self._key = DropKey(client)
        self._waiting = HandingOver(client, "drop.put", MOST_HELD)

    @property
    def held(self) -> int:
        """How many requests wait here."""
        return self._waiting.held

    async def put(self, wish: Wish) -> Told:
        """Seals and hands over. Raises Unavailable where there is no key to seal to."""
        sealed = drops.seal(await self._key.ask(), wish, clinic=self._clinic)
        return await self._waiting.put({"id": os.urandom(16), "sealed": sealed})

    async def pass_on(self) -> None:
        """Hands over what is held; called every other second."""
        await self._waiting.pass_on()

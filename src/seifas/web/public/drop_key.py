"""The public half of the clinic's drop box, as the keeper tells it."""

from __future__ import annotations

import asyncio
from typing import Final

from seifas.errors import SeifasError, Unavailable
from seifas.keeper.client import KeeperClient

ANSWER_S: Final = 8.0
"""Seconds that a visitor waits for the keeper at most."""


class DropKey:
    """Asked for every time: after a restore the clinic may have other keys. What was told last is for when the keeper
    is away."""

    def __init__(self, client: KeeperClient) -> None:
        self._client = client
        self._key = b""

    async def ask(self) -> bytes:
        """The key. Raises Unavailable where there never was one."""
        try:
            async with asyncio.timeout(ANSWER_S):
                self._key = (await self._client.call("drop.key"))["key"]
        except (SeifasError, TimeoutError):
            if not self._key:
                raise Unavailable("there is no key to seal with") from None
        return self._key

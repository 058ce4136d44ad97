"""Hands what was sealed here to the keeper, and holds a little of it while the vault is locked.

What is held is ciphertext that this process cannot open; it is gone if the process is, and whoever sent it has been
told so.
"""

from __future__ import annotations

import asyncio
from collections import deque
from enum import StrEnum
from typing import Any

from seifas.errors import Conflict, Invalid, Locked, OverBudget, SeifasError, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.web.public.drop_key import ANSWER_S


class Told(StrEnum):
    """What became of something: with the keeper; held here, sealed; not taken."""

    TAKEN = "taken"
    HELD = "held"
    FULL = "full"


async def answered(client: KeeperClient, op: str, seconds: float, /, **args: Any) -> Any:
    """The keeper's answer, or Unavailable after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await client.call(op, **args)
    except TimeoutError:
        raise Unavailable("the keeper does not answer") from None


class HandingOver:
    """To one op, whose arguments are bytes and have an `id`: what comes under the same id is the same, sent again."""

    def __init__(self, client: KeeperClient, op: str, most: int) -> None:
        self._client = client
        self._op = op
        self._most = most
        self._held: deque[dict[str, bytes]] = deque()
        self._passing = asyncio.Lock()

    @property
    def held(self) -> int:
        """How many wait here."""
        return len(self._held)

    async def put(self, one: dict[str, bytes]) -> Told:
        """Hands over, or holds what the keeper cannot take now."""
        try:
            await answered(self._client, self._op, ANSWER_S, **one)
        except (Locked, Unavailable):
            if len(self._held) >= self._most:
                return Told.FULL
            if all(held["id"] != one["id"] for held in self._held):
                self._held.append(one)  # under the same id: if the keeper has it after all, it keeps it once
            return Told.HELD
        except OverBudget:
            return Told.FULL
        return Told.TAKEN

    async def pass_on(self) -> None:
        """Hands over what is held, oldest first; called every other second."""
        async with self._passing:
            while self._held:
                try:
                    await answered(self._client, self._op, ANSWER_S, **self._held[0])
                except (Invalid, Conflict):
                    pass  # it never will be taken, and no later one may wait behind it
                except SeifasError:
                    return
                self._held.popleft()

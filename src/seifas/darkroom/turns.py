"""Who gets a thread next: few threads, a bounded queue, and the clinic's desk before the portal before the public."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from seifas.errors import Unavailable

T = TypeVar("T")

_RANK: Final = {"any": 0, "desk": 0, "admin": 1, "portal": 1, "public": 2}
_MOST: Final = {"any": 256, "desk": 256, "admin": 8, "portal": 64, "public": 24}
"""Calls of a role that run or wait. A patient's page may ask for 60 small pictures, and a clinic opens four at once."""


class Turns:
    """Runs deeds in threads of its own, `threads` at a time."""

    def __init__(self, threads: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._free = threads
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()
        self._under_way: Counter[str] = Counter()

    async def take(self, role: str, deed: Callable[[], T]) -> T:
        """What the deed returns. Raises Unavailable ("busy") at once where too many of the role's wait."""
        if self._under_way[role] >= _MOST[role]:
            raise Unavailable("too many pictures are asked for at once; try again in a moment", where="busy")
        self._under_way[role] += 1
        try:
            await self._turn(_RANK[role])
            running = asyncio.get_running_loop().run_in_executor(self._pool, deed)
            running.add_done_callback(self._done)
            return await asyncio.shield(running)
        finally:
            self._under_way[role] -= 1

    async def _turn(self, rank: int) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._release()
            raise

    def _done(self, running: asyncio.Future[T]) -> None:
        if not running.cancelled():
            running.exception()  # looked at: who asked may be gone
        self._release()

    def _release(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

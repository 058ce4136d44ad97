"""Group commit: everything that waits shares one transaction and one fsync, and nobody is answered before it.

`Committer` owns keeper.db. What is submitted while a transaction runs goes into the next one, so a single opening
waits for one fsync and a hundred wait for one too. The transaction holds audit leaves, state rows (with
compare-and-swap) and the checkpoint signed over the log and the state tree; a part that fails fails all of its group
and nothing of the others. `Writer` does the same for stores that only take puts (rows, keys).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from seifas.errors import Conflict, SeifasError, Unavailable
from seifas.keeper.log import AuditLog
from seifas.storage.state import Change, Group, StateStore

log = logging.getLogger("seifas.commit")

_LARGEST_BATCH = 512


class _Waiting(NamedTuple):
    group: Group
    future: asyncio.Future[None]


class Committer:
    """The one writer of keeper.db. `submit` returns a future that is done when the group is durable."""

    def __init__(self, store: StateStore, audit: AuditLog, *, copy: Callable[[Change], None] | None) -> None:
        self._store = store
        self._audit = audit
        self._copy = copy
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")
        self._queue: list[_Waiting] = []
        self._running = False
        self.batches = 0
        self.lines = 0

    def submit(
        self,
        leaves: Sequence[bytes],
        puts: Sequence[tuple[bytes, bytes]] = (),
        deletes: Sequence[bytes] = (),
        expects: Sequence[tuple[bytes, bytes | None]] = (),
    ) -> asyncio.Future[None]:
        """Raises (through the future) Conflict when an expectation does not hold, Unavailable when the disk fails."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._queue.append(_Waiting(Group(tuple(leaves), tuple(puts), tuple(deletes), tuple(expects)), future))
        if not self._running:
            self._running = True
            loop.call_soon(self._next)
        return future

    def _next(self) -> None:
        if not self._queue:
            self._running = False
            return
        batch, self._queue = self._queue[:_LARGEST_BATCH], self._queue[_LARGEST_BATCH:]
        loop = asyncio.get_running_loop()
        done = loop.run_in_executor(self._thread, self._write, [waiting.group for waiting in batch])
        done.add_done_callback(lambda finished: self._finish(batch, finished))

    def _write(self, groups: list[Group]) -> Sequence[SeifasError | None]:
        return self._audit.commit(self._store, groups, self._copy)

    def _finish(self, batch: list[_Waiting], finished: asyncio.Future[Sequence[SeifasError | None]]) -> None:
        error = finished.exception()
        if error is not None:
            if not isinstance(error, SeifasError):
                log.error("a commit failed", extra={"error": type(error).__name__})
                error = Unavailable("the vault could not write its log; nothing was shown or changed, try again")
            for waiting in batch:
                if not waiting.future.done():
                    waiting.future.set_exception(error)
        else:
            self.batches += 1
            for waiting, refused in zip(batch, finished.result(), strict=True):
                self.lines += len(waiting.group.leaves)
                if waiting.future.done():
                    continue
                if refused is None:
                    waiting.future.set_result(None)
                else:
                    waiting.future.set_exception(refused)
        self._next()

    @property
    def running(self) -> bool:
        return self._running

    async def drain(self) -> None:
        """Returns when nothing is waiting; used before a snapshot and at the end."""
        while self._running:
            await asyncio.sleep(0.002)

    def close(self) -> None:
        self._thread.shutdown(wait=True)


class Writer:
    """Group commit for `put_many`-shaped stores; one thread, one transaction for all that wait."""

    def __init__(self, put_many: Callable[[list[tuple[bytes, bytes]]], Any], name: str) -> None:
        self._put_many = put_many
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._queue: list[tuple[Sequence[tuple[bytes, bytes]], asyncio.Future[None]]] = []
        self._running = False

    def put(self, items: Sequence[tuple[bytes, bytes]]) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._queue.append((items, future))
        if not self._running:
            self._running = True
            loop.call_soon(self._next)
        return future

    def _next(self) -> None:
        if not self._queue:
            self._running = False
            return
        batch, self._queue = self._queue, []
        done = asyncio.get_running_loop().run_in_executor(self._thread, self._put, [items for items, _ in batch])
        done.add_done_callback(lambda finished: self._finish(batch, finished))

    def _put(self, waiting: list[Sequence[tuple[bytes, bytes]]]) -> list[SeifasError | None]:
        """All in one transaction; when one of them conflicts, each by itself, so that only that one is refused."""
        try:
            self._put_many([item for items in waiting for item in items])
        except Conflict:
            return [self._alone(items) for items in waiting]
        return [None] * len(waiting)

    def _alone(self, items: Sequence[tuple[bytes, bytes]]) -> SeifasError | None:
        try:
            self._put_many(list(items))
        except SeifasError as error:
            return error
        return None

    def _finish(
        self,
        batch: list[tuple[Sequence[tuple[bytes, bytes]], asyncio.Future[None]]],
        finished: asyncio.Future[list[SeifasError | None]],
    ) -> None:
        error = finished.exception()
        if error is None:
            results = finished.result()
        elif isinstance(error, SeifasError):
            results = [error] * len(batch)
        else:
            log.error("a write failed", extra={"error": type(error).__name__})
            results = [Unavailable("the vault could not store what you sent; nothing was changed, try again")] * len(
                batch
            )
        for (_, future), refused in zip(batch, results, strict=True):
            if future.done():
                continue
            if refused is None:
                future.set_result(None)
            else:
                future.set_exception(refused)
        self._next()

    async def drain(self) -> None:
        while self._running:
            await asyncio.sleep(0.002)

    def close(self) -> None:
        self._thread.shutdown(wait=True)

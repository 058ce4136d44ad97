"""A control loop in this process, in a thread with an event loop of its own, over the front's rig."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

from front_rig import FrontRig

from seifas.errors import Unavailable
from seifas.shield.control import Control, Loop
from seifas.shield.model import Change, State
from seifas.shield.modes import Order, Rules
from seifas.shield.reporting import Wishes

QUICK = Rules(
    guarded_sources=400, siege_sources=2000, guarded_after=1.0, siege_after=1.5, calm_after=2.0, longest_calm_after=2.0
)


class Remembering:
    """A Reporter that keeps what it is told. `away`: it raises, as a keeper that is gone."""

    def __init__(self) -> None:
        self.states: list[State] = []
        self.changes: list[tuple[bytes, Change]] = []
        self.minutes: list[tuple[bytes, bytes]] = []
        self.books: list[tuple[bytes, int, tuple[bytes, ...]]] = []
        self.orders: dict[str, Order] = {}
        self.notice = False
        self.away = False

    async def told(self, state: State) -> Wishes:
        if self.away:
            raise Unavailable("nobody is there")
        self.states.append(state)
        return Wishes(dict(self.orders), self.notice)

    async def changed(self, event: bytes, change: Change) -> None:
        self.changes.append((event, change))

    async def minute(self, event: bytes, body: bytes) -> None:
        self.minutes.append((event, body))

    async def book(self, event: bytes, made_ms: int, parts: tuple[bytes, ...]) -> None:
        self.books.append((event, made_ms, parts))


def control_of(rig: FrontRig, directory: Path, **change: Any) -> Control:
    directory.mkdir(exist_ok=True)
    said: dict[str, Any] = {"rules": QUICK, "window_s": 4.0, **change}
    return Control(
        directory=directory, lines_socket=rig.front.lines_socket, runtime_socket=rig.front.runtime_socket,
        master_socket=rig.front.master_socket, **said,
    )  # fmt: skip


@contextlib.contextmanager
def looping(control: Control, reporter: Remembering) -> Iterator[Loop]:
    """The loop, running; when it leaves, it is killed as a crash would: nothing is tidied up."""
    made: list[Loop] = []
    ready = threading.Event()
    thread_loop = asyncio.new_event_loop()

    async def running() -> None:
        loop = Loop(control, reporter)
        made.append(loop)
        ready.set()
        await loop.run()

    def whole() -> None:
        asyncio.set_event_loop(thread_loop)
        with contextlib.suppress(asyncio.CancelledError):
            task = thread_loop.create_task(running())
            made_task.append(task)
            thread_loop.run_until_complete(task)
        others = asyncio.all_tasks(thread_loop)
        for other in others:
            other.cancel()
        thread_loop.run_until_complete(asyncio.gather(*others, return_exceptions=True))
        thread_loop.run_until_complete(thread_loop.shutdown_default_executor())
        thread_loop.close()

    made_task: list[asyncio.Task[None]] = []
    thread = threading.Thread(target=whole, daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield made[0]
        assert not made_task[0].done(), made_task[0].exception()
    finally:
        thread_loop.call_soon_threadsafe(made_task[0].cancel)
        thread.join(60)


def until(found: Callable[[], Any], seconds: float) -> Any:
    """What `found` returns, once it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    raise AssertionError("that did not come to be in time")


def run(deed: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(deed)

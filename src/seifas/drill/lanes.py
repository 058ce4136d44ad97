"""Runs steps side by side, each in a process of its own: for a quick drill, whose times are those of a busy machine.

Steps work on copies and ports of their own, so that they meet only at the machine's cores. A whole drill does not do
this: its figures are to be those of a machine that does one thing.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection, wait
from typing import Final

import msgspec

from seifas.drill.frame import Context, Screen, Step, StepResult, Told
from seifas.drill.running import one

LONG: Final = ("disk_stolen", "session_stolen", "web_process", "sample_published")
"""What is begun first, since the rest finds room beside it."""

ALONE: Final = frozenset({"flood"})
"""What runs last and with nothing beside it: its promise is that people are served in time."""


class _Lines:
    """What a step says, on the drill's own screen; its bars would write over each other."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def say(self, text: str) -> None:
        self._screen.say(text)

    def bar(self, title: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        self.say(title)
        return _no_bar()


@contextmanager
def _no_bar() -> Iterator[Callable[[int], None]]:
    yield lambda done: None


def run_beside(steps: Sequence[Step], context: Context, lanes: int) -> list[Told]:
    """All steps, `lanes` at a time, told in their own order. A step whose process dies has not kept its promise."""
    lane = context.lane(_Lines(context.screen))
    forking = multiprocessing.get_context("fork")
    waiting = sorted(steps, key=lambda step: LONG.index(step.name) if step.name in LONG else len(LONG))
    waiting.sort(key=lambda step: step.name in ALONE)
    running: dict[Connection, tuple[Step, float, multiprocessing.context.ForkProcess]] = {}
    told: dict[str, Told] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (1 if waiting[0].name in ALONE else lanes):
                step = waiting.pop(0)
                hears, tells = forking.Pipe(duplex=False)
                process = forking.Process(target=_carry_out, args=(step, lane, tells))
                process.start()
                tells.close()
                running[hears] = (step, time.monotonic(), process)
            ready = wait(list(running))
            for hears in [one for one in running if one in ready]:
                step, began, process = running.pop(hears)
                told[step.name] = _heard(hears, step, time.monotonic() - began)
                process.join()
                hears.close()
    finally:
        for _, _, process in running.values():
            process.terminate()
            process.join()
    return [told[step.name] for step in steps]


def _carry_out(step: Step, lane: Context, tells: Connection) -> None:
    # The terminal interrupts all: the drill itself then ends each step once, so that its servers are stopped.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _ended)
    try:
        tells.send_bytes(msgspec.msgpack.encode(one(step, lane)))
    finally:
        lane.clear()
        tells.close()


def _ended(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(1)


def _heard(hears: Connection, step: Step, seconds: float) -> Told:
    try:
        return msgspec.msgpack.decode(hears.recv_bytes(), type=Told)
    except EOFError:
        result = StepResult(
            promise="The step runs to its end.", deed="The step's process ended before it, so nothing is known.",
            loot="Unknown: a drill that breaks off counts as a broken promise.", kept=False,
        )
        return Told(step.name, step.title, step.story, result, round(seconds, 1))

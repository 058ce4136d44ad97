"""The command line of Seifas with one thing changed, for the bench only: `python -m bench.entry VARIANT serve ...`.

    plain        nothing changed
    unpromised   sealing, audit and budget switched off (unpromised.py)
    slow-sync    every commit waits SLOW_SYNC_S first, as on a disk whose sync takes so long
    profiled     keeper, its commit thread and desk write cProfile statistics to SEIFAS_PROFILE.<name> when they end

What is changed is changed in this process before anything is started, and inherited by what it forks. The product has
no switch for any of it.
"""

from __future__ import annotations

import cProfile
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import uvicorn

from bench import unpromised
from bench.bare import SLOW_SYNC_S
from seifas.cli import main as command_line
from seifas.keeper import commit
from seifas.keeper import main as keeper_main
from seifas.storage.sqlite import Database


def _slow_sync() -> None:
    real = Database._commit

    def slow(self: Database, connection: Any) -> None:
        time.sleep(SLOW_SYNC_S)
        real(self, connection)

    Database._commit = slow  # type: ignore[method-assign]


def _profiled() -> None:
    place = os.environ["SEIFAS_PROFILE"]
    keeper, serve, write = keeper_main.main, uvicorn.Server._serve, commit.Committer._write
    of_commits = cProfile.Profile()

    def keeper_profiled(*args: Any, **named: Any) -> None:
        profile = cProfile.Profile()
        profile.enable()
        try:
            keeper(*args, **named)
        finally:
            profile.disable()
            profile.dump_stats(f"{place}.keeper")
            of_commits.dump_stats(f"{place}.commits")

    async def serve_profiled(self: uvicorn.Server, *args: Any, **named: Any) -> None:
        profile = cProfile.Profile()
        profile.enable()
        try:
            await serve(self, *args, **named)
        finally:
            profile.disable()
            profile.dump_stats(f"{place}.web-{self.config.port}")

    def write_profiled(self: commit.Committer, groups: Any) -> Sequence[Any]:
        of_commits.enable()
        try:
            return write(self, groups)
        finally:
            of_commits.disable()

    keeper_main.main = keeper_profiled
    uvicorn.Server._serve = serve_profiled  # type: ignore[method-assign]
    commit.Committer._write = write_profiled  # type: ignore[method-assign]


VARIANTS: dict[str, Callable[[], None]] = {
    "plain": lambda: None, "unpromised": unpromised.switch_off, "slow-sync": _slow_sync, "profiled": _profiled,
}


if __name__ == "__main__":
    VARIANTS[sys.argv[1]]()
    sys.argv[:2] = ["seifas"]
    command_line.run()

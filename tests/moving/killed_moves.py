"""Moves that end as by kill -9, each in a fork of a process that has never touched a store itself: the object store's
library has threads, which no fork inherits. One JSON line asks, one number answers: the exit status.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from seifas.moving.copying import Stage
from seifas.moving.going_over import Secrets, move
from seifas.settings import Storage

KILLED = 99


def _moved(asked: dict[str, Any]) -> None:
    """Dies when the stage begins, or with `later` when it has done something."""

    def watch(begun: Stage) -> Callable[[int], None]:
        if begun.name == asked["stage"] and not asked["later"]:
            os._exit(KILLED)

        def done(number: int) -> None:
            if begun.name == asked["stage"]:
                os._exit(KILLED)

        return done

    storage, root = msgspec.convert(asked["storage"], Storage), bytes.fromhex(asked["root"])
    move(Path(asked["data"]), storage, lambda: Secrets(root), watch=watch)


if __name__ == "__main__":
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                _moved(json.loads(line))
            finally:
                os._exit(1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)

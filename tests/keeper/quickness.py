"""How quick something is on a machine that does other things meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable


def within(seconds: float, deed: Callable[[], object], rounds: int = 3) -> bool:
    """Whether a deed took less processor time than that in one of a few rounds: what it takes itself it takes in each,
    what others take away is not there in each."""
    for _ in range(rounds):
        began = time.process_time()
        deed()
        if time.process_time() - began < seconds:
            return True
    return False

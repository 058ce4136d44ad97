"""How hard a challenge is: levels, one step at a time, by how many solve it.

Few solve it: it is easy, and a telephone is done in a second. Many a second solve it: each step doubles the price, and
takes half of it off again when it was quiet for a while (mCaptcha and Tor's onion service work are the models). A
price, not a wall: behind it the solved have their own lane and each cookie its rate.
"""

from __future__ import annotations

from typing import Final

import msgspec

LEVELS: Final[tuple[int, ...]] = tuple(2**power for power in range(15, 20))
"""Hashes that one solution takes on average. A browser makes 200,000 to a million a second, an old telephone 50,000."""

_MANY: Final = 15.0  # solved a second
_FEW: Final = 3.0
_UP_S: Final = 20.0
_DOWN_S: Final = 120.0


class Work(msgspec.Struct, frozen=True):
    """Times are the caller's monotonic seconds."""

    level: int = 0
    since: float = 0.0
    few_from: float | None = None

    @property
    def hashes(self) -> int:
        """Of one solution, on average."""
        return LEVELS[self.level]

    @property
    def target(self) -> int:
        """The first 32 bits of a solution's hash lie below it."""
        return 2**32 // self.hashes


def step(work: Work, solved: float, at: float) -> Work:
    """One step later; `solved` is how many a second solved or waited lately."""
    few_from = (at if work.few_from is None else work.few_from) if solved < _FEW else None
    if solved > _MANY and work.level < len(LEVELS) - 1 and at - work.since >= _UP_S:
        return Work(work.level + 1, at)
    if work.level and few_from is not None and at - few_from >= _DOWN_S:
        return Work(work.level - 1, at)
    return Work(work.level, work.since, few_from)

"""What the keeper remembers of its witness while it runs: what it was told, what it owes, when it last heard."""

from __future__ import annotations

from typing import Final

NOTHING: Final = b"none"
"""Handed in place of a checkpoint: the witness answered, and has none of this log."""

_AGAIN_S: Final = 10.0
"""Between two offers of a log that grows."""

_IDLE_S: Final = 900.0
"""Between two offers of a log that does not: the witness's own clock then shows that it still looks."""

_NEVER: Final = float("-inf")  # the clock begins with the machine: 0 is not long ago


class Watch:
    """One a keeper. Times are of the monotonic clock, in seconds."""

    def __init__(self) -> None:
        self.wanted = False  # an unlock waits for the witness's word
        self.note = b""  # what the jobs process brought for it; b"" until it has
        self.size = 0  # lines that the witness has cosigned, as far as known
        self.offered = b""  # the checkpoint that was offered last
        self.tried = _NEVER
        self.heard = 0.0

    def due(self, size: int, now: float) -> bool:
        """Whether a log of `size` lines should be offered now."""
        return now - self.tried >= (_AGAIN_S if size > self.size else _IDLE_S)

    def behind(self, size: int) -> None:
        """The witness stands at another size than was thought: offered again at once."""
        self.size, self.tried = size, _NEVER

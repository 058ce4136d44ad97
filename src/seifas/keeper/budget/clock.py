"""Budget time: what the sliding windows are measured in. It never runs backwards and no clock setting can hurry it.

The wall clock can be set, the boot clock (CLOCK_BOOTTIME) cannot, but starts at nought with the machine. Budget time
advances by the lesser of the two. Both are measured from an anchor and not from one reading to the next: at a thousand
readings a second the two clocks tick in turns, and the sum of the lesser ticks would be nothing at all.
"""

from __future__ import annotations

import msgspec

from seifas.keeper.budget.decisions import Alarm, Severity
from seifas.keeper.budget.limits import HOUR, Limits


class ClockState(msgspec.Struct, frozen=True, array_like=True):
    """What is stored and given back after a restart. All in ms but `boot_id` (the kernel's, or b"" where unknown)."""

    budget_ms: int
    wall_ms: int
    boot_ms: int
    boot_id: bytes


class BudgetClock:
    """Fed with both clocks on every request; gives budget time in ms.

    Without a stored state it starts at `at_least`; where there is no history either, at the first wall time it is fed.
    """

    def __init__(self, limits: Limits | None = None, state: ClockState | None = None) -> None:
        limits = limits or Limits()
        self._jump_ms = limits.clock_jump_seconds * 1000
        self._off_ms = limits.off_hours * HOUR
        self._alarms: list[Alarm] = []
        self._skipped = 0
        self._anchor: ClockState | None = state
        self._last = state or ClockState(0, 0, 0, b"")  # the last reading, and what budget time it was then
        self._budget = self._last.budget_ms

    def now(self, wall_ms: int, boot_ms: int, boot_id: bytes = b"") -> int:
        """Budget time at this reading of both clocks."""
        anchor, last = self._anchor, self._last
        if anchor is None:
            return self._set(self._budget or wall_ms, wall_ms, boot_ms, boot_id)
        if boot_id != anchor.boot_id or boot_ms < last.boot_ms:
            return self._restarted(wall_ms, boot_ms, boot_id, same_boot=boot_id == anchor.boot_id != b"")
        by_wall, by_boot = wall_ms - anchor.wall_ms, boot_ms - anchor.boot_ms
        if abs(by_wall - by_boot) > self._jump_ms:
            self._jumped(by_wall - by_boot)
            step = min(wall_ms - last.wall_ms, boot_ms - last.boot_ms)
            return self._set(last.budget_ms + max(0, step), wall_ms, boot_ms, boot_id)
        self._budget = max(self._budget, anchor.budget_ms + min(by_wall, by_boot))
        self._last = ClockState(self._budget, wall_ms, boot_ms, boot_id)
        return self._budget

    def at_least(self, budget_ms: int) -> None:
        """Budget time is not before this: the last charge in the log, which may be younger than the stored state."""
        self._budget = max(self._budget, budget_ms)

    def state(self) -> ClockState:
        """To be stored. Before the first reading there is none: ClockState(0, 0, 0, b"")."""
        return self._last

    def take_alarms(self) -> list[Alarm]:
        """The jumps since the last call; each is given once."""
        alarms, self._alarms = self._alarms, []
        return alarms

    def take_skipped(self) -> int:
        """By how many ms the wall clock was set, in all jumps since the last call; negative for backward."""
        skipped, self._skipped = self._skipped, 0
        return skipped

    def _restarted(self, wall_ms: int, boot_ms: int, boot_id: bytes, *, same_boot: bool) -> int:
        """The machine started anew. How long it was off cannot be known: the wall clock may have been set meanwhile."""
        by_wall = wall_ms - self._last.wall_ms
        if by_wall < -self._jump_ms or same_boot:
            self._jumped(by_wall)
        running = 0 if same_boot else boot_ms + self._off_ms
        return self._set(self._budget + max(0, min(by_wall, running)), wall_ms, boot_ms, boot_id)

    def _set(self, budget_ms: int, wall_ms: int, boot_ms: int, boot_id: bytes) -> int:
        self._budget = max(self._budget, budget_ms)
        self._anchor = self._last = ClockState(self._budget, wall_ms, boot_ms, boot_id)
        return self._budget

    def _jumped(self, by_ms: int) -> None:
        self._skipped += by_ms
        way = "forward" if by_ms > 0 else "backward"
        text = f"The server's clock jumped {way} by {abs(by_ms) // 1000} s. No budget was refilled by it."
        self._alarms.append(Alarm(kind="clock-jump", severity=Severity.WARNING, text=text))

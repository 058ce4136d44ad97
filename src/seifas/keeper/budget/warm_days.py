"""The account's warm ceiling: twice its median day, but never by its own doing within days.

Whoever holds a stolen account would like its ceiling higher. So: only warm charts count (each needs a genuine link);
only days with some; no median before ten such days; one day counts for at most a quarter more than the median before
it, so that a fortnight of reading at the ceiling moves it by a quarter; and there is a ceiling of ceilings.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median_low

from seifas.keeper.budget.limits import DAY, Limits


class WarmDays:
    """Warm charts per budget day (at // 24 h) of one account: the day in progress, and the closed days before it."""

    __slots__ = ("_closed", "_day", "_limits", "_median", "_opened", "_seen_day")

    def __init__(
        self, limits: Limits, closed: Iterable[tuple[int, int]] = (), day: int = -1, opened: int = 0
    ) -> None:
        self._limits = limits
        self._closed: deque[tuple[int, int]] = deque(closed)
        self._day = day
        self._opened = opened
        self._seen_day = -1
        self._median = 0

    def opened(self, at: int) -> None:
        """One more patient's chart, who was not in the last 24 hours' already."""
        self._turn(at // DAY)
        if self._day != self._seen_day:
            self._day = self._seen_day
        self._opened += 1

    def ceiling(self, now: int) -> int:
        """Warm charts a day, before lifts and raises."""
        day = now // DAY
        if day != self._seen_day:
            self._turn(day)
        limits = self._limits
        return max(limits.warm_charts, min(limits.warm_times_median * self._median, limits.warm_charts_most))

    def state(self, now: int) -> tuple[tuple[tuple[int, int], ...], int, int]:
        """(closed days with what they count for, the day in progress, what was opened on it)."""
        self._turn(now // DAY)
        return tuple(self._closed), self._day, self._opened

    def _turn(self, day: int) -> None:
        """Close the day in progress once `day` is a later one, forget what is too old, and take the median anew."""
        if day == self._seen_day:
            return
        if self._opened and self._day < day:
            # Its weight is bounded by the median in force on that day, whenever it comes to be closed.
            self._recall(self._day)
            self._closed.append((self._day, min(self._opened, self._most())))
            self._opened, self._day = 0, -1
        self._recall(day)
        self._seen_day = day

    def _recall(self, day: int) -> None:
        closed, limits = self._closed, self._limits
        while closed and closed[0][0] < day - limits.warm_history_days:
            closed.popleft()
        counts = [count for _, count in closed]
        self._median = median_low(counts) if len(counts) >= limits.warm_history_least else 0

    def _most(self) -> int:
        limits = self._limits
        start = max(1, limits.warm_charts // limits.warm_times_median)
        return max(start, self._median * limits.warm_growth_percent // 100)

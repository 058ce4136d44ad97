"""Sliding windows: how many different keys, or how many events, in the last so many milliseconds.

Kept in the order of time, so that what is too old leaves from the front: reading and adding cost the same with thirty
days of history as with none. Times given must not run backwards; the ledger sees to it. OrderedDict and not dict:
taking the first of a dict whose front was deleted walks over every deleted slot.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from itertools import islice


class Window:
    """Different keys, each with when it was last added. A key added at t counts until just before t + span."""

    __slots__ = ("_last", "span")

    def __init__(self, span_ms: int, entries: Iterable[tuple[bytes, int]] = ()) -> None:
        self.span = span_ms
        self._last: OrderedDict[bytes, int] = OrderedDict(entries)

    def add(self, key: bytes, at: int) -> None:
        self._last[key] = at
        self._last.move_to_end(key)

    def drop(self, key: bytes) -> None:
        self._last.pop(key, None)

    def clear(self) -> None:
        self._last.clear()

    def has(self, key: bytes, now: int) -> bool:
        at = self._last.get(key)
        return at is not None and now - at < self.span

    def count(self, now: int) -> int:
        last = self._last
        while last:
            if now - last[next(iter(last))] < self.span:
                break
            last.popitem(last=False)
        return len(last)

    def keys(self, now: int) -> tuple[bytes, ...]:
        self.count(now)
        return tuple(self._last)

    def entries(self, now: int) -> tuple[tuple[bytes, int], ...]:
        """Keys and times, oldest first."""
        self.count(now)
        return tuple(self._last.items())

    def frees(self, now: int, bound: int) -> int:
        """Milliseconds until fewer than `bound` keys are left; 0 where that is so already, or never will be."""
        over = self.count(now) - bound
        if over < 0 or bound <= 0:
            return 0
        return next(islice(self._last.values(), over, None)) + self.span - now


class Tally:
    """Events, each counted, that leave after the span."""

    __slots__ = ("_times", "span")

    def __init__(self, span_ms: int, times: Iterable[int] = ()) -> None:
        self.span = span_ms
        self._times: deque[int] = deque(times)

    def add(self, at: int) -> None:
        self._times.append(at)

    def clear(self) -> None:
        self._times.clear()

    def count(self, now: int) -> int:
        times = self._times
        while times and now - times[0] >= self.span:
            times.popleft()
        return len(times)

    def times(self, now: int) -> tuple[int, ...]:
        self.count(now)
        return tuple(self._times)

    def frees(self, now: int, bound: int) -> int:
        """Milliseconds until fewer than `bound` events are left; 0 where that is so already, or never will be."""
        over = self.count(now) - bound
        if over < 0 or bound <= 0:
            return 0
        return self._times[over] + self.span - now

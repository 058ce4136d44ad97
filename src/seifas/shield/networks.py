"""Networks seen before, /24 and /48: who comes from none of them is a newcomer; and those that good visitors came from.

In memory only: where a clinic's patients live is nobody's business, on disk least of all. IPv4: a byte for each /24
with the week it was last seen in (16 MB of address space, paged in as used); IPv6: a bounded dict.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

WEEK_S: Final = 7 * 86_400
_WEEKS: Final = 5  # of not being seen, until a network is new again
_ROUND: Final = 254
_MOST6: Final = 500_000
_MOST_GOOD: Final = 500_000


def networks4(keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """The /24 of addresses, as numbers: the address without its last byte."""
    return keys >> np.uint32(8)


def networks6(keys: NDArray[Any]) -> NDArray[np.uint64]:
    """The /48 of addresses (S16), as numbers: the upper 48 bits."""
    upper = np.ascontiguousarray(keys).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
    return upper >> np.uint64(16)


class Networks:
    """Of all listeners together."""

    def __init__(self) -> None:
        self._weeks = np.zeros(2**24, np.uint8)
        self._six: dict[int, int] = {}
        self._good4: set[int] = set()
        self._good6: set[int] = set()
        self._changed = True
        self._arrays = (np.empty(0, np.uint32), np.empty(0, np.uint64))

    def unknown(self, keys: NDArray[Any], at_s: int) -> int:
        """How many of these addresses are of networks that were not seen before; all of one IPv6 network are one."""
        week = _week(at_s)
        if keys.dtype.kind == "S":
            return sum(_is_old(self._six.get(number, 0), week) for number in set(networks6(keys).tolist()))
        stamps = self._weeks[networks4(keys)]
        return int(np.count_nonzero((stamps == 0) | ((week - stamps.astype(np.int16)) % _ROUND >= _WEEKS)))

    def learn(self, keys: NDArray[Any], at_s: int) -> None:
        """These were seen now."""
        week = _week(at_s)
        if keys.dtype.kind != "S":
            self._weeks[networks4(keys)] = week
            return
        for number in networks6(keys).tolist():
            if number in self._six or len(self._six) < _MOST6:
                self._six[number] = week

    def learn_good(self, keys: NDArray[Any]) -> list[int]:
        """A good visitor sent from each of these. Returns the networks' numbers that are good as of now only."""
        six = keys.dtype.kind == "S"
        good = self._good6 if six else self._good4
        fresh = set((networks6(keys) if six else networks4(keys)).tolist()) - good
        if not fresh or len(good) + len(fresh) > _MOST_GOOD:
            return []
        good |= fresh
        self._changed = True
        return sorted(fresh)

    def add_good(self, four: set[int], six: set[int]) -> None:
        """The same, of networks that HAProxy remembers."""
        self._good4 |= four
        self._good6 |= six
        self._changed = True

    def good(self) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        """Numbers of the good /24 and /48, sorted."""
        if self._changed:
            self._arrays = (
                np.array(sorted(self._good4), np.uint32), np.array(sorted(self._good6), np.uint64),
            )
            self._changed = False
        return self._arrays


def _week(at_s: int) -> int:
    return at_s // WEEK_S % _ROUND + 1


def _is_old(stamp: int, week: int) -> bool:
    return stamp == 0 or (week - stamp) % _ROUND >= _WEEKS

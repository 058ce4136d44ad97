"""Repeatable chance: the same parts give the same draws on every machine, process and Python version.

The standard generator's helper methods may change between Python versions, so draws here are words of a SHAKE-256
stream. Nothing secret ever comes from this module: demo ids are predictable to whoever knows the seed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b, sha256, shake_256
from itertools import accumulate
from struct import Struct
from typing import Generic, TypeVar

T = TypeVar("T")

_WORDS = 192  # a middling patient file uses about 130 draws
_BLOCK = Struct(f"<{_WORDS}I")
_ID_BYTES = 16
_IDS_A_BLOCK = 16
_TWO_32 = 1 << 32


def _key(parts: Iterable[int | str]) -> bytes:
    return b"seifas demo|" + "|".join(map(str, parts)).encode()


def _words(key: bytes) -> Iterator[int]:
    block = 0
    while True:
        yield from _BLOCK.unpack(shake_256(b"%b|%d" % (key, block)).digest(_BLOCK.size))
        block += 1


def stable_id(*parts: int | str) -> str:
    """A resource id: 32 lower-case hex characters that depend on the parts alone."""
    return sha256(_key((*parts, "id"))).hexdigest()[: 2 * _ID_BYTES]


def stable_ids(*parts: int | str) -> Iterator[str]:
    """An endless row of resource ids, cheaper by the dozen than `stable_id`."""
    key = _key((*parts, "ids"))
    block = 0
    while True:
        text = shake_256(b"%b|%d" % (key, block)).hexdigest(_ID_BYTES * _IDS_A_BLOCK)
        for start in range(0, len(text), 2 * _ID_BYTES):
            yield text[start : start + 2 * _ID_BYTES]
        block += 1


class Weighted(Generic[T]):
    """Items with integer or fractional weights, ready for `Dice.weighted`."""

    __slots__ = ("bounds", "items")

    def __init__(self, items: Sequence[T], weights: Sequence[float]) -> None:
        if len(items) != len(weights) or not items:
            raise ValueError("one weight for each item, at least one item")
        sums = list(accumulate(weights))
        self.items = tuple(items)
        # The last bound is left out: whatever lies above the others belongs to the last item.
        self.bounds = tuple(int(part * _TWO_32 / sums[-1]) for part in sums[:-1])


def by_rank(items: Sequence[T], *, flat: float, steep: float = 1.0) -> Weighted[T]:
    """Zipf-Mandelbrot weights for items sorted from the commonest: 1 / (rank + flat) ** steep."""
    return Weighted(items, [1.0 / (rank + flat) ** steep for rank in range(1, len(items) + 1)])


class Dice:
    """A stream of draws named by its parts, for example ("person", seed, index)."""

    __slots__ = ("word",)

    def __init__(self, *parts: int | str) -> None:
        self.word: Callable[[], int] = _words(_key(parts)).__next__

    def below(self, limit: int) -> int:
        """0 ≤ draw < limit; limit up to 2**32."""
        return (self.word() * limit) >> 32

    def between(self, low: int, high: int) -> int:
        """low ≤ draw ≤ high."""
        return low + ((self.word() * (high - low + 1)) >> 32)

    def chance(self, probability: float) -> bool:
        return self.word() < probability * _TWO_32

    def pick(self, items: Sequence[T]) -> T:
        return items[(self.word() * len(items)) >> 32]

    def weighted(self, table: Weighted[T]) -> T:
        return table.items[bisect_right(table.bounds, self.word())]

    def digits(self, count: int) -> str:
        """Decimal digits, leading zeros kept; count ≤ 9."""
        return str(self.below(10**count)).zfill(count)

    def filled(self, pattern: str) -> str:
        """The pattern with a digit for each `#` and a capital letter for each `@`."""
        out = []
        for mark in pattern:
            if mark == "#":
                out.append("0123456789"[self.below(10)])
            elif mark == "@":
                out.append("ABCDEFGHJKLMNPRSTUWXYZ"[self.below(22)])
            else:
                out.append(mark)
        return "".join(out)


class Shuffle:
    """A fixed permutation of 0 … size-1 that needs no table.

    Four Feistel rounds and cycle-walking. It keeps people's codes distinct although each person is made alone,
    knowing neither the others nor their number; it hides nothing.
    """

    __slots__ = ("_half", "_key", "_mask", "size")

    def __init__(self, size: int, *parts: int | str) -> None:
        if size < 1:
            raise ValueError("a permutation of at least one thing")
        self.size = size
        self._half = max(1, ((size - 1).bit_length() + 1) // 2)
        self._mask = (1 << self._half) - 1
        self._key = sha256(_key(parts)).digest()

    def __getitem__(self, place: int) -> int:
        if not 0 <= place < self.size:
            raise IndexError(place)
        half, mask, key = self._half, self._mask, self._key
        while True:
            left, right = place >> half, place & mask
            for turn in b"\0\1\2\3":
                mixed = blake2b(b"%c%d" % (turn, right), digest_size=8, key=key).digest()
                left, right = right, left ^ (int.from_bytes(mixed, "little") & mask)
            place = (left << half) | right
            if place < self.size:
                return place

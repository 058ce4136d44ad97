"""Near codes among many: an inverted file over the first bits of local codes, asked at the likeliest places first.

A code's list is that of its first bits (6 to 16 of them, so that a list has some hundred codes). Whoever asks knows how
far each number was from changing its sign, so the lists that a copy's code may have strayed to are tried in the order
of how likely that is (Lv et al. 2007, "Multi-Probe LSH"). One pass sorts; nothing is learned from the codes.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seifas.darkroom.imaging.local_codes import coded

Words = NDArray[np.uint64]
Plane = NDArray[np.float32]

PROBES: Final = 48
NEAR: Final = 36
"""Bits by which a hit differs at most: of unrelated codes one in some thousands does."""

_HALF: Final = 24
"""Bits of those that the first word may hold."""

_LISTED: Final = 400
_FEWEST_BITS: Final = 6
_MOST_BITS: Final = 16
_STRAYING: Final = 10


class Hits(NamedTuple):
    """Row by row: the number of the code that asked, that of the code found, and their distance in bits."""

    asked: NDArray[np.int64]
    found: NDArray[np.int64]
    apart: NDArray[np.int64]


class CodeLists:
    """n codes in lists. Memory: 24 bytes a code."""

    def __init__(self, codes: Words) -> None:
        """`codes` n x 2 words."""
        self._bits = int(np.clip(np.log2(max(1, len(codes)) / _LISTED), _FEWEST_BITS, _MOST_BITS))
        keys = self._keys(codes)
        self._order = np.argsort(keys, kind="stable").astype(np.uint32)  # 16 bits: a radix sort
        self._starts = np.zeros((1 << self._bits) + 1, np.int64)
        np.cumsum(np.bincount(keys, minlength=1 << self._bits), out=self._starts[1:])
        self._first = codes[:, 0][self._order]
        self._second = codes[:, 1][self._order]
        self._places = np.empty(len(codes), np.uint32)
        self._places[self._order] = np.arange(len(codes), dtype=np.uint32)
        self._patterns = _patterns(self._bits)

    def __len__(self) -> int:
        return len(self._order)

    def codes(self, start: int, end: int) -> Words:
        """The codes of these numbers, as they were given."""
        places = self._places[start:end]
        return np.stack([self._first[places], self._second[places]], axis=1)

    def near(self, projections: Plane) -> Hits:
        """The codes near those of n x 128 projections (local_codes.projected)."""
        asked = coded(projections)
        keys = self._probed(asked, projections)
        begin, end = self._starts[keys], self._starts[keys + 1]
        after = np.cumsum(end - begin, axis=1)
        apart = np.empty(int((end - begin).max(initial=0)), np.uint64)
        bits = np.empty(int(after[:, -1].max(initial=0)), np.uint8)
        found = [self._scanned(who, asked[who], begin[who], after[who], apart, bits) for who in range(len(asked))]
        if not found:
            none = np.zeros(0, np.int64)
            return Hits(none, none, none)
        return Hits(*(np.concatenate(one) for one in zip(*found, strict=True)))

    def _scanned(
        self, who: int, code: Words, begin: NDArray[np.int64], after: NDArray[np.int64], apart: Words,
        bits: NDArray[np.uint8],
    ) -> Hits:  # fmt: skip
        """One code's lists, one behind the other into `bits`; `after` is where each ends there. A list is read as it
        lies: gathering 20 million codes by their places took 2.7 times as long (40 million codes, 400 asked)."""
        start, first = 0, code[0]
        for at, until in zip(begin.tolist(), after.tolist(), strict=True):
            one = np.bitwise_xor(self._first[at : at + until - start], first, out=apart[: until - start])
            np.bitwise_count(one, out=bits[start:until])
            start = until
        near = np.flatnonzero(bits[:start] <= _HALF)
        before = np.concatenate([[0], after[:-1]])
        many = np.diff(np.searchsorted(near, after), prepend=0)
        places = near + np.repeat(begin - before, many)
        both = bits[near] + np.bitwise_count(self._second[places] ^ code[1])
        near = np.flatnonzero(both <= NEAR)
        asked = np.full(len(near), who, np.int64)
        return Hits(asked, self._order[places[near]].astype(np.int64), both[near].astype(np.int64))

    def _probed(self, asked: Words, projections: Plane) -> NDArray[np.int64]:
        sure = np.argsort(np.abs(projections[:, : self._bits]), axis=1)
        flips = np.left_shift(1, self._bits - 1 - sure[:, :_STRAYING])
        changed = flips @ self._patterns[:, : flips.shape[1]].T.astype(np.int64)
        return np.asarray(self._keys(asked)[:, None].astype(np.int64) ^ changed)

    def _keys(self, codes: Words) -> NDArray[np.uint16]:
        """The first bits of each code, its first number's the highest."""
        head = np.ascontiguousarray(codes[:, 0]).view(np.uint8).reshape(-1, 8)
        whole = head[:, 0].astype(np.uint16) << np.uint16(8) | head[:, 1]
        return np.asarray(whole >> np.uint16(16 - self._bits), np.uint16)


def _patterns(bits: int) -> NDArray[np.uint8]:
    """Which of the least sure bits to change, by their rank, likeliest first: `PROBES` x at most 10."""
    ranks = min(_STRAYING, bits)
    sets = np.unpackbits(np.arange(1 << ranks, dtype=">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 16 - ranks :]
    cost = sets @ (np.arange(ranks)[::-1] + 0.5) ** 2
    return np.asarray(sets[np.argsort(cost, kind="stable")[:PROBES]][:, ::-1], np.uint8)

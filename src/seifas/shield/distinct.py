"""How many distinct addresses: exact up to a stated number, then a HyperLogLog sketch (Apache DataSketches)."""

from __future__ import annotations

from typing import Any, Final

import datasketches
import numpy as np
from numpy.typing import NDArray

MOST_EXACT: Final = 1_000_000
_LG_MINUTE: Final = 16  # 64 KiB; a standard error of 0.3 %
_LG_WINDOW: Final = 12  # 4 KiB; 1.3 %: for deciding, not for evidence
_ODD: Final = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


def hashed(keys: NDArray[Any]) -> list[int]:
    """One integer an address for a sketch: IPv4 as it is, IPv6 (S16) its halves mixed into 63 bits."""
    if keys.dtype.kind != "S":
        plain: list[int] = keys.tolist()
        return plain
    halves = np.ascontiguousarray(keys).view(">u8").reshape(-1, 2).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = (halves[:, 0] ^ (halves[:, 0] >> np.uint64(29))) * np.uint64(_ODD[0])
        mixed += halves[:, 1] * np.uint64(_ODD[1])
    numbers: list[int] = ((mixed >> np.uint64(1)) | np.uint64(1 << 62)).tolist()
    return numbers


def _sketch(lg: int, keys: NDArray[Any]) -> datasketches.hll_sketch:
    sketch = datasketches.hll_sketch(lg, datasketches.tgt_hll_type.HLL_8)
    for number in hashed(keys):
        sketch.update(number)
    return sketch


class Distinct:
    """Of one minute: addresses with their numbers of requests, both kinds."""

    def __init__(self, most: int = MOST_EXACT) -> None:
        self._most = most
        self._union: datasketches.hll_union | None = None
        self._keys: dict[str, list[NDArray[Any]]] = {"u4": [], "S16": []}
        self._requests: dict[str, list[NDArray[np.uint32]]] = {"u4": [], "S16": []}
        self._held = 0

    def add(self, keys: NDArray[Any], requests: NDArray[np.uint32]) -> None:
        """Addresses, each once, and how often each asked."""
        kind = "S16" if keys.dtype.kind == "S" else "u4"
        self._keys[kind].append(keys)
        self._requests[kind].append(requests)
        self._held += len(keys)
        if self._held > 2 * self._most:
            self._compact()

    def count(self) -> tuple[int, bool]:
        """How many, and whether that is exact."""
        self._compact()
        if self._union is None:
            return self._held, True
        return round(self._union.get_estimate()), False

    def merged(self, kind: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Addresses ("u4" or "S16"), sorted, each once, and their requests; past the exact size not all of them."""
        keys = np.concatenate([np.empty(0, kind), *self._keys[kind]])
        requests = np.concatenate([np.empty(0, np.int64), *self._requests[kind]])
        return summed(keys, requests)

    def _compact(self) -> None:
        for kind in self._keys:
            keys, requests = self.merged(kind)
            self._keys[kind], self._requests[kind] = [keys], [requests.astype(np.uint32)]
        self._held = sum(len(keys) for lists in self._keys.values() for keys in lists)
        if self._held <= self._most and self._union is None:
            return
        if self._union is None:
            self._union = datasketches.hll_union(_LG_MINUTE)
        for kind, lists in self._keys.items():
            self._union.update(_sketch(_LG_MINUTE, np.concatenate([np.empty(0, kind), *lists])))
        if self._held > self._most:
            # Who asked most is kept for the list of the busiest networks; all are in the sketch.
            for kind, lists in self._keys.items():
                share = self._most * len(lists[0]) // self._held // 2
                chosen = np.argsort(self._requests[kind][0], kind="stable")[len(lists[0]) - share :]
                self._keys[kind], self._requests[kind] = [lists[0][chosen]], [self._requests[kind][0][chosen]]
            self._held = sum(len(keys) for lists in self._keys.values() for keys in lists)


def _visitors(keys: NDArray[Any]) -> NDArray[Any]:
    """IPv4 as it is, IPv6 by its /56: what one home is given has more addresses than any flood."""
    if keys.dtype.kind != "S":
        return keys
    upper = np.ascontiguousarray(keys).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
    return np.unique(upper >> np.uint64(8))


class Window:
    """Distinct addresses of the last `seconds`, within about 2 %, told at any time: a sketch for each twelfth. For
    deciding: a /56 of IPv6 is one."""

    SLICES: Final = 12

    def __init__(self, seconds: float = 60.0) -> None:
        self._slice_s = seconds / self.SLICES
        self._slices: list[tuple[float, datasketches.hll_sketch]] = []

    def add(self, keys: NDArray[Any], at: float) -> None:
        """Addresses seen at a monotonic second."""
        begins = at - at % self._slice_s
        if not self._slices or self._slices[-1][0] != begins:
            self._slices.append((begins, datasketches.hll_sketch(_LG_WINDOW, datasketches.tgt_hll_type.HLL_8)))
        sketch = self._slices[-1][1]
        for number in _visitors(keys).tolist():
            sketch.update(number)

    def count(self, at: float) -> float:
        """Now."""
        self._slices = [one for one in self._slices if one[0] > at - self._slice_s * self.SLICES]
        if not self._slices:
            return 0.0
        union = datasketches.hll_union(_LG_WINDOW)
        for _, sketch in self._slices:
            union.update(sketch)
        return float(round(union.get_estimate()))


class Total:
    """Of a whole flood: needed once the book does not hold all addresses any more."""

    def __init__(self) -> None:
        self._union = datasketches.hll_union(_LG_MINUTE)
        self.begun = False

    def add(self, keys: NDArray[Any]) -> None:
        """Addresses, in any order and number."""
        self._union.update(_sketch(_LG_MINUTE, keys))
        self.begun = True

    def count(self) -> int:
        """An estimate, within about 1 %."""
        estimate: float = self._union.get_estimate()
        return round(estimate)


def summed(keys: NDArray[Any], counts: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Each key once, sorted, with the sum of its counts."""
    if len(keys) == 0:
        return keys, counts
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[starts], np.add.reduceat(counts[order], starts)

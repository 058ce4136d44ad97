"""Whether two kinds of requests can be told apart by time, by somebody who may try as often as a test can.

What must not be compared is the preparation: a code that is made just before it is tried leaves the processor's caches
and the kernel in another state than one that lay there, and that was seen (an area of 0.45) where the answers took the
same time. So both kinds come from pools of one size, made before, and are taken in random order. Then the
order is the only chance in it: however the machine's load comes and goes, the area under the curve of two equal kinds
scatters as that of a coin does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

Item = TypeVar("Item")
Times = dict[bool, list[float]]
_LARGEST_CHANCE = 5.0
"""Standard errors: once in two million runs by chance."""

_SAME = 0.02
"""What is real is asked for more seldom than what stands in for it, and so further away in the caches: 0.4 µs of 100,
an area of 0.512. Through a socket, where one request scatters by a hundred times that, it takes millions to see it."""


def in_turn(known: Sequence[Item], unknown: Sequence[Item], tries: int, seed: int) -> Iterator[tuple[bool, Item]]:
    """(whether it is a known one, it): `tries` of each kind in random order, each pool gone through in its own."""
    assert len(known) == len(unknown)
    taken = {True: 0, False: 0}
    for one in np.random.default_rng(seed).permutation(2 * tries) < tries:
        pool = known if one else unknown
        yield bool(one), pool[taken[bool(one)] % len(pool)]
        taken[bool(one)] += 1


def area_under(known: Any, unknown: Any) -> tuple[float, float]:
    """(the chance that a known one took longer than an unknown one, its standard error for a coin): Mann, Whitney."""
    times = np.concatenate([known, unknown])
    ranks = np.empty(len(times))
    ranks[np.argsort(times, kind="stable")] = np.arange(1, len(times) + 1)
    n, m = len(known), len(unknown)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m)), ((n + m + 1) / (12 * n * m)) ** 0.5


def assert_alike(times: Times) -> None:
    """Fails where time tells them apart, and where these measurements could not have told."""
    known, unknown = np.array(times[True]), np.array(times[False])
    area, error = area_under(known, unknown)
    bound = _SAME + _LARGEST_CHANCE * error
    assert abs(area - 0.5) < bound, f"told apart by time: {area:.4f}, bound {bound:.4f}"
    slower, _ = area_under(known + known.std() / 2, unknown)
    assert slower - 0.5 > bound, "half a standard deviation would not have been seen"

"""How likely letters make a name of this clinic's kind: a trigram model of its distinct names.

It gives the chance that a stranger, whose name nobody here bears, is called so. Witten-Bell smoothing (Bell, Cleary and
Witten, Text Compression, 1990): a context lends to shorter ones as much as it has shown different letters.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Final

_LETTERS: Final = 27
"""a to z, and the end."""
_LEARNT: Final = 20_000


class Spelling:
    """Learns from at most 20,000 distinct names, which is enough for trigrams of 27 letters."""

    def __init__(self, names: Iterable[str]) -> None:
        follow: dict[str, Counter[str]] = defaultdict(Counter)
        for _, name in zip(range(_LEARNT), names, strict=False):
            letters = f"^^{name}$"
            for at in range(2, len(letters)):
                follow[letters[at - 2 : at]][letters[at]] += 1
                follow[letters[at - 1]][letters[at]] += 1
                follow[""][letters[at]] += 1
        self._follow = {context: (sum(after.values()), after) for context, after in follow.items()}

    def log_chance(self, name: str) -> float:
        """Natural logarithm of the chance of exactly these folded letters."""
        letters = f"^^{name}$"
        return sum(math.log(self._next(letters[at - 2 : at], letters[at])) for at in range(2, len(letters)))

    def _next(self, context: str, letter: str) -> float:
        chance = 1.0 / _LETTERS
        for known in ("", context[-1:], context):
            total, after = self._follow.get(known, (0, Counter()))
            if total:
                chance = (after[letter] + len(after) * chance) / (total + len(after))
        return chance

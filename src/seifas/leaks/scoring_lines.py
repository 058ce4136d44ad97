"""How much the words of an address speak for a patient: street, house, post code, in any order, one letter wrong.

Each written word is weighed by how many patients' addresses hold it, so a rare street says much and "gatvė" nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from seifas.names.folding import words

MOST_WORDS: Final = 16
_SAME: Final = 0.8
_NEAR: Final = 0.08
_OTHER: Final = 0.3
_SHORTEST_NEAR: Final = 4
_REMEMBERED: Final = 20_000
_RARE: Final = 300
"""Patients of one word of an address who are all looked at, whatever their name."""

Rows = NDArray[np.int32]


def line_words(lines: Iterable[str]) -> tuple[str, ...]:
    """The distinct folded words of address lines."""
    return tuple(dict.fromkeys(word for line in lines for word in words(line)))[:MOST_WORDS]


class Lines:
    """The words of all addresses, and whose address holds each."""

    def __init__(self, held: Sequence[str], rows: Sequence[int], count: int) -> None:
        bearers = Counter(held)
        self._words = sorted(bearers)
        ids = {word: at for at, word in enumerate(self._words)}
        values = np.array([ids[word] for word in held], dtype=np.int32)
        order = np.argsort(values, kind="stable")
        self._rows: Rows = np.array(rows, dtype=np.int32)[order]
        self._starts = np.searchsorted(values[order], np.arange(len(self._words) + 1), side="left")
        self._ids = ids
        self._count = max(count, 1)
        self._read: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._told = np.zeros(count, dtype=np.bool_)
        self._told[self._rows] = True

    def nbytes(self) -> int:
        """Bytes of the lists of rows."""
        return self._rows.nbytes + self._starts.nbytes + self._told.nbytes

    def rows(self, lines: Sequence[str]) -> Rows:
        """Whose address holds a rare word of these lines."""
        parts = [self._of(found) for word in line_words(lines) for found in self._meant(word)]
        rare = [part for part in parts if part.size <= _RARE]
        return np.unique(np.concatenate(rare)) if rare else np.empty(0, dtype=np.int32)

    def logs(self, rows: Rows, lines: Sequence[str]) -> NDArray[np.float64]:
        """Log-likelihood ratio of address lines for each row; 0 for a card without an address."""
        total = np.zeros(rows.size)
        for word in line_words(lines):
            same, near = self._meant(word)
            # What nobody here has is told of strangers and of patients who have moved alike.
            if not same.size and not near.size:
                continue
            log = np.full(rows.size, math.log(_OTHER))
            for ids, level in ((near, _NEAR), (same, _SAME)):
                if ids.size:
                    held = self._of(ids)
                    share = max(held.size / self._count, 1.0 / self._count)
                    gain = max(math.log(level / min(share, 1.0)), math.log(_OTHER))
                    log = np.where(np.isin(rows, held), np.maximum(log, gain), log)
            total += log
        return np.where(self._told[rows], total, 0.0)

    def _meant(self, word: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ids of the word itself, and of words with one letter or digit wrong."""
        found = self._read.get(word)
        if found is None:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            found = self._read[word] = self._compared(word)
        return found

    def _compared(self, word: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        own = self._ids.get(word)
        same = np.array([] if own is None else [own], dtype=np.int64)
        if len(word) < _SHORTEST_NEAR or not self._words:
            return same, np.array([], dtype=np.int64)
        distances = process.cdist([word], self._words, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)[0]
        return same, np.flatnonzero(distances == 1)

    def _of(self, ids: NDArray[np.int64]) -> Rows:
        parts = [self._rows[self._starts[at] : self._starts[at + 1]] for at in ids.tolist()]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int32)

"""How much the words of a written name speak for each patient.

Nobody says which word is the surname: every choice of a surname and a given name among the words counts by its chance,
for patients and for strangers alike. A stranger's given name depends on the surname's ending (sex, mother tongue).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seifas.leaks.calibration import LEVELS
from seifas.leaks.matching_columns import YEARS, Columns, Rows
from seifas.leaks.names import Word
from seifas.leaks.names_vocabulary import (
    CASE,
    EXACT,
    FORM,
    HEARD,
    HEARD_FORM,
    INITIAL,
    OTHER,
    TYPO,
    TYPO_FORM,
    TYPO_TWICE,
    Reading,
)

_OTHER: Final = math.log(LEVELS[OTHER])
_ONE_WORD: Final = (math.log(0.7), math.log(0.3))
"""A single word is a surname, or a given name."""
_EXTRA: Final = (math.log(0.3), math.log(0.3), math.log(0.4))
"""A further word is another surname, another given name, or not this person's name."""
_LEND: Final = 25.0
"""Bearers of a class of surnames lent by all others, where given names of the class are counted."""
_YEARS_LEND: Final = 30.0
_MOST_YEARS: Final = 3
_NONE: Final = np.float32(-np.inf)
_UNREAD: Final = np.int8(OTHER)


class Choice(NamedTuple):
    """Which word is the surname and which the given name, -1 for none; logarithms of its chance for strangers."""

    family: int
    given: int
    stranger: float
    family_chance: float
    given_chance: float


class NameScore:
    """The words of one mention read against a clinic's names; `logs` weighs any rows."""

    def __init__(self, columns: Columns, words: list[Word]) -> None:
        self._columns = columns
        self.words = words
        self.as_family = [columns.families.read(word) for word in words]
        self.as_given = [columns.givens.read(word) for word in words]
        self._dense_family = [_dense(read, len(columns.families.names)) for read in self.as_family]
        self._dense_given = [_dense(read, len(columns.givens.names)) for read in self.as_given]
        self._classes = [self._classes_of(read) for read in self.as_family]
        self.choices = self._choices()
        self._chance = _log_sum([choice.stranger for choice in self.choices])

    def logs(self, rows: Rows) -> NDArray[np.float64]:
        """Log-likelihood ratio of the name, for each row."""
        family, given = self._best(rows)
        total = np.full(rows.size, -np.inf)
        for choice in self.choices:
            total = np.logaddexp(total, self._of_choice(choice, family, given))
        return total - self._chance

    def years(self) -> NDArray[np.float64]:
        """Shares of strangers born in each year, given the likeliest given name of the row."""
        best = max(self.choices, key=lambda choice: choice.stranger)
        if best.given < 0:
            return self._columns.year_shares
        read = self.as_given[best.given]
        if not read.ids.size:
            return self._columns.year_shares
        weights = self._columns.givens.shares[read.ids] * np.exp(read.logs)
        likely = read.ids[np.argsort(-weights, kind="stable")[:_MOST_YEARS]]
        years = self._columns.year[self._columns.by_given.rows_of_all(likely.tolist())]
        years = years[years > 0]
        counts = np.bincount(np.clip(years, 0, YEARS - 1), minlength=YEARS).astype(np.float64)
        counts = np.convolve(counts, np.ones(7) / 7, mode="same")
        return np.asarray((counts + _YEARS_LEND * self._columns.year_shares) / (counts.sum() + _YEARS_LEND))

    def rows(self) -> Rows:
        """Whom the words may mean at all, ascending."""
        whole = [at for at, word in enumerate(self.words) if not word.initial]
        by_family, by_given = self._columns.by_family, self._columns.by_given
        parts = [by_family.rows_of_all(self.as_family[at].ids.tolist()) for at in whole]
        parts.extend(by_given.rows_of_all(_surely(self.as_given[at])) for at in whole)
        if not whole and len(self.words) > 1:
            family, given = self._best(np.arange(self._columns.count, dtype=np.int32))
            pairs = [np.isfinite(family[choice.family]) & np.isfinite(given[choice.given]) for choice in self.choices]
            parts.append(np.flatnonzero(np.logical_or.reduce(pairs)).astype(np.int32))
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int32)

    def levels(self, rows: Rows) -> list[tuple[int, int]]:
        """For each row how the likeliest surname and given name of the words stand to the patient's; OTHER for none."""
        family, given = self._best(rows)
        likely = np.argmax([self._of_choice(choice, family, given) for choice in self.choices], axis=0)
        found: list[tuple[int, int]] = []
        for at, row in zip(likely.tolist(), rows.tolist(), strict=True):
            choice = self.choices[at]
            as_family, as_given = OTHER, OTHER
            if choice.family >= 0:
                as_family = _level(self.as_family[choice.family], self._columns.family[row])
            if choice.given >= 0:
                as_given = _level(self.as_given[choice.given], self._columns.given[row])
            found.append((as_family, as_given))
        return found

    def why(self, rows: Rows) -> list[list[str]]:
        """For each row in which words the name fits the patient."""
        return [[*_FAMILY_WORDS.get(family, ()), *_GIVEN_WORDS.get(given, ())] for family, given in self.levels(rows)]

    def _best(self, rows: Rows) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        families, givens = self._columns.family[rows], self._columns.given[rows]
        return (
            [_fit(dense, families, read) for dense, read in zip(self._dense_family, self.as_family, strict=True)],
            [_fit(dense, givens, read) for dense, read in zip(self._dense_given, self.as_given, strict=True)],
        )

    def _of_choice(
        self, choice: Choice, family: list[NDArray[np.float32]], given: list[NDArray[np.float32]]
    ) -> NDArray[np.float64]:
        total = np.zeros(family[0].size)
        if choice.family >= 0:
            total += np.maximum(family[choice.family], _OTHER + choice.family_chance)
        if choice.given >= 0:
            total += np.maximum(given[choice.given], _OTHER + choice.given_chance)
        for at in range(len(self.words)):
            if at not in (choice.family, choice.given):
                total += np.logaddexp(
                    np.logaddexp(_EXTRA[0] + family[at], _EXTRA[1] + given[at]), _EXTRA[2] + self._any(at)
                )
        return total + self._prior(choice.family, choice.given)

    def _any(self, at: int) -> float:
        return _log_sum([self.as_family[at].log_chance, self.as_given[at].log_chance]) - math.log(2.0)

    def _prior(self, family: int, given: int) -> float:
        count = len(self.words)
        if count == 1:
            return _ONE_WORD[0] if family >= 0 else _ONE_WORD[1]
        return -math.log(count * (count - 1))

    def _choices(self) -> list[Choice]:
        count = len(self.words)
        if count == 1:
            as_family, as_given = self.as_family[0].log_chance, self.as_given[0].log_chance
            return [
                Choice(0, -1, _ONE_WORD[0] + as_family, as_family, 0.0),
                Choice(-1, 0, _ONE_WORD[1] + as_given, 0.0, as_given),
            ]
        found: list[Choice] = []
        for family in range(count):
            for given in range(count):
                if family == given:
                    continue
                family_chance = self.as_family[family].log_chance
                given_chance = self._given_chance(family, given)
                stranger = self._prior(family, given) + family_chance + given_chance
                for at in range(count):
                    if at not in (family, given):
                        stranger += _log_sum([
                            _EXTRA[0] + self.as_family[at].log_chance,
                            _EXTRA[1] + self.as_given[at].log_chance,
                            _EXTRA[2] + self._any(at),
                        ])  # fmt: skip
                found.append(Choice(family, given, stranger, family_chance, given_chance))
        return found

    def _classes_of(self, read: Reading) -> NDArray[np.float64]:
        weights = self._columns.families.shares[read.ids] * np.exp(read.logs)
        table = np.bincount(
            self._columns.family_class[read.ids], weights=weights, minlength=len(self._columns.givens_of_class)
        ).astype(np.float64)
        table[0] += read.unseen + 1e-30
        return np.asarray(table / table.sum())

    def _given_chance(self, family: int, given: int) -> float:
        read = self.as_given[given]
        if not read.ids.size:
            return read.log_chance
        classes = self._classes[family]
        likely = np.flatnonzero(classes > 1e-3)
        counts = self._columns.givens_of_class[likely][:, read.ids]
        bearers = self._columns.givens_of_class[likely].sum(axis=1, keepdims=True)
        shares = (counts + _LEND * self._columns.givens.shares[read.ids]) / (bearers + _LEND)
        mixed = (classes[likely] / classes[likely].sum()) @ shares
        return math.log(max(float(mixed @ np.exp(read.logs)) + read.unseen, 1e-30))


def _surely(read: Reading) -> list[int]:
    # A surname may have changed; a given name that is misspelt besides would bring too many.
    return [int(one) for one in np.unique(read.ids[read.levels <= HEARD_FORM])]


def _dense(read: Reading, size: int) -> NDArray[np.float32]:
    # One more place, so that -1, a name that is not there, finds "no match" too.
    dense = np.full(size + 1, _NONE, dtype=np.float32)
    dense[read.ids] = read.logs
    return dense


def _fit(dense: NDArray[np.float32], ids: NDArray[np.int32], read: Reading) -> NDArray[np.float32]:
    best = dense[ids].max(axis=1)
    # A card without that name says nothing for or against.
    return np.where(ids[:, 0] < 0, np.float32(read.log_chance), best)


def _level(read: Reading, ids: NDArray[np.int32]) -> int:
    best, level = -math.inf, OTHER
    for at in ids.tolist():
        place = int(np.searchsorted(read.ids, at))
        if at >= 0 and place < read.ids.size and read.ids[place] == at and read.logs[place] > best:
            best, level = float(read.logs[place]), int(read.levels[place])
    return level


def _log_sum(logs: list[float]) -> float:
    most = max(logs)
    return most + math.log(sum(math.exp(log - most) for log in logs))


_FAMILY_WORDS: Final[dict[int, tuple[str, ...]]] = {
    EXACT: ("surname",),
    CASE: ("surname",),
    FORM: ("surname-form",),
    HEARD: ("surname", "transliterated"),
    HEARD_FORM: ("surname-form", "transliterated"),
    TYPO: ("surname", "misspelt"),
    TYPO_TWICE: ("surname", "misspelt"),
    TYPO_FORM: ("surname-form", "misspelt"),
    INITIAL: ("initial",),
}
_GIVEN_WORDS: Final[dict[int, tuple[str, ...]]] = {
    EXACT: ("given",),
    CASE: ("given",),
    FORM: ("given",),
    HEARD: ("given", "transliterated"),
    HEARD_FORM: ("given", "transliterated"),
    TYPO: ("given", "misspelt"),
    TYPO_TWICE: ("given", "misspelt"),
    TYPO_FORM: ("given", "misspelt"),
    INITIAL: ("initial",),
}

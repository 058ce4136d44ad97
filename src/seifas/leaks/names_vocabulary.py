"""The names one clinic's patients bear, and how likely each is meant by a word as somebody else wrote it.

P(written | borne) = the share of rows written at that level (`calibration.LEVELS`) / how many spellings the level
offers. P(written) over strangers sums it over all names by the clinic's own frequencies, and adds the chance that a
name nobody here bears has these letters. What two names are as likely to explain is thereby shared between them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from seifas.leaks.calibration import LEVELS
from seifas.leaks.names import Word, first_letters, nominatives, sounds
from seifas.leaks.names_spelling import Spelling
from seifas.names.forms import stems

EXACT, CASE, FORM, HEARD, HEARD_FORM, TYPO, TYPO_TWICE, TYPO_FORM, INITIAL, OTHER = range(10)
"""How a written word stands to a name: the same; a case form; a form of the other sex or marriage; another spelling of
the sounds, also of a form; one typing error, two, one in a form; an initial; another name altogether.
"""

LONGEST: Final = 40
_REMEMBERED: Final = 20_000
_FUZZY_FLOOR: Final = 4
"""Letters of the shortest word in which a typing error is guessed, and of the shortest key of sounds compared so."""
_TWICE_FLOOR: Final = 7


class Reading(NamedTuple):
    """What one written word may mean: `ids` of names, logarithms of P(written | name), levels; and `log_chance`, of
    P(written) over strangers, `unseen` the part of it that is names nobody here bears.
    """

    ids: NDArray[np.int32]
    logs: NDArray[np.float32]
    levels: NDArray[np.int8]
    log_chance: float
    unseen: float


class Vocabulary:
    """Distinct folded words with the number of their bearers; ids are places in `names`."""

    def __init__(self, names: Sequence[str], bearers: NDArray[np.int64]) -> None:
        self.names = names
        self.total = max(int(bearers.sum()), 1)
        singles = int((bearers == 1).sum())
        # Good and Turing: what is met for the first time is as frequent as what was met once.
        self.unseen = min(max(singles / self.total, 1e-4), 0.5)
        self.shares = bearers / self.total * (1.0 - self.unseen)
        self._ids = {name: at for at, name in enumerate(names)}
        self._by_stem: dict[str, list[int]] = defaultdict(list)
        self._by_sound: dict[str, list[int]] = defaultdict(list)
        self._by_sound_stem: dict[str, list[int]] = defaultdict(list)
        self._by_letter: dict[str, list[int]] = defaultdict(list)
        for at, name in enumerate(names):
            self._by_letter[name[0]].append(at)
            self._by_sound[sounds(name)].append(at)
            for stem in stems(name):
                self._by_stem[stem].append(at)
                self._by_sound_stem[sounds(stem)].append(at)
        self._heard_stems = list(self._by_sound_stem)
        self._spelling = Spelling(names)
        self._read: dict[Word, Reading] = {}

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def id_of(self, word: str) -> int:
        """The id of exactly this word, -1 if nobody bears it."""
        return self._ids.get(word, -1)

    def knows(self, word: str) -> bool:
        """Whether it is a name here, a case form of one, a form of the other sex or another spelling of its sounds."""
        if word in self._ids or any(name in self._ids for name in nominatives(word)):
            return True
        if len(word) <= _FUZZY_FLOOR:
            return False
        return sounds(word) in self._by_sound or any(len(stem) > 2 and stem in self._by_stem for stem in stems(word))

    def near(self, word: str) -> bool:
        """Whether some name here is within one typing error of it, or sounds the same."""
        found = self.read(Word(word, False))
        return bool(found.ids.size)

    def read(self, word: Word) -> Reading:
        """All names a written word may mean."""
        known = self._read.get(word)
        if known is None:
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            known = self._read[word] = self._initial(word.text) if word.initial else self._whole(word.text[:LONGEST])
        return known

    def _initial(self, letter: str) -> Reading:
        ids: list[int] = []
        levels = LEVELS[INITIAL]
        for other in first_letters(letter):
            ids.extend(self._by_letter.get(other, ()))
        array = np.array(sorted(ids), dtype=np.int32)
        own = np.array([self.names[at][0] == letter for at in array], dtype=bool)
        logs = np.where(own, math.log(levels), math.log(levels * 0.05)).astype(np.float32)
        chance = float((self.shares[array] * np.exp(logs)).sum()) + self.unseen * levels / 20
        return Reading(array, logs, np.full(array.size, INITIAL, dtype=np.int8), math.log(chance), self.unseen / 20)

    def _whole(self, word: str) -> Reading:
        best: dict[int, tuple[float, int]] = {}

        def add(ids: Sequence[int], level: int, spellings: float) -> None:
            log = math.log(LEVELS[level] / spellings)
            for at in ids:
                if at not in best or best[at][0] < log:
                    best[at] = (log, level)

        if (exact := self._ids.get(word)) is not None:
            add((exact,), EXACT, 1.0)
        add([at for name in nominatives(word) if (at := self._ids.get(name)) is not None], CASE, 6.0)
        word_stems = stems(word)
        for stem in word_stems:
            if len(stem) > 1:
                add(self._by_stem.get(stem, ()), FORM, 6.0)
        add(self._by_sound.get(sounds(word), ()), HEARD, 4.0)
        for stem in word_stems:
            if len(stem) > 2:
                add(self._by_sound_stem.get(sounds(stem), ()), HEARD_FORM, 20.0)
        self._misspelt(word, word_stems, add)
        ids = np.array(sorted(best), dtype=np.int32)
        logs = np.array([best[at][0] for at in ids.tolist()], dtype=np.float32)
        levels = np.array([best[at][1] for at in ids.tolist()], dtype=np.int8)
        seen = float((self.shares[ids] * np.exp(logs)).sum())
        unseen = self.unseen * math.exp(max(self._spelling.log_chance(word), -60.0))
        return Reading(ids, logs, levels, math.log(max(seen + unseen, 1e-30)), unseen)

    def _misspelt(self, word: str, word_stems: Sequence[str], add: Callable[[Sequence[int], int, float], None]) -> None:
        if len(word) < _FUZZY_FLOOR or not self.names:
            return
        errors = 2 if len(word) >= _TWICE_FLOOR else 1
        distances = process.cdist([word], self.names, scorer=OSA.distance, score_cutoff=errors, dtype=np.uint8)[0]
        places = 10.0 * len(word)
        add(np.flatnonzero(distances == 1).tolist(), TYPO, places)
        if errors == 2:
            add(np.flatnonzero(distances == 2).tolist(), TYPO_TWICE, places * places / 2)
        for stem in word_stems:
            heard = sounds(stem)
            if len(heard) < _FUZZY_FLOOR:
                continue
            distances = process.cdist([heard], self._heard_stems, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)
            for at in np.flatnonzero(distances[0] <= 1).tolist():
                add(self._by_sound_stem[self._heard_stems[at]], TYPO_FORM, 20.0 * places)

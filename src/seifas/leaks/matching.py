"""Whose is it: a calibrated set of patients for each mention, with "none of ours" as a real answer.

    P(patient i) = LR_i / (S + Σ LR_j),   P(nobody) = S / (S + Σ LR_j),   S = n · odds · (1 - ν + ν · Σ LRname_j / n)

LR_i is the likelihood ratio of all that the mention says, patient i against a stranger (`scoring`), n the number of
patients, odds the prior odds of a stranger, ν the share of strangers who are somebody's namesakes; then the odds of
whoever is nearly certain are drawn in (`calibration`). Equals share, and a namesake with another birth date is a
stranger. docs/matching-people.md: method, figures, limits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.leaks import scoring
from seifas.leaks.calibration import CAUTION_FROM, CAUTION_TO, NAMESAKES, STRANGERS, SURE
from seifas.leaks.matching_columns import Columns, Rows, packed_date
from seifas.leaks.mentions import Mention
from seifas.leaks.names import name_words
from seifas.leaks.names_scanning import spans
from seifas.leaks.people import Care, Person
from seifas.leaks.scoring import Born, Code
from seifas.leaks.scoring_care import CareScore, Terms, weigh
from seifas.leaks.scoring_names import NameScore

MOST_LISTED: Final = 300
"""Patients that one answer lists. Rows that fit more are about nobody in particular."""
LEAST_LISTED: Final = 1e-4
_MOST_FACTS: Final = 8
_MOST_BY_PHONE: Final = 2_000
_MOST_BY_TOWN: Final = 500
"""From a village, everybody is looked at, whatever the name has become."""
_NO_GLOSSARY: Final[Mapping[str, str]] = {}


class Candidate(msgspec.Struct, frozen=True):
    """A patient a mention may be. `why` are fixed words: "surname", "surname-form", "initial", "given",
    "birth-date", "birth-year", "code", "phone", "phone-tail", "email", "procedure", "doctor", "city",
    "transliterated", "misspelt" (of names), "swapped" (day and month).
    """

    patient: bytes
    probability: float
    why: tuple[str, ...]


class Match(msgspec.Struct, frozen=True):
    """Candidates, the likeliest first; their probabilities and `nobody` sum to 1. `unlisted` is the part of `nobody`
    that lies with patients who fit too little, or are too many, to be listed.
    """

    candidates: tuple[Candidate, ...]
    nobody: float
    unlisted: float = 0.0


class Matcher:
    """All patients of a clinic, ready to be asked. Keeps columns of its own, not the people (`nbytes`)."""

    def __init__(self, people: Iterable[Person], glossary: Mapping[str, str] = _NO_GLOSSARY) -> None:
        self._columns = Columns(people)
        self._terms = Terms(glossary)

    def __len__(self) -> int:
        return self._columns.count

    def nbytes(self) -> int:
        """Bytes of the columns."""
        return self._columns.nbytes()

    def candidates(self, mention: Mention, most: int = 50) -> list[bytes]:
        """The patients, by card facts alone, the likeliest first: whose care is worth asking for."""
        return [candidate.patient for candidate in self.match(mention, most=most).candidates]

    def match(self, mention: Mention, care: Mapping[bytes, Care] | None = None, most: int = MOST_LISTED) -> Match:
        """Who a mention may be. `care` adds what was done for some of the patients; others are judged by their card."""
        asked = _Asked(self._columns, mention)
        rows = asked.rows()
        if not rows.size:
            return Match((), 1.0, 0.0)
        name_logs = asked.name_logs(rows)
        logs = name_logs + asked.other_logs(rows)
        weighed = weigh(mention, care, self._terms) if care else {}
        if weighed:
            logs = logs + np.array([_care_log(weighed, self._columns.patient(row)) for row in rows.tolist()])
        chances, nobody = _posterior(logs, name_logs, self._columns.count)
        return self._listed(asked, rows, chances, nobody, weighed, most)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where a text names somebody whose name is known here: start and end of each name, ascending, apart."""
        return spans(text, self._columns.families, self._columns.givens)

    def _listed(
        self,
        asked: _Asked,
        rows: Rows,
        chances: NDArray[np.float64],
        nobody: float,
        weighed: Mapping[bytes, CareScore],
        most: int,
    ) -> Match:
        likely = np.flatnonzero(chances >= LEAST_LISTED)
        if likely.size > most:
            # All that are as likely as the last one listed, so that their ids, not their places, decide.
            bound = np.partition(chances[likely], likely.size - most)[likely.size - most]
            likely = likely[chances[likely] >= bound]
        ranked = sorted(
            ((float(chances[at]), self._columns.patient(int(rows[at])), int(rows[at])) for at in likely),
            key=lambda found: (-found[0], found[1]),
        )[:most]
        words = asked.why(np.array([row for _, _, row in ranked], dtype=np.int32))
        candidates = tuple(
            Candidate(patient, chance, (*why, *(weighed[patient].why if patient in weighed else ())))
            for (chance, patient, _), why in zip(ranked, words, strict=True)
        )
        rest = max(0.0, 1.0 - nobody - sum(candidate.probability for candidate in candidates))
        return Match(candidates, nobody + rest, rest)


def _care_log(weighed: Mapping[bytes, CareScore], patient: bytes) -> float:
    found = weighed.get(patient)
    return found.log if found else 0.0


def _posterior(
    logs: NDArray[np.float64], name_logs: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], float]:
    # A stranger is anybody, or somebody with the very name of a patient.
    alike = float(np.exp(name_logs).sum()) / count if name_logs.any() else 1.0
    nobody = math.log(count * STRANGERS / (1.0 - STRANGERS)) + math.log(1.0 - NAMESAKES + NAMESAKES * alike)
    most = max(float(logs.max()), nobody)
    each = np.exp(logs - most)
    chances = _cautious(each / (float(each.sum()) + math.exp(nobody - most)))
    return chances, max(0.0, 1.0 - float(chances.sum()))


def _cautious(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = chances / np.maximum(1.0 - chances, 1e-12)
    steep = math.log(SURE / CAUTION_FROM) / math.log(CAUTION_TO / CAUTION_FROM)
    drawn = np.where(
        odds < CAUTION_TO, CAUTION_FROM * (np.maximum(odds, 1e-12) / CAUTION_FROM) ** steep, odds * (SURE / CAUTION_TO)
    )
    return np.where(odds <= CAUTION_FROM, chances, drawn / (1.0 + drawn))


def _mark(found: list[list[str]], fitting: NDArray[np.bool_], word: str) -> None:
    for at in np.flatnonzero(fitting).tolist():
        found[at].append(word)


class _Asked:
    """One mention, its texts read."""

    def __init__(self, columns: Columns, mention: Mention) -> None:
        self._columns = columns
        self._mention = mention
        names = mention.names or tuple(email.partition("@")[0] for email in mention.emails[:1])
        self._names = [NameScore(columns, words) for words in name_words(names)]
        self._codes = [code for text in mention.codes[:_MOST_FACTS] if (code := scoring.code_of(text))]
        self._odd_codes = [text for text in mention.codes[:_MOST_FACTS] if scoring.code_of(text) is None and text]
        births = [Born(date // 10_000, date // 100 % 100, date % 100) for date in map(packed_date, mention.births)]
        self._births = [born for born in dict.fromkeys(births) if born.year][:_MOST_FACTS]
        if not self._births:
            self._births = list(dict.fromkeys(code.born for code in self._codes if code.born.year))

    def rows(self) -> Rows:
        """Whom it may be at all, ascending."""
        columns, mention = self._columns, self._mention
        parts = [name.rows() for name in self._names]
        for born in self._births:
            if born.month and born.day:
                parts.append(columns.born(*born))
                if born.day <= 12 and born.day != born.month:
                    parts.append(columns.born(born.year, born.day, born.month))
        parts.extend(scoring.code_rows(columns, code) for code in mention.codes[:_MOST_FACTS])
        parts.extend(scoring.near_code_rows(columns, code) for code in self._odd_codes)
        for phone in mention.phones[:_MOST_FACTS]:
            found, _ = scoring.phone_rows(columns, phone)
            if found.size <= _MOST_BY_PHONE:
                parts.append(found)
        if mention.emails:
            parts.append(scoring.email_rows(columns, mention.emails[:_MOST_FACTS]))
        if mention.lines:
            parts.append(columns.lines.rows(mention.lines[:_MOST_FACTS]))
        if mention.city:
            found = scoring.town_rows(columns, mention.city)
            if found.size <= _MOST_BY_TOWN:
                parts.append(found)
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int32)

    def name_logs(self, rows: Rows) -> NDArray[np.float64]:
        """Log-likelihood ratios by the name alone."""
        if not self._names:
            return np.zeros(rows.size)
        each = np.logaddexp.reduce([name.logs(rows) for name in self._names])
        return np.asarray(each - math.log(len(self._names)))

    def other_logs(self, rows: Rows) -> NDArray[np.float64]:
        """Log-likelihood ratios by all other facts of the card."""
        columns, mention = self._columns, self._mention
        total = self._birth(rows)
        if self._codes:
            total += self._code(rows, self._codes)
        if self._odd_codes:
            total += np.max([scoring.odd_code(columns, rows, code) for code in self._odd_codes], axis=0)
        if mention.phones:
            total += scoring.numbers(columns, rows, mention.phones[:_MOST_FACTS])
        if mention.emails:
            total += scoring.mailboxes(columns, rows, mention.emails[:_MOST_FACTS])
        if mention.city:
            total += scoring.town(columns, rows, mention.city)
        if mention.lines:
            total += columns.lines.logs(rows, mention.lines[:_MOST_FACTS])
        return total

    def why(self, rows: Rows) -> list[tuple[str, ...]]:
        """The fixed words for each row."""
        columns, mention = self._columns, self._mention
        found: list[list[str]] = [[] for _ in range(rows.size)]
        if self._names:
            fits = np.argmax([name.logs(rows) for name in self._names], axis=0).tolist()
            each = [name.why(rows) for name in self._names]
            found = [each[fit][at] for at, fit in enumerate(fits)]
        births, years = set(self._births), {born.year for born in self._births}
        for said, row in zip(found, rows.tolist(), strict=True):
            own = Born(int(columns.year[row]), int(columns.month[row]), int(columns.day[row]))
            if own.day and own in births:
                said.append("birth-date")
            elif own.day and Born(own.year, own.day, own.month) in births:
                said += ["birth-date", "swapped"]
            elif own.year in years:
                said.append("birth-year")
        for code in mention.codes[:_MOST_FACTS]:
            _mark(found, np.isin(rows, scoring.code_rows(columns, code)), "code")
        for phone in mention.phones[:_MOST_FACTS]:
            fitting, _ = scoring.phone_rows(columns, phone)
            _mark(found, np.isin(rows, fitting), "phone-tail" if "*" in phone else "phone")
        if mention.emails:
            _mark(found, np.isin(rows, scoring.email_rows(columns, mention.emails[:_MOST_FACTS])), "email")
        if mention.city:
            _mark(found, scoring.town(columns, rows, mention.city) > 0, "city")
        return [tuple(dict.fromkeys(said)) for said in found]

    def _birth(self, rows: Rows) -> NDArray[np.float64]:
        if not self._births:
            return np.zeros(rows.size)
        years = self._names[0].years() if self._names else self._columns.year_shares
        each = [scoring.birth(self._columns, rows, born, years) for born in self._births]
        return np.asarray(np.logaddexp.reduce(each) - math.log(len(each)))

    def _code(self, rows: Rows, codes: list[Code]) -> NDArray[np.float64]:
        columns = self._columns
        each = [scoring.code_sex(columns, rows, code.sex) + scoring.code_serial(columns, rows, code) for code in codes]
        return np.asarray(np.max(each, axis=0))

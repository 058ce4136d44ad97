"""How much what was done for a patient speaks for it: procedures and complaints, doctors, dates.

Only the patients whose care was opened are weighed; how common a thing is among strangers is guessed from those same
patients, so a procedure half of them had says little.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from seifas.leaks.mentions import Mention
from seifas.leaks.names import sounds
from seifas.leaks.people import Care
from seifas.names.folding import words
from seifas.names.forms import stems

_SAME: Final = 0.75
"""Share of rows whose term, doctor or date is on the patient's record."""
_OTHER: Final = 0.35
_DATE_OTHER: Final = 0.5
_DATE_SHARE: Final = 0.004
_GUESS: Final = 8.0
"""Patients whose care is made up for the sake of few: of them one in eight fits."""
_GUESS_SHARE: Final = 0.12
_MOST_FACTS: Final = 8
_REMEMBERED: Final = 50_000
_WORDS: Final = {"term": "procedure", "doctor": "doctor", "town": "city"}


class CareScore(NamedTuple):
    """A logarithm of a likelihood ratio, and why: "procedure", "doctor", "city"."""

    log: float
    why: tuple[str, ...]


class Terms:
    """Reads terms and doctors' names, and remembers what it read: patients have the same ones. `glossary` brings a
    folded term, of either language, to its one name.
    """

    def __init__(self, glossary: Mapping[str, str]) -> None:
        self._glossary = glossary
        self._concepts: dict[str, frozenset[str]] = {}
        self._heard: dict[str, frozenset[str]] = {}
        self._towns: dict[str, frozenset[str]] = {}

    def concepts(self, term: str) -> frozenset[str]:
        """What a term names: the glossary's names for runs of its words, else its words' stems."""
        return _remembered(self._concepts, term, lambda text: _concepts(text, self._glossary))

    def town(self, city: str) -> frozenset[str]:
        """The stem of a town's name, the same in each case."""
        return _remembered(self._towns, city, lambda text: frozenset(stems(word)[0] for word in words(text)))

    def heard(self, doctor: str) -> frozenset[str]:
        """How the words of a doctor's name sound."""
        return _remembered(self._heard, doctor, _heard)


def _remembered(memory: dict[str, frozenset[str]], text: str, read: Callable[[str], frozenset[str]]) -> frozenset[str]:
    found = memory.get(text)
    if found is None:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        found = memory[text] = read(text)
    return found


def weigh(mention: Mention, care: Mapping[bytes, Care], read: Terms) -> dict[bytes, CareScore]:
    """For each patient in `care`."""
    terms = [fact for term in mention.terms[:_MOST_FACTS] if (fact := read.concepts(term))]
    doctors = [heard for doctor in mention.doctors[:_MOST_FACTS] if (heard := read.heard(doctor))]
    dates = frozenset(mention.dates[:_MOST_FACTS])
    town = read.town(mention.city)
    if not care or not (terms or doctors or dates or town):
        return {}
    fits: dict[bytes, tuple[list[bool], list[bool], list[bool], bool]] = {}
    for patient, done in care.items():
        known = [read.concepts(term) for term in done.terms]
        seen = [read.heard(doctor) for doctor in done.doctors]
        fits[patient] = (
            [any(_same_term(term, other) for other in known) for term in terms],
            [any(_same_doctor(doctor, other) for other in seen) for doctor in doctors],
            [read.town(done.city) == town] if town and done.city else [],
            bool(dates.intersection(done.dates)),
        )
    counts: Counter[tuple[str, int]] = Counter()
    for of_terms, of_doctors, of_town, _ in fits.values():
        counts.update(("town", 0) for fit in of_town if fit)
        counts.update(("term", at) for at, fit in enumerate(of_terms) if fit)
        counts.update(("doctor", at) for at, fit in enumerate(of_doctors) if fit)
    found: dict[bytes, CareScore] = {}
    for patient, (of_terms, of_doctors, of_town, same_date) in fits.items():
        kinds = (("term", of_terms), ("doctor", of_doctors), ("town", of_town))
        log = sum(_gain(kind, fitting, counts, len(fits)) for kind, fitting in kinds)
        if dates:
            log += math.log(_SAME / _DATE_SHARE / len(dates)) if same_date else math.log(_DATE_OTHER)
        why = tuple(_WORDS[kind] for kind, fitting in kinds if any(fitting))
        found[patient] = CareScore(log, why)
    return found


def _gain(kind: str, fitting: list[bool], counts: Mapping[tuple[str, int], int], patients: int) -> float:
    logs = []
    for at, fit in enumerate(fitting):
        share = (counts.get((kind, at), 0) + _GUESS * _GUESS_SHARE) / (patients + _GUESS)
        logs.append(math.log(max(_SAME / share, 1.0)) if fit else math.log(_OTHER))
    # Several facts of one kind come from one visit: the first says all, others a half.
    logs.sort(key=abs, reverse=True)
    return sum(log if place == 0 else log / 2 for place, log in enumerate(logs))


def _concepts(term: str, glossary: Mapping[str, str]) -> frozenset[str]:
    parts = words(term)
    if not parts:
        return frozenset()
    found: set[str] = set()
    for length in range(min(4, len(parts)), 0, -1):
        for at in range(len(parts) - length + 1):
            if (name := glossary.get(" ".join(parts[at : at + length]))) is not None:
                found.add(f"={name}")
    return frozenset(found) if found else frozenset(_stem(part) for part in parts if len(part) > 2 or len(parts) == 1)


def _stem(word: str) -> str:
    return stems(word)[0] if len(word) > 4 else word


def _same_term(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared > 0 and 2 * shared >= min(len(one), len(other)) and 3 * shared >= max(len(one), len(other))


def _heard(doctor: str) -> frozenset[str]:
    return frozenset(sounds(stem) for word in words(doctor) if len(word) > 3 for stem in stems(word)[:1])


def _same_doctor(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether every word of the shorter name is in the other: a given name that both bear is not enough."""
    short, long = sorted((one, other), key=len)
    return bool(short) and all(
        any(heard == known or (len(heard) > 4 and OSA.distance(heard, known, score_cutoff=1) <= 1) for known in long)
        for heard in short
    )

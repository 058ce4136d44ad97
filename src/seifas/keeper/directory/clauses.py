"""From planned words to FTS5 clauses, each ever wider than the last: exact, begun, any form, one typing error.

Clauses hold nothing but quoted strings of `a-z0-9`, OR, AND and `*`. A beginning that few words share is written out as
those words: FTS5 then steps from match to match, where for a bare prefix it first merges the lists of all of them
(at a million patients 10 ms for a given name that a tenth of them bear).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from seifas.keeper.directory.asking import CODE, FAMILY, FORMER, GIVEN, GIVEN_STEM, SURNAME_STEM, Plan, Word
from seifas.keeper.directory.vocabulary import Vocabulary
from seifas.names.forms import stems

WRITTEN_OUT = 24
"""Words up to which a beginning is written out."""

LISTED_BEGINNING = 3
"""Letters of a beginning for which the index has lists of its own (`index`): no need to write those out."""

_GROUPS = {FAMILY: FAMILY + FORMER, GIVEN: GIVEN, SURNAME_STEM: SURNAME_STEM, GIVEN_STEM: GIVEN_STEM}
"""Vocabularies, by the kind they are named after, and the kinds of index words they hold."""


class Lexicon:
    """The vocabularies of a directory: surnames (former ones too), given names, and the stems of both."""

    def __init__(self, words: dict[str, set[str]] | None = None) -> None:
        self._by_group = {group: Vocabulary((words or {}).get(group, ())) for group in _GROUPS}

    def items(self) -> Iterable[tuple[str, Vocabulary]]:
        """(group, vocabulary)."""
        return self._by_group.items()

    def of(self, word: Word) -> Iterator[tuple[str, Vocabulary]]:
        """(kinds, vocabulary) of the names that a typed word may be."""
        for group in (FAMILY, GIVEN):
            if group in word.kinds:
                yield _GROUPS[group], self._by_group[group]

    def stems_of(self, word: Word) -> Iterator[tuple[str, Vocabulary]]:
        """(kind, vocabulary) of the stems that a typed word's may be."""
        for group, stem_group in ((FAMILY, SURNAME_STEM), (GIVEN, GIVEN_STEM)):
            if group in word.kinds:
                yield stem_group, self._by_group[stem_group]


def bearers(group: str, word: str) -> str:
    """The clause that finds whoever bears a word of a vocabulary."""
    return any_of(f'"{kind}{word}"' for kind in _GROUPS[group])


def any_of(alternatives: Iterable[str]) -> str:
    """One of these."""
    return "(" + " OR ".join(dict.fromkeys(alternatives)) + ")"


def key_clauses(plan: Plan) -> list[str]:
    """The clauses of a plan's dates, codes, numbers and addresses."""
    return [f'"{key}"*' if longer else f'"{key}"' for key, longer in plan.keys]


def levels(asked: tuple[Word, ...], plan: Plan, lexicon: Lexicon) -> Iterator[list[str]]:
    """All words exact; one exact and the others begun; all begun; any form of each. Levels that add nothing are left
    out.
    """
    # Words of two letters are beginnings only beside another condition, not alone.
    begin = bool(plan.keys) or sum(len(word.text) >= 2 for word in asked) > 1
    exact = [any_of(_exact(word)) for word in asked]
    begun = [any_of(_begun(word, lexicon, begin=begin)) for word in asked]
    wider = [exact]
    if len(asked) > 1:
        wider.extend(
            [exact[at] if other == at else begun[other] for other in range(len(asked))] for at in range(len(asked))
        )
    wider.append(begun)
    wider.append([any_of([*_begun(word, lexicon, begin=begin), *_forms(word, lexicon)]) for word in asked])
    tried: set[tuple[str, ...]] = set()
    for level in wider:
        if tuple(level) not in tried:
            tried.add(tuple(level))
            yield level


def similar(asked: tuple[Word, ...], lexicon: Lexicon) -> tuple[list[str], list[str]]:
    """Clauses that also forgive one typing error in each word: in a whole name, and in the beginning of one. Empty if
    no word is long enough for that.
    """
    whole_names: list[str] = []
    beginnings: list[str] = []
    forgiven = False
    for word in asked:
        known = [*_begun(word, lexicon, begin=True), *_forms(word, lexicon)]
        begun: list[str] = []
        for kinds, vocabulary in lexicon.of(word):
            near, near_begun = vocabulary.near(word.text)
            known.extend(f'"{kind}{each}"' for kind in kinds for each in near)
            for start in near_begun:
                begun.extend(_written_out(kinds, start, vocabulary))
        for stem in stems(word.text):
            for kind, vocabulary in lexicon.stems_of(word):
                known.extend(f'"{kind}{each}"' for each in vocabulary.near(stem)[0])
        whole_names.append(any_of(known))
        beginnings.append(any_of([*known, *begun]))
        forgiven = forgiven or len(word.text) > 4
    return (whole_names, beginnings) if forgiven else ([], [])


def _exact(word: Word) -> list[str]:
    exact = [f'"{kind}{word.text}"' for kind in word.kinds]
    if any(letter.isdigit() for letter in word.text):
        exact.append(f'"{CODE}{word.text}"')  # a document's number typed among the names
    return exact


def _begun(word: Word, lexicon: Lexicon, *, begin: bool) -> list[str]:
    exact = _exact(word)
    if len(word.text) == 1:
        # An initial is a given name's, if it may be.
        return [f'"{kind}{word.text}"*' for kind in (GIVEN if GIVEN in word.kinds else word.kinds)]
    if len(word.text) == 2 and not begin:
        return exact
    for kinds, vocabulary in lexicon.of(word):
        exact.extend(_written_out(kinds, word.text, vocabulary))
    return exact


def _written_out(kinds: str, start: str, vocabulary: Vocabulary) -> list[str]:
    words = vocabulary.begun(start, WRITTEN_OUT) if len(start) > LISTED_BEGINNING else None
    if words is None:
        return [f'"{kind}{start}"*' for kind in kinds]
    return [f'"{kind}{word}"' for kind in kinds for word in words]


def _forms(word: Word, lexicon: Lexicon) -> list[str]:
    if len(word.text) < 3:
        return []  # two letters have no ending to take off
    return [
        f'"{kind}{stem}"'
        for stem in stems(word.text)
        for kind, vocabulary in lexicon.stems_of(word)
        if stem in vocabulary
    ]

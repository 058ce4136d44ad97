"""The index words of a card, each with its kind as first letter: what is stored and what is taken out again."""

from __future__ import annotations

import re

from seifas.keeper.directory.asking import (
    BIRTH,
    BIRTH_YEAR,
    CODE,
    FAMILY,
    FORMER,
    GIVEN,
    GIVEN_STEM,
    PHONE,
    SURNAME_STEM,
    email_key,
)
from seifas.keeper.directory.card import Card
from seifas.names.contacts import code_form, is_fhir_date
from seifas.names.folding import PARTICLES, family_words, words
from seifas.names.forms import stems

_NOT_A_DIGIT = re.compile("[^0-9]+")
_REMEMBERED = 100_000
"""Names whose words are remembered within one load, so that the names many people bear are folded once."""


class Terms:
    """Makes index texts, and gathers the distinct words of the cards it was given, by vocabulary (`clauses.Lexicon`).

    Lives as long as one load or one change: what it remembers are names of patients.
    """

    def __init__(self) -> None:
        self.words: dict[str, set[str]] = {FAMILY: set(), GIVEN: set(), SURNAME_STEM: set(), GIVEN_STEM: set()}
        self._seen: dict[tuple[str, str], str] = {}

    def text(self, card: Card) -> str:
        """All index words of one card, the same for the same card at any time."""
        parts = [self._name(FAMILY, card.family)]
        parts.extend(self._name(FORMER, name) for name in card.former)
        parts.extend(self._name(GIVEN, name) for name in card.given)
        parts.extend(self._name(GIVEN, name) for name in card.also_given)
        if is_fhir_date(card.birth):
            # The year apart: "Jonas 1985" must not merge the lists of 365 days.
            parts.append(f"{BIRTH}{card.birth.replace('-', '')} {BIRTH_YEAR}{card.birth[:4]}")
        parts.extend(CODE + form for code in card.codes if (form := code_form(code)))
        parts.extend(PHONE + _NOT_A_DIGIT.sub("", phone)[::-1] for phone in card.phones)
        parts.extend(email_key(address) for address in card.emails)
        return " ".join(parts)

    def _name(self, kind: str, name: str) -> str:
        known = self._seen.get((kind, name))
        if known is not None:
            return known
        found = words(name) if kind == GIVEN else family_words(name)
        stem_kind = GIVEN_STEM if kind == GIVEN else SURNAME_STEM
        # A particle bends to no form, and its stem would join half the directory.
        found_stems = [stem for word in found if word not in PARTICLES for stem in stems(word)]
        self.words[GIVEN if kind == GIVEN else FAMILY].update(found)
        self.words[stem_kind].update(found_stems)
        text = " ".join([*(kind + word for word in found), *dict.fromkeys(stem_kind + stem for stem in found_stems)])
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen[(kind, name)] = text
        return text

"""How well typed words match a card: exact, beginning, form of the name, one typing error; and what a hit shows."""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec
from rapidfuzz.distance import OSA, Prefix

from seifas.keeper.directory.asking import FAMILY, FORMER, GIVEN, Plan, Word
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.vocabulary import FUZZY_FLOOR
from seifas.names.folding import family_words, fold, shown_prefix, words
from seifas.names.forms import stems

EXACT, BEGINS, FORM, SIMILAR, SIMILAR_FORM, LOOSE, NONE = 0, 1, 2, 3, 4, 5, 9
"""Ranks of a match, best first: the whole name; its beginning; a form of it; then with one typing error in the name, in
a form of it, in its beginning.
"""

RANK_NAMES = {
    EXACT: "exact", BEGINS: "begins", FORM: "form", SIMILAR: "similar", SIMILAR_FORM: "similar", LOOSE: "similar",
    NONE: "other",
}  # fmt: skip


class Hit(msgspec.Struct, frozen=True):
    """One masked hit: the letters that were typed, the rest as initials; never a whole name that nobody typed.

    `label` surname ("Žuk…"), `initial` given name ("J." or the typed "Jon…"), `year` of birth or "", `phone_tail` last
    3 digits or "", `sex` m, f, o, u; `match` exact, begins, form, similar, or other (found by a code, number or date).
    """

    patient: bytes
    label: str
    initial: str
    year: str
    phone_tail: str
    sex: str
    match: str


def rank(word: str, stored: str, word_stems: tuple[str, ...] = ()) -> int:
    """How the folded word that was typed matches a stored one. `word_stems`: its stems, if they are at hand."""
    if stored.startswith(word):
        return EXACT if stored == word else BEGINS
    typed_stems, stored_stems = word_stems or stems(word), stems(stored)
    if not set(typed_stems).isdisjoint(stored_stems):
        return FORM
    size = len(word)
    if size < FUZZY_FLOOR:
        return NONE
    if _one_error(word, stored):
        return SIMILAR
    if any(len(typed) >= FUZZY_FLOOR and _one_error(typed, kept) for typed in typed_stems for kept in stored_stems):
        return SIMILAR_FORM
    if any(_one_error(word, stored[:cut]) for cut in (size - 1, size, size + 1)):
        return LOOSE
    return NONE


def _one_error(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) <= 1


class Judge:
    """Ranks and masks the cards of one search. Lives no longer: it remembers names, for hits share most of theirs."""

    def __init__(self, plan: Plan, asked: tuple[Word, ...]) -> None:
        self._asked = asked
        # "van der Berg" is asked for as vanderberg, and shown by its parts.
        self._typed = (*asked, *plan.apart)
        self._ranks: dict[tuple[str, str], int] = {}
        self._words: dict[tuple[bool, str], list[str]] = {}
        self._stems: dict[str, tuple[str, ...]] = {}
        self._shown: dict[tuple[str, tuple[str, ...]], str] = {}

    def best(self, cards: Iterable[Card], limit: int) -> list[Hit]:
        """The hits of the best cards: by the worst of the words' ranks, then their sum, records in use first, then by
        name, birth date and id, so that the same question has the same answer.
        """
        ordered = sorted((self._order(card), card.patient, card) for card in cards)
        return [self._hit(card, place[0]) for place, _, card in ordered[:limit]]

    def _order(self, card: Card) -> tuple[int, int, bool, bool, list[str], list[str], str]:
        names = self._names(card)
        ranks = [self._best_rank(word, names) for word in self._asked]
        total = sum(2 * each for each in ranks)
        # A surname borne once counts a little less than the one borne now.
        total += sum(
            FORMER in word.kinds
            and word.text not in names[FAMILY]
            and self._rank(word.text, names[FORMER]) < self._rank(word.text, names[FAMILY])
            for word in self._asked
        )
        worst = max(ranks, default=NONE)
        return worst, total, not card.active, card.deceased, names[FAMILY], names[GIVEN], card.birth

    def _best_rank(self, word: Word, names: dict[str, list[str]]) -> int:
        """The best rank of a typed word among the names that it may stand for; whole names first, as most are."""
        if any(word.text in names[kind] for kind in word.kinds):
            return EXACT
        return min(self._rank(word.text, names[kind]) for kind in word.kinds)

    def _names(self, card: Card) -> dict[str, list[str]]:
        """The words under which the card's names are stored, by kind."""
        return {
            FAMILY: self._split(False, card.family),
            FORMER: [word for name in card.former for word in self._split(False, name)],
            GIVEN: [word for name in (*card.given, *card.also_given) for word in self._split(True, name)],
        }

    def _split(self, given: bool, name: str) -> list[str]:
        found = self._words.get((given, name))
        if found is None:
            found = self._words[(given, name)] = words(name) if given else family_words(name)
        return found

    def _rank(self, word: str, stored: list[str]) -> int:
        """The best rank of a typed word among stored ones."""
        best = NONE
        for each in stored:
            found = self._ranks.get((word, each))
            if found is None:
                found = self._ranks[(word, each)] = rank(word, each, self._stems_of(word))
            best = min(best, found)
        return best

    def _stems_of(self, word: str) -> tuple[str, ...]:
        found = self._stems.get(word)
        if found is None:
            found = self._stems[word] = stems(word)
        return found

    def _hit(self, card: Card, worst: int) -> Hit:
        names = self._names(card)
        shown: dict[str, list[str]] = {FAMILY: [], FORMER: [], GIVEN: []}
        for word in self._typed:
            best = self._best_rank(word, names)
            for kind in word.kinds:
                # Only where it matched best: a given name that happens to begin like the surname, or to be one error
                # away from it, must not uncover the surname.
                if best == EXACT:
                    matched = word.text in names[kind]
                else:
                    matched = best < NONE and self._rank(word.text, names[kind]) == best
                if matched:
                    shown[kind].append(word.text)
        label = self._masked(card.family, shown[FAMILY]) or _initials(card.family)
        former = next((masked for name in card.former if (masked := self._masked(name, shown[FORMER]))), "")
        return Hit(
            patient=card.patient,
            label=f"{label} ({former})" if former else label,
            initial=self._given(card, shown[GIVEN]),
            year=card.birth[:4],
            phone_tail=card.phones[0][-3:] if card.phones else "",
            sex=card.sex,
            match=RANK_NAMES[worst],
        )

    def _masked(self, name: str, typed: list[str]) -> str:
        if not typed:
            return ""
        key = (name, tuple(typed))
        found = self._shown.get(key)
        if found is None:
            found = self._shown[key] = _masked(name, typed)
        return found

    def _given(self, card: Card, typed: list[str]) -> str:
        for name in (*card.given, *card.also_given):
            if masked := self._masked(name, typed):
                return masked if len(masked) > 2 else masked.replace("…", ".")
        first = card.given[0] if card.given else ""
        return shown_prefix(first, 1) + "." if fold(first) else ""


_PIECE = re.compile(r"[^\s,./\u2010-\u2015-]+")


def _masked(name: str, typed: list[str]) -> str:
    """A name with the letters that were typed, the rest as initials; empty if none of it was typed."""
    if not typed:
        return ""
    matched = False

    def mask(found: re.Match[str]) -> str:
        nonlocal matched
        plain = fold(found[0]).replace(" ", "")
        count = _letters(plain, typed)
        matched = matched or count > 0
        return found[0] if 0 < len(plain) <= count else _cut(found[0], plain, max(count, 1))

    masked = _PIECE.sub(mask, name)
    return masked if matched else ""


def _initials(name: str) -> str:
    return _PIECE.sub(lambda found: _cut(found[0], fold(found[0]), 1), name)


def _cut(piece: str, plain: str, letters: int) -> str:
    return shown_prefix(piece, letters) + "…" if plain else ""


def _letters(piece: str, typed: list[str]) -> int:
    """Folded letters at the start of a stored piece that were typed, by the word that matches it best."""
    best, count = NONE, 0
    for word in typed:
        found = rank(word, piece) if piece else NONE
        if found == NONE and piece and word.startswith(piece):
            found = LOOSE  # "vanderberg" typed, "van" stored apart
        if found < best:
            best, count = found, Prefix.similarity(word, piece)
    return count

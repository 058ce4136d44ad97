"""How well typed words match a card: exact, beginning, form of the name, one typing error; and what a hit shows."""

from __future__ import annotations

import re

import msgspec
from rapidfuzz.distance import OSA

from seifas.keeper.directory.asking import FAMILY, FORMER, GIVEN, Plan, Word
from seifas.keeper.directory.card import Card
from seifas.keeper.directory.forms import stems
from seifas.keeper.directory.names import family_words, fold, shown_prefix, words
from seifas.keeper.directory.vocabulary import FUZZY_FLOOR

EXACT, BEGINS, FORM, SIMILAR, LOOSE, NONE = 0, 1, 2, 3, 4, 9
"""Ranks of a match, best first. LOOSE: a beginning with one typing error."""

RANK_NAMES = {EXACT: "exact", BEGINS: "begins", FORM: "form", SIMILAR: "similar", LOOSE: "similar", NONE: "other"}


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


class Folded(msgspec.Struct, frozen=True):
    """A card's names as index words, by kind letter."""

    by_kind: dict[str, list[str]]


def folded(card: Card) -> Folded:
    """The words under which the card's names are stored."""
    return Folded(
        {
            FAMILY: family_words(card.family),
            FORMER: [word for name in card.former for word in family_words(name)],
            GIVEN: [word for name in (*card.given, *card.also_given) for word in words(name)],
        }
    )


def rank(word: str, stored: str) -> int:
    """How the folded word that was typed matches a stored one."""
    if stored.startswith(word):
        return EXACT if stored == word else BEGINS
    typed_stems, stored_stems = stems(word), stems(stored)
    if not set(typed_stems).isdisjoint(stored_stems):
        return FORM
    size = len(word)
    if size < FUZZY_FLOOR:
        return NONE
    if _one_error(word, stored) or any(
        len(typed) >= FUZZY_FLOOR and _one_error(typed, kept) for typed in typed_stems for kept in stored_stems
    ):
        return SIMILAR
    if any(_one_error(word, stored[:cut]) for cut in (size - 1, size, size + 1)):
        return LOOSE
    return NONE


def _one_error(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) <= 1


def best(word: Word, names: Folded) -> int:
    """The best rank of a typed word among a card's names, times two, plus one if it is only a former surname."""
    found = 2 * NONE
    for kind in word.kinds:
        for stored in names.by_kind[kind]:
            found = min(found, 2 * rank(word.text, stored) + (kind == FORMER))
    return found


def order(card: Card, asked: tuple[Word, ...]) -> tuple[object, ...]:
    """The sort key of a card: the worst of its words' ranks, their sum, records in use first, then by name and id."""
    names = folded(card)
    ranks = [best(word, names) for word in asked]
    return (
        max((each // 2 for each in ranks), default=NONE),
        sum(ranks),
        not card.active,
        card.deceased,
        fold(card.family),
        [fold(name) for name in card.given],
        card.birth,
        card.patient,
    )


_PIECE = re.compile(r"[^\s,./\u2010-\u2015-]+")


def hit_of(card: Card, plan: Plan, asked: tuple[Word, ...]) -> Hit:
    """The masked hit of a card that matched the plan by `asked` words."""
    names = folded(card)
    typed = (*asked, *plan.apart)  # "van der Berg" is asked for as vanderberg, and shown by its parts
    shown = {kind: [w.text for w in typed if kind in w.kinds and _leads(w, kind, names)] for kind in names.by_kind}
    label = _masked(card.family, shown[FAMILY], keep_unmatched=True)
    earlier = (_masked(name, shown[FORMER], keep_unmatched=False) for name in card.former)
    former = next((masked for masked in earlier if masked), "")
    worst = max((best(word, names) // 2 for word in asked), default=NONE)
    return Hit(
        patient=card.patient,
        label=f"{label} ({former})" if former else label,
        initial=_given(card, shown[GIVEN]),
        year=card.birth[:4],
        phone_tail=card.phones[0][-3:] if card.phones else "",
        sex=card.sex,
        match=RANK_NAMES[min(worst, NONE)] if worst in RANK_NAMES else "other",
    )


def _leads(word: Word, kind: str, names: Folded) -> bool:
    """Whether the word matched this kind of name as well as any other: a given name that happens to begin like the
    surname must not uncover the surname.
    """
    ranks = {
        each: min((rank(word.text, stored) for stored in names.by_kind[each]), default=NONE) for each in word.kinds
    }
    return ranks[kind] < NONE and ranks[kind] == min(ranks.values())


def _letters(piece: str, typed: list[str]) -> int:
    """Folded letters of a stored piece that were typed, by the word that matches it best."""
    if not piece:
        return 0
    most, most_rank = 0, NONE
    for word in typed:
        found = rank(word, piece)
        common = 0
        for one, other in zip(word, piece, strict=False):
            if one != other:
                break
            common += 1
        joined_start = found == NONE and word.startswith(piece)  # "vanderberg" typed, "van" stored apart
        if (found < most_rank or joined_start) and common > most:
            most, most_rank = common, found
    return most


def _masked(name: str, typed: list[str], *, keep_unmatched: bool) -> str:
    matched = False

    def mask(found: re.Match[str]) -> str:
        nonlocal matched
        piece = found[0]
        plain = fold(piece).replace(" ", "")
        count = _letters(plain, typed)
        matched = matched or count > 0
        if count and count >= len(plain):
            return piece
        return (shown_prefix(piece, max(count, 1)) + "…") if plain else ""

    masked = _PIECE.sub(mask, name)
    return masked if matched or keep_unmatched else ""


def _given(card: Card, typed: list[str]) -> str:
    for name in (*card.given, *card.also_given):
        if masked := _masked(name, typed, keep_unmatched=False):
            return masked if len(masked) > 2 else masked.replace("…", ".")
    first = card.given[0] if card.given else ""
    return shown_prefix(first, 1) + "." if fold(first) else ""

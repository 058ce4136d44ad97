"""Whether a text that is to leave tells a patient: by names in any case form, codes, numbers, addresses, birth dates.

Names are found as pairs of words close together of which one patient bears both (a given name may be an initial), or a
surname after a word of address; every form of them that a stem joins counts, so it rather says too much. Staff, the
clinic and whoever a letter is to are let through by `Let`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from seifas.keeper.directory.card import Card
from seifas.keeper.directory.index import Directory
from seifas.names.folding import PARTICLES, TITLES, words
from seifas.names.forms import stems
from seifas.names.spotting import Spot, Token, spots, tokens

WHAT: Final = ("name", "code", "birth", "phone", "email")
"""What a text may tell."""

_APART: Final = 40
"""Letters between the two words of one name at most: a cell's border, a tag, a second given name."""

_DIGITS: Final = "0123456789"
_BETWEEN: Final = 2  # words between them
_INITIAL: Final = 3  # letters between an initial, or a word of address, and the surname
_SHORT, _TOGETHER = 4, 10  # letters of words in small letters that may be a name's form
_BESIDE: Final = 120  # letters between a birth date and a word of the name
_ADDRESSED: Final = frozenset((
    "p", "pn", "ponas", "pono", "ponui", "ponai", "ponia", "ponios", "poniai", "panele", "paneles", "panelei", "gerb",
    "gerbiamas", "gerbiamasis", "gerbiama", "gerbiamoji", "pacientas", "paciento", "pacientui", "pacienta", "paciente",
    "pacientes", "pacientei", "mr", "mrs", "ms", "miss", "dear", "patient", "herr", "frau", "pan", "pani",
))  # fmt: skip


class Found(msgspec.Struct, frozen=True):
    """A place in the text, what it tells (`WHAT`), and of whom: empty for a code of nobody here, and for what a word
    says is a birth date."""

    start: int
    end: int
    what: str
    patients: tuple[bytes, ...] = ()


class Let(msgspec.Struct, frozen=True):
    """Who may be told: a patient (the addressee), and texts that may stand (staff's names, the clinic's)."""

    patient: bytes = b""
    texts: tuple[str, ...] = ()


class _Named(msgspec.Struct, frozen=True):
    token: Token
    folded: str
    surname: bool
    given: bool


def scan(directory: Directory, text: str, let: Let) -> list[Found]:
    """Everything that tells somebody who may not be told, by place; no place twice for the same thing. For a
    letter of 400 words 9 ms where 24,000 patients are known. For a thread."""
    allowed = _allowed(text, let.texts)
    named = [one for one in _named(directory, text) if not any(one.token.start in span for span in allowed)]
    found = [*_names(directory, text, named, let.patient), *_spotted(directory, text, named, let.patient)]
    return _apart(
        [one for one in found if not any(one.start >= span.start and one.end <= span.stop for span in allowed)]
    )


def _apart(found: list[Found]) -> list[Found]:
    """By place; of names that lie over one another the closest pair of words stands for all."""
    kept: list[Found] = []
    taken: dict[str, set[int]] = {}
    for one in sorted(found, key=lambda each: (each.end - each.start, each.start, not each.patients)):
        places = taken.setdefault(one.what, set())
        if places.isdisjoint(range(one.start, one.end)):
            kept.append(one)
            places.update(range(one.start, one.end))
    return sorted(kept, key=lambda each: (each.start, each.end, each.what))


def _allowed(text: str, texts: Collection[str]) -> list[range]:
    """Where the texts that may stand do, whatever the spaces and case in them."""
    found: list[range] = []
    for one in texts:
        parts = [re.escape(part) for part in one.split()]
        if sum(map(len, parts)) < 4:
            continue  # so short a text would let through what it is a part of
        pattern = re.compile(r"(?<!\w)" + r"[\s\u00a0]+".join(parts) + r"(?!\w)", re.IGNORECASE)
        found += [range(match.start(), match.end()) for match in pattern.finditer(text)]
    return found


def _named(directory: Directory, text: str) -> list[_Named]:
    """The words, folded; of hyphenated and joined ones each part, in the place of the whole."""
    known: dict[str, tuple[bool, bool]] = {}
    found = []
    for token in tokens(text):
        for whole in words(token.text):
            for folded in dict.fromkeys((whole.rstrip(_DIGITS), whole)):
                if folded not in known:
                    known[folded] = (False, False) if folded in PARTICLES else directory.knows(folded)
                if folded and (any(known[folded]) or folded == whole):
                    found.append(_Named(token, folded, *known[folded]))
                    break
    return found


def _names(directory: Directory, text: str, named: list[_Named], let: bytes) -> Iterator[Found]:
    asked: dict[tuple[str, str], list[Card]] = {}

    def bearers(one: _Named, other: str, *, sure: bool = True) -> tuple[bytes, ...]:
        key = one.folded, other
        if key not in asked:
            cards = directory.called(*key)
            asked[key] = [] if any(card.patient == let for card in cards) else cards
        return tuple(card.patient for card in asked[key] if sure or _exactly(card, *key))

    for place, one in enumerate(named):
        if not one.surname or len(one.folded) < 2:
            continue
        before = named[place - 1] if place else None
        if before is not None and before.folded in _ADDRESSED and _capital(one) and _gap(before, one) <= _INITIAL:
            yield from _one(one, one, bearers(one, ""))
        for other in (*named[max(0, place - 1 - _BETWEEN) : place], *named[place + 1 : place + 2 + _BETWEEN]):
            whole = other.given and len(other.folded) > 1 and other.token != one.token and _gap(one, other) <= _APART
            if whole:
                yield from _one(one, other, bearers(one, other.folded, sure=_like_names(one, other)))
            elif _initial(text, other) and _capital(one) and _gap(one, other) <= _INITIAL:
                yield from _one(one, other, bearers(one, other.folded))


def _like_names(one: _Named, other: _Named) -> bool:
    """Whether two words are written as names are, or are too long to be other words by chance: in small letters "an"
    would be a form of Ana, and "may" is a surname."""
    if _capital(one) and _capital(other):
        return True
    short, long = sorted((len(one.folded), len(other.folded)))
    return short >= _SHORT and short + long >= _TOGETHER


def _exactly(card: Card, surname: str, given: str) -> bool:
    """Whether somebody is called just so, and by more than two letters."""
    return len(given) > 2 and (
        any(surname in words(name) for name in (card.family, *card.former))
        and any(given in words(name) for name in (*card.given, *card.also_given))
    )


def _one(one: _Named, other: _Named, patients: tuple[bytes, ...]) -> Iterator[Found]:
    if patients:
        start, end = min(one.token.start, other.token.start), max(one.token.end, other.token.end)
        yield Found(start, end, "name", patients)


def _gap(one: _Named, other: _Named) -> int:
    first, second = sorted((one.token, other.token), key=lambda each: each.start)
    return second.start - first.end


def _capital(one: _Named) -> bool:
    return one.token.text[0].isupper()


def _initial(text: str, one: _Named) -> bool:
    """One capital letter with a dot: "J. Jonaitis", "Jonaitis J."."""
    return (
        len(one.token.text) == 1 and len(one.folded) == 1 and _capital(one)
        and text[one.token.end : one.token.end + 1] == "." and one.folded not in TITLES
    )  # fmt: skip


def _spotted(directory: Directory, text: str, named: list[_Named], let: bytes) -> Iterator[Found]:
    for spot in spots(text):
        if spot.what == "code":
            owners = directory.same_code(spot.form)
            if let not in owners:
                yield Found(spot.start, spot.end, "code", tuple(owners))
        elif spot.what in ("phone", "email"):
            cards = directory.reached(phone=spot.form) if spot.what == "phone" else directory.reached(email=spot.form)
            if cards and all(card.patient != let for card in cards):
                yield Found(spot.start, spot.end, spot.what, tuple(card.patient for card in cards))
        else:
            yield from _birth(directory, spot, named, let)


def _birth(directory: Directory, spot: Spot, named: list[_Named], let: bytes) -> Iterator[Found]:
    """A date tells somebody who was born on it and whose name stands beside it, or a word says that it is a birth's."""
    close = [
        one for one in named
        if one.token.start - spot.end <= _BESIDE and spot.start - one.token.end <= _BESIDE
    ]  # fmt: skip
    born: list[bytes] = []
    for one in close:
        if one.surname and len(one.folded) > 2:
            born += [
                card.patient for card in directory.called(one.folded, "")
                if card.birth == spot.form and _bears(card, one.folded)
            ]  # fmt: skip
    if let and (let in born or _is_birth(directory, let, spot.form)):
        return
    if born or spot.birth:
        yield Found(spot.start, spot.end, "birth", tuple(dict.fromkeys(born)))


def _is_birth(directory: Directory, patient: bytes, day: str) -> bool:
    card = directory.card(patient)
    return card is not None and card.birth == day


def _bears(card: Card, surname: str) -> bool:
    mine = set(stems(surname))
    return any(not mine.isdisjoint(stems(word)) for name in (card.family, *card.former) for word in words(name))



"""Finds, in prose, the names that patients of this clinic bear: inflected, folded, transliterated, one letter wrong.

The vault knows every name it looks for, so no general name finder is needed. A pair of neighbouring words is a name if
one can be a surname here and the other a given name or an initial, or if one is known exactly and the other nearly; a
lone capitalised word only if somebody here bears exactly that surname or a case form of it.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from seifas.leaks.names import nominatives
from seifas.leaks.names_vocabulary import Vocabulary
from seifas.names.folding import PARTICLES, TITLES, words

MOST_TEXT: Final = 4_000_000
_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|['’ʼ`´\u0300-\u036f](?=[^\W\d_]))*")
_GAPS: Final = frozenset(("", "-", "‐", "‑", ",", ".", ".,"))
_JOINING: Final = frozenset(("", "-", "‐", "‑"))
_WIDEST_GAP: Final = 6
_SHORTEST_ALONE: Final = 5
_SHORTEST_NEAR: Final = 5
_MOST_PARTS: Final = 4

# Words of documents and letters, folded, that are surnames or given names somewhere and would be found on every page.
_COMMON: Final = frozenset((
    "and", "april", "august", "balta", "balandis", "de", "diena", "for", "gegute", "gruodis", "juli", "juni", "june",
    "juoda", "july", "kauno", "kaune", "kaunas", "klinika", "kovas", "laiskas", "lapas", "march", "may", "might",
    "metu", "mr", "mrs", "ne", "oda", "rasa", "ruda", "rugpjutis", "rytas", "sausis", "siaulys", "spalis", "the",
    "vasaris", "vilnius", "vilniaus", "vilniuje", "was", "will", "young", "zalia", "ziema", "white", "long", "rose",
))  # fmt: skip

_NEVER_NEARLY: Final = (
    "born", "client", "clinic", "daktar", "dear", "doctor", "gim", "gydytoj", "klient", "klinik", "operacij", "pacient",
    "patient", "paciei", "sveik", "gerb", "surger",
)  # fmt: skip
"""Beginnings of words that stand before names and are not misspelt ones."""

_FAMILY, _GIVEN, _INITIAL, _EXACT_FAMILY = 1, 2, 4, 8


class _Token(NamedTuple):
    start: int
    end: int
    text: str
    kinds: int
    capital: bool
    gap: str
    """What stands between it and the word before, blanks apart: "", "-", "," or "."."""


def spans(text: str, families: Vocabulary, givens: Vocabulary) -> list[tuple[int, int]]:
    """Start and end, in characters, of each known name in a text; ascending and apart. Reads 4 million characters."""
    text = text[:MOST_TEXT]
    kinds: dict[str, int] = {}
    found: list[tuple[int, int]] = []
    run: list[_Token] = []
    for match in _TOKEN.finditer(text):
        written = match[0]
        known = kinds.get(written)
        if known is None:
            known = kinds[written] = _kinds(written, families, givens)
        gap = text[run[-1].end : match.start()].strip(" \t\u00a0") if run else ""
        token = _Token(match.start(), match.end(), written, known, not written[0].islower(), gap)
        if run and not (gap in _GAPS and token.start - run[-1].end <= _WIDEST_GAP):
            found.extend(_named(run, families, givens))
            run = []
        if token.kinds or token.capital:
            run.append(token)
        elif run:
            found.extend(_named(run, families, givens))
            run = []
    if run:
        found.extend(_named(run, families, givens))
    return found


def _kinds(written: str, families: Vocabulary, givens: Vocabulary) -> int:
    if len(written) == 1:
        return _INITIAL if written.isupper() else 0
    folded = words(written)
    if len(folded) != 1:
        return 0
    word = folded[0]
    if word in TITLES or word in PARTICLES or len(word) < 3:
        return 0
    kinds = 0
    exact = word in families or any(name in families for name in nominatives(word))
    if exact or families.knows(word):
        kinds |= _FAMILY
        if exact and len(word) >= _SHORTEST_ALONE and word not in _COMMON:
            kinds |= _EXACT_FAMILY
    if word in givens or any(name in givens for name in nominatives(word)):
        kinds |= _GIVEN
    return kinds


def _named(run: list[_Token], families: Vocabulary, givens: Vocabulary) -> list[tuple[int, int]]:
    """Names in a run of words with nothing but blanks, a comma or a hyphen between them."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(run):
        taken = _taken(run, at, families, givens)
        if taken:
            found.append((run[at].start, run[at + taken - 1].end))
        at += max(taken, 1)
    return found


def _taken(run: list[_Token], at: int, families: Vocabulary, givens: Vocabulary) -> int:
    """How many words from a place on make one name; 0 for none."""
    first = run[at]
    if not first.kinds and not first.capital:
        return 0
    second = run[at + 1] if at + 1 < len(run) else None
    if second is None or not _pair(first, second, families, givens):
        return 1 if first.kinds & _EXACT_FAMILY and first.capital else 0
    third = run[at + 2] if at + 2 < len(run) else None
    if third is not None and not _known_pair(first, second) and _known_pair(second, third):
        return 0  # "Pacientė Rasa Žukauskienė": the first word only resembled a name
    taken = 2
    while taken < _MOST_PARTS and at + taken < len(run):
        # A second given name or the other half of a double surname, and never the next person's name.
        following = run[at + taken]
        after = run[at + taken + 1] if at + taken + 1 < len(run) else None
        wanted = following.kinds & (_FAMILY | _GIVEN | _INITIAL) and following.capital == first.capital
        joined = (
            not following.gap or following.gap in "-‐‑" or (following.gap == "." and _is_initial(run[at + taken - 1]))
        )
        if not (wanted and joined) or (after is not None and _pair(following, after, families, givens)):
            break
        taken += 1
    return taken


def _is_initial(token: _Token) -> bool:
    return token.end - token.start == 1


def _known_pair(one: _Token, other: _Token) -> bool:
    """Whether two neighbours are a surname and a given name or an initial, either first."""
    if one.capital != other.capital or ("." in other.gap and not _is_initial(one)):
        return False
    for family, given in ((one, other), (other, one)):
        if "," in other.gap and family is not one:
            continue
        if family.kinds & _FAMILY and given.kinds & (_GIVEN | _INITIAL):
            return True
        if family.kinds & _INITIAL and given.kinds & _GIVEN and "," not in other.gap:
            return True
    return False


def _pair(one: _Token, other: _Token, families: Vocabulary, givens: Vocabulary) -> bool:
    """As `_known_pair`, or where one is known and the other nearly; the latter only of capitalised words."""
    if _known_pair(one, other):
        return True
    if not (one.capital and other.capital) or "." in other.gap:
        return False
    for family, given in ((one, other), (other, one)):
        if "," in other.gap and family is not one:
            continue
        if family.kinds & _EXACT_FAMILY and not given.kinds and _nearly(given.text, givens):
            return True
        if given.kinds & _GIVEN and not family.kinds and _nearly(family.text, families):
            return True
    return False


def _nearly(written: str, names: Vocabulary) -> bool:
    folded = words(written)
    if len(folded) != 1 or len(folded[0]) < _SHORTEST_NEAR or folded[0] in _COMMON:
        return False
    return not folded[0].startswith(_NEVER_NEARLY) and names.near(folded[0])

"""A name as somebody else wrote it: its words, the nominatives a case form may stand for, and how it sounds.

All works on folded words (`seifas.names.folding`): without diacritics, in Latin letters, lower case. What is made here
finds names and tells *how* a written word differs from a stored one; `names_vocabulary` gives that its weight.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple
from unicodedata import normalize

from seifas.names.folding import PARTICLES, TITLES, joined, without_titles, words

MOST_WORDS: Final = 5
"""Words of one mention that are read as names; whoever has more is found by the first ones."""

_READ: Final = 400
_TOKEN = re.compile(r"[^\W\d_]+(?:['’ʼ`´][^\W\d_]+)*")
_LETTERS = re.compile(r"[^a-z]+")

# Case endings of folded Lithuanian nominatives, from grammar: what a form may have been before it was inflected. The
# empty nominative is a foreign name that took an ending (Smitho, Ivanovui, Markas).
_CASES: Final[dict[str, tuple[str, ...]]] = {
    "iumi": ("ius",), "iaus": ("ius",), "iuje": ("ius",),
    "aus": ("us",), "iau": ("ius",), "iui": ("is", "ys", "ius"), "umi": ("us",), "uje": ("us",),
    "yje": ("is", "ys"), "eje": ("e",), "oje": ("a",),
    "io": ("is", "ys"), "ui": ("as", "us", ""), "iu": ("is", "ys", "ius"), "ai": ("as", "a"), "au": ("us",),
    "es": ("e",), "ei": ("e",), "os": ("a",), "as": ("",), "is": ("",),
    "o": ("as", ""), "a": ("as", ""), "i": ("is", "ys"), "u": ("as", "us", ""), "e": ("as", ""), "y": ("ys",),
}  # fmt: skip
_LONGEST_CASE: Final = 4
_STEM_FLOOR: Final = 2

# Spellings of the same sounds in Lithuanian, English, German and Polish, and from Cyrillic. It joins too much on
# purpose (ž and š: German writes both sch): what it joins is weighed, not believed.
_SOUNDS: Final[dict[str, str]] = {
    "dzsch": "c", "zsch": "s", "shch": "s", "tsch": "c", "sch": "s", "dsch": "c", "dzh": "dz", "tch": "c",
    "sh": "s", "sz": "s", "zh": "s", "rz": "s", "cz": "c", "ch": "c", "kh": "c", "ts": "c", "tz": "c",
    "ph": "f", "th": "t", "ou": "u", "oo": "u", "ee": "i", "ae": "a", "oe": "o", "ue": "u",
    "z": "s", "w": "v", "x": "ks", "q": "k", "y": "i", "j": "i", "h": "c",
}  # fmt: skip
_SOUND = re.compile("|".join(sorted(_SOUNDS, key=len, reverse=True)))
_DOUBLED = re.compile(r"(.)\1+")
_GLIDE = re.compile("i+[ae]")

_ALIKE: Final[dict[str, str]] = {"j": "yi", "y": "ji", "i": "jy", "v": "w", "w": "v", "k": "c", "c": "k", "z": "s"}


class Word(NamedTuple):
    """One folded word of a name; `initial` if a single letter was written."""

    text: str
    initial: bool


def name_words(names: Sequence[str]) -> list[list[Word]]:
    """The readings of a mention's name strings: one list of words where they make one name together (a column for the
    surname, one for the given name), else one list for each (a name and its transliteration).
    """
    read = [found for name in names[:8] if (found := _words(name))]
    several = [found for found in read if len(found) > 1]
    if len(several) > 1:
        return _distinct(several)
    whole = _distinct([[word for found in read for word in found]])
    return [words_[:MOST_WORDS] for words_ in whole if words_]


def _distinct(readings: list[list[Word]]) -> list[list[Word]]:
    kept: dict[tuple[Word, ...], None] = {}
    for reading in readings:
        # The same word twice is one column that repeats another, not a person called Jonas Jonas.
        kept[tuple(dict.fromkeys(reading))[:MOST_WORDS]] = None
    return [list(reading) for reading in kept][:4]


def _words(name: str) -> list[Word]:
    found: list[Word] = []
    for token in _TOKEN.findall(normalize("NFC", name[:_READ])):
        if len(token) == 1:
            folded = words(token)
            if folded and folded[0][0].isalpha():
                found.append(Word(folded[0][0], True))
            continue
        found.extend(Word(plain, False) for part in words(token) if (plain := _LETTERS.sub("", part)))
        if len(found) > 4 * MOST_WORDS:
            break
    kept = [word for word in found if word.initial or word.text not in TITLES] or found
    return _joined(kept)


def _joined(found: list[Word]) -> list[Word]:
    if not any(word.text in PARTICLES and not word.initial for word in found):
        return found
    out: list[Word] = []
    run = ""
    for word in found:
        if word.text in PARTICLES and not word.initial:
            run += word.text
        else:
            out.append(Word(run + word.text, word.initial and not run))
            run = ""
    return [*out, Word(run, False)] if run else out


def stored_words(name: str) -> tuple[str, ...]:
    """The words under which a name of a card is known: particles joined to what follows them, and that word alone."""
    parts = [plain for part in without_titles(words(name)) if (plain := _LETTERS.sub("", part))]
    if not any(part in PARTICLES for part in parts):
        return tuple(dict.fromkeys(parts))
    return tuple(dict.fromkeys([*joined(parts), *(part for part in parts if part not in PARTICLES)]))


def nominatives(word: str) -> tuple[str, ...]:
    """The folded nominatives, other than itself, of which a folded word may be a case form: petraicio → petraitis,
    petraitys. Most of them are no names; whoever asks looks them up.
    """
    found: list[str] = []
    for length in range(min(_LONGEST_CASE, len(word) - _STEM_FLOOR), 0, -1):
        endings = _CASES.get(word[-length:])
        if endings is None:
            continue
        stem = word[:-length]
        for ending in endings:
            found.append(stem + ending)
            # t and d soften before i and a vowel: Petraitis, Petraičio; Gaidys, Gaidžio.
            if word[-length] == "i" and ending in ("is", "ys"):
                if stem.endswith("dz"):
                    found.append(stem[:-1] + ending)
                elif stem.endswith("c"):
                    found.append(stem[:-1] + "t" + ending)
    return tuple(dict.fromkeys(name for name in found if name != word))


def sounds(word: str) -> str:
    """A key that spellings of one name share: zhukauskene and žukauskienė → sukauskene; Yulia, Julija → iule."""
    heard = _DOUBLED.sub(r"\1", _SOUND.sub(lambda part: _SOUNDS[part[0]], word))
    return _GLIDE.sub("e", heard)


def first_letters(letter: str) -> str:
    """The folded first letters that a written initial may stand for in other spellings: j → j, y, i."""
    return letter + _ALIKE.get(letter, "")

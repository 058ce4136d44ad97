"""Folding of names to plain `a-z0-9` words, blind to case, diacritics and script, the same for stored and typed names.

Nothing here caches: a cache would keep the names of erased patients, and of all patients after the vault is locked.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from anyascii import anyascii

WORD_LIMIT = 40
"""Letters of a word that count. The longest real surnames have under 40; a hostile one must not fill the index."""

WORDS_LIMIT = 12
"""Words of one name that count."""

NAME_LIMIT = 400
"""Letters of one name that are read at all."""

PARTICLES = frozenset((
    "aan", "af", "al", "am", "ap", "ben", "bin", "bint", "d", "da", "dal", "das", "de", "degli", "dei", "del", "della",
    "den", "der", "des", "di", "dos", "du", "el", "het", "ibn", "il", "l", "la", "las", "le", "les", "lo", "los", "mac",
    "mc", "o", "op", "saint", "san", "santa", "st", "te", "ten", "ter", "thor", "v", "van", "vom", "von", "y", "zu",
    "zum", "zur",
))  # fmt: skip
"""Words that belong to the word after them: "van der Berg", "Mac Donald", "De la Cruz", "O Brien"."""

TITLES = frozenset((
    "dipl", "doc", "dr", "frau", "gyd", "hab", "habil", "herr", "ing", "jr", "kun", "mag", "mba", "md", "med", "mr",
    "mrs", "ms", "pan", "panele", "pani", "phd", "ponas", "ponia", "prof", "sr",
))  # fmt: skip
"""Words that are typed before or after a name and are no part of it."""

# The practice of Lithuanian documents (Zacharov, Ščerbakov, Julija, Piotr), not the English one (Zakharov, Yulia):
# names from Cyrillic documents stand in clinics' records that way. NFKD would take й and ё apart, so this runs first.
_CYRILLIC = str.maketrans({
    "а": "a", "б": "b", "в": "v", "г": "g", "ґ": "g", "д": "d", "е": "e", "ж": "z", "з": "z", "и": "i", "і": "i",
    "й": "j", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u",
    "ў": "u", "ф": "f", "х": "ch", "ц": "c", "ч": "c", "ш": "s", "щ": "sc", "ъ": "", "ы": "y", "ь": "", "э": "e",
    "є": "e", "ї": "i", "ј": "j", "љ": "l", "њ": "n", "ћ": "c", "ђ": "d", "џ": "dz",
})  # fmt: skip
_CYRILLIC_SOFT = {"я": "a", "ю": "u", "ё": "o"}
_CYRILLIC_RANGE = re.compile("[Ѐ-ӿ]")
_CYRILLIC_GLIDE = re.compile("(^|[^а-яёіїєґў]|[аеёиоуыэюяіїєьъ])([яюё])")

_JOINED = re.compile("['’ʼ`´‘ʹ\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_WORD = re.compile("[a-z0-9]+")

# What NFKD does to the letters of Lithuanian, in a tenth of the time: most names that are read need no more.
_LITHUANIAN = str.maketrans("ąčęėįšųūžĄČĘĖĮŠŲŪŽ", "aceeisuuzACEEISUUZ")
# Words of these letters only: each folds to exactly one letter.
_LETTER_BY_LETTER = re.compile("[A-Za-z0-9ąčęėįšųūžĄČĘĖĮŠŲŪŽ]*")


def fold(text: str) -> str:
    """One name folded to words of `a-z0-9` with single spaces between: "Žukauskaitė-Petraitienė" → "zukauskaite
    petraitiene", "O'Brien" → "obrien", "Łukasz" → "lukasz", "Юлия" → "julija". Empty if nothing readable is in it.

    At most WORDS_LIMIT words of WORD_LIMIT letters come back. Never fails, whatever the text holds.
    """
    return " ".join(words(text))


def words(text: str) -> list[str]:
    """The words of `fold`, as a list."""
    text = text[:NAME_LIMIT]
    if not text.isascii():
        plain = text.translate(_LITHUANIAN)
        text = plain if plain.isascii() else text
    if text.isascii():
        plain = text.lower().replace("'", "").replace("`", "")
    else:
        plain = _JOINED.sub("", _to_ascii(_JOINED.sub("", text)))
    return [word[:WORD_LIMIT] for word in _WORD.findall(plain)[:WORDS_LIMIT]]


def _to_ascii(text: str) -> str:
    if _CYRILLIC_RANGE.search(text):
        text = _from_cyrillic(normalize("NFC", text).lower())
    text = normalize("NFKD", text)
    if not text.isascii():
        # A mark is never a letter of its own here: anyascii would spell some of them out, and Mn has combining != 0
        # for every mark that Latin letters take.
        text = "".join(letter for letter in text if not "\u0300" <= letter <= "\u036f").casefold()
        if not text.isascii():
            text = anyascii(text)
    return text.lower()


def _from_cyrillic(text: str) -> str:
    # After a consonant я ю ё are ia iu io; at the start, after a vowel or a sign they are ja ju jo. Twice, because in
    # "ия я" neighbours share a letter and a single pass would step over the second.
    for _ in range(2):
        text = _CYRILLIC_GLIDE.sub(lambda found: found[1] + "j" + _CYRILLIC_SOFT[found[2]], text)
    for letter, vowel in _CYRILLIC_SOFT.items():
        text = text.replace(letter, "i" + vowel)
    return text.translate(_CYRILLIC)


def joined(parts: list[str]) -> list[str]:
    """Each run of particles joined to the word after it: van der berg → vanderberg; de la cruz lopez → delacruz,
    lopez. Particles at the end are joined to each other, so that "Berg, van der" still starts what is stored.
    """
    out: list[str] = []
    run = ""
    for part in parts:
        if part in PARTICLES:
            run += part
        else:
            out.append((run + part)[:WORD_LIMIT])
            run = ""
    if run:
        out.append(run[:WORD_LIMIT])
    return out


def without_titles(parts: list[str]) -> list[str]:
    """The words that are names; all of them if every one is a title (somebody may be called Doc)."""
    kept = [part for part in parts if part not in TITLES]
    return kept or parts


def family_words(text: str) -> list[str]:
    """The words under which a surname is stored: each of its own, and the joined form where it has a particle."""
    parts = without_titles(words(text))
    if not any(part in PARTICLES for part in parts):
        return parts
    return list(dict.fromkeys([*parts, *joined(parts)]))


def shown_prefix(original: str, letters: int) -> str:
    """The part of one word as written that folds to its first `letters` folded letters: ("Žukauskas", 3) → "Žuk"."""
    if letters <= 0:
        return ""
    if _LETTER_BY_LETTER.fullmatch(original) and letters <= WORD_LIMIT:
        return original[:letters]
    original = normalize("NFC", original)  # so that a cut never parts a letter from its mark
    for end in range(1, len(original) + 1):
        if len(fold(original[:end]).replace(" ", "")) >= letters:
            return original[:end]
    return original

"""Reads the one line in which patients are looked for: a surname with a birth date or a telephone proves a caller.

Everything else is a search. A telephone alone is a search as well: it lists masked hits, and proves nobody.
"""

from __future__ import annotations

import re

import msgspec

_DATE = re.compile(r"(?<![0-9])([0-9]{4})([-./ ])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_DAY_FIRST = re.compile(r"(?<![0-9])([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{4})(?![0-9])")
_COMPACT = re.compile(r"(?<![0-9+])((?:18|19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])")
_PHONE = re.compile(r"\+?[0-9(][0-9 ()./-]{5,24}[0-9]")
_PERSONAL_CODE = re.compile(r"(?<![0-9+])(?!370)[1-6][0-9]{10}(?![0-9])")
_LETTER = re.compile(r"[^\W\d_]")
_PARTICLES = frozenset({"van", "von", "der", "den", "de", "da", "di", "du", "la", "le", "el", "al", "ten", "ter"})
_FEWEST_DIGITS = 8
MOST = 100
"""Letters of a line."""


class Proof(msgspec.Struct, frozen=True):
    """What a caller said: a surname, and a birth date (YYYY-MM-DD) or a telephone as typed, or both."""

    surname: str
    birthdate: str = ""
    phone: str = ""


def proof_of(line: str) -> Proof | None:
    """The proof in a line; None for one that is to be searched for. Whether date and number exist the keeper says."""
    text = " ".join(line[:MOST].split())
    if "@" in text or _PERSONAL_CODE.search(text):
        return None
    birthdate = ""
    for pattern, order in ((_DATE, (1, 3, 4)), (_DAY_FIRST, (4, 3, 1)), (_COMPACT, (1, 2, 3))):
        found = pattern.search(text)
        if found:
            year, month, day = (found[number] for number in order)
            birthdate = f"{year}-{month.zfill(2)}-{day.zfill(2)}"
            text = f"{text[: found.start()]} {text[found.end() :]}"
            break
    phone = ""
    called = _PHONE.search(text)
    if called and sum(letter.isdigit() for letter in called[0]) >= _FEWEST_DIGITS:
        phone = called[0].strip()
        text = f"{text[: called.start()]} {text[called.end() :]}"
    surname = _surname(text)
    if not surname or any(letter.isdigit() for letter in text) or not (birthdate or phone):
        return None
    return Proof(surname, birthdate, phone)


def _surname(text: str) -> str:
    """The surname comes first, with its particles; a given name after it is left aside."""
    words = [word for word in (part.strip(".,;:") for part in text.split()) if _LETTER.search(word)]
    taken: list[str] = []
    for word in words:
        taken.append(word)
        if word.casefold() not in _PARTICLES:
            break
    return " ".join(taken)

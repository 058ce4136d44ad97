"""Dates, personal codes and telephone numbers as people write them into the names of folders and files."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final, NamedTuple

from seifas.photos.folder_words import MONTHS

_SEP: Final = r"[-._ ]"
_ISO: Final = re.compile(rf"(?<!\d)((?:19|20)\d\d){_SEP}?(\d\d){_SEP}?(\d\d)(?!\d)")
_DAY_FIRST: Final = re.compile(r"(?<!\d)(\d{1,2})([-._ ])(\d{1,2})\2((?:19|20)\d\d)(?!\d)")
_WORDED: Final = re.compile(
    r"(?<!\d)((?:19|20)\d\d)[ ._-]*(?:m\.?)?[ ._-]+([a-z]{3,12})[ ._-]+(\d{1,2})(?!\d)(?:[ ._-]*d\b\.?)?"
)
_WORDED_LAST: Final = re.compile(r"(?<!\d)(\d{1,2})[ ._-]+([a-z]{3,12})[ ._-]+((?:19|20)\d\d)(?!\d)")
_CODE: Final = re.compile(r"(?<!\d)([1-6]\d{10})(?!\d)")
_PHONE: Final = re.compile(r"(?<![\d+])(\+?370[ -]?|8[ -]?|0[ -]?)(6\d\d)[ -]?(\d{2})[ -]?(\d{3})(?!\d)")
_WEIGHTS: Final = ((1, 2, 3, 4, 5, 6, 7, 8, 9, 1), (3, 4, 5, 6, 7, 8, 9, 1, 2, 3))


class Read(NamedTuple):
    """What was found in a text: dates in order, personal codes, phones (+370…), and what is left of it. `unsure`: a
    date stands there that can be read in two ways."""

    dates: tuple[date, ...]
    codes: tuple[str, ...]
    phones: tuple[str, ...]
    rest: str
    unsure: bool


def folded(text: str) -> str:
    """Lower case without accents; everything else stays, letter for letter, where that is possible."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def read(text: str) -> Read:
    """Everything that can be told by its shape. The text is cut to 300 letters."""
    text = unicodedata.normalize("NFC", text[:300])
    low = "".join(folded(letter)[:1] or " " for letter in text)  # one letter for one, so that places agree
    taken = [False] * len(text)
    dates: list[tuple[int, date]] = []
    unsure = False

    def take(found: re.Match[str]) -> None:
        for place in range(*found.span()):
            taken[place] = True

    def free(found: re.Match[str]) -> bool:
        return not any(taken[place] for place in range(*found.span()))

    codes = []
    for found in _CODE.finditer(low):
        if personal_code(found[1]):
            codes.append(found[1])
            take(found)
    phones = []
    for found in _PHONE.finditer(low):
        if free(found):
            phones.append(f"+370{found[2]}{found[3]}{found[4]}")
            take(found)
    for pattern in (_ISO, _WORDED, _WORDED_LAST, _DAY_FIRST):
        for found in pattern.finditer(low):
            if not free(found):
                continue
            day, doubtful = _date(pattern, found)
            if day is not None:
                dates.append((found.start(), day))
                take(found)
            elif doubtful:
                unsure = True
                take(found)
    rest = "".join(" " if used else letter for letter, used in zip(text, taken, strict=True))
    return Read(tuple(day for _, day in sorted(dates)), tuple(codes), tuple(phones), rest, unsure)


def _date(pattern: re.Pattern[str], found: re.Match[str]) -> tuple[date | None, bool]:
    """(the date, or whether it can be read in two ways)."""
    if pattern is _ISO:
        return _real(int(found[1]), int(found[2]), int(found[3])), False
    if pattern is _DAY_FIRST:
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        # Dots are written between day, month and year; what stands between others is anybody's habit.
        if found[2] != "." and first <= 12 and second <= 12 and first != second:
            return None, True
        return _real(year, second, first) or (_real(year, first, second) if found[2] != "." else None), False
    of_year, month, of_month = (found[1], found[2], found[3]) if pattern is _WORDED else (found[3], found[2], found[1])
    number = MONTHS.get(month)
    return (None, False) if number is None else (_real(int(of_year), number, int(of_month)), False)


def _real(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def personal_code(text: str) -> bool:
    """Whether eleven digits are a Lithuanian personal code: a real birth date and the right check digit."""
    if len(text) != 11 or not (text.isascii() and text.isdigit()) or text[0] not in "123456":
        return False
    century = 1800 + (int(text[0]) - 1) // 2 * 100
    if _real(century + int(text[1:3]), int(text[3:5]), int(text[5:7])) is None:
        return False
    for weights in _WEIGHTS:
        rest = sum(int(digit) * weight for digit, weight in zip(text, weights, strict=False)) % 11
        if rest != 10:
            return rest == int(text[10])
    return text[10] == "0"


def birth_of(code: str) -> date:
    """The birth date in a personal code. Raises ValueError for what is none."""
    if not personal_code(code):
        raise ValueError("not a personal code")
    return date(1800 + (int(code[0]) - 1) // 2 * 100 + int(code[1:3]), int(code[3:5]), int(code[5:7]))

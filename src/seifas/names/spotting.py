"""Finds in a text what may tell somebody: personal codes, dates, telephone numbers, addresses, words of names. Pure.

What is written so that a search misses it (spaces and dashes in a code, letters of full width, marks of no width
between) is found too; places are those in the text as it came.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final
from unicodedata import decimal, normalize

import msgspec

from seifas.names.contacts import check_digit, email_form, phone_digits

MOST: Final = 4_000_000
"""Letters of one text that are read: above it the text is no letter, notice or filing."""

_NO_WIDTH: Final = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_CODE: Final = re.compile(r"(?<![0-9])[1-9](?:[ \-.\u2013/]?[0-9]){10}(?![0-9])")
_PHONE: Final = re.compile(r"(?<![0-9+])(?:\+|00)?[0-9(](?:[ \-.()\u2013/]{0,2}[0-9]){6,16}(?![0-9])")
_EMAIL: Final = re.compile(r"[^\s@<>\"'(),;:\[\]]{1,64}@[^\s@<>\"'(),;:\[\]]{1,190}\.[^\W\d_]{2,24}")
_MONTHS: Final = {
    start: number
    for number, starts in enumerate((
        "saus jan", "vasar feb", "kov mar", "baland apr", "geguž gegu may", "birž birz jun", "liep jul",
        "rugpj aug", "rugs sep", "spal oct", "lapkr nov", "gruod dec",
    ), 1)
    for start in starts.split()
}  # fmt: skip
_Y, _N, _BY, _M = "(?:18|19|20)[0-9]{2}", "[0-9]{1,2}", "(?: ?[-./\u2013] ?| )", r"[^\W\d_]{3,12}"
_FROM, _TO = "(?<![0-9])", "(?![0-9])"
_YEAR_FIRST: Final = re.compile(f"{_FROM}({_Y}){_BY}({_N}){_BY}({_N}){_TO}")
_DAY_FIRST: Final = re.compile(f"{_FROM}({_N}){_BY}({_N}){_BY}({_Y}){_TO}")
_IN_WORDS: Final = (
    re.compile(rf"{_FROM}(?P<y>{_Y})(?: ?m\.?)?,? +(?P<m>{_M})\.? +(?P<d>{_N}){_TO}"),
    re.compile(rf"{_FROM}(?P<d>{_N})(?:st|nd|rd|th|\.)? +(?:of +)?(?P<m>{_M})\.?,? +(?P<y>{_Y}){_TO}"),
    re.compile(rf"(?P<m>{_M})\.? +(?P<d>{_N})(?:st|nd|rd|th)?,? +(?P<y>{_Y}){_TO}"),
)
_WORD: Final = re.compile(r"[^\W\d_][^\W_]*(?:['\u2019\u02bc`][^\W\d_]+)*")
_BIRTH_WORDS: Final = re.compile(r"\b(?:gim|born|birth|dob|g\. ?m\.|amžius|age)", re.IGNORECASE)
_BEFORE: Final = 32
"""Letters before a date in which a word of birth is looked for."""


class Spot(msgspec.Struct, frozen=True, gc=False):
    """A place in the text (`end` not included). `what`: code, date, phone or email; `form`: how it is compared: eleven
    digits, YYYY-MM-DD, digits with the country code, a small-letter address. `birth`: a word says it is of a birth."""

    start: int
    end: int
    what: str
    form: str
    birth: bool = False


class Token(msgspec.Struct, frozen=True, gc=False):
    """A word that begins with a letter, as it stands in the text; a footnote's number may hang on it."""

    start: int
    end: int
    text: str


def spots(text: str) -> list[Spot]:
    """All of them, by place. A code is no telephone number, whatever it looks like."""
    plain, places = _plain(text[:MOST])
    found = [*_codes(plain), *_dates(plain), *_emails(plain)]
    taken = [(one.start, one.end) for one in found]
    found += [
        one for one in _phones(plain) if not any(one.start < end and start < one.end for start, end in taken)
    ]
    return sorted(
        (
            msgspec.structs.replace(one, start=places[one.start], end=places[one.end - 1] + 1)
            for one in found
        ),
        key=lambda one: (one.start, one.end),
    )  # fmt: skip


def tokens(text: str) -> list[Token]:
    """The words of a text, marks of no width aside."""
    plain, places = _plain(text[:MOST])
    return [
        Token(places[one.start()], places[one.end() - 1] + 1, one[0]) for one in _WORD.finditer(plain)
    ]


def _plain(text: str) -> tuple[str, list[int]]:
    """The text with plain digits and letters and without what has no width, and where each of its letters stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        if letter < "\u00ad":
            letters.append(letter)
            places.append(place)
        elif not _NO_WIDTH.match(letter):
            digit = decimal(letter, None)
            plain = str(digit) if digit is not None else " " if letter.isspace() else _narrow(letter)
            letters.extend(plain)
            places.extend([place] * len(plain))
    return "".join(letters), places


def _narrow(letter: str) -> str:
    return normalize("NFKC", letter) if "\uff01" <= letter <= "\uff5e" or letter >= "\U0001d400" else letter


def is_code(digits: str) -> bool:
    """Whether eleven digits are a personal code: the check digit fits, and so does the day that it names. Codes of
    exceptions (9) name none."""
    if len(digits) != 11 or int(digits[10]) != check_digit(digits[:10]):
        return False
    if digits[0] == "9":
        return True
    month, day = int(digits[3:5]), int(digits[5:7])
    # 00 stands in codes of people whose month or day of birth is not known.
    return digits[0] in "12345678" and month <= 12 and day <= 31


def _codes(plain: str) -> Iterator[Spot]:
    for one in _CODE.finditer(plain):
        digits = "".join(letter for letter in one[0] if letter.isdigit())
        if is_code(digits):
            yield Spot(one.start(), one.end(), "code", digits)


def _dates(plain: str) -> Iterator[Spot]:
    for one in _YEAR_FIRST.finditer(plain):
        yield from _date(plain, one.start(), one.end(), one[1], one[2], one[3])
    for one in _DAY_FIRST.finditer(plain):
        yield from _date(plain, one.start(), one.end(), one[3], one[2], one[1])
        if int(one[1]) <= 12 and one[1] != one[2]:
            yield from _date(plain, one.start(), one.end(), one[3], one[1], one[2])  # 03/24/1985
    for pattern in _IN_WORDS:
        for one in pattern.finditer(plain):
            month = _month(one["m"])
            if month:
                yield from _date(plain, one.start(), one.end(), one["y"], str(month), one["d"])


def _month(word: str) -> int:
    small = word.casefold()
    return next((number for start, number in _MONTHS.items() if small.startswith(start)), 0)


def _date(plain: str, start: int, end: int, year: str, month: str, day: str) -> Iterator[Spot]:
    try:
        form = date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return
    birth = _BIRTH_WORDS.search(plain, max(0, start - _BEFORE), start) is not None
    yield Spot(start, end, "date", form, birth)


def _emails(plain: str) -> Iterator[Spot]:
    for one in _EMAIL.finditer(plain):
        form = email_form(one[0].strip("."))
        if form:
            yield Spot(one.start(), one.end(), "email", form)


def _phones(plain: str) -> Iterator[Spot]:
    for one in _PHONE.finditer(plain):
        digits = phone_digits(one[0])
        if len(digits) >= 7:
            yield Spot(one.start(), one.end(), "phone", digits)

"""Codes, dates, telephones and addresses in a text, brought to one form each; where they stand, and masked ones too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NamedTuple

from seifas.names.contacts import check_digit


class Found(NamedTuple):
    """`value` stands in text[start:end]."""

    start: int
    end: int
    value: str


_FOUR_DIGITS: Final = re.compile(r"\d{4}", re.ASCII)
_MASK: Final = "*•●xX#█▪_"
_CODE: Final = re.compile(r"(?<![\w*+])([1-6]\d{6})[ \u00a0-]?(\d{4})(?![\w*])", re.ASCII)
_MASKED_CODE: Final = re.compile(rf"(?<![\w*+])([1-6][\d{re.escape(_MASK)}]{{10}})(?![\w*])", re.ASCII)

_ISO: Final = re.compile(r"(?<![\d.])((?:18|19|20)\d\d)\s?([-./ ])\s?(\d{1,2})\s?\2\s?(\d{1,2})(?!\d)", re.ASCII)
_LAST: Final = re.compile(
    r"(?<![\d.])(\d{1,2})\s?([-./ ])\s?(\d{1,2})\s?\2\s?((?:18|19|20)\d\d)(?!\d)", re.ASCII
)
_COMPACT: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)", re.ASCII)
_SHORT: Final = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d\d)", re.ASCII)
_HIDDEN: Final = re.compile(
    rf"(?<![\d.])((?:19|20)\d\d)[-./](?:[{re.escape(_MASK)}?]{{1,2}}|\d\d)[-./][{re.escape(_MASK)}?]{{1,2}}(?![\w*])"
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        ("saus january jan", "vasar february feb", "kov march mar", "baland april apr", "geguz may", "birzel june jun",
         "liep july jul", "rugpj august aug", "rugs september sep sept", "spal october oct", "lapkr november nov",
         "gruod december dec"), 1,
    )
    for name in names.split()
}  # fmt: skip
_LITHUANIAN_MONTH: Final = (
    r"(saus|vasar|kov|baland|gegu[zž]|bir[zž]el|liep|rugpj|rugs|spal|lapkr|gruod)[a-ząčęėįšųūž]{0,6}"
)
_ENGLISH_MONTH: Final = (
    r"(january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\.?"
)
_LT_WORDS: Final = re.compile(
    rf"(?<!\d)((?:18|19|20)\d\d)\s?(?:m\.?|metų|metais)?\s*{_LITHUANIAN_MONTH}\s+(?:mėn\.?(?:esio)?\s*)?(\d{{1,2}})(?!\d)",
    re.IGNORECASE,
)
_LT_DAY_FIRST: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})\s?(?:d\.?)?\s*{_LITHUANIAN_MONTH},?\s+((?:18|19|20)\d\d)(?!\d)", re.IGNORECASE
)
_LT_MONTH_FIRST: Final = re.compile(
    rf"\b{_LITHUANIAN_MONTH}\s+(\d{{1,2}})\s?(?:d\.?)?,?\s+((?:18|19|20)\d\d)(?!\d)", re.IGNORECASE
)
_EN_DAY_FIRST: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[\s-]{{0,3}}{_ENGLISH_MONTH},?[\s-]{{0,3}}((?:18|19|20)\d\d)(?!\d)",
    re.IGNORECASE,
)
_EN_MONTH_FIRST: Final = re.compile(
    rf"\b{_ENGLISH_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+((?:18|19|20)\d\d)(?!\d)", re.IGNORECASE
)
_YEAR: Final = re.compile(r"(?<![\d.,-])(19\d\d|20[012]\d)(?![\d]|[.,-]\d)", re.ASCII)
_BORN: Final = re.compile(
    r"(?:\bgim(?:\b|\.|imo|ęs|es|usi|ė\b|e\b)|\bg\.\s?(?:m\.|d\.)?|\bborn\b|\bbirth|\bdob\b|\bd\.?\s?o\.?\s?b\b|\bb\.|"
    r"рожд|род\.|\*)[^\n;|]{0,24}$",
    re.IGNORECASE,
)

_PHONE: Final = re.compile(
    r"(?<![\w.*@/#-])(?:\+|00)?\(?[\d*•●xX](?:[ \u00a0().\-–/]{0,3}[\d*•●xX]){6,14}(?![\w@]|[-/.]\d)"
)
_TAIL: Final = re.compile(r"(?<![\d*•●xX.])(?:[*•●xX]{2,12}|…|\.{3,12})[ -]?(\d{3,5})(?![\d*])")
_SHIELDED_AT: Final = re.compile(
    r"\s?[\[({]\s?(?:at|eta)\s?[\])}]\s?|\s{1,3}(?:at|eta)\s{1,3}(?=[\w-]{1,63}(?:\.|\s?[\[(]))", re.IGNORECASE
)
_SHIELDED_DOT: Final = re.compile(r"\s?[\[({]\s?(?:dot|taškas|taskas)\s?[\])}]\s?", re.IGNORECASE)
_EMAIL: Final = re.compile(r"(?<![\w.%+*-])[\w.%+*-]{1,64}@(?:[\w*-]{1,63}\.){1,6}[a-zA-Z]{2,24}(?![\w-])")


def codes(text: str) -> list[Found]:
    """Lithuanian personal codes: whole ones whose check digit and date fit, and masked ones with six digits."""
    found = []
    for one in _CODE.finditer(text):
        digits = one[1] + one[2]
        if int(digits[10]) == check_digit(digits[:10]) and _in_calendar(digits):
            found.append(Found(one.start(), one.end(), digits))
    for one in _MASKED_CODE.finditer(text):
        masked = "".join(char if char.isdigit() else "*" for char in one[1])
        if "*" in masked and masked.count("*") <= 5:
            found.append(Found(one.start(), one.end(), masked))
    return found


def _in_calendar(digits: str) -> bool:
    year = 1800 + (int(digits[0]) - 1) // 2 * 100 + int(digits[1:3])
    return bool(_iso(year, int(digits[3:5]), int(digits[5:7])))


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def this_year() -> int:
    """By this machine's clock."""
    return date.today().year


def dates(text: str, *, month_first: bool | None = None) -> list[Found]:
    """Dates as YYYY-MM-DD, in the order in which they stand, none twice. `month_first` says how 02/01/1980 is meant;
    None gives both readings, one after the other, where both are days."""
    if not _FOUR_DIGITS.search(text):
        return []
    found = _Taken(len(text))
    for one in _ISO.finditer(text):
        _take(found, one, _iso(int(one[1]), int(one[3]), int(one[4])))
    for one in _LAST.finditer(text):
        first, second, year = int(one[1]), int(one[3]), int(one[4])
        day_first, other = _iso(year, second, first), _iso(year, first, second)
        if one[2] != "/" or month_first is False:
            _take(found, one, day_first or (other if one[2] in "/-" else ""))
        elif month_first:
            _take(found, one, other or day_first)
        else:
            _take(found, one, day_first, other)
    for pattern, places in (
        (_LT_WORDS, (1, 2, 3)), (_LT_DAY_FIRST, (3, 2, 1)), (_LT_MONTH_FIRST, (3, 1, 2)), (_EN_DAY_FIRST, (3, 2, 1)),
        (_EN_MONTH_FIRST, (3, 1, 2)),
    ):
        for one in pattern.finditer(text):
            said, month, day = (one[place] for place in places)
            _take(found, one, _iso(int(said), _MONTHS[month.lower().replace("ž", "z")], int(day)))
    return sorted(found.all)


class _Taken:
    """Places of a text that have their meaning already."""

    def __init__(self, size: int) -> None:
        self.all: list[Found] = []
        self._marks = bytearray(size)

    def free(self, start: int, end: int) -> bool:
        return not any(self._marks[start:end])

    def take(self, start: int, end: int) -> None:
        self._marks[start:end] = b"\x01" * (end - start)


def _take(found: _Taken, one: re.Match[str], *values: str) -> None:
    kept = list(dict.fromkeys(value for value in values if value))
    if kept and found.free(*one.span()):
        found.take(*one.span())
        found.all += [Found(*one.span(), value) for value in kept]


def date_of(cell: str, *, month_first: bool | None = None) -> tuple[str, ...]:
    """What a cell says that is a date and perhaps a time: YYYY-MM-DD (two where the order is open), YYYY where the rest
    is hidden or not there; () for anything else."""
    text = cell.strip()
    if not 4 <= len(text) <= 48:
        return ()
    found = dates(text, month_first=month_first)
    if found:
        rest = text[: found[0].start] + text[found[0].end :]
        return tuple(one.value for one in found) if _only_time(rest) else ()
    if one := _COMPACT.fullmatch(text):
        return (f"{one[1]}-{one[2]}-{one[3]}",) if _iso(int(one[1]), int(one[2]), int(one[3])) else ()
    if one := _SHORT.fullmatch(text):
        first, second, short = int(one[1]), int(one[3]), int(one[4])
        year = 1900 + short if 2000 + short > this_year() else 2000 + short
        return tuple(filter(None, (_iso(year, second, first) or _iso(year, first, second),)))
    if one := _HIDDEN.fullmatch(text):
        return (one[1],)
    one = _YEAR.fullmatch(text.removesuffix("m.").strip())
    return (one[1],) if one else ()


_TIME_ONLY: Final = re.compile(
    r"[T\s,.()md]*(?:\d{1,2}[:.]\d\d(?:[:.]\d\d(?:\.\d+)?)?)?\s*(?:val\.?|Z|d\.?|[+-]\d\d:?\d\d)?"
    r"[\s.]*(?:[A-Za-z]{3,9},?)?\s*"
)


def _only_time(rest: str) -> bool:
    return _TIME_ONLY.fullmatch(rest) is not None


def is_birth(text: str, found: Found) -> bool:
    """Whether a date is said to be one of birth, by the words before it."""
    return _BORN.search(text[max(0, found.start - 40) : found.start]) is not None


def birth_years(text: str) -> list[Found]:
    """Years that are said to be of birth and stand without a day; hidden days too (1980-**-**)."""
    if not _FOUR_DIGITS.search(text):
        return []
    taken = _Taken(len(text))
    for day in dates(text):
        taken.take(day.start, day.end)
    found = [Found(one.start(), one.end(), one[1]) for one in _HIDDEN.finditer(text)]
    for one in _YEAR.finditer(text):
        alone = Found(one.start(), one.end(), one[1])
        if taken.free(*one.span()) and is_birth(text, alone):
            found.append(alone)
    return found


def phones(text: str) -> list[Found]:
    """Telephone numbers: Lithuanian in every way they are written, others with their country's code; masked ones."""
    if sum(char.isdigit() for char in text) < 4:
        return []
    barred = _Taken(len(text))
    for other in (*codes(text), *dates(text)):
        barred.take(other.start, other.end)
    found = []
    for one in _PHONE.finditer(text):
        if not barred.free(*one.span()):
            continue
        number = phone_form(one[0])
        if number:
            found.append(Found(one.start(), one.end(), number))
    return found


def phone_form(written: str) -> str:
    """Digits with the country's first, `*` for hidden ones; "" for what is no telephone number. "8 612 34567",
    "0 612 34567", "+370 612 34567", "612 34567" -> "37061234567"."""
    body = "".join(char if char.isdigit() else "*" if char in "*•●xX" else "" for char in written)
    known = len(body) - body.count("*")
    if known < 4 or len(body) > 15:
        return ""
    if written.strip().startswith("+"):
        return body if len(body) >= 8 and body[0] != "0" else ""
    if body.startswith("00"):
        return body[2:] if len(body) >= 10 else ""
    if body.startswith("370") and len(body) == 11:
        return body
    if len(body) == 9 and body[0] in "80" and body[1] in "3456*":
        return "370" + body[1:]
    if len(body) == 8 and body[0] == "6":
        return "370" + body
    return ""


def phone_tails(text: str) -> list[Found]:
    """The last digits of a hidden number: "tel. ***4567" -> "*4567"."""
    return [Found(one.start(), one.end(), "*" + one[1]) for one in _TAIL.finditer(text)]


def emails(text: str) -> list[Found]:
    """E-mail addresses in lower case, shielded ones ("a [at] b.lt") and masked ones ("j***s@gmail.com") too."""
    if "@" in text:
        return [Found(one.start(), one.end(), one[0].lower()) for one in _EMAIL.finditer(text)]
    if not _SHIELDED_AT.search(text):
        return []
    plain = _SHIELDED_DOT.sub(".", _SHIELDED_AT.sub("@", text))
    found = []
    for one in _EMAIL.finditer(plain):
        local = one[0].partition("@")[0]
        start = max(0, text.find(local))
        found.append(Found(start, min(len(text), start + len(one[0]) + 8), one[0].lower()))
    return found


def everything(text: str) -> Iterator[tuple[str, Found]]:
    """(kind, found) of all of it: "code", "birth", "date", "phone", "email"."""
    for one in codes(text):
        yield "code", one
    for one in dates(text):
        yield "birth" if is_birth(text, one) else "date", one
    for one in birth_years(text):
        yield "birth", one
    for one in phones(text):
        yield "phone", one
    for one in phone_tails(text):
        yield "phone", one
    for one in emails(text):
        yield "email", one

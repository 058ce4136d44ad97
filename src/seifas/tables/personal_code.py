"""The Lithuanian personal code: G YYMMDD SSS C. G tells century and sex, SSS a serial of the day, C checks the rest.

Estonian codes are built and checked the same way and cannot be told apart. Codes that begin with 9 are exceptions
given by hand: nothing can be read out of them.
"""

from __future__ import annotations

import re
from datetime import date

import msgspec

from seifas.names.contacts import check_digit
from seifas.tables.table import BadCell

_ELEVEN = re.compile(r"[1-9]\d{10}", re.ASCII)
_EXPONENT = re.compile(r"[+-]?\d+(?:[.,]\d+)?\s?[eE]\s?\+?\d+")
_TAIL = re.compile(r"(?<=\d{10})[.,]0+\Z", re.ASCII)

ROUNDED = (
    "is a long number that the spreadsheet rounded (like 3,8E+10): its last digits are not in the file any more. "
    "Format the column as text where the full numbers are, and export again"
)


class PersonalCode(msgspec.Struct, frozen=True):
    """`birth` is YYYY-MM-DD and `sex` female or male; both are "" for a code given as an exception."""

    digits: str
    birth: str = ""
    sex: str = ""


def is_rounded(text: str) -> bool:
    """Whether it is a number with an exponent, as spreadsheets write long numbers."""
    return _EXPONENT.fullmatch(text) is not None


def plain(text: str) -> str:
    """A code without what spreadsheets and people put around it: spaces, and `.0` of a number."""
    return _TAIL.sub("", "".join(text.split()))


def read(text: str) -> PersonalCode | None:
    """The code in a cell, or None where the cell holds another kind of code (a passport, another country's number).

    Raises BadCell for what must be meant as a personal code and is none.
    """
    if is_rounded(text):
        raise BadCell(ROUNDED)
    digits = plain(text)
    if not digits.isascii() or not digits.isdigit():
        return None
    if len(digits) != 11:
        raise BadCell(f"has {len(digits)} digits; a personal code has 11")
    if not _ELEVEN.fullmatch(digits):
        raise BadCell("begins with 0: this is no Lithuanian personal code")
    if digits[0] == "9":
        return PersonalCode(digits)
    if int(digits[10]) != check_digit(digits[:10]):
        raise BadCell("is no valid personal code: its check digit does not fit, so a digit is wrong")
    try:
        century = 1800 + (int(digits[0]) - 1) // 2 * 100
        birth = date(century + int(digits[1:3]), int(digits[3:5]), int(digits[5:7]))
    except ValueError:
        raise BadCell("is no valid personal code: it holds a date that is not in the calendar") from None
    return PersonalCode(digits, birth.isoformat(), "male" if digits[0] in "13579" else "female")

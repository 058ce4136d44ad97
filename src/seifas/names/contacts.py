"""Codes, telephone numbers, e-mail addresses and dates in the one form in which they are stored and compared."""

from __future__ import annotations

import re

from seifas.names.folding import words

_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)
LITHUANIA = "370"
_NATIONAL_DIGITS = 8
_DIGITS = re.compile("[^0-9]+")
_SPACES = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+")
_DATE = re.compile("([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_EXTENSION = re.compile(r"(?:;\s*ext=|\bext\.?|\bx|#|\bvid\.?).*$", re.IGNORECASE)

PHONE_DIGITS = 15
"""Digits of the longest telephone number (ITU-T E.164)."""


def phone_digits(text: str) -> str:
    """Digits with the country code: "+370 612 34567", "8 612 34567", "0 612 34567", "00370…" → "37061234567".

    A number of another country keeps its digits. Extensions are dropped. Empty if fewer than 4 or more than 15 digits
    are left.
    """
    text = _EXTENSION.sub("", text[:60].strip())
    digits = _DIGITS.sub("", text)
    if text.startswith("00"):
        digits = digits[2:]
    elif len(digits) == _NATIONAL_DIGITS + 1 and digits[0] in "80" and not text.startswith("+"):
        # 8 is the old trunk prefix, 0 the one that replaces it (national numbering plan).
        digits = LITHUANIA + digits[1:]
    elif len(digits) == _NATIONAL_DIGITS and digits[0] == "6" and not text.startswith("+"):
        digits = LITHUANIA + digits
    return digits if 4 <= len(digits) <= PHONE_DIGITS else ""


def check_digit(ten: str) -> int:
    """The eleventh digit of a Lithuanian or Estonian personal code for the first ten: two rows of weights modulo 11,
    and 0 where both leave 10."""
    for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
        rest = sum(int(digit) * weight for digit, weight in zip(ten, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return 0


def code_form(text: str) -> str:
    """An identifier's value for comparing: letters and digits, folded. "AB-12 34/x" → "ab1234x"; at most 120."""
    return "".join(words(text[:200]))[:120]


def email_form(text: str) -> str:
    """An address for comparing: lower case, without spaces and "mailto:". Empty if it is no whole address."""
    address = _SPACES.sub("", text[:320]).casefold().removeprefix("mailto:")
    local, at, domain = address.rpartition("@")
    if not local or not at or "." not in domain.strip("."):
        return ""
    return address


def is_fhir_date(text: str) -> bool:
    """Whether it is a FHIR `date`: YYYY, YYYY-MM or YYYY-MM-DD, with months and days in range."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day = found.groups()
    return year != "0000" and (month is None or 1 <= int(month) <= 12) and (day is None or 1 <= int(day) <= 31)

"""From what somebody typed to a plan of plain words and exact keys, or to Invalid with what to type instead.

Everything that reaches the index is folded to `a-z0-9` here, so wildcards, quotes and operators of any query language
are separators like spaces. A search box is an oracle for enumerating patients: nothing under three letters, or two with
a second condition, is looked up as a beginning.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from hashlib import blake2b

import msgspec

from seifas.errors import Invalid, TooLarge
from seifas.names.contacts import LITHUANIA, code_form, email_form
from seifas.names.folding import joined, without_titles, words

FIELD_LIMIT = 200
"""Letters that one field of a query may have."""

WORDS_ASKED = 6
"""Words that a query may have over all fields: bounds the work of one search."""

HIT_LIMIT = 20
"""Hits of one query at most (docs/budgets.md)."""

PHONE_SUFFIX = 6
"""Last digits of a number that suffice to look for it."""

FAMILY, FORMER, GIVEN = "f", "x", "g"
"""First letters of index words: surnames, former surnames, given names."""
SURNAME_STEM, GIVEN_STEM = "s", "t"
BIRTH, BIRTH_YEAR, CODE, PHONE, EMAIL = "b", "y", "c", "p", "e"

_WHAT_TO_TYPE = (
    "Type at least three letters of a name, or a whole birth date, personal code, e-mail address"
    " or the last six digits of a telephone number."
)


class Query(msgspec.Struct, frozen=True):
    """What was typed; empty fields do not count, all others must hold. `name` is free text: names in any order, a birth
    date or year, a code, a number. `birthdate` YYYY, YYYY-MM or YYYY-MM-DD; `limit` 1 to 20.
    """

    family: str = ""
    given: str = ""
    name: str = ""
    birthdate: str = ""
    identifier: str = ""
    phone: str = ""
    email: str = ""
    limit: int = HIT_LIMIT


class Word(msgspec.Struct, frozen=True):
    """One folded word and the kinds of name it may be, as index letters ("fx", "g", "fxg")."""

    text: str
    kinds: str


class Plan(msgspec.Struct, frozen=True):
    """What must hold at once: words of names; keys as (index word, whether longer ones match too); whole e-mail
    addresses, which the index knows only by digest. `apart` are the words with particles not joined, if that differs.
    """

    words: tuple[Word, ...]
    apart: tuple[Word, ...]
    keys: tuple[tuple[str, bool], ...]
    emails: tuple[str, ...]
    limit: int
    coded: tuple[str, str] | None = None
    """For an identifier asked for with its system: the system ("" for one without), and the code's form."""


def email_key(address: str) -> str:
    """The index word of an e-mail address (in `email_form`), which is not searched by beginnings."""
    return EMAIL + blake2b(address.encode(), digest_size=8).hexdigest()


def plan_of(query: Query) -> Plan:
    """The plan of a query. Raises Invalid or TooLarge, `where` naming the field; messages never repeat the input."""
    _check_lengths(query)
    keys: list[tuple[str, bool]] = []
    emails: list[str] = []
    free = query.name.strip()
    if free:
        free = _take_keys(free, keys, emails)
    if query.birthdate.strip():
        keys.append(birth_key(query.birthdate.strip()))
    coded = None
    if query.identifier.strip():
        system, value = _identifier(query.identifier.strip())
        keys.append((CODE + _code(value), False))
        coded = None if system is None else (system, _code(value))
    if query.phone.strip():
        keys.append((PHONE + _suffix(query.phone, "phone")[::-1], True))
    if query.email.strip():
        emails.append(_email(query.email, "email"))
    together: list[Word] = []
    apart: list[Word] = []
    for field, text, kinds in (
        ("family", query.family, FAMILY + FORMER),
        ("given", query.given, GIVEN),
        ("name", free, FAMILY + FORMER + GIVEN),
    ):
        if text.strip():
            _add_words(field, text, kinds, together, apart)
    if len(apart) > WORDS_ASKED:
        raise Invalid(f"Type at most {WORDS_ASKED} words.", where="name")
    keys.extend((email_key(address), False) for address in emails)
    plan = Plan(
        words=tuple(together), apart=tuple(apart) if apart != together else (), keys=tuple(keys),
        emails=tuple(emails), limit=min(query.limit, HIT_LIMIT), coded=coded,
    )  # fmt: skip
    _check_strength(plan)
    return plan


def _check_lengths(query: Query) -> None:
    for field in ("family", "given", "name", "birthdate", "identifier", "phone", "email"):
        if len(getattr(query, field)) > FIELD_LIMIT:
            raise TooLarge(f"Type at most {FIELD_LIMIT} letters.", where=field)
    if query.limit < 1:
        raise Invalid("Ask for 1 to 20 hits.", where="limit")


def _check_strength(plan: Plan) -> None:
    if any(_is_strong(key) for key, _ in plan.keys):
        return
    lengths = sorted((len(word.text) for word in plan.words), reverse=True)
    # A lone word of two letters is looked up as a whole name only (Li); the index sees to that.
    if not lengths or lengths[0] < 2:
        where = "name"
        if not lengths and plan.keys:
            where = "birthdate"
        raise Invalid(_WHAT_TO_TYPE, where=where)


def _is_strong(key: str) -> bool:
    return key[0] not in (BIRTH, BIRTH_YEAR) or is_whole_date(key)


def is_whole_date(key: str) -> bool:
    """Whether a `birth_key` names one day."""
    return key[0] == BIRTH and len(key) == len(BIRTH) + 8


def _add_words(field: str, text: str, kinds: str, together: list[Word], apart: list[Word]) -> None:
    parts = without_titles(words(text))
    if not parts:
        raise Invalid("There is no letter or digit in it. " + _WHAT_TO_TYPE, where=field)
    apart.extend(Word(part, kinds) for part in parts)
    together.extend(Word(part, kinds) for part in (joined(parts) if kinds != GIVEN else parts))


# --- what free text may hold beside names ---

_EMAIL = re.compile(r"\S*@\S*")
_INTERNATIONAL = re.compile(r"\+[0-9][0-9\s().-]{4,}[0-9]")
_DATE = re.compile(r"(?<![0-9])([0-9]{4})([-./])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")
_DAY_FIRST = re.compile(r"(?<![0-9])([0-9]{1,2})([-./])([0-9]{1,2})\2([0-9]{4})(?![0-9])")
_COMPACT = re.compile(r"(?<![0-9])((?:18|19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?![0-9])")
_MONTH = re.compile(r"(?<![0-9])((?:18|19|20)[0-9]{2})[-./]([0-9]{1,2})(?![0-9])")
_YEAR = re.compile(r"(?<![0-9A-Za-z])((?:18|19|20)[0-9]{2})(?:\s?m\b\.?)?(?![0-9A-Za-z-])")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9][0-9\s()-]*[0-9](?![0-9A-Za-z])")
_PERSONAL_CODE_DIGITS = 11


def _take_keys(text: str, keys: list[tuple[str, bool]], emails: list[str]) -> str:
    """Takes addresses, dates and numbers out of free text into keys; returns what is left."""

    def email(found: re.Match[str]) -> str:
        emails.append(_email(found[0], "name"))
        return " "

    def phone(found: re.Match[str]) -> str:
        keys.append((PHONE + _suffix(found[0], "name")[::-1], True))
        return " "

    def dated(year: str, month: str, day: str) -> str:
        keys.append(_dated(_day(year, month, day, "name")))
        return " "

    def numbered(found: re.Match[str]) -> str:
        digits = re.sub("[^0-9]", "", found[0])
        if len(digits) == _PERSONAL_CODE_DIGITS and not digits.startswith(LITHUANIA):
            keys.append((CODE + digits, False))
            return " "
        return phone(found)

    text = _EMAIL.sub(email, text)
    text = _INTERNATIONAL.sub(phone, text)
    text = _DATE.sub(lambda found: dated(found[1], found[3], found[4]), text)
    text = _DAY_FIRST.sub(lambda found: dated(found[4], found[3], found[1]), text)
    text = _COMPACT.sub(lambda found: dated(found[1], found[2], found[3]), text)
    text = _MONTH.sub(lambda found: dated(found[1], found[2], ""), text)
    text = _YEAR.sub(lambda found: dated(found[1], "", ""), text)
    return _NUMBER.sub(numbered, text)


def birth_key(text: str) -> tuple[str, bool]:
    """The index word of a typed birth date, and whether longer ones match too. Raises Invalid."""
    text = text.removeprefix("eq")
    if found := _DATE.fullmatch(text):
        year, month, day = found[1], found[3], found[4]
    elif found := _DAY_FIRST.fullmatch(text):
        year, month, day = found[4], found[3], found[1]
    elif found := _COMPACT.fullmatch(text):
        year, month, day = found[1], found[2], found[3]
    elif found := _MONTH.fullmatch(text):
        year, month, day = found[1], found[2], ""
    elif found := _YEAR.fullmatch(text):
        year, month, day = found[1], "", ""
    else:
        raise Invalid("Type the birth date as year, year-month or year-month-day: 1985-03-02.", where="birthdate")
    return _dated(_day(year, month, day, "birthdate"))


def _dated(digits: str) -> tuple[str, bool]:
    return (BIRTH_YEAR + digits, False) if len(digits) == 4 else (BIRTH + digits, len(digits) < 8)


def _day(year: str, month: str, day: str, where: str) -> str:
    """YYYY, YYYYMM or YYYYMMDD, checked against the calendar."""
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise Invalid("There is no such date. Type year-month-day: 1985-03-02.", where=where) from None
    if int(year) > datetime.now(UTC).year + 1:
        raise Invalid("That birth year is still to come.", where=where)
    return year + (month.zfill(2) if month else "") + (day.zfill(2) if day else "")


def _identifier(text: str) -> tuple[str | None, str]:
    """`system|value`, `|value` (one without a system) or `value` (any system); a bar of the value is written `\\|`."""
    parts = re.split(r"(?<!\\)\|", text, maxsplit=1)
    value = parts[-1].replace("\\|", "|")
    return (parts[0].strip(), value) if len(parts) > 1 else (None, value)


def _code(text: str) -> str:
    code = code_form(text)
    if not code:
        raise Invalid("Type the whole code or number of the document.", where="identifier")
    return code


def _suffix(text: str, where: str) -> str:
    """The digits with which a stored number must end: without the trunk prefix, which a stored number does not have."""
    digits = re.sub("[^0-9]", "", text)
    if digits.startswith("00"):
        digits = digits[2:]
    elif len(digits) == 9 and digits[0] in "80" and "+" not in text:
        digits = digits[1:]
    digits = digits.lstrip("0") if len(digits) > PHONE_SUFFIX else digits
    if len(digits) < PHONE_SUFFIX:
        raise Invalid(f"Type the whole telephone number or at least its last {PHONE_SUFFIX} digits.", where=where)
    return digits[-15:]


def _email(text: str, where: str) -> str:
    address = email_form(text)
    if not address:
        raise Invalid("Type the whole e-mail address; its beginning is not searched.", where=where)
    return address

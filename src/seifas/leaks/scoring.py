"""How much each fact of a mention speaks for a patient: natural logarithms of likelihood ratios, one for each row.

Fellegi and Sunter's weights (A Theory for Record Linkage, JASA 1969): the chance of what was written if this patient
was meant, over its chance if a stranger was. 0 where the card does not tell. Names: `scoring_names`.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from seifas.leaks.calibration import BIRTH_OTHER, BIRTH_PART, BIRTH_SAME, BIRTH_SWAPPED
from seifas.leaks.matching_columns import FEMALE, MALE, YEARS, Columns, Rows, near_code_keys, town_stem
from seifas.names.contacts import code_form, email_form
from seifas.names.folding import fold

Logs = NDArray[np.float64]

DAYS: Final = 365.25
_SERIALS: Final = 300.0
"""Serial numbers in use on a day and sex, about; what a personal code says beyond birth date and sex."""
_CODE_SAME: Final = 0.97
_CODE_NEAR: Final = 3.0
_CODE_OTHER: Final = 0.01
_ODD_SAME: Final = 1e5
_ODD_NEAR: Final = 300.0
_ODD_OTHER: Final = 0.05
_SHORTEST_NEAR_CODE: Final = 6
_NUMBER_SAME: Final = 0.85
_MOST_OF_A_NUMBER: Final = 2e5
"""Numbers and mailboxes are shared in families and handed on, so they never say more than that."""
_NUMBER_NEAR: Final = 300.0
_NUMBER_OTHER: Final = 0.2
_CITY_SAME: Final = 0.9
_CITY_OTHER: Final = 0.35
_SEX_OTHER: Final = 0.01
_SHORTEST_TOWN: Final = 4
_MOBILE_PREFIX: Final = "3706"
_KNOWN_TAIL: Final = 2


class Born(NamedTuple):
    """A date as far as it is told; 0 for the parts that are not."""

    year: int
    month: int
    day: int


class Code(NamedTuple):
    """A Lithuanian personal code, `*` for masked digits: when born, sex (0 unknown), and the eleven signs."""

    born: Born
    sex: int
    digits: str


def code_of(text: str) -> Code | None:
    """What eleven digits, some of them masked, tell; None for what is no Lithuanian personal code."""
    if len(text) != 11 or not all(sign in "0123456789*" for sign in text):
        return None
    lead = text[0]
    if lead not in "123456*" or text.count("*") > 9:
        return None
    century = 0 if lead == "*" else 1800 + (int(lead) - 1) // 2 * 100
    sex = 0 if lead == "*" else (MALE if int(lead) % 2 else FEMALE)
    year = century + int(text[1:3]) if century and "*" not in text[1:3] else 0
    month = int(text[3:5]) if year and "*" not in text[3:5] else 0
    day = int(text[5:7]) if month and "*" not in text[5:7] else 0
    if month > 12 or day > 31:
        return None
    return Code(Born(year, month, day), sex, text)


def birth(columns: Columns, rows: Rows, born: Born, years: NDArray[np.float64]) -> Logs:
    """Of one birth date or year. `years` are the shares of strangers born in each year, given the rest of the row."""
    year, month, day = columns.year[rows], columns.month[rows], columns.day[rows]
    share = float(years[min(max(born.year, 0), YEARS - 1)])
    same_year = year == born.year
    near_year = np.abs(year - born.year) == 1
    by_year = np.where(
        same_year,
        math.log((BIRTH_SAME + BIRTH_SWAPPED) / share),
        np.where(near_year, math.log(BIRTH_PART / 2 / share), math.log(BIRTH_OTHER)),
    )
    if not born.month or not born.day:
        if born.month:
            same_month = (month == born.month) | (month == 0)
            by_year = by_year + np.where(same_month, math.log(12.0) * (month > 0), math.log(BIRTH_PART))
        return np.where(year > 0, np.maximum(by_year, math.log(BIRTH_OTHER)), 0.0)
    same_month, same_day = month == born.month, day == born.day
    agree = same_year.astype(np.int8) + same_month + same_day
    chance = share / DAYS
    whole = np.full(rows.size, math.log(BIRTH_OTHER))
    # One part wrong: about 11 other months, 30 other days, some 10 likely years.
    part = BIRTH_PART / 3 / np.where(~same_year, 10.0, np.where(~same_month, 11.0, 30.0))
    whole = np.where(agree == 2, np.maximum(whole, np.log(part / chance)), whole)
    swapped = same_year & (month == born.day) & (day == born.month)
    whole = np.where(swapped, np.maximum(whole, math.log(BIRTH_SWAPPED / chance)), whole)
    whole = np.where(agree == 3, math.log(BIRTH_SAME / chance), whole)
    return np.where(columns.has_date[rows], whole, np.where(year > 0, by_year, 0.0))


def code_sex(columns: Columns, rows: Rows, sex: int) -> Logs:
    """Of the sex that a personal code tells."""
    if not sex:
        return np.zeros(rows.size)
    share = max(float((columns.sex == sex).mean()), 0.05)
    own = columns.sex[rows]
    return np.where(own == 0, 0.0, np.where(own == sex, math.log(1.0 / share), math.log(_SEX_OTHER)))


def code_serial(columns: Columns, rows: Rows, code: Code) -> Logs:
    """Of a personal code beyond birth date and sex: its last four digits, or that only one digit is wrong."""
    known = [at for at in range(11) if code.digits[at] != "*"]
    tail = [at for at in known if at >= 7]
    if not tail:
        return np.zeros(rows.size)
    stored = columns.codes[rows]
    wrong = np.zeros(stored.shape, dtype=np.int8)
    wrong_tail = np.zeros(stored.shape, dtype=np.int8)
    for at in known:
        differs = stored // 10 ** (10 - at) % 10 != int(code.digits[at])
        wrong += differs
        if at >= 7:
            wrong_tail += differs
    own = stored > 0
    gain = min(10.0 ** len(tail), _SERIALS)
    # A code that fits but for one digit: the date may differ by it, which the birth date then says.
    found = np.where(
        wrong_tail == 0,
        np.where(wrong <= 1, math.log(_CODE_SAME * gain), 0.0),
        np.where(wrong <= 2, math.log(_CODE_NEAR), math.log(_CODE_OTHER)),
    )
    best = np.where(own, found, -np.inf).max(axis=1)
    return np.where(own.any(axis=1), best, np.where(columns.has_code[rows], math.log(_ODD_OTHER), 0.0))


def code_rows(columns: Columns, text: str) -> Rows:
    """Who bears a code: eleven digits with at most four masked, or any other sign for sign."""
    code = code_of(text)
    if code is None:
        return np.unique(columns.odd_code_rows[columns.odd_codes == hash(code_form(text))])
    if code.digits.count("*") > 4:
        return np.empty(0, dtype=np.int32)
    return np.flatnonzero(_fits(columns.codes, code.digits).any(axis=1)).astype(np.int32)


def odd_code(columns: Columns, rows: Rows, text: str) -> Logs:
    """Of a code that is no Lithuanian personal code: a passport, a number of another country."""
    same = np.isin(rows, code_rows(columns, text))
    near = np.isin(rows, near_code_rows(columns, text))
    told = np.where(near, math.log(_ODD_NEAR), math.log(_ODD_OTHER))
    return np.where(same, math.log(_ODD_SAME), np.where(columns.has_code[rows], told, 0.0))


def near_code_rows(columns: Columns, text: str) -> Rows:
    """Who bears a code like this one but for a sign; of codes with at least 6."""
    form = code_form(text)
    if len(form) < _SHORTEST_NEAR_CODE:
        return np.empty(0, dtype=np.int32)
    return np.unique(columns.near_code_rows[np.isin(columns.near_codes, near_code_keys(form))])


def phone_rows(columns: Columns, phone: str) -> tuple[Rows, float]:
    """Who has a number, of which `*` are masked digits and a leading `*` any number of them; and how much that says."""
    tail = phone.lstrip("*")
    if phone.startswith("*"):
        # A tail: how many digits the star stands for is not known.
        if not (tail.isascii() and tail.isdigit()) or not _KNOWN_TAIL <= len(tail) <= 12:
            return np.empty(0, dtype=np.int32), 0.0
        same, digits = columns.phones % 10 ** len(tail) == int(tail), len(tail)
    else:
        if not phone or len(phone) > 15 or not all(sign in "0123456789*" for sign in phone):
            return np.empty(0, dtype=np.int32), 0.0
        same = _fits(columns.phones, phone)
        same &= columns.phones < 10 ** len(phone)
        # What all numbers begin with says nothing.
        start = len(_MOBILE_PREFIX) if phone.startswith(_MOBILE_PREFIX) else 0
        digits = sum(sign != "*" for sign in phone[start:])
    return np.unique(columns.phone_rows[same]), min(10.0**digits, _MOST_OF_A_NUMBER)


def numbers(columns: Columns, rows: Rows, phones: tuple[str, ...]) -> Logs:
    """Of all telephone numbers of a mention; the one that fits best counts."""
    best = np.full(rows.size, math.log(_NUMBER_OTHER))
    for phone in phones:
        found, gain = phone_rows(columns, phone)
        if gain:
            best = np.where(np.isin(rows, found), np.maximum(best, math.log(_NUMBER_SAME * gain)), best)
            if "*" not in phone:
                near = np.isin(rows, columns.phone_rows[_one_wrong(columns, rows, phone)])
                best = np.where(near, np.maximum(best, math.log(_NUMBER_NEAR)), best)
    return np.where(columns.has_phone[rows], best, 0.0)


def mailboxes(columns: Columns, rows: Rows, emails: tuple[str, ...]) -> Logs:
    """Of all e-mail addresses of a mention."""
    found = np.isin(rows, email_rows(columns, emails))
    said = math.log(_NUMBER_SAME * _MOST_OF_A_NUMBER)
    return np.where(columns.has_email[rows], np.where(found, said, math.log(_NUMBER_OTHER)), 0.0)


def email_rows(columns: Columns, emails: tuple[str, ...]) -> Rows:
    """Who has one of these addresses."""
    wanted = [hash(address) for email in emails if (address := email_form(email))]
    return np.unique(columns.email_rows[np.isin(columns.emails, wanted)])


def town(columns: Columns, rows: Rows, city: str) -> Logs:
    """Of the town, in any case form: Kaune is Kaunas."""
    plain = fold(city)
    if not plain:
        return np.zeros(rows.size)
    same = towns_of(columns, plain)
    if not same:
        return np.where(columns.city[rows] > 0, math.log(_CITY_OTHER), 0.0)
    share = max(float(columns.city_shares[same].sum()), 1e-4)
    own = columns.city[rows]
    gain = math.log(_CITY_SAME / min(share, 1.0))
    return np.where(own == 0, 0.0, np.where(np.isin(own, same), gain, math.log(_CITY_OTHER)))


def town_rows(columns: Columns, city: str) -> Rows:
    """Who lives in a town."""
    plain = fold(city)
    same = towns_of(columns, plain) if plain else []
    return np.flatnonzero(np.isin(columns.city, same)).astype(np.int32)


def towns_of(columns: Columns, plain: str) -> list[int]:
    """The towns a folded name may mean: itself, in another case, or with one letter wrong."""
    found = set(columns.towns_by_stem.get(town_stem(plain), ()))
    if plain in columns.cities:
        found.add(columns.cities[plain])
    if not found and len(plain) > _SHORTEST_TOWN and columns.cities:
        names = list(columns.cities)
        distances = process.cdist([plain], names, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8)[0]
        found = {columns.cities[names[at]] for at in np.flatnonzero(distances <= 1).tolist()}
    return sorted(found)


def _fits(values: NDArray[np.int64], mask: str) -> NDArray[np.bool_]:
    """Which numbers have the mask's digits in their places, counted from the end."""
    same = values > 0
    run = ""
    for at, sign in enumerate((*mask, "*")):
        if sign != "*":
            run += sign
        elif run:
            shift = len(mask) - at
            same &= values // 10**shift % 10 ** len(run) == int(run)
            run = ""
    return same


def _one_wrong(columns: Columns, rows: Rows, phone: str) -> NDArray[np.int64]:
    """Places among all numbers of those, of these rows, that differ from a whole one in exactly one digit."""
    places = np.flatnonzero(np.isin(columns.phone_rows, rows))
    values = columns.phones[places]
    wrong = np.zeros(values.size, dtype=np.int8)
    for at in range(len(phone)):
        wrong += values // 10 ** (len(phone) - 1 - at) % 10 != int(phone[at])
    kept: NDArray[np.int64] = places[(wrong == 1) & (values < 10 ** len(phone)) & (values >= 10 ** (len(phone) - 1))]
    return kept

"""Lithuanian personal codes for people who do not exist, and how birth dates spread over them.

A code is G YYMMDD SSS C: G tells century and sex (3/4 for 1900s men/women, 5/6 for the 2000s), SSS a serial of that
day, C a check digit. Lithuania sets no serials apart for tests, so the demo keeps to 900-999 and tags every resource
as synthetic; a code made here can still coincide with a living person's and says nothing about that person.

Codes never repeat, although each person is made alone: a person's number is sent through a permutation onto numbered
places, and a place *is* a sex, birth date and serial. How many serials a day offers is the age curve of the clinic.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from functools import lru_cache
from itertools import pairwise

import msgspec

from seifas.demo.dice import Shuffle

FIRST_SERIAL = 900
LAST_SERIAL = 999

_WEIGHTS_ONE = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)
_WEIGHTS_TWO = (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)

YOUNGEST = 16
OLDEST = 85

# Serials a day for women by age, joined by straight lines; men get a quarter, so that four in five are women.
_AGE_CURVE = ((16, 8), (18, 24), (22, 60), (26, 88), (32, 100), (44, 100), (52, 84), (58, 52), (66, 24), (85, 4))


class Birth(msgspec.Struct, frozen=True):
    """Sex ("female" or "male"), birth date, and the serial that makes the code unique on that day."""

    sex: str
    day: date
    serial: int


def check_digit(ten: str) -> int:
    """The eleventh digit for the first ten: two rows of weights modulo 11, and 0 where both leave 10."""
    for weights in (_WEIGHTS_ONE, _WEIGHTS_TWO):
        rest = sum(int(digit) * weight for digit, weight in zip(ten, weights, strict=True)) % 11
        if rest < 10:
            return rest
    return 0


def personal_code(birth: Birth) -> str:
    """Eleven digits. `birth.serial` must lie in the demo range, so that no other serial is ever made."""
    if not FIRST_SERIAL <= birth.serial <= LAST_SERIAL:
        raise ValueError("a serial outside the demo range")
    century = birth.day.year // 100 - 18
    lead = 1 + 2 * century + (birth.sex == "female")
    ten = f"{lead}{birth.day:%y%m%d}{birth.serial}"
    return f"{ten}{check_digit(ten)}"


def _serials_at(age: int) -> int:
    for (from_age, from_count), (to_age, to_count) in pairwise(_AGE_CURVE):
        if age <= to_age:
            return from_count + (to_count - from_count) * (age - from_age) // (to_age - from_age)
    raise ValueError("an age outside the curve")


class Births:
    """All sexes, birth dates and serials open to a clinic in one calendar year, in an order fixed by the seed.

    On any day of `year` everyone born here is 16 to 85 years old. `births[i]` for 0 ≤ i < `len(births)`.
    """

    def __init__(self, seed: int, year: int) -> None:
        self._runs: list[tuple[int, str, date, int]] = []
        self._starts: list[int] = []
        places = 0
        for sex, share in (("female", 4), ("male", 1)):
            for born in range(year - OLDEST, year - YOUNGEST):
                serials = max(1, _serials_at(year - born - 1) * share // 4)
                first_day = date(born, 1, 1)
                self._starts.append(places)
                self._runs.append((places, sex, first_day, serials))
                places += serials * (date(born + 1, 1, 1) - first_day).days
        self._order = Shuffle(places, "births", seed)

    def __len__(self) -> int:
        return self._order.size

    def __getitem__(self, index: int) -> Birth:
        place = self._order[index]
        start, sex, first_day, serials = self._runs[bisect_right(self._starts, place) - 1]
        days, serial = divmod(place - start, serials)
        return Birth(sex=sex, day=date.fromordinal(first_day.toordinal() + days), serial=FIRST_SERIAL + serial)


@lru_cache(maxsize=8)
def births(seed: int, year: int) -> Births:
    """The same people all year: who somebody is depends on the year of "today", not on the day."""
    return Births(seed, year)

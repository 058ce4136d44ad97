"""Personal codes: valid, in the demo's range, never twice; births: ages and sexes of the clinic."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.demo.codes import FIRST_SERIAL, LAST_SERIAL, Birth, births, check_digit, personal_code


def valid(code: str) -> bool:
    """The published rule, written a second time: two rounds of weights that run 1-9 and start at 1, then at 3."""
    if len(code) != 11 or not code.isdigit():
        return False
    for start in (0, 2):
        rest = sum((((place + start) % 9) + 1) * int(digit) for place, digit in enumerate(code[:10])) % 11
        if rest < 10:
            return int(code[10]) == rest
    return code[10] == "0"


def test_known_codes() -> None:
    # Published as examples of the rule, one right and one wrong.
    assert valid("33309240064")
    assert not valid("33309240164")
    assert check_digit("3330924006") == 4


def test_each_branch_of_the_rule_is_taken() -> None:
    first = second = neither = 0
    for number in range(3_000, 6_000):
        ten = f"4850{number:06d}"
        digit = check_digit(ten)
        assert valid(f"{ten}{digit}")
        weights = sum(((place % 9) + 1) * int(each) for place, each in enumerate(ten)) % 11
        if weights < 10:
            first += 1
        elif digit:
            second += 1
        else:
            neither += 1
    assert min(first, second, neither) > 0


@given(
    st.sampled_from(("female", "male")),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.integers(FIRST_SERIAL, LAST_SERIAL),
)
@settings(max_examples=of_whole(120))
def test_codes_are_valid_and_say_sex_and_birth(sex: str, day: date, serial: int) -> None:
    code = personal_code(Birth(sex=sex, day=day, serial=serial))
    assert valid(code)
    assert code[0] == {(1900, "male"): "3", (1900, "female"): "4", (2000, "male"): "5", (2000, "female"): "6"}[
        day.year // 100 * 100, sex
    ]
    assert code[1:7] == day.strftime("%y%m%d")
    assert int(code[7:10]) == serial


@given(st.integers(0, FIRST_SERIAL - 1))
@settings(max_examples=20)
def test_serials_outside_the_demo_range_are_refused(serial: int) -> None:
    with pytest.raises(ValueError):
        personal_code(Birth(sex="male", day=date(1990, 5, 5), serial=serial))


def test_no_code_twice_among_24_000(whole: bool) -> None:
    for seed in (1, 2026) if whole else (2026,):
        _no_code_twice(seed)


def _no_code_twice(seed: int) -> None:
    everyone = births(seed, 2026)
    last = len(everyone) - 1
    # The clinic, and the canaries from the other end.
    people = [everyone[index] for index in (*range(24_000), *range(last, last - 1_000, -1))]
    codes = [personal_code(birth) for birth in people]
    assert len(set(codes)) == len(codes)
    assert all(valid(code) for code in codes)
    assert len(everyone) > 1_000_000


def test_sexes_and_ages() -> None:
    people = [births(5, 2026)[index] for index in range(6_000)]
    assert 0.78 < sum(birth.sex == "female" for birth in people) / len(people) < 0.82
    ages = Counter(2026 - birth.day.year for birth in people)
    assert min(ages) >= 17
    assert max(ages) <= 85
    assert sum(count for age, count in ages.items() if 25 <= age <= 55) / len(people) > 0.6
    assert 0 < ages[17] < 60


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 12, 31), date(2017, 3, 24), date(2024, 2, 29)])
def test_everyone_is_16_to_85_on_any_day_of_the_year(today: date) -> None:
    table = births(3, today.year)
    for index in range(2_000):
        day = table[index].day
        age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
        assert 16 <= age <= 85


def test_who_somebody_is_does_not_change_within_a_year_nor_with_the_numbers_of_others() -> None:
    assert births(1, 2026)[17] == births(1, 2026)[17]
    assert births(1, 2026)[17] != births(2, 2026)[17]
    with pytest.raises(IndexError):
        births(1, 2026)[len(births(1, 2026))]

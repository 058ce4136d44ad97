"""One made-up person: name, code, contact. Depends on (seed, index, year) alone and so can be made in any process."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from itertools import pairwise

import msgspec
from anyascii import anyascii

from seifas.demo.abroad import Country, countries, emigrant_countries
from seifas.demo.codes import births, personal_code
from seifas.demo.dice import Dice, Weighted
from seifas.demo.names import given_names, surnames
from seifas.demo.surname_forms import Forms
from seifas.demo.tables import rows

# Reserved for documentation by RFC 2606: nobody reads mail there.
_MAIL_DOMAINS = Weighted(("example.org", "example.com", "example.net"), (6, 3, 1))
_COMMUNITIES = Weighted(("lt", "pl", "ru", "abroad"), (85, 4, 4, 7))

# Share of women who took a husband's surname, by age; straight lines between.
_MARRIED_BY_AGE = ((16, 0.0), (20, 0.03), (26, 0.30), (32, 0.55), (40, 0.68), (50, 0.78), (70, 0.88), (130, 0.88))
# Letters. -uvienė and -iuvienė live on in short surnames: Butkuvienė, Pociuvienė, hardly Stankevičiuvienė.
_LONGEST_UVIENE = 11


class Person(msgspec.Struct, frozen=True):
    """Texts are ready for JSON. `code` or `passport` is "", never both; so may be `maiden`, `phone`, `email`.

    `guardian` is (HL7 role code, family, given) for those who are minors on some day of the year, else None.
    """

    family: str
    given: tuple[str, ...]
    maiden: str
    guardian: tuple[str, str, str] | None
    sex: str
    birth: date
    code: str
    passport: str
    phone: str
    email: str
    line: str
    city: str
    post_code: str
    country: str
    language: str


def share_married(age: int) -> float:
    """Share of women of that age who bear a husband's surname."""
    for (from_age, from_share), (to_age, to_share) in pairwise(_MARRIED_BY_AGE):
        if age <= to_age:
            return from_share + (to_share - from_share) * max(0, age - from_age) / (to_age - from_age)
    return _MARRIED_BY_AGE[-1][1]


def _woman(dice: Dice, own: Forms, table: Weighted[Forms], age: int) -> tuple[str, str]:
    """Surname and maiden name ("" if she never changed it, or the clinic was never told)."""
    if not dice.chance(share_married(age)):
        return (own.short if dice.chance(0.04) else own.daughter), ""
    husband = dice.weighted(table)
    style = dice.word() / 4294967296
    told = dice.chance(0.7)
    if style < 0.04:
        return f"{own.daughter}-{husband.wife}", own.daughter
    if style < 0.07:
        wed = husband.short
    elif style < 0.30 and len(husband.wives[-1]) <= _LONGEST_UVIENE:
        wed = husband.wives[-1]
    else:
        wed = husband.wife
    return wed, own.daughter if told and own.daughter != wed else ""


@lru_cache(maxsize=1)
def _towns() -> Weighted[tuple[str, tuple[str, ...]]]:
    table = rows("places", "towns")
    return Weighted([(town, tuple(codes.split())) for town, _, codes in table], [int(weight) for _, weight, _ in table])


@lru_cache(maxsize=1)
def _streets() -> tuple[str, ...]:
    return tuple(street for line in rows("places", "streets") for street in line)


def lithuanian_address(dice: Dice) -> tuple[str, str, str]:
    """Street line, town, post code."""
    town, codes = dice.weighted(_towns())
    line = f"{dice.pick(_streets())} {dice.between(1, 120)}"
    if dice.chance(0.6):
        line += f"-{dice.between(1, 90)}"
    return line, town, f"LT-{dice.pick(codes)}{dice.digits(3)}"


@lru_cache(maxsize=8192)
def plain(name: str) -> str:
    """A name in the lower-case ASCII letters that people use in e-mail addresses."""
    return "".join(letter for letter in anyascii(name).lower() if letter.isalpha() or letter == "-")


def email_for(dice: Dice, given: str, family: str) -> str:
    """An address in a reserved domain; about two in three carry a number."""
    number = str(dice.between(1, 99)) if dice.chance(0.65) else ""
    dot = "." if dice.chance(0.7) else ""
    return f"{plain(given)}{dot}{plain(family)}{number}@{dice.weighted(_MAIL_DOMAINS)}"


def _names(community: str, home: Country | None, sex: str, birth_year: int) -> Weighted[str]:
    if community == "abroad" and home:
        return home.names.women if sex == "female" else home.names.men
    return given_names(community, sex, birth_year)


def _guardian(dice: Dice, own: Forms, community: str, home: Country | None, birth_year: int) -> tuple[str, str, str]:
    if dice.chance(0.8):
        return "MTH", own.wife, dice.weighted(_names(community, home, "female", birth_year - 28))
    return "FTH", own.man, dice.weighted(_names(community, home, "male", birth_year - 31))


def person(seed: int, index: int, year: int) -> Person:
    """The person with that number, as of that calendar year."""
    birth = births(seed, year)[index]
    dice = Dice("person", seed, index)
    community = dice.weighted(_COMMUNITIES)
    age = year - birth.day.year
    home: Country | None = None
    if community == "abroad":
        home = dice.weighted(countries())
        table = home.names.surnames
        code, passport, language = "", f"{home.code}X{dice.digits(7)}", home.names.language
    else:
        table = surnames()[community]
        code, passport, language = personal_code(birth), "", community
        if community == "lt" and dice.chance(0.02):
            home = dice.weighted(emigrant_countries())
    names = _names(community, home, birth.sex, birth.day.year)
    own = dice.weighted(table)
    family, maiden = (own.man, "") if birth.sex == "male" else _woman(dice, own, table, age)
    given: tuple[str, ...] = (dice.weighted(names),)
    if dice.chance(0.1) and (second := dice.weighted(names)) != given[0]:
        given += (second,)
    line, city, post_code = home.address(dice) if home else lithuanian_address(dice)
    phone = dice.filled(home.phone) if home else f"+3706{dice.digits(7)}"
    return Person(
        family=family,
        given=given,
        maiden=maiden,
        guardian=_guardian(dice, own, community, home, birth.day.year) if age <= 18 else None,
        sex=birth.sex,
        birth=birth.day,
        code=code,
        passport=passport,
        phone=phone if dice.chance(0.97) else "",
        email=email_for(dice, given[0], family) if dice.chance(0.72) else "",
        line=line,
        city=city,
        post_code=post_code,
        country=home.code if home else "LT",
        language=language,
    )

"""Makes up people who look like this clinic's: names by how often the clinic's own patients bear them. Pure.

A surname that few bear would tell something of one of them, so only names that several bear are taken; where the clinic
has too few of these, some that are common in Lithuania stand in. Whoever was made is nobody: no
personal code, and nobody here has the same surname, given name and birth date.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from seifas.keeper.directory.card import Card
from seifas.names.folding import fold

BORNE_BY: Final = 3
"""Patients of a sample who bear a name that is taken."""

_FEW: Final = 8
_COMMON: Final = {
    "f": (
        ("Kazlauskienė", "Petrauskienė", "Jankauskienė", "Stankevičienė", "Butkienė", "Paulauskienė", "Vasiliauskienė",
         "Žukauskienė", "Kazlauskaitė", "Petrauskaitė", "Jankauskaitė", "Urbonaitė"),
        ("Ona", "Irena", "Rasa", "Daiva", "Jurgita", "Kristina", "Laura", "Eglė", "Rūta", "Ieva", "Aušra", "Inga"),
    ),
    "m": (
        ("Kazlauskas", "Petrauskas", "Jankauskas", "Stankevičius", "Butkus", "Paulauskas", "Vasiliauskas", "Žukauskas",
         "Balčiūnas", "Urbonas", "Kavaliauskas", "Navickas"),
        ("Jonas", "Tomas", "Andrius", "Darius", "Mindaugas", "Vytautas", "Mantas", "Lukas", "Paulius", "Rokas",
         "Saulius", "Gintaras"),
    ),
}  # fmt: skip


class Region(msgspec.Struct, frozen=True):
    """Where the aliases lead: a mail domain, and the first and last of a range of telephone numbers; empty: none."""

    mail_domain: str = ""
    phone_first: str = ""
    phone_last: str = ""


class Names(msgspec.Struct, frozen=True):
    """Names of one sex with how many bear each, and the years of birth that were seen."""

    families: tuple[tuple[str, int], ...]
    givens: tuple[tuple[str, int], ...]
    years: tuple[int, ...]


def learnt(cards: Sequence[Card], sex: str) -> Names:
    """What the clinic's patients of one sex ("f" or "m") are called."""
    of_sex = [card for card in cards if card.sex == sex]
    families = Counter(card.family for card in of_sex if card.family)
    givens = Counter(card.given[0] for card in of_sex if card.given)
    years = tuple(int(card.birth[:4]) for card in of_sex if len(card.birth) == 10)
    common_families, common_givens = _COMMON[sex]
    return Names(_borne(families, common_families), _borne(givens, common_givens), years)


def _borne(found: Counter[str], common: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    borne = [(name, count) for name, count in found.items() if count >= BORNE_BY]
    return tuple(borne) if len(borne) >= _FEW else (*borne, *((name, BORNE_BY) for name in common))


def made_up(patient: bytes, names: dict[str, Names], region: Region, today: date) -> tuple[Card, str]:
    """(card, alias): one who is nobody, with an address and number of their own where the region has any."""
    sex = secrets.choice(("f", "f", "m")) if all(names[one].years for one in "fm") else secrets.choice("fm")
    of_sex = names[sex]
    family, given = _drawn(of_sex.families), _drawn(of_sex.givens)
    birth = _birth(of_sex.years, today)
    alias = _alias(family, given, birth, region)
    phone = _phone(region)
    card = Card(
        patient=patient, family=family, given=(given,), birth=birth, sex=sex, phones=(phone,) if phone else (),
        emails=(alias,) if alias else (),
    )
    return card, alias


def same_person(card: Card, other: Card) -> bool:
    """Whether somebody has the decoy's surname, given name and birth date."""
    return (
        card.birth == other.birth
        and fold(card.family) in {fold(name) for name in (other.family, *other.former)}
        and fold(card.given[0]) in {fold(name) for name in (*other.given, *other.also_given)}
    )


def _drawn(names: Sequence[tuple[str, int]]) -> str:
    left = secrets.randbelow(sum(count for _, count in names))
    for name, count in names:
        left -= count
        if left < 0:
            return name
    return names[-1][0]


def _birth(years: Sequence[int], today: date) -> str:
    year = secrets.choice(years) if years else today.year - 20 - secrets.randbelow(45)
    born = date(year, 1, 1) + timedelta(days=secrets.randbelow(365))
    return min(born, today - timedelta(days=1)).isoformat()


def _alias(family: str, given: str, birth: str, region: Region) -> str:
    """Like an address that people choose; the last digits make it the only one."""
    if not region.mail_domain:
        return ""
    name = ".".join("".join(letter for letter in fold(part) if letter.isalnum()) for part in (given, family))
    return f"{name}{birth[2:4]}{secrets.randbelow(90) + 10}@{region.mail_domain.lower()}"


def _phone(region: Region) -> str:
    if not (region.phone_first and region.phone_last):
        return ""
    first, last = int(region.phone_first), int(region.phone_last)
    return str(first + secrets.randbelow(last - first + 1))

"""Patients from abroad: their countries, names, numbers and addresses. The case had patients from over 60 countries."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from seifas.demo.dice import Dice, Weighted, by_rank
from seifas.demo.names import pair
from seifas.demo.surname_forms import Forms
from seifas.demo.tables import rows


class NameFamily(msgspec.Struct, frozen=True):
    """Names and streets that countries of one language share; `language` is a BCP 47 code."""

    language: str
    women: Weighted[str]
    men: Weighted[str]
    surnames: Weighted[Forms]
    streets: tuple[str, ...]


class Country(msgspec.Struct, frozen=True):
    """ISO 3166 code, names, and patterns in which `#` is a digit and `@` a letter."""

    code: str
    names: NameFamily
    phone: str
    cities: tuple[str, ...]
    post_code: str

    def address(self, dice: Dice) -> tuple[str, str, str]:
        """Street line, city, post code ("" where the country has none)."""
        street, number = dice.pick(self.names.streets), dice.between(1, 140)
        # Number first where English or French is written, last elsewhere.
        line = f"{number} {street}" if self.names.language in ("en", "fr") else f"{street} {number}"
        return line, dice.pick(self.cities), dice.filled(self.post_code)


@lru_cache(maxsize=1)
def countries() -> Weighted[Country]:
    """All countries but Lithuania, weighted as the clinic's foreign patients are."""
    families = {
        name: NameFamily(
            language=language,
            women=by_rank(women.split(), flat=6.0),
            men=by_rank(men.split(), flat=6.0),
            surnames=by_rank([pair(entry, "") for entry in surnames.split()], flat=6.0),
            streets=tuple(streets.split(";")),
        )
        for name, language, women, men, surnames, streets in rows("foreign", "families")
    }
    found = [
        Country(code=code, names=families[family], phone=phone, cities=tuple(cities.split(";")), post_code=post_code)
        for code, _, family, phone, cities, post_code in rows("foreign", "countries")
    ]
    return Weighted(found, [float(row[1]) for row in rows("foreign", "countries")])


@lru_cache(maxsize=1)
def emigrant_countries() -> Weighted[Country]:
    """Where Lithuanians living abroad come from to be treated at home."""
    chosen = {"GB": 45, "NO": 20, "DE": 14, "IE": 13, "DK": 8}
    found = [country for country in countries().items if country.code in chosen]
    return Weighted(found, [chosen[country.code] for country in found])

"""The names of people living in Lithuania, as weighted tables.

Surnames have a long tail, as real registers do: a directory that only ever saw the same few hundred would look faster
and surer than it is. The tail is put together from stems and suffixes that occur (Adom-aitis, Adom-avičius).
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

from seifas.demo.dice import Weighted, by_rank
from seifas.demo.surname_forms import Forms, lithuanian, paired
from seifas.demo.tables import sections, words

_STRIDE = 389


def pair(entry: str, feminine: str) -> Forms:
    """A table entry `man` or `man/woman`; `feminine` is what a woman's form adds where the entry does not say."""
    man, slash, woman = entry.partition("/")
    return paired(man, woman if slash else man + feminine)


def _tail(known: frozenset[str]) -> list[str]:
    made = [stem + suffix for suffix in words("surnames", "suffixes") for stem in words("surnames", "stems")]
    # A stride coprime to the count mixes stems and suffixes, so that rank follows neither.
    mixed = [made[(place * _STRIDE) % len(made)] for place in range(len(made))]
    return [surname for surname in dict.fromkeys(mixed) if surname not in known]


@lru_cache(maxsize=1)
def surnames() -> dict[str, Weighted[Forms]]:
    """By community ("lt", "pl", "ru"). Of 1,184 Lithuanian families the first takes 1.3 %, the hundredth 0.2 %."""
    common = words("surnames", "lithuanian")
    return {
        "lt": by_rank([lithuanian(man) for man in (*common, *_tail(frozenset(common)))], flat=18.0),
        "pl": by_rank([pair(entry, "") for entry in words("surnames", "polish")], flat=14.0),
        "ru": by_rank([pair(entry, "a") for entry in words("surnames", "russian")], flat=14.0),
    }


@lru_cache(maxsize=1)
def _eras() -> dict[str, tuple[tuple[int, ...], tuple[Weighted[str], ...]]]:
    found: dict[str, list[tuple[int, Weighted[str]]]] = {"female": [], "male": []}
    for section in sections("given_names"):
        sex, _, first_year = section.partition(" ")
        if sex in found:
            found[sex].append((int(first_year), by_rank(words("given_names", section), flat=4.0)))
    return {sex: (tuple(year for year, _ in eras), tuple(table for _, table in eras)) for sex, eras in found.items()}


@lru_cache(maxsize=1)
def _minorities() -> dict[tuple[str, str], Weighted[str]]:
    return {
        (code, sex): by_rank(words("given_names", f"{community} {sex}"), flat=3.0)
        for code, community in (("pl", "polish"), ("ru", "russian"))
        for sex in ("female", "male")
    }


def given_names(community: str, sex: str, birth_year: int) -> Weighted[str]:
    """Given names in a community ("lt", "pl", "ru"); Lithuanian ones follow the birth year."""
    if community != "lt":
        return _minorities()[community, sex]
    years, tables = _eras()[sex]
    return tables[bisect_right(years, birth_year) - 1]

"""Who the patients are: frequencies, marriages, countries, contact."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from seifas.demo.dice import Dice
from seifas.demo.people import Person, email_for, person, plain, share_married

COUNT = 12_000


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return [person(4, index, 2026) for index in range(COUNT)]


def family_root(name: str) -> str:
    return re.sub(r"(ienė|uvienė|iuvienė|aitė|ytė|iūtė|utė|as|is|ys|ius|us|ė|a)$", "", name)


def test_surnames_have_a_head_and_a_long_tail(people: list[Person]) -> None:
    roots = Counter(family_root(who.family) for who in people if who.code)
    ranked = [count for _, count in roots.most_common()]
    total = sum(ranked)
    assert 0.006 < ranked[0] / total < 0.02
    assert 0.05 < sum(ranked[:10]) / total < 0.15
    assert ranked[0] > 3 * ranked[99] > 3 * ranked[600] > 0
    assert len(roots) > 900
    assert len({who.family for who in people}) > 2_500
    assert family_root(Counter(who.family for who in people).most_common(1)[0][0]) in (
        "Kazlausk", "Jankausk", "Petrausk", "Stankevič", "Vasiliausk", "Žukausk",
    )  # fmt: skip


def test_given_names_are_shared(people: list[Person]) -> None:
    women = Counter(who.given[0] for who in people if who.sex == "female")
    men = Counter(who.given[0] for who in people if who.sex == "male")
    assert len(women) > 200
    assert len(men) > 150
    assert 0.02 < women.most_common(1)[0][1] / women.total() < 0.06
    two = sum(len(who.given) == 2 for who in people)
    assert 0.06 < two / COUNT < 0.13


def test_marriage_shows_in_names(people: list[Person]) -> None:
    lithuanian = [who for who in people if who.sex == "female" and who.language == "lt"]
    wed = [who for who in lithuanian if who.family.endswith("ienė")]
    assert 0.5 < len(wed) / len(lithuanian) < 0.75
    young = [who for who in lithuanian if who.birth.year >= 2004]
    assert sum(who.family.endswith("ienė") for who in young) / len(young) < 0.12
    told = [who for who in wed if who.maiden]
    assert 0.6 < len(told) / len(wed) < 0.8
    assert all(who.maiden.endswith(("aitė", "ytė", "utė", "ūtė")) for who in told)
    assert any(who.family.endswith("uvienė") for who in wed)
    assert any("-" in who.family for who in wed)
    assert not any(who.maiden for who in people if who.sex == "male")
    assert not any(who.family.endswith(("ienė", "aitė", "ytė")) for who in people if who.sex == "male")


def test_women_and_men_abroad_and_of_minorities_have_their_forms(people: list[Person]) -> None:
    russian = [who for who in people if who.language == "ru" and who.country == "LT"]
    assert {who.family[-1] for who in russian if who.sex == "female"} == {"a"}
    assert "a" not in {who.family[-1] for who in russian if who.sex == "male"}
    abroad = [who for who in people if who.passport]
    assert 0.055 < len(abroad) / COUNT < 0.085
    assert all(not who.code and who.country != "LT" for who in abroad)
    assert {"Ødegård", "Østergaard", "Müller", "Smith"} <= {who.family for who in abroad}


def test_more_than_sixty_countries() -> None:
    countries = Counter(person(1, index, 2026).country for index in range(24_000))
    assert len(countries) > 60
    assert [code for code, _ in countries.most_common(5)] == ["LT", "GB", "NO", "DE", "DK"]


def test_minorities_and_foreigners_are_about_a_seventh(people: list[Person]) -> None:
    others = sum(who.language != "lt" for who in people)
    assert 0.13 < others / COUNT < 0.17


def test_contact_is_well_formed_and_reserved(people: list[Person]) -> None:
    for who in people:
        assert bool(who.code) != bool(who.passport)
        assert re.fullmatch(r"(\+[1-9]\d{6,14})?", who.phone)
        assert re.fullmatch(r"([a-z.-]+\d{0,2}@example\.(org|com|net))?", who.email), who.email
        assert who.line
        assert who.city
        if who.country == "LT":
            assert re.fullmatch(r"(\+3706\d{7})?", who.phone)
            assert re.fullmatch(r"LT-\d{5}", who.post_code)
        assert re.fullmatch(r"([A-Z]{2}X\d{7})?", who.passport)
    assert 0.95 < sum(bool(who.phone) for who in people) / COUNT < 0.99
    assert 0.68 < sum(bool(who.email) for who in people) / COUNT < 0.76
    towns = Counter(who.city for who in people if who.country == "LT")
    assert [town for town, _ in towns.most_common(3)] == ["Kaunas", "Vilnius", "Klaipėda"]
    assert len(towns) > 45


def test_a_person_depends_on_seed_and_number_alone() -> None:
    forward = [person(9, index, 2026) for index in range(60)]
    backward = [person(9, index, 2026) for index in reversed(range(60))]
    assert forward == backward[::-1]
    assert person(10, 0, 2026) != forward[0]


def test_ages_and_shares() -> None:
    assert share_married(0) == share_married(16) == 0
    shares = [share_married(age) for age in range(16, 100)]
    assert shares == sorted(shares)
    assert share_married(200) == 0.88


def test_mail_names_are_ascii() -> None:
    assert plain("Žukauskienė") == "zukauskiene"
    assert plain("O’Brien") == "obrien"
    assert plain("Ødegård") == "odegard"
    address = email_for(Dice("mail"), "Živilė", "Čiurlionytė")
    assert address.isascii()
    assert "ciurlionyte" in address

"""Lithuanian surname forms against a table written by hand, and the shape of the name tables."""

from __future__ import annotations

from collections import Counter

import pytest

from seifas.demo.dice import Dice
from seifas.demo.names import given_names, surnames
from seifas.demo.surname_forms import lithuanian
from seifas.demo.tables import sections, words

# man, wife (commonest), daughter, short form
FORMS = """
Kazlauskas Kazlauskienė Kazlauskaitė Kazlauskė
Žukauskas Žukauskienė Žukauskaitė Žukauskė
Petrauskas Petrauskienė Petrauskaitė Petrauskė
Urbonas Urbonienė Urbonaitė Urbonė
Balčiūnas Balčiūnienė Balčiūnaitė Balčiūnė
Bagdonas Bagdonienė Bagdonaitė Bagdonė
Vilkas Vilkienė Vilkaitė Vilkė
Karosas Karosienė Karosaitė Karosė
Navickas Navickienė Navickaitė Navickė
Pakėnas Pakėnienė Pakėnaitė Pakėnė
Trinkūnas Trinkūnienė Trinkūnaitė Trinkūnė
Petraitis Petraitienė Petraitytė Petraitė
Adomaitis Adomaitienė Adomaitytė Adomaitė
Žemaitis Žemaitienė Žemaitytė Žemaitė
Matulis Matulienė Matulytė Matulė
Šimonis Šimonienė Šimonytė Šimonė
Čiurlionis Čiurlionienė Čiurlionytė Čiurlionė
Briedis Briedienė Briedytė Briedė
Kalvelis Kalvelienė Kalvelytė Kalvelė
Sviderskis Sviderskienė Sviderskytė Sviderskė
Kiškis Kiškienė Kiškytė Kiškė
Kairys Kairienė Kairytė Kairė
Gaidys Gaidienė Gaidytė Gaidė
Banys Banienė Banytė Banė
Šukys Šukienė Šukytė Šukė
Uždavinys Uždavinienė Uždavinytė Uždavinė
Butkus Butkienė Butkutė Butkė
Rimkus Rimkienė Rimkutė Rimkė
Petkus Petkienė Petkutė Petkė
Norkus Norkienė Norkutė Norkė
Poškus Poškienė Poškutė Poškė
Stankevičius Stankevičienė Stankevičiūtė Stankevičė
Pocius Pocienė Pociūtė Pocė
Kubilius Kubilienė Kubiliūtė Kubilė
Karalius Karalienė Karaliūtė Karalė
Valančius Valančienė Valančiūtė Valančė
Milašius Milašienė Milašiūtė Milašė
Girnius Girnienė Girniūtė Girnė
Mikalojus Mikalojienė Mikalojūtė Mikalojė
Mažeika Mažeikienė Mažeikaitė Mažeikė
Juška Juškienė Juškaitė Juškė
Daukša Daukšienė Daukšaitė Daukšė
Sruoga Sruogienė Sruogaitė Sruogė
Smetona Smetonienė Smetonaitė Smetonė
Nausėda Nausėdienė Nausėdaitė Nausėdė
Bložė Bložienė Bložytė Bložė
"""


@pytest.mark.parametrize("line", FORMS.strip().splitlines(), ids=lambda line: line.split()[0])
def test_forms_are_right(line: str) -> None:
    man, wife, daughter, short = line.split()
    forms = lithuanian(man)
    assert (forms.man, forms.wife, forms.daughter, forms.short) == (man, wife, daughter, short)


@pytest.mark.parametrize(
    ("man", "second"), [("Butkus", "Butkuvienė"), ("Rimkus", "Rimkuvienė"), ("Pocius", "Pociuvienė")]
)
def test_us_has_a_second_wifes_form(man: str, second: str) -> None:
    assert lithuanian(man).wives[1] == second


@pytest.mark.parametrize("word", ["", "as", "Ivanov", "Smith", "Nowak", "Jo"])
def test_other_endings_are_refused(word: str) -> None:
    with pytest.raises(ValueError):
        lithuanian(word)


def test_tables_are_large_enough_and_say_nothing_twice() -> None:
    common = words("surnames", "lithuanian")
    assert len(common) == len(set(common)) >= 250
    families = surnames()["lt"].items
    assert len({forms.man for forms in families}) == len(families) > 1_000
    for sex in ("female", "male"):
        eras = [section for section in sections("given_names") if section.startswith(sex)]
        assert len(eras) == 5
        for era in eras:
            assert len(words("given_names", era)) == len(set(words("given_names", era)))
        assert len({name for era in eras for name in words("given_names", era)}) >= 80


def test_names_follow_birth_years() -> None:
    dice = Dice("eras")
    old = Counter(dice.weighted(given_names("lt", "female", 1945)) for _ in range(3_000))
    young = Counter(dice.weighted(given_names("lt", "female", 2001)) for _ in range(3_000))
    assert old["Ona"] > 150 > 10 > young["Ona"]
    assert young["Gabrielė"] > 150 > 10 > old["Gabrielė"]

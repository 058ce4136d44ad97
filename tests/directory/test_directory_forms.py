"""Lithuanian surname forms: every form of a family leads to every other, and different families stay apart."""

from itertools import combinations

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.names.folding import fold
from seifas.names.forms import stems

# One family a row: the man, wives' and daughters' forms, the short -ė form, cases. Sources of the forms: the ordinary
# declensions, and the suffixes of women's surnames by the man's ending.
FAMILIES = {
    "Žukauskas": "Žukausko Žukauskui Žukauską Žukausku Žukauske Žukauskai Žukauskienė Žukauskienės Žukauskienei "
    "Žukauskienę Žukauskienėje Žukauskaitė Žukauskaitės Žukauskaitei Žukauskaitę Žukauskaičių Žukauskė Žukauskės",
    "Kazlauskas": "Kazlausko Kazlauskienė Kazlauskaitė Kazlauskaitei Kazlauskė",
    "Jankauskas": "Jankauskienė Jankauskaitė Jankausko",
    "Stankevičius": "Stankevičiaus Stankevičiui Stankevičių Stankevičiumi Stankevičiau Stankevičienė Stankevičiūtė "
    "Stankevičiūtės Stankevič",
    "Petraitis": "Petraičio Petraičiui Petraitį Petraiti Petraityje Petraitienė Petraitienės Petraitytė Petraitytės",
    "Balčiūnas": "Balčiūno Balčiūnienė Balčiūnaitė Balčiūnė",
    "Butkus": "Butkaus Butkui Butkų Butkumi Butkau Butkienė Butkuvienė Butkutė Butkutės",
    "Grinius": "Griniaus Grinienė Griniuvienė Griniūtė Griniumi",
    "Vaičius": "Vaičiaus Vaičienė Vaičiuvienė Vaičiūtė",
    "Karalius": "Karaliaus Karalienė Karaliuvienė Karaliūtė",
    "Gaidys": "Gaidžio Gaidžiui Gaidį Gaidy Gaidienė Gaidytė Gaidytės",
    "Stulgys": "Stulgio Stulgienė Stulgytė",
    "Daukša": "Daukšos Daukšai Daukšą Daukšienė Daukšaitė",
    "Radvila": "Radvilos Radvilienė Radvilaitė",
    "Bitė": "Bitės Bitei Bitę Bitienė Bitytė",
    "Rimša": "Rimšos Rimšienė Rimšaitė",
    "Vilkas": "Vilko Vilkienė Vilkaitė Vilkė",
    "Ūsas": "Ūso Ūsienė Ūsaitė",
    "Paulauskas": "PAULAUSKIENĖ paulauskaite Paulausko",
    "Kowalski": "Kovalskis Kovalskienė Kowalska Kovalskaja Kovalskij Kowalskiego Kovalskytė Ковальский Ковальская",
    "Ivanov": "Ivanovas Ivanova Ivanovienė Ivanovaitė Ivanovo Ivanovui Иванов Иванова",
    "Szymański": "Šimanskis Šimanskienė Szymańska Šimanskytė",
    "Mickiewicz": "Mickievičius Mickievičienė Mickievič",
    "Norkus": "Norkienė Norkutė Norkaus",
    "Šimkus": "Šimkuvienė Šimkienė Šimkutė",
    "Kairys": "Kairio Kairienė Kairytė",
    "Adomaitis": "Adomaičio Adomaitienė Adomaitytė",
    "Sabonis": "Sabonio Sabonienė Sabonytė",
    "Landsbergis": "Landsbergio Landsbergienė Landsbergytė",
    "Nausėda": "Nausėdos Nausėdienė Nausėdaitė",
}
PAIRS = [(man, form) for man, forms in FAMILIES.items() for form in forms.split()]

APART = [
    ("Petraitis", "Petrauskas"),
    ("Petras", "Petraitis"),
    ("Kazlauskas", "Kazlas"),
    ("Jonaitis", "Jonauskas"),
    ("Balčiūnas", "Balčytis"),
    ("Stankevičius", "Stankus"),
    ("Žukauskas", "Žukas"),
    ("Vilkas", "Vilčinskas"),
    ("Adomaitis", "Adomavičius"),
    ("Ivanov", "Ivanauskas"),
]


def test_the_table_is_large_enough():
    assert len(PAIRS) >= 120


def _share(one: str, other: str) -> bool:
    return not set(stems(fold(one))).isdisjoint(stems(fold(other)))


@pytest.mark.parametrize(("man", "form"), PAIRS)
def test_every_form_shares_a_stem_with_the_mans_form(man, form):
    assert _share(man, form)


@pytest.mark.parametrize("man", FAMILIES)
def test_the_forms_of_a_family_lead_to_each_other(man):
    missed = [(a, b) for a, b in combinations([man, *FAMILIES[man].split()], 2) if not _share(a, b)]
    assert missed == []


@pytest.mark.parametrize(("one", "other"), APART)
def test_other_families_stay_apart(one, other):
    assert not _share(one, other)


def test_a_daughter_of_petras_and_a_short_form_of_petraitis_are_written_alike():
    assert set(stems("petraite")) == {"petr", "petrait"}


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=40))
@settings(max_examples=of_whole(300))
def test_any_word_has_a_stem_that_is_never_empty(word):
    found = stems(word)
    assert 1 <= len(found) <= 2
    assert all(found)

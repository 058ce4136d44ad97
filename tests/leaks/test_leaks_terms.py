"""The words of a clinic, in Lithuanian and English, in whatever form they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.demo.tables import rows
from seifas.leaks import terms
from seifas.leaks.towns import first_town, town_of


@pytest.mark.parametrize("section", ["complaints", "procedures"])
def test_what_the_demo_clinic_writes_means_the_same_in_both_languages(section: str) -> None:
    for row in rows("clinical", section):
        lithuanian, english = terms.concepts(row[-2]), terms.concepts(row[-1])
        assert lithuanian & english, row


@pytest.mark.parametrize(("text", "term"), [
    ("Vakar didinau krūtis, labai patiko", "Krūtų didinimas implantais"),
    ("KRUTU DIDINIMAS", "Krūtų didinimas implantais"),
    ("had a boob job and a nose job", "Rinoplastika"), ("lūpos su užpildu putlinamos", "Lūpų didinimas užpildu"),
    ("sušvirkštas botulinas į kaktą", "Botulino toksino injekcijos"),
    ("Botox, 20 units", "Botulino toksino injekcijos"),
    ("liposuction of the thighs", "Riebalų nusiurbimas"), ("po blefaroplastikos", "Viršutinių vokų blefaroplastika"),
    ("tatuiruotę pašalino lazeriu", "Tatuiruotės šalinimas lazeriu"), ("acne treatment", "Spuogų šalinimo procedūra"),
])  # fmt: skip
def test_inflected_and_foreign_words(text: str, term: str) -> None:
    assert term in terms.concepts(text)


@pytest.mark.parametrize("text", [
    "", "Gera diena, kaip sekasi?", "Rasa Žukauskienė, Kaunas", "The weather is fine today", "Jonas ir Petras", "12345",
])  # fmt: skip
def test_other_words(text: str) -> None:
    assert terms.concepts(text) == frozenset()


@given(st.text(max_size=300))
def test_places_of_terms(text: str) -> None:
    for one in terms.found(text + " krūtų didinimas"):
        assert one.term in terms.ALL
        assert 0 <= one.start < one.end <= len(text) + 16


def test_towns_in_every_case() -> None:
    for text, town in (("iš Kauno", "Kaunas"), ("gyvena Šiauliuose", "Šiauliai"), ("from Vilnius", "Vilnius"),
                       ("Panevezio miestas", "Panevėžys"), ("Klaipėdoje", "Klaipėda"),
                       ("in London", "London")):  # fmt: skip
        assert first_town(text) == town
    assert town_of("KAUNAS") == town_of("Kaunas, LT") == town_of("kaunas") == "Kaunas"
    assert town_of("Kazlų Rūda") == "Kazlų Rūda"
    assert town_of("Kaunas yra gražus") == first_town("kaune lyja") == ""

"""Names as others write them: words, nominatives, sounds, spelling."""

from __future__ import annotations

import math

import pytest
from bench.leaked_rows import inflected, spelt
from hypothesis import given
from hypothesis import strategies as st

from seifas.leaks.names import name_words, nominatives, sounds, stored_words
from seifas.leaks.names_spelling import Spelling
from seifas.names.folding import fold

CASES = ("genitive", "dative", "accusative", "instrumental")
NAMES = (
    "Žukauskas", "Žukauskienė", "Žukauskaitė", "Petraitis", "Gaidys", "Butkus", "Stankevičius", "Rimkus", "Juška",
    "Jonas", "Rasa", "Eglė", "Tomas", "Kęstutis", "Mickevičiūtė",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("case", CASES)
def test_each_case_leads_back_to_its_nominative(name: str, case: str) -> None:
    form = fold(inflected(name, case))
    assert fold(name) in (form, *nominatives(form))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["ru", "en-ru", "en", "ascii"])
def test_other_spellings_sound_the_same(name: str, language: str) -> None:
    assert sounds(fold(spelt(name, language))) == sounds(fold(name))


def test_german_spellings_sound_the_same() -> None:
    for german, lithuanian in (("Schukauskas", "Žukauskas"), ("Tschepaitis", "Čepaitis"), ("Waitkus", "Vaitkus")):
        assert sounds(fold(german)) == sounds(fold(lithuanian))


def test_different_names_sound_different() -> None:
    heard = [sounds(fold(name)) for name in NAMES]
    assert len(set(heard)) == len(NAMES)


def test_columns_join_and_alternatives_stay_apart() -> None:
    assert [[word.text for word in words] for words in name_words(("Žukauskienė", "Rasa"))] == [["zukauskiene", "rasa"]]
    apart = name_words(("Rasa Žukauskienė", "Раса Жукаускене"))
    assert [[word.text for word in words] for words in apart] == [["rasa", "zukauskiene"], ["rasa", "zukauskene"]]


def test_initials_titles_and_particles() -> None:
    (words,) = name_words(("Dr. J. van der Berg",))
    assert [(word.text, word.initial) for word in words] == [("j", True), ("vanderberg", False)]
    assert stored_words("van der Berg") == ("vanderberg", "berg")
    assert name_words(("", "12345", "--", "\x00\x01")) == []


@given(st.lists(st.text(max_size=600), max_size=10))
def test_any_text_is_read(texts: list[str]) -> None:
    for words in name_words(texts):
        assert 1 <= len(words) <= 5
        for word in words:
            assert word.text.isascii()
            assert word.text.isalpha()
            assert isinstance(sounds(word.text), str)
            assert all(nominatives(word.text))


@given(st.text(max_size=600))
def test_any_name_is_stored(text: str) -> None:
    assert all(word.isascii() and word.isalpha() for word in stored_words(text))


def test_spelling_is_a_distribution_and_knows_its_kind() -> None:
    spelling = Spelling(sorted(fold(name) for name in NAMES))
    assert spelling.log_chance("zukauskiene") > spelling.log_chance("qxzwvbbjkpd")
    # Over all next letters the chances sum to one, in a context that was seen and in one that was not.
    for context in ("au", "qq"):
        total = sum(spelling._next(context, letter) for letter in "abcdefghijklmnopqrstuvwxyz$")
        assert math.isclose(total, 1.0, abs_tol=1e-9)

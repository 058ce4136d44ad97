"""Folding: case, diacritics, scripts, particles, hostile text."""

import unicodedata

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.names.folding import (
    NAME_LIMIT,
    WORD_LIMIT,
    WORDS_LIMIT,
    family_words,
    fold,
    joined,
    shown_prefix,
    without_titles,
    words,
)

FOLDED = [
    ("Žukauskas", "zukauskas"),
    ("ŽUKAUSKAITĖ-Petraitienė", "zukauskaite petraitiene"),
    ("ŽUKAUSKAITĖ–PETRAITIENĖ", "zukauskaite petraitiene"),
    ("ąčęėįšųūž ĄČĘĖĮŠŲŪŽ", "aceeisuuz aceeisuuz"),
    ("Z\u030cukas", "zukas"),
    ("O'Brien", "obrien"),
    ("O’Brien", "obrien"),
    ("D`Angelo", "dangelo"),
    ("Łukasz Wałęsa", "lukasz walesa"),
    ("Đorđe", "dorde"),
    ("Sørensen Æbelø", "sorensen aebelo"),
    ("Strauß", "strauss"),
    ("Þór", "thor"),
    ("Işıl İnan", "isil inan"),
    ("Nguyễn Thị Ánh", "nguyen thi anh"),
    ("Ωνάσης", "onasis"),
    ("李小龙", "lixiaolong"),
    ("Жукаускас", "zukauskas"),
    ("Иванова Юлия", "ivanova julija"),
    ("Захаров Пётр Ильич", "zacharov piotr ilic"),
    ("Щербакова Татьяна", "scerbakova tatjana"),
    ("Юрий Соловьёв", "jurij solovjov"),
    ("Федоренко Євген", "fedorenko evgen"),
    ("Jean\u00adPierre\u200b", "jeanpierre"),
    ("J.Petraitis", "j petraitis"),
    ("ﬁne Ⅷ", "fine viii"),
    ("", ""),
    ("*** % _ \" ( )", ""),
]


@pytest.mark.parametrize(("text", "folded"), FOLDED)
def test_fold(text, folded):
    assert fold(text) == folded


def test_composed_and_decomposed_letters_fold_alike():
    text = "Šarūnė Žąsytė-Čėplienė Юрьевна Ёлкин"
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=of_whole(300))
def test_any_text_folds_to_plain_words_and_folding_again_changes_nothing(text):
    folded = fold(text)
    assert all(letter in "abcdefghijklmnopqrstuvwxyz0123456789 " for letter in folded)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    "text", ["\ud800\udfff", "\x00", "\u202e" * 50, "🙂" * 1000, "a\u0301" * 10_000, "ž" * 100_000]
)
def test_hostile_text_neither_fails_nor_grows(text):
    found = words(text)
    assert len(found) <= WORDS_LIMIT
    assert all(len(word) <= WORD_LIMIT for word in found)


def test_only_the_start_of_a_huge_name_is_read():
    assert words("a " * NAME_LIMIT) == ["a"] * WORDS_LIMIT
    assert words("b" * 10_000) == ["b" * WORD_LIMIT]


@pytest.mark.parametrize(
    ("family", "stored"),
    [
        ("van der Berg", ["van", "der", "berg", "vanderberg"]),
        ("De la Cruz López", ["de", "la", "cruz", "lopez", "delacruz"]),
        ("Mac Donald", ["mac", "donald", "macdonald"]),
        ("Žukauskas", ["zukauskas"]),
        ("dr. Žukauskas", ["zukauskas"]),
        ("Ponia", ["ponia"]),
        ("", []),
    ],
)
def test_words_under_which_a_surname_is_stored(family, stored):
    assert family_words(family) == stored


def test_particles_join_the_next_word_and_titles_go():
    assert joined(["jan", "van", "der", "berg"]) == ["jan", "vanderberg"]
    assert joined(["berg", "van", "der"]) == ["berg", "vander"]
    assert joined([]) == []
    assert without_titles(["dr", "jonas"]) == ["jonas"]
    assert without_titles(["dr"]) == ["dr"]


@pytest.mark.parametrize(
    ("original", "letters", "shown"),
    [
        ("Žukauskas", 3, "Žuk"),
        ("Žukauskas", 1, "Ž"),
        ("Z\u030cukas", 1, "Ž"),
        ("O'Brien", 2, "O'B"),
        ("Strauß", 6, "Strauß"),
        ("Щербакова", 2, "Щ"),
        ("Žukas", 99, "Žukas"),
        ("Žukas", 0, ""),
        ("", 3, ""),
    ],
)
def test_shown_prefix_is_cut_in_the_name_as_written(original, letters, shown):
    assert shown_prefix(original, letters) == shown


_LITHUANIAN = "aąbcčdeęėfghiįyjklmnoprsštuųūvzž"
_NEARLY = st.text(alphabet=_LITHUANIAN + _LITHUANIAN.upper() + "'’`-. 09ŁłßЖ\u030c", max_size=60)


@given(_NEARLY)
@settings(max_examples=of_whole(300))
def test_lithuanian_letters_fold_as_unicode_takes_them_apart(text):
    apart = unicodedata.normalize("NFKD", text)
    assert words(text) == words(apart)


@given(_NEARLY, st.integers(min_value=0, max_value=WORD_LIMIT))
@settings(max_examples=of_whole(300))
def test_what_is_shown_is_the_shortest_beginning_with_so_many_letters(text, letters):
    piece = unicodedata.normalize("NFC", text)
    shown = shown_prefix(text, letters)
    assert piece.startswith(shown)
    folded = [len(fold(piece[:end]).replace(" ", "")) for end in range(len(piece) + 1)]
    enough = [end for end, count in enumerate(folded) if count >= letters]
    assert len(shown) == (min(enough) if enough else len(piece))

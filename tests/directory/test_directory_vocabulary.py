"""The enumeration of typing errors, against the distance measured word by word."""

from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from seifas.keeper.directory.vocabulary import BEGIN_LIMIT, FUZZY_FLOOR, WHOLE_LIMIT, Vocabulary

# Three letters only, so that generated words are often near each other.
WORD = st.text("abz", min_size=1, max_size=9)


@given(st.sets(WORD, max_size=40), WORD.filter(lambda word: len(word) >= FUZZY_FLOOR))
@settings(max_examples=of_whole(400))
def test_near_finds_exactly_what_is_one_error_away(stored, word):
    whole, begin = Vocabulary(stored).near(word)
    near = {each for each in stored if OSA.distance(each, word) == 1}
    missed = near - set(whole)
    assert set(whole) <= near
    assert all(each.startswith(word) for each in missed) or len(whole) == WHOLE_LIMIT
    begun = {
        each
        for each in stored
        if any(OSA.distance(each[:cut], word) <= 1 for cut in range(len(word) - 1, len(word) + 2))
    }
    led = {each for each in stored if each.startswith((word, *begin))}
    assert begun <= led or len(begin) == BEGIN_LIMIT


@given(st.lists(st.tuples(st.booleans(), WORD), max_size=60))
def test_a_vocabulary_is_a_set(changes):
    vocabulary, model = Vocabulary(), set()
    for adding, word in changes:
        (vocabulary.add if adding else vocabulary.discard)(word)
        (model.add if adding else model.discard)(word)
        assert (word in vocabulary) == (word in model)
        assert len(vocabulary) == len(model)
    assert vocabulary.begun("", 1000) == sorted(model)


def test_begun_lists_or_says_that_there_are_too_many():
    vocabulary = Vocabulary(["zukas", "zukauskas", "zukiene", "zz", "yla", "z"])
    assert vocabulary.begun("zuk", 3) == ["zukas", "zukauskas", "zukiene"]
    assert vocabulary.begun("zuk", 2) is None
    assert vocabulary.begun("zz", 5) == ["zz"]
    assert vocabulary.begun("q", 5) == []


def test_short_words_forgive_nothing():
    assert Vocabulary(["kazys"]).near("kazy") == ([], [])
    assert Vocabulary([]).near("kazys") == ([], [])

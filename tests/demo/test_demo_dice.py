"""Chance that repeats: streams, weights, permutation."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.demo.dice import Dice, Shuffle, Weighted, by_rank, stable_id, stable_ids

WORDS: list[int] = [2062458576, 3122807494, 2391022394]
IDENT = "8acce84c2d3be76b21b0da118c935b8b"
IDENTS = ["6121da47dc0b1bdde7e06a2a62da38cf", "f7faa9ef98da4dff49115e855038743a"]


def test_streams_are_the_same_on_every_machine() -> None:
    # Pinned: a change here changes every demo that somebody has built.
    dice = Dice("vector", 7)
    assert [dice.word() for _ in range(3)] == WORDS
    assert stable_id("vector", 7) == IDENT
    assert list(islice(stable_ids("vector", 7), 2)) == IDENTS
    order = Shuffle(1_000, "vector")
    assert [order[place] for place in range(4)] == [219, 803, 30, 640]


def test_streams_go_on_past_a_block_and_differ_by_name() -> None:
    dice = Dice("long")
    words = [dice.word() for _ in range(1000)]
    assert len(set(words)) == 1000
    other = Dice("long", 0)
    assert words[:5] != [other.word() for _ in range(5)]
    ids = list(islice(stable_ids("long"), 100))
    assert len(set(ids)) == 100
    assert all(len(ident) == 32 and int(ident, 16) >= 0 and ident == ident.lower() for ident in ids)


@given(st.integers(1, 2**32), st.integers(0, 10**6))
@settings(max_examples=of_whole(60))
def test_draws_stay_in_their_bounds(limit: int, name: int) -> None:
    dice = Dice("bounds", name)
    assert 0 <= dice.below(limit) < limit
    assert -3 <= dice.between(-3, limit) <= limit
    assert not dice.chance(0.0)
    assert dice.chance(1.0)


def test_weights_are_kept() -> None:
    dice = Dice("weights")
    table = Weighted(("a", "b", "c"), (1, 2, 7))
    drawn = Counter(dice.weighted(table) for _ in range(20_000))
    assert drawn["a"] == pytest.approx(2_000, rel=0.1)
    assert drawn["b"] == pytest.approx(4_000, rel=0.08)
    assert drawn["c"] == pytest.approx(14_000, rel=0.03)


def test_an_impossible_item_is_never_drawn() -> None:
    dice = Dice("never")
    table = Weighted(("never", "always", "neither"), (0, 5, 0))
    assert {dice.weighted(table) for _ in range(2_000)} == {"always"}


def test_ranks_fall_off() -> None:
    table = by_rank("abcdefgh", flat=2.0)
    parts = [high - low for low, high in zip((0, *table.bounds), (*table.bounds, 1 << 32), strict=True)]
    assert parts == sorted(parts, reverse=True)
    assert parts[0] / parts[7] == pytest.approx(10 / 3, rel=1e-6)


@pytest.mark.parametrize(("items", "weights"), [((), ()), (("a",), ()), (("a",), (1, 2))])
def test_bad_weights_are_refused(items: tuple[str, ...], weights: tuple[float, ...]) -> None:
    with pytest.raises(ValueError):
        Weighted(items, weights)


def test_patterns_are_filled() -> None:
    dice = Dice("pattern")
    filled = dice.filled("+47 9## @")
    assert filled.startswith("+47 9")
    assert filled[5:7].isdigit()
    assert filled[8].isalpha()
    assert len(dice.digits(9)) == 9


@given(st.integers(1, 700), st.integers(0, 5))
@settings(max_examples=of_whole(40))
def test_a_shuffle_is_a_permutation(size: int, seed: int) -> None:
    order = Shuffle(size, "test", seed)
    assert sorted(order[place] for place in range(size)) == list(range(size))


def test_a_shuffle_shuffles_and_has_ends() -> None:
    order = Shuffle(5_000, "test")
    assert sum(order[place] == place for place in range(5_000)) < 20
    neighbours = sum(abs(order[place] - order[place + 1]) < 50 for place in range(4_999))
    assert neighbours < 200
    for outside in (-1, 5_000):
        with pytest.raises(IndexError):
            order[outside]
    with pytest.raises(ValueError):
        Shuffle(0)

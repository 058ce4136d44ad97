"""The thief's statistics: which of the unlabelled envelopes on a stolen disk belong to one patient?

Given a cold copy, every stored thing (sealed row, key bundle, state row, audit line) is described by what its file
shows without any key: place in the order of ids, page, place on the page in order of writing, size, line number. For
pairs of things of every two kinds a likelihood ratio is learnt on half of the patients, with the truth that the
thief does not have, and judged on the other half; then the halves change roles. AUC is the chance that a pair of one
patient looks more alike than a pair of two: 0.5 is blind, 1.0 sees all. Learning from the truth of half of the
patients makes this attacker far stronger than any thief.
"""

from __future__ import annotations

import bisect
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

Kind = str
ROW: Final = "row"
LINE: Final = "line"
_QUANTILES: Final = (0.002, 0.01, 0.03, 0.08, 0.2, 0.4, 0.6, 0.8)
"""Where the distances of pairs are cut into bins: finest where things lie close together."""

_ROUNDS: Final = 3
"""Pairs of one patient's rows drawn for each patient, and strangers for each pair."""


class Thing(NamedTuple):
    """What one stored thing shows. `orders` lie in 0…1 and are compared by distance, `marks` by their values."""

    kind: Kind
    orders: tuple[float, ...]
    marks: tuple[int, ...]


class Score(msgspec.Struct, frozen=True):
    """AUC of one kind of pair over `pairs` pairs of one patient; `error` is its standard error if blind."""

    pair: str
    auc: float
    pairs: int
    error: float


class Verdict(msgspec.Struct, frozen=True):
    """All kinds of pairs, and `auc` over all of them, each pair ranked among those of its kind.

    `in_time` is apart: two lines of the log, which lie in the order of time by design, so that one patient's lie near
    each other. It is a figure; it brings no line nearer to a record.
    """

    scores: tuple[Score, ...]
    auc: float
    pairs: int
    error: float
    in_time: Score | None = None

    @property
    def worst(self) -> Score:
        return max(self.scores, key=lambda score: score.auc)


class Pair(NamedTuple):
    a: Thing
    b: Thing
    same: bool


def attack(patients: Sequence[Sequence[Thing]], *, seed: int = 1) -> Verdict:
    """Judges a store by what its things show. `patients` holds the things of each patient; the truth."""
    chance = random.Random(seed)  # noqa: S311 - a statistician's dice, nothing is kept secret with it
    shuffled = list(patients)
    chance.shuffle(shuffled)
    halves = [_pairs(shuffled[0::2], chance), _pairs(shuffled[1::2], chance)]
    scores = []
    in_time = None
    for kind in sorted(halves[0].keys() & halves[1].keys()):
        ratings: list[tuple[float, bool]] = []
        parts = []
        for train, test in (halves, halves[::-1]):
            if not train[kind] or not test[kind]:
                continue
            model = _learn(train[kind])
            judged = [(_rate(model, pair), pair.same) for pair in test[kind]]
            parts.append((auc(judged), sum(pair.same for pair in test[kind])))
            ratings += judged
        total = sum(count for _, count in parts)
        if not total:
            continue  # one thing of a kind each: no pairs of one patient
        area = sum(one * count for one, count in parts) / total
        score = Score(" - ".join(kind), area, total, _error(ratings))
        if kind == (LINE, LINE):
            in_time = score
        else:
            scores.append(score)
    weight = sum(score.pairs for score in scores)
    overall = sum(score.auc * score.pairs for score in scores) / weight
    error = math.sqrt(sum((score.error * score.pairs) ** 2 for score in scores)) / weight
    return Verdict(tuple(scores), overall, weight, error, in_time)


def auc(ratings: Iterable[tuple[float, bool]]) -> float:
    """The chance that a same pair is rated above a different one; ties count half (Mann-Whitney)."""
    ordered = sorted(ratings, key=lambda one: one[0])
    rank_sum, same, at = 0.0, 0, 0
    while at < len(ordered):
        end = at
        while end < len(ordered) and ordered[end][0] == ordered[at][0]:
            end += 1
        alike = sum(1 for _, is_same in ordered[at:end] if is_same)
        rank_sum += alike * (at + 1 + end) / 2
        same += alike
        at = end
    different = len(ordered) - same
    if not same or not different:
        return 0.5
    return (rank_sum - same * (same + 1) / 2) / (same * different)


def _error(ratings: Sequence[tuple[float, bool]]) -> float:
    """Standard error of the AUC of a blind attacker (Hanley and McNeil 1982, at 0.5)."""
    same = sum(is_same for _, is_same in ratings)
    different = len(ratings) - same
    return math.sqrt((same + different + 1) / (12 * same * different)) if same and different else 1.0


# -- pairs


def _pairs(patients: Sequence[Sequence[Thing]], chance: random.Random) -> dict[tuple[Kind, Kind], list[Pair]]:
    """Pairs of every two kinds: each patient the same number, so that long charts do not speak for all."""
    found: dict[tuple[Kind, Kind], list[Pair]] = {}
    sorted_things = [_by_kind(things) for things in patients]
    for number, mine in enumerate(sorted_things):
        kinds = sorted(mine)
        for place, first in enumerate(kinds):
            for second in kinds[place:]:
                pairs = found.setdefault((first, second), [])
                for _ in range(_ROUNDS if ROW in (first, second) else 1):
                    _draw(pairs, mine, first, second, sorted_things, number, chance)
    return found


def _draw(
    pairs: list[Pair], mine: Mapping[Kind, list[Thing]], first: Kind, second: Kind,
    everyone: Sequence[Mapping[Kind, list[Thing]]], number: int, chance: random.Random,
) -> None:
    if first == second:
        if len(mine[first]) < 2:
            return
        a, b = chance.sample(mine[first], 2)
    else:
        a, b = chance.choice(mine[first]), chance.choice(mine[second])
    pairs.append(Pair(a, b, True))
    for _ in range(_ROUNDS):
        other = chance.randrange(len(everyone))
        strangers = everyone[other].get(second)
        if other != number and strangers:
            pairs.append(Pair(a, chance.choice(strangers), False))


def _by_kind(things: Iterable[Thing]) -> dict[Kind, list[Thing]]:
    found: dict[Kind, list[Thing]] = {}
    for thing in things:
        found.setdefault(thing.kind, []).append(thing)
    return found


# -- learning: likelihood ratios of binned features, added up


class _Model(NamedTuple):
    """Log likelihood ratios: of the bins of each distance, and of the values of each category."""

    cuts: list[list[float]]
    distances: list[dict[int, float]]
    categories: list[dict[int, float]]


def _learn(pairs: Sequence[Pair]) -> _Model:
    same = [pair.same for pair in pairs]
    cuts, distances = [], []
    for column in zip(*(_distances(pair) for pair in pairs), strict=True):
        ordered = sorted(column)
        here = sorted({ordered[int(share * (len(ordered) - 1))] for share in _QUANTILES})
        cuts.append(here)
        distances.append(_ratios([bisect.bisect_left(here, value) for value in column], same))
    categories = [_ratios(column, same) for column in zip(*(_categories(pair) for pair in pairs), strict=True)]
    return _Model(cuts, distances, categories)


def _ratios(values: Sequence[int], same: Sequence[bool]) -> dict[int, float]:
    counts: dict[int, list[int]] = {}
    for value, is_same in zip(values, same, strict=True):
        counts.setdefault(value, [0, 0])[is_same] += 1
    positives, negatives = sum(same), len(same) - sum(same)
    return {
        value: math.log((yes + 1) / (positives + len(counts))) - math.log((no + 1) / (negatives + len(counts)))
        for value, (no, yes) in counts.items()
    }


def _rate(model: _Model, pair: Pair) -> float:
    total = 0.0
    for cuts, weights, value in zip(model.cuts, model.distances, _distances(pair), strict=True):
        total += weights.get(bisect.bisect_left(cuts, value), 0.0)
    for weights, category in zip(model.categories, _categories(pair), strict=True):
        total += weights.get(category, 0.0)
    return total


def _distances(pair: Pair) -> list[float]:
    """Between all orders of one and of the other."""
    return [abs(x - y) for x in pair.a.orders for y in pair.b.orders]


def _categories(pair: Pair) -> list[int]:
    """All marks of one with all marks of the other, both values together; and whether the same mark is the same."""
    a, b = pair.a.marks, pair.b.marks
    joint = [x * 64 + y for x in a for y in b]
    return joint + ([int(x == y) for x, y in zip(a, b, strict=True)] if pair.a.kind == pair.b.kind else [])

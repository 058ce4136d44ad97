"""Grades of a breach as a computation: everybody has one, more evidence betters none, keys reopen exemptions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.keeper import affected_counting as counting
from seifas.keeper.affected_grading import (
    CATEGORIES,
    MOST_PROOFS,
    PROOFS,
    Fall,
    Finding,
    Grade,
    bits,
    counts,
    graded,
    words_of,
)

WHO = st.integers(0, 12).map(lambda one: one.to_bytes(16, "big"))
FINDINGS = st.lists(
    st.builds(
        Finding, who=WHO, grade=st.sampled_from([Grade.PUBLISHED, Grade.TAKEN, Grade.REACHABLE]),
        kind=st.sampled_from(PROOFS), ref=st.integers(0, 99).map(str),
        categories=st.integers(0, 2 ** len(CATEGORIES) - 1),
        sure=st.floats(0.5, 1.0),
    ), max_size=40,
)  # fmt: skip
PEOPLE = st.dictionaries(WHO, st.integers(0, 100), max_size=13)
FALLS = st.none() | st.builds(Fall, st.sampled_from(["host", "root"]), st.just("aa"), st.integers(0, 120))


@given(PEOPLE, FINDINGS, FALLS, st.randoms())
def test_everybody_has_one_grade_whatever_the_order(
    people: dict[bytes, int], findings: list[Finding], fall: Fall | None, dice: random.Random
) -> None:
    made = graded(people, findings, fall=fall)
    assert [row.who for row in made.rows] == sorted(people)
    assert sum(counts(made.rows).values()) == len(people)
    shuffled = list(findings)
    dice.shuffle(shuffled)
    assert graded(people, shuffled, fall=fall) == made
    assert graded(people, findings + findings, fall=fall) == made


@given(PEOPLE, FINDINGS, FINDINGS, FALLS)
def test_more_evidence_never_betters_a_grade(
    people: dict[bytes, int], findings: list[Finding], more: list[Finding], fall: Fall | None
) -> None:
    before, after = graded(people, findings), graded(people, findings + more, fall=fall)
    for old, new in zip(before.rows, after.rows, strict=True):
        assert new.grade <= old.grade
        assert not (new.exempt and not old.exempt)


@given(PEOPLE, FINDINGS, FALLS, st.booleans())
def test_only_sealed_people_behind_standing_keys_are_exempt(
    people: dict[bytes, int], findings: list[Finding], fall: Fall | None, gap: bool
) -> None:
    named = {one.who for one in findings}
    for row in graded(people, findings, fall=fall, gap="begins:5" if gap else "").rows:
        fell = fall is not None and (fall.until_ms == 0 or people[row.who] < fall.until_ms)
        assert row.exempt is (row.grade == Grade.CIPHERTEXT) is (row.who not in named and not fell and not gap)
        assert row.exempt is (not row.proofs)
        if fell:
            assert any(kind == "key" for kind, _ in row.proofs) or row.more


@given(PEOPLE, FINDINGS)
def test_what_is_known_of_one_is_said_of_nobody_else(people: dict[bytes, int], findings: list[Finding]) -> None:
    for row in graded(people, findings).rows:
        own = [one for one in findings if one.who == row.who]
        assert set(row.proofs) <= {(one.kind, one.ref) for one in own}
        assert len(row.proofs) + row.more == len({(one.kind, one.ref) for one in own})
        assert row.grade == min((one.grade for one in own), default=Grade.CIPHERTEXT)
        best = [one.sure for one in own if one.grade == row.grade]
        assert row.sure == round(max(best, default=1.0), 4)
        assert set(words_of(row.categories)) == {word for one in own for word in words_of(one.categories)}


@given(PEOPLE, FINDINGS, st.sets(WHO))
def test_the_erased_are_counted_and_have_no_row(
    people: dict[bytes, int], findings: list[Finding], gone: set[bytes]
) -> None:
    made = graded(people, findings, gone=gone)
    assert sum(made.gone.values()) == len(gone - people.keys())
    assert all(row.who in people for row in made.rows)


@given(PEOPLE, FINDINGS, FINDINGS, FALLS)
def test_a_difference_says_every_change_and_no_other(
    people: dict[bytes, int], findings: list[Finding], more: list[Finding], fall: Fall | None
) -> None:
    before, after = graded(people, findings).rows, graded(people, findings + more, fall=fall).rows
    found = counting.difference(before, after)
    assert found.same + len(found.changes) == len(people)
    assert found.reopened == sum(a.exempt and not b.exempt for a, b in zip(before, after, strict=True))
    assert found.closed == 0
    moved = sum(many for _, _, many in found.moved)
    assert moved == sum(a.grade != b.grade for a, b in zip(before, after, strict=True))
    assert counting.difference(after, after).changes == ()
    back = counting.difference(after, before)
    assert (back.reopened, back.closed) == (0, found.reopened)


@given(PEOPLE, FINDINGS, st.sets(st.sampled_from(["published", "taken", "reachable", "ciphertext"])))
def test_a_query_counts_what_it_says(people: dict[bytes, int], findings: list[Finding], grades: set[str]) -> None:
    rows = graded(people, findings).rows
    where = counting.where_of({"grade": sorted(grades, reverse=True)})
    told = counts(rows)
    assert counting.count(rows, where) == sum(told[one] for one in (grades or told))
    assert counting.text_of(where) == counting.text_of(counting.where_of({"grade": sorted(grades) * 2}))
    sealed = counting.where_of({"exempt": True})
    assert counting.count(rows, sealed) == told["ciphertext"]


def test_categories_and_proofs_can_be_asked_for() -> None:
    rows = graded({b"a" * 16: 0, b"b" * 16: 0}, [
        Finding(b"a" * 16, Grade.TAKEN, "line", "7", bits(("photos", "identity"))),
        Finding(b"b" * 16, Grade.PUBLISHED, "match", "x:1", bits(("identity",)), 0.8),
    ]).rows  # fmt: skip
    for asked, many in (
        ({"category": ["photos"]}, 1), ({"category": ["photos", "identity"]}, 2), ({"proof": ["match"]}, 1),
        ({"least_sure": 0.9}, 1), ({"minor": True}, 0), ({}, 2), ({"country": ["LT"]}, 0),
    ):  # fmt: skip
        assert counting.count(rows, counting.where_of(asked)) == many, asked


@pytest.mark.parametrize("asked", [
    {"grade": ["worst"]}, {"category": "photos"}, {"nonsense": 1}, {"least_sure": 2.0}, {"exempt": "yes"},
    {"country": ["x" * 21]}, {"language": [str(one) for one in range(301)]}, {"proof": ["hearsay"]}, {"grade": [1]},
    {1: 2},
])  # fmt: skip
def test_a_query_that_is_none_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        counting.where_of(asked)


def test_many_proofs_are_counted_and_the_strongest_shown() -> None:
    findings = [Finding(b"a" * 16, Grade.TAKEN, "line", str(one), 1) for one in range(500)]
    findings.append(Finding(b"a" * 16, Grade.PUBLISHED, "match", "r:1", 1, 0.9))
    (row,) = graded({b"a" * 16: 0}, findings).rows
    assert row.proofs[:3] == (("match", "r:1"), ("line", "0"), ("line", "1"))
    assert len(row.proofs) == MOST_PROOFS
    assert row.more == 501 - MOST_PROOFS

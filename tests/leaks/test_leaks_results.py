"""What a search found, as the keeper keeps it and as programs read it."""

import json
import os

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.leaks.results import (
    MOST_BODY,
    Candidate,
    Left,
    Matched,
    Row,
    Trace,
    Traced,
    attribute_json,
    body_of,
    match_json,
    read,
)

CHANCES = st.floats(0, 1, allow_nan=False)
CANDIDATES = st.builds(Candidate, st.binary(min_size=16, max_size=16), CHANCES, st.tuples(st.text(max_size=9)))
ROWS = st.builds(
    Row, st.text(max_size=30), st.integers(0, 10**6), st.tuples(st.integers(0, 99), st.integers(0, 99)),
    st.text(max_size=60), st.lists(CANDIDATES, max_size=4).map(tuple), CHANCES,
)  # fmt: skip


@given(st.lists(ROWS, max_size=5), st.lists(st.builds(Left, st.text(max_size=9), st.text(max_size=9)), max_size=3))
def test_what_is_kept_is_what_was_found(rows: list[Row], unread: list[Left]) -> None:
    result = Matched(tuple(rows), tuple(unread), 7, 1.5)
    assert read(body_of(result)) == result
    told = json.loads(msgspec.json.encode(match_json(rows)))
    assert [one["source"] for one in told] == [row.source for row in rows]
    assert all(len(one["text_span"]) == 2 for one in told)


def test_the_most_that_a_case_can_find_fits_and_still_sums_to_one() -> None:
    many = tuple(Candidate(os.urandom(16), 0.019, ("surname-form", "birth-year", "misspelt")) for _ in range(50))
    rows = tuple(Row(f"dump-{n}.csv", n, (0, 200), "ž" * 200, many, 0.05) for n in range(5000))
    body = body_of(Matched(rows))
    assert len(body) <= MOST_BODY
    kept = read(body)
    assert isinstance(kept, Matched)
    assert len(kept.rows) == 5000
    for row in kept.rows[::500]:
        assert row.candidates
        assert row.nobody + sum(one.probability for one in row.candidates) == pytest.approx(1.0)
    few = rows[:35]
    assert read(body_of(Matched(few))) == Matched(few)


def test_proofs_give_way_before_traces_do() -> None:
    traces = tuple(Trace(f"{n}.jpg", os.urandom(16), os.urandom(16), "named", 77.7) for n in range(500))
    kept = read(body_of(Traced(traces, proofs=tuple(os.urandom(400_000) for _ in range(24)))))
    assert isinstance(kept, Traced)
    assert kept.traces == traces
    assert 1 <= len(kept.proofs) < 24


def test_what_there_is_not_is_null() -> None:
    (nothing, named) = attribute_json([
        Trace("a.jpg"),
        Trace("b.jpg", bytes(16), bytes(16), "named", 77.123456, 0.0, 6.8, 1e-99, 10_000, b"\x01" * 16, "doctor1",
              session="ab" * 16, wall_ms=1_760_000_000_123),
    ])  # fmt: skip
    assert nothing == {
        "picture": "a.jpg", "photo": None, "view": None, "account": None, "session": None, "time": None, "z": None,
        "false_accusation_bound": 1.0, "candidates_tested": 0, "verdict": "no-photo",
    }
    assert named["time"] == "2025-10-09T08:53:20.123Z"
    assert (named["z"], named["account"], named["view"]) == (77.123, "doctor1", "01" * 16)


@given(st.binary(max_size=200))
def test_a_body_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        read(body)

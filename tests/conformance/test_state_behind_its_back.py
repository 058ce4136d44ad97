"""Somebody writes to the state's database behind the keeper's back, who compares `root` with the one in the log."""

import os

import pytest
from state_places import PLACES, behind_its_back, founded, opened, put, tag

from seifas.errors import Tampered


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    return founded(request.param, tmp_path)


@pytest.fixture
def filled(place):
    store, _ = opened(place)
    put(store, *((tag(n, bucket=n % 7), b"body %d" % n) for n in range(100)))
    yield store
    store.close()


@pytest.mark.parametrize(
    "query",
    [
        "UPDATE state SET body = (SELECT body FROM meta) WHERE tag = (SELECT tag FROM state LIMIT 1)",
        "DELETE FROM state WHERE tag = (SELECT tag FROM state ORDER BY tag DESC LIMIT 1)",
        "INSERT INTO state SELECT tag, body FROM (SELECT ? AS tag, ? AS body) AS made",
        "UPDATE state SET body = (SELECT body FROM state ORDER BY tag DESC LIMIT 1) "
        "WHERE tag = (SELECT tag FROM state ORDER BY tag LIMIT 1)",
        "UPDATE state SET tag = ? WHERE tag = (SELECT tag FROM state ORDER BY tag LIMIT 1)",
    ],
    ids=["flipped", "removed", "added", "copied over another", "moved"],
)
def test_a_changed_row_changes_the_root(filled, place, query):
    filled.commit(groups=[], seal_last=lambda root, size, leaves: (None, {"m": b"other"}))
    root = filled.root
    filled.close()
    behind_its_back(place, query, *[os.urandom(32) for _ in range(query.count("?"))])
    again, _ = opened(place)
    assert again.root != root
    again.close()


def test_swapped_rows_change_the_root(filled, place):
    root, one, two = filled.root, filled.get(tag(1, 1)), filled.get(tag(2, 2))
    filled.close()
    for name, body in ((tag(1, 1), two), (tag(2, 2), one)):
        behind_its_back(place, "UPDATE state SET body = ? WHERE tag = ?", body, name)
    again, _ = opened(place)
    assert again.root != root
    again.close()


def test_a_row_rolled_back_under_a_running_keeper_is_refused_on_reading(filled, place):
    old = filled.get(tag(1, 1))
    put(filled, (tag(1, 1), b"newer"))
    behind_its_back(place, "UPDATE state SET body = ? WHERE tag = ?", old, tag(1, 1))
    with pytest.raises(Tampered):
        filled.get(tag(1, 1))


def test_a_commit_beside_a_changed_row_does_not_vouch_for_it(filled, place):
    root = filled.root
    behind_its_back(place, "UPDATE state SET body = ? WHERE tag = ?", b"0", tag(1, 1))
    with pytest.raises(Tampered):
        put(filled, (tag(8, 1), b"neighbour in the same bucket"))
    assert filled.root == root
    put(filled, (tag(5, 5), b"elsewhere"))


def test_a_missing_leaf_is_named(filled, place):
    put(filled, leaves=[b"a", b"b", b"c"])
    behind_its_back(place, "DELETE FROM leaves WHERE idx = 1")
    with pytest.raises(Tampered) as caught:
        list(filled.leaf_range(0))
    assert caught.value.where == "leaf 0"

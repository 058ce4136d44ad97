"""What every engine of the keeper's state must do."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from state_places import PLACES, behind_its_back, digest, founded, nothing_last, opened, put, tag

from seifas.errors import Conflict, Invalid, Unavailable
from seifas.storage import postgres, postgres_connecting
from seifas.storage.opening import discard, open_state
from seifas.storage.state import Change, Group
from seifas.storage.state_sqlite import sqlite_state
from seifas.storage.state_tree import StateTree


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    return founded(request.param, tmp_path)


@pytest.fixture
def store(place):
    store, _ = opened(place)
    yield store
    store.close()


def test_a_new_state_is_empty_and_has_the_empty_root(store):
    assert store.root == StateTree().root
    assert (store.leaf_count, store.first_leaf) == (0, 0)
    assert store.get(tag(1)) is None
    assert store.meta("checkpoint") is None
    assert list(store.leaf_range(0)) == []


def test_before_load_nothing_is_vouched_for(place):
    store = open_state(place)
    with pytest.raises(Unavailable):
        put(store, (tag(1), b"x"))
    with pytest.raises(Unavailable):
        _ = store.root
    with pytest.raises(Unavailable):
        store.get(tag(1))
    list(store.load())
    put(store, (tag(1), b"x"))
    store.close()


def test_everything_is_there_after_reopening(store, place):
    puts = [(os.urandom(32), os.urandom(300)) for _ in range(500)]
    store.commit(
        groups=[Group(leaves=[b"leaf 0", b"leaf 1"], puts=puts)],
        seal_last=lambda root, size, leaves: (b"closing" + root, {"checkpoint": b"signed", "other": b"x"}),
    )
    root = store.root
    store.close()
    again, rows = opened(place)
    assert rows == sorted(puts)
    assert again.root == root
    assert list(again.leaf_range(0)) == [(0, b"leaf 0"), (1, b"leaf 1"), (2, b"closing" + root)]
    assert again.meta("checkpoint") == b"signed"
    assert again.leaf_count == 3
    again.close()


def test_seal_last_sees_the_new_root_the_size_and_the_leaves_in_order(store):
    seen = []

    def seal(root, size, leaves):
        seen.append((root, size, list(leaves)))
        return b"closing", {}

    groups = [
        Group(leaves=[b"a", b"b"], puts=[(tag(1), b"1")]),
        Group(leaves=[b"refused"], expects=[(tag(9), digest(b"not there"))]),
        Group(leaves=[b"c"]),
    ]
    outcomes = store.commit(groups=groups, seal_last=seal)
    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, type(None)]
    assert seen == [(store.root, 3, [b"a", b"b", b"c"])]
    store.commit(groups=[Group(leaves=[b"d"])], seal_last=seal)
    assert seen[1][1:] == (5, [b"d"])
    assert [body for _, body in store.leaf_range(0)] == [b"a", b"b", b"c", b"closing", b"d", b"closing"]


def test_expects_compare_and_swap(store):
    put(store, (tag(1), b"one"))
    assert put(store, (tag(1), b"two"), expects=[(tag(1), digest(b"one"))]) == [None]
    [conflict] = put(store, (tag(1), b"three"), (tag(2), b"new"), expects=[(tag(1), digest(b"one"))])
    assert isinstance(conflict, Conflict)
    assert (store.get(tag(1)), store.get(tag(2))) == (b"two", None)
    assert put(store, (tag(3), b"new"), expects=[(tag(3), None)]) == [None]
    assert isinstance(put(store, (tag(3), b"newer"), expects=[(tag(3), None)])[0], Conflict)
    assert isinstance(put(store, expects=[(tag(4), digest(b""))])[0], Conflict)


def test_two_groups_for_one_head_in_one_commit_the_first_wins(store):
    put(store, (tag(1), b"one"))
    groups = [
        Group(leaves=[name], puts=[(tag(1), name), (tag(2), name)], expects=[(tag(1), digest(b"one"))])
        for name in (b"first", b"second")
    ]
    outcomes = store.commit(groups=groups, seal_last=nothing_last)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], Conflict)
    assert (store.get(tag(1)), store.get(tag(2))) == (b"first", b"first")
    assert [body for _, body in store.leaf_range(0)] == [b"first"]


def test_a_later_group_sees_an_earlier_one(store):
    groups = [
        Group(puts=[(tag(1), b"one")], expects=[(tag(1), None)]),
        Group(puts=[(tag(1), b"two")], expects=[(tag(1), digest(b"one"))]),
        Group(deletes=[tag(1)], expects=[(tag(1), digest(b"two"))]),
        Group(puts=[(tag(1), b"three")], expects=[(tag(1), None)]),
    ]
    assert store.commit(groups=groups, seal_last=nothing_last) == [None] * 4
    assert store.get(tag(1)) == b"three"


def test_when_all_groups_are_refused_nothing_is_sealed_or_written(store):
    def never(root, size, leaves):
        raise AssertionError

    root = store.root
    outcomes = store.commit(groups=[Group(leaves=[b"x"], expects=[(tag(1), digest(b"y"))])] * 2, seal_last=never)
    assert all(isinstance(outcome, Conflict) for outcome in outcomes)
    assert (store.leaf_count, store.root) == (0, root)


def test_a_commit_without_groups_may_close_the_log(store):
    assert store.commit(groups=[], seal_last=lambda root, size, leaves: (b"hourly", {"checkpoint": b"c"})) == []
    assert list(store.leaf_range(0)) == [(0, b"hourly")]


def test_an_error_in_seal_last_undoes_everything(store, place):
    put(store, (tag(1), b"one"))
    root = store.root

    def fail(root, size, leaves):
        raise RuntimeError("no signature")

    with pytest.raises(RuntimeError):
        store.commit(groups=[Group(leaves=[b"x"], puts=[(tag(1), b"two"), (tag(2), b"two")])], seal_last=fail)
    assert store.root == root
    assert store.get(tag(1)) == b"one"
    assert store.leaf_count == 0
    put(store, (tag(2), b"after"))
    store.close()
    again, rows = opened(place)
    assert rows == [(tag(1), b"one"), (tag(2), b"after")]
    again.close()


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33), bytes(1 << 20), "t" * 32, None])
@pytest.mark.parametrize("field", ["puts", "deletes", "expects"])
def test_a_wrong_tag_is_invalid_and_nothing_is_written(store, wrong, field):
    item = wrong if field == "deletes" else (wrong, b"x")
    with pytest.raises(Invalid):
        store.commit(groups=[Group(puts=[(tag(1), b"x")]), Group(**{field: [item]})], seal_last=nothing_last)
    assert store.get(tag(1)) is None


def test_when_the_second_place_fails_the_commit_stands_but_is_not_acknowledged(store):
    def fail(change):
        raise Unavailable("the replica is full")

    with pytest.raises(Unavailable):
        store.commit(groups=[Group(leaves=[b"a"], puts=[(tag(1), b"x")])], seal_last=nothing_last, on_durable=fail)
    assert store.get(tag(1)) == b"x"
    assert store.leaf_count == 1
    assert put(store, leaves=[b"b"]) == [None]
    assert [body for _, body in store.leaf_range(0)] == [b"a", b"b"]


def test_a_second_keeper_on_the_same_state_is_refused(store, place, monkeypatch):
    monkeypatch.setattr(postgres, "_LOCK_S", 0.3)
    with pytest.raises(Unavailable, match="another process"):
        open_state(place)
    store.close()
    again, _ = opened(place)
    again.close()


def test_a_snapshot_is_one_moment_while_commits_go_on(store, tmp_path):
    put(store, *((os.urandom(32), os.urandom(200)) for _ in range(2000)), leaves=[b"before"])
    moments = []
    stop = threading.Event()

    def write():
        while not stop.is_set():
            put(store, (os.urandom(32), b"during"), leaves=[b"during"])

    writer = threading.Thread(target=write)
    writer.start()
    store.snapshot(tmp_path / "copy" / "keeper.db", pinned=lambda: moments.append((store.root, store.leaf_count)))
    stop.set()
    writer.join()
    copy = sqlite_state(tmp_path / "copy" / "keeper.db")
    list(copy.load())
    assert [(copy.root, copy.leaf_count)] == moments
    assert (tmp_path / "copy" / "keeper.db").stat().st_mode & 0o777 == 0o600
    copy.close()


def test_reads_beside_commits_never_see_a_false_alarm(store):
    names = [tag(n, bucket=3) for n in range(8)]
    put(store, *((name, b"0") for name in names))
    errors = []
    stop = threading.Event()

    def read():
        try:
            while not stop.is_set():
                assert store.get(names[0]) is not None
        except Exception as error:
            errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(60):
        put(store, *((name, b"%d" % number) for name in names))
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []


def test_on_durable_gets_what_was_written_after_it_is_on_disk(store, place):
    put(store, (tag(1), b"old"))
    changes = []

    def copy(change):
        changes.append((change, behind_its_back(place, "SELECT count(*) FROM leaves")[0][0]))

    store.commit(
        groups=[Group(leaves=[b"a"], puts=[(tag(2), b"new")], deletes=[tag(1)])],
        seal_last=lambda root, size, leaves: (b"z", {"m": b"1"}),
        on_durable=copy,
    )
    assert changes == [(Change(0, [b"a", b"z"], [(tag(2), b"new")], [tag(1)], {"m": b"1"}, store.root), 2)]


def test_what_was_dropped_may_be_gone_and_the_size_stays(store, place):
    put(store, leaves=[b"%d" % n for n in range(3000)])
    store.drop_leaves(2000)
    assert (store.first_leaf, store.leaf_count) == (2000, 3000)
    assert [index for index, _ in store.leaf_range(2000)] == list(range(2000, 3000))
    store.drop_leaves(10_000)
    assert (store.first_leaf, store.leaf_count) == (2999, 3000)
    store.close()
    again, _ = opened(place)
    assert again.leaf_count == 3000
    put(again, leaves=[b"next"])
    assert list(again.leaf_range(3000)) == [(3000, b"next")]
    again.close()


@pytest.mark.parametrize("kind", PLACES)
def test_a_state_taken_over_by_another_engine_has_the_same_root(store, tmp_path, kind):
    puts = [(os.urandom(32), os.urandom(200)) for _ in range(300)]
    store.commit(
        groups=[Group(leaves=[b"a", b"b", b"c"], puts=puts)],
        seal_last=lambda root, size, leaves: (None, {"checkpoint": b"signed", "other": b"x"}),
    )
    store.drop_leaves(2)
    (tmp_path / "other").mkdir()
    other = PLACES[kind](tmp_path / "other")
    taken = open_state(other, founding=True)
    taken.adopt(store.load(), store.leaf_range(store.first_leaf), store.metas())
    assert list(taken.load()) == sorted(puts)
    assert (taken.root, taken.leaf_count, taken.first_leaf) == (store.root, 3, 2)
    assert taken.metas() == {"checkpoint": b"signed", "other": b"x"}
    with pytest.raises(Conflict):
        taken.adopt([], [], {})
    taken.close()
    again, rows = opened(other)
    assert rows == sorted(puts)
    put(again, (tag(1), b"on"), leaves=[b"d"])
    again.close()
    discard(other)
    opened_anew = open_state(other, founding=True)
    assert (list(opened_anew.load()), opened_anew.leaf_count) == ([], 0)
    opened_anew.close()


small_tags = st.integers(0, 5).map(lambda n: tag(n, bucket=n % 2))
groups = st.builds(
    Group,
    leaves=st.lists(st.binary(max_size=4), max_size=2),
    puts=st.lists(st.tuples(small_tags, st.binary(max_size=3)), max_size=3),
    deletes=st.lists(small_tags, max_size=2),
    expects=st.lists(st.tuples(small_tags, st.one_of(st.none(), st.binary(max_size=1).map(digest))), max_size=1),
)


def emptied(place):
    if isinstance(place, Path):
        for path in place.parent.glob("keeper.db*"):
            path.unlink()
    else:
        postgres_connecting.destroy(place)
    open_state(place, founding=True).close()


def test_commits_behave_like_a_dictionary(place, whole):
    # On PostgreSQL an example costs a schema; what an example may hold is the same.
    examples = 25 if whole else 20 if isinstance(place, Path) else 8

    @given(st.lists(st.lists(groups, max_size=4), max_size=6))
    @settings(max_examples=examples)
    def tried(commits):
        behave_like_a_dictionary(place, commits)

    tried()


def behave_like_a_dictionary(place, commits):
    emptied(place)
    store, _ = opened(place)
    rows: dict[bytes, bytes] = {}
    log: list[bytes] = []
    for commit in commits:
        outcomes = store.commit(groups=commit, seal_last=nothing_last)
        for group, outcome in zip(commit, outcomes, strict=True):
            good = all(
                (digest(rows[name]) if name in rows else None) == wanted for name, wanted in group.expects
            )
            assert (outcome is None) == good
            if good:
                rows.update(group.puts)
                for name in group.deletes:
                    rows.pop(name, None)
                log.extend(group.leaves)
    root = store.root
    store.close()
    again, found = opened(place)
    assert found == sorted(rows.items())
    assert [body for _, body in again.leaf_range(0)] == log
    assert again.root == root
    again.close()

import hashlib
import os
import sqlite3
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Conflict, Invalid, Tampered, Unavailable
from seifas.storage.state import Change, Group, StateStore
from seifas.storage.state_tree import StateTree


def nothing_last(root, size, leaves):
    return None, {}


def opened(path):
    store = StateStore(path / "keeper.db")
    rows = list(store.load())
    return store, rows


def put(store, *puts, **more):
    return store.commit(groups=[Group(puts=puts, **more)], seal_last=nothing_last)


def tag(number: int, bucket: int = 0) -> bytes:
    return bucket.to_bytes(2, "big") + number.to_bytes(30, "big")


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


@pytest.fixture
def store(tmp_path):
    store, _ = opened(tmp_path)
    yield store
    store.close()


def behind_its_back(path, sql, *parameters):
    with sqlite3.connect(path / "keeper.db") as other:
        other.execute(sql, parameters)
    other.close()


def test_a_new_state_is_empty_and_has_the_empty_root(store):
    assert store.root == StateTree().root
    assert (store.leaf_count, store.first_leaf) == (0, 0)
    assert store.get(tag(1)) is None
    assert store.meta("checkpoint") is None
    assert list(store.leaf_range(0)) == []


def test_before_load_nothing_is_vouched_for(tmp_path):
    store = StateStore(tmp_path / "keeper.db")
    with pytest.raises(Unavailable):
        put(store, (tag(1), b"x"))
    with pytest.raises(Unavailable):
        _ = store.root
    with pytest.raises(Unavailable):
        store.get(tag(1))
    list(store.load())
    put(store, (tag(1), b"x"))
    store.close()


def test_everything_is_there_after_reopening(store, tmp_path):
    puts = [(os.urandom(32), os.urandom(300)) for _ in range(500)]
    store.commit(
        groups=[Group(leaves=[b"leaf 0", b"leaf 1"], puts=puts)],
        seal_last=lambda root, size, leaves: (b"closing" + root, {"checkpoint": b"signed", "other": b"x"}),
    )
    root = store.root
    store.close()
    again, rows = opened(tmp_path)
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


def test_an_error_in_seal_last_undoes_everything(store, tmp_path):
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
    again, rows = opened(tmp_path)
    assert rows == [(tag(1), b"one"), (tag(2), b"after")]
    again.close()


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33), bytes(1 << 20), "t" * 32, None])
@pytest.mark.parametrize("field", ["puts", "deletes", "expects"])
def test_a_wrong_tag_is_invalid_and_nothing_is_written(store, wrong, field):
    item = wrong if field == "deletes" else (wrong, b"x")
    with pytest.raises(Invalid):
        store.commit(groups=[Group(puts=[(tag(1), b"x")]), Group(**{field: [item]})], seal_last=nothing_last)
    assert store.get(tag(1)) is None


def test_on_durable_gets_what_was_written_after_it_is_on_disk(store, tmp_path):
    put(store, (tag(1), b"old"))
    changes = []

    def copy(change):
        with sqlite3.connect(tmp_path / "keeper.db") as other:
            changes.append((change, other.execute("SELECT count(*) FROM leaves").fetchone()[0]))
        other.close()

    store.commit(
        groups=[Group(leaves=[b"a"], puts=[(tag(2), b"new")], deletes=[tag(1)])],
        seal_last=lambda root, size, leaves: (b"z", {"m": b"1"}),
        on_durable=copy,
    )
    assert changes == [(Change(0, [b"a", b"z"], [(tag(2), b"new")], [tag(1)], {"m": b"1"}, store.root), 2)]


def test_when_the_second_place_fails_the_commit_stands_but_is_not_acknowledged(store):
    def fail(change):
        raise Unavailable("the replica is full")

    with pytest.raises(Unavailable):
        store.commit(groups=[Group(leaves=[b"a"], puts=[(tag(1), b"x")])], seal_last=nothing_last, on_durable=fail)
    assert store.get(tag(1)) == b"x"
    assert store.leaf_count == 1
    assert put(store, leaves=[b"b"]) == [None]
    assert [body for _, body in store.leaf_range(0)] == [b"a", b"b"]


class TestAttacksOnTheFile:
    """Somebody with write access to the disk; the keeper compares `root` with the one in the log."""

    def prepared(self, tmp_path):
        store, _ = opened(tmp_path)
        put(store, *((tag(n, bucket=n % 7), b"body %d" % n) for n in range(100)))
        return store

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE state SET body = zeroblob(6) WHERE tag = (SELECT tag FROM state LIMIT 1)",
            "DELETE FROM state WHERE tag = (SELECT max(tag) FROM state)",
            "INSERT INTO state VALUES (randomblob(32), x'00')",
            "UPDATE state SET body = (SELECT body FROM state ORDER BY tag DESC LIMIT 1) "
            "WHERE tag = (SELECT min(tag) FROM state)",
            "UPDATE state SET tag = randomblob(32) WHERE tag = (SELECT min(tag) FROM state)",
        ],
        ids=["flipped", "removed", "added", "copied over another", "moved"],
    )
    def test_a_changed_row_changes_the_root(self, tmp_path, sql):
        store = self.prepared(tmp_path)
        root = store.root
        store.close()
        behind_its_back(tmp_path, sql)
        again, _ = opened(tmp_path)
        assert again.root != root
        again.close()

    def test_swapped_rows_change_the_root(self, tmp_path):
        store = self.prepared(tmp_path)
        root, one, two = store.root, store.get(tag(1, 1)), store.get(tag(2, 2))
        store.close()
        for name, body in ((tag(1, 1), two), (tag(2, 2), one)):
            behind_its_back(tmp_path, "UPDATE state SET body = ? WHERE tag = ?", body, name)
        again, _ = opened(tmp_path)
        assert again.root != root
        again.close()

    def test_a_row_rolled_back_under_a_running_keeper_is_refused_on_reading(self, tmp_path):
        store = self.prepared(tmp_path)
        old = store.get(tag(1, 1))
        put(store, (tag(1, 1), b"newer"))
        behind_its_back(tmp_path, "UPDATE state SET body = ? WHERE tag = ?", old, tag(1, 1))
        with pytest.raises(Tampered):
            store.get(tag(1, 1))
        store.close()

    def test_a_commit_beside_a_changed_row_does_not_vouch_for_it(self, tmp_path):
        store = self.prepared(tmp_path)
        root = store.root
        behind_its_back(tmp_path, "UPDATE state SET body = x'00' WHERE tag = ?", tag(1, 1))
        with pytest.raises(Tampered):
            put(store, (tag(8, 1), b"neighbour in the same bucket"))
        assert store.root == root
        put(store, (tag(5, 5), b"elsewhere"))
        store.close()

    def test_a_missing_leaf_is_named(self, tmp_path):
        store, _ = opened(tmp_path)
        put(store, leaves=[b"a", b"b", b"c"])
        behind_its_back(tmp_path, "DELETE FROM leaves WHERE idx = 1")
        with pytest.raises(Tampered) as caught:
            list(store.leaf_range(0))
        assert caught.value.where == "leaf 0"
        store.close()

    def test_a_file_of_garbage_is_refused(self, tmp_path):
        (tmp_path / "keeper.db").write_bytes(os.urandom(65536))
        with pytest.raises(Tampered):
            StateStore(tmp_path / "keeper.db")

    def test_a_truncated_file_is_refused(self, tmp_path):
        self.prepared(tmp_path).close()
        path = tmp_path / "keeper.db"
        path.write_bytes(path.read_bytes()[:12000])

        def use():
            store = StateStore(path)
            try:
                list(store.load())
            finally:
                store.close()

        with pytest.raises(Tampered):
            use()


def test_published_leaves_are_dropped_and_the_size_stays(store, tmp_path):
    put(store, leaves=[b"%d" % n for n in range(3000)])
    store.drop_leaves(2000)
    assert (store.first_leaf, store.leaf_count) == (2000, 3000)
    assert [index for index, _ in store.leaf_range(2000)] == list(range(2000, 3000))
    assert list(store.leaf_range(2100, 2102)) == [(2100, b"2100"), (2101, b"2101")]
    with pytest.raises(Tampered):
        list(store.leaf_range(1999))
    store.drop_leaves(10_000)
    assert (store.first_leaf, store.leaf_count) == (2999, 3000)
    store.close()
    again, _ = opened(tmp_path)
    assert (again.first_leaf, again.leaf_count) == (2999, 3000)
    put(again, leaves=[b"next"])
    assert list(again.leaf_range(3000)) == [(3000, b"next")]
    again.close()


def test_a_second_keeper_on_the_same_state_is_refused(store, tmp_path):
    with pytest.raises(Unavailable, match="another process"):
        StateStore(tmp_path / "keeper.db")
    store.close()
    again, _ = opened(tmp_path)
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
    copy, _ = opened(tmp_path / "copy")
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
    for number in range(150):
        put(store, *((name, b"%d" % number) for name in names))
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []


small_tags = st.integers(0, 5).map(lambda n: tag(n, bucket=n % 2))
groups = st.builds(
    Group,
    leaves=st.lists(st.binary(max_size=4), max_size=2),
    puts=st.lists(st.tuples(small_tags, st.binary(max_size=3)), max_size=3),
    deletes=st.lists(small_tags, max_size=2),
    expects=st.lists(st.tuples(small_tags, st.one_of(st.none(), st.binary(max_size=1).map(digest))), max_size=1),
)


@given(st.lists(st.lists(groups, max_size=4), max_size=6))
@settings(max_examples=25, deadline=None)
def test_commits_behave_like_a_dictionary(tmp_path_factory, commits):
    path = tmp_path_factory.mktemp("model")
    store, _ = opened(path)
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
    again, found = opened(path)
    assert found == sorted(rows.items())
    assert [body for _, body in again.leaf_range(0)] == log
    assert again.root == root
    again.close()

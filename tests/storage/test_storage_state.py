import os

import pytest

from seifas.errors import Tampered
from seifas.storage.state import Group
from seifas.storage.state_sqlite import sqlite_state


def nothing_last(root, size, leaves):
    return None, {}


def opened(path):
    store = sqlite_state(path / "keeper.db")
    rows = list(store.load())
    return store, rows


def put(store, *puts, **more):
    return store.commit(groups=[Group(puts=puts, **more)], seal_last=nothing_last)


def tag(number: int, bucket: int = 0) -> bytes:
    return bucket.to_bytes(2, "big") + number.to_bytes(30, "big")


@pytest.fixture
def store(tmp_path):
    store, _ = opened(tmp_path)
    yield store
    store.close()


class TestAttacksOnTheFile:
    """Somebody with write access to the disk. What holds for every engine: conformance/test_state_conformance.py."""

    def test_a_file_of_garbage_is_refused(self, tmp_path):
        (tmp_path / "keeper.db").write_bytes(os.urandom(65536))
        with pytest.raises(Tampered):
            sqlite_state(tmp_path / "keeper.db")

    def test_a_truncated_file_is_refused(self, tmp_path):
        store, _ = opened(tmp_path)
        put(store, *((tag(n, bucket=n % 7), b"body %d" % n) for n in range(100)))
        store.close()
        path = tmp_path / "keeper.db"
        path.write_bytes(path.read_bytes()[:12000])

        def use():
            store = sqlite_state(path)
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

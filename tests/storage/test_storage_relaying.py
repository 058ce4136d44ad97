"""Rows laid anew: the same rows, in places that say nothing of when they came; nothing is lost meanwhile."""

import contextlib
import os
import sqlite3
import threading

import pytest

from seifas.drill import two_copies
from seifas.drill.sqlite_pages import read
from seifas.errors import Tampered
from seifas.storage import relaying
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.migrations import ROWS
from seifas.storage.rows_sqlite import PAGE_SIZE, SqliteRows
from seifas.storage.sqlite import Database
from seifas.storage.state import Group
from seifas.storage.state_sqlite import sqlite_state


def some(count, size=900):
    return [(os.urandom(16), os.urandom(size)) for _ in range(count)]


def all_of(store):
    ids = list(store.ids())
    return dict(zip(ids, store.get_many(ids), strict=True))


def relay_all(step):
    after, steps = b"", 0
    while after is not None:
        after = step(after)
        steps += 1
    return steps


def test_rows_are_the_same_before_and_after(tmp_path):
    rows = SqliteRows(tmp_path / "rows.db")
    for _ in range(60):
        rows.put_many(some(150))
    before = all_of(rows)
    assert relay_all(rows.relay) == 2
    assert all_of(rows) == before
    rows.close()
    reopened = SqliteRows(tmp_path / "rows.db")
    assert all_of(reopened) == before
    reopened.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "rows.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_places_no_longer_tell_what_came_last(tmp_path):
    rows = SqliteRows(tmp_path / "rows.db")
    with rows.bulk() as bulk:
        bulk.put_many(some(6000))
    fresh = some(300)
    rows.put_many(fresh)
    ids = {row for row, _ in fresh}

    def told():
        rows.checkpoint()
        return two_copies._fresh(read(tmp_path / "rows.db"), {}, ids)

    assert told() > 0.6
    relay_all(rows.relay)
    assert abs(told() - 0.5) < 0.06
    rows.close()


def test_slices_go_on_where_the_last_one_ended(tmp_path):
    database = Database(tmp_path / "rows.db", page_size=PAGE_SIZE, migrations=ROWS)
    items = sorted(some(100, size=1000))
    with database.writing() as connection:
        connection.executemany("INSERT INTO rows VALUES (?, ?)", items)
    after, seen = b"", []
    while after is not None:
        after = relaying.relay(database, "rows", "id", after=after, size=10_000)
        seen.append(after)
    assert seen == [items[number][0] for number in range(9, 100, 10)] + [None]
    database.close()


def test_empty_tables_are_done_at_once(tmp_path):
    rows = SqliteRows(tmp_path / "rows.db")
    assert rows.relay() is None
    rows.close()


def test_writers_and_readers_go_on_meanwhile(tmp_path):
    rows = SqliteRows(tmp_path / "rows.db")
    first = some(4000)
    rows.put_many(first)
    written, faults = [], []
    stop = threading.Event()

    def write():
        while not stop.is_set():
            items = some(5)
            rows.put_many(items)
            written.extend(items)

    def look():
        while not stop.is_set():
            for row, body in first[:200]:
                if rows.get(row) != body:
                    faults.append(row)

    threads = [threading.Thread(target=write), threading.Thread(target=look)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        relay_all(rows.relay)
    stop.set()
    for thread in threads:
        thread.join()
    assert not faults
    assert all_of(rows) == dict(first + written)
    rows.close()


def test_a_failure_in_the_middle_leaves_all_as_it_was(tmp_path):
    database = Database(tmp_path / "rows.db", page_size=PAGE_SIZE, migrations=ROWS)
    items = sorted(some(50))
    with database.writing() as connection:
        connection.executemany("INSERT INTO rows VALUES (?, ?)", items)
        connection.execute("CREATE TRIGGER no BEFORE INSERT ON rows BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(sqlite3.IntegrityError):
        relaying.relay(database, "rows", "id")
    with database.reading() as connection:
        assert connection.execute("SELECT id, body FROM rows ORDER BY id").fetchall() == items
    database.close()


def test_a_damaged_row_is_not_laid_anew(tmp_path):
    rows = SqliteRows(tmp_path / "rows.db")
    rows.put_many(some(3))
    thief = sqlite3.connect(tmp_path / "rows.db")
    thief.execute("PRAGMA ignore_check_constraints=ON")
    thief.execute("UPDATE rows SET body = 'text' WHERE id = (SELECT min(id) FROM rows)")
    thief.commit()
    thief.close()
    with pytest.raises(Tampered, match="never written"):
        rows.relay()
    rows.close()


def test_state_keeps_its_root_and_takes_commits_after(tmp_path):
    state = sqlite_state(tmp_path / "keeper.db")
    assert list(state.load()) == []
    puts = [(os.urandom(32), os.urandom(500)) for _ in range(500)]
    state.commit(groups=[Group((), puts)], seal_last=lambda root, size, leaves: (None, {}))
    root = state.root
    relay_all(state.relay)
    assert state.root == root
    assert all(state.get(tag) == body for tag, body in puts[:50])
    state.commit(groups=[Group((), [(puts[0][0], b"new")])], seal_last=lambda root, size, leaves: (None, {}))
    state.close()
    again = sqlite_state(tmp_path / "keeper.db")
    assert dict(again.load()) == {**dict(puts), puts[0][0]: b"new"}
    again.close()


def test_keys_stay_and_the_write_ahead_log_is_emptied(tmp_path):
    keys = SqliteKeys(tmp_path / "keys")
    keys.create({"epoch": b"1"})
    items = [(os.urandom(32), os.urandom(160)) for _ in range(2000)]
    keys.put_many(items)
    relay_all(keys.relay)
    assert dict(keys.items()) == dict(items)
    assert (tmp_path / "keys" / "keystore-000001.db-wal").stat().st_size == 0
    doomed = items[0]
    keys.delete_many([doomed[0]])
    keys.close()
    assert doomed[1][:40] not in (tmp_path / "keys" / "keystore-000001.db").read_bytes()

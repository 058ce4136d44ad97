import os
import sqlite3
from pathlib import Path

import pytest
from key_deeds import EPOCH, crashes_before_its_commit, rotated, rotates_and_destroys, some

from seifas.errors import Invalid, Tampered, Unavailable
from seifas.storage.keystore_sqlite import SqliteKeys


@pytest.fixture
def keys(tmp_path):
    store = SqliteKeys(tmp_path / "keys")
    store.create(EPOCH)
    yield store
    store.close()


def test_a_deleted_key_is_in_no_file_any_more(keys, tmp_path):
    marked = (os.urandom(32), b"MARK-" * 30)
    keys.put_many([*some(20), marked])
    planted = [path for path in (tmp_path / "keys").iterdir() if b"MARK-MARK" in path.read_bytes()]
    assert planted, "the searcher must see what is there"
    assert keys.delete_many([marked[0], os.urandom(32)]) == 1
    assert not [path for path in (tmp_path / "keys").iterdir() if b"MARK-" in path.read_bytes()]
    assert keys.delete_many([]) == 0


def test_creation_that_was_killed_can_be_repeated(tmp_path):
    (tmp_path / "keystore-000001.db.new").write_bytes(b"half")
    keys = SqliteKeys(tmp_path)
    keys.create(EPOCH)
    assert keys.epoch() == EPOCH
    keys.close()


def test_no_file_of_a_destroyed_generation_is_left(keys, tmp_path):
    rotates_and_destroys(keys)
    assert sorted(path.name for path in (tmp_path / "keys").iterdir() if "000001" in path.name) == []


def test_destroying_overwrites_the_file_before_its_name_goes(keys, tmp_path):
    keys.put_many([(os.urandom(32), b"MARK-" * 30)])
    path = tmp_path / "keys" / "keystore-000001.db"
    rotated(keys, [])
    keys.activate(2)
    beside = tmp_path / "hard link to the same blocks"
    beside.hardlink_to(path)
    assert b"MARK-" in beside.read_bytes()
    keys.destroy_older(2)
    assert b"MARK-" not in beside.read_bytes()
    assert b"SQLite format" not in beside.read_bytes()


def test_no_file_of_a_generation_that_was_never_finished_is_left(keys, tmp_path):
    crashes_before_its_commit(keys, SqliteKeys(tmp_path / "keys"))
    assert not list((tmp_path / "keys").glob("*.new*"))


def test_a_generation_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unavailable, match="generation 7"):
        SqliteKeys(tmp_path).open(7)


def test_a_file_that_was_never_finished_is_not_opened(tmp_path):
    keys = SqliteKeys(tmp_path)
    keys.create(EPOCH)
    keys.close()
    with sqlite3.connect(tmp_path / "keystore-000001.db") as other:
        other.execute("DELETE FROM epoch WHERE name = 'finished'")
    other.close()
    with pytest.raises(Unavailable):
        keys.open(1)


def test_a_damaged_file_is_refused(tmp_path):
    (tmp_path / "keystore-000001.db").write_bytes(os.urandom(9000))
    with pytest.raises(Tampered):
        SqliteKeys(tmp_path).open(1)


def test_slots_are_replaced_whole_and_the_old_ones_overwritten(keys, tmp_path):
    assert keys.slots() is None
    keys.write_slots(b'{"old": "OLD-SLOT"}')
    path = tmp_path / "keys" / "slots.json"
    beside = tmp_path / "hard link to the same blocks"
    beside.hardlink_to(path)
    keys.write_slots(b"{}")
    assert keys.slots() == b"{}"
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"OLD-SLOT" not in beside.read_bytes()
    assert [p.name for p in (tmp_path / "keys").glob("slots*")] == ["slots.json"]


def test_a_crash_while_slots_are_written_leaves_the_old_ones(keys, tmp_path):
    keys.write_slots(b"old")
    (tmp_path / "keys" / "slots.json.new").write_bytes(b"ha")
    assert keys.slots() == b"old"
    keys.write_slots(b"new")
    assert keys.slots() == b"new"


def test_oversized_slots_are_refused(keys, tmp_path):
    with pytest.raises(Invalid):
        keys.write_slots(bytes(17 << 20))
    with Path(tmp_path / "keys" / "slots.json").open("wb") as file:
        file.truncate(1 << 30)
    with pytest.raises(Invalid):
        keys.slots()


def test_files_are_for_the_owner_only(keys, tmp_path):
    keys.put_many(some(1))
    keys.write_slots(b"{}")
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name

import os
import sqlite3
from pathlib import Path

import pytest

from seifas.errors import Conflict, Invalid, Missing, Tampered, Unavailable
from seifas.storage.keystore import KeyStore

EPOCH = {"number": b"1", "wrapped": os.urandom(60)}


@pytest.fixture
def keys(tmp_path):
    store = KeyStore(tmp_path / "keys")
    store.create(EPOCH)
    yield store
    store.close()


def some(count):
    return [(os.urandom(32), os.urandom(200)) for _ in range(count)]


def rotated(keys, items, epoch=None):
    following = keys.begin_next()
    following.put_epoch(epoch or {"number": b"2"})
    following.put_many(items)
    following.finish()
    return following.generation


def test_keys_come_back_after_reopening(keys, tmp_path):
    items = some(50)
    keys.put_many(items)
    keys.close()
    again = KeyStore(tmp_path / "keys")
    again.open(1)
    assert list(again.items()) == sorted(items)
    assert again.get(items[0][0]) == items[0][1]
    assert again.get_many([items[1][0], os.urandom(32)]) == {items[1][0]: items[1][1]}
    assert again.epoch() == EPOCH
    assert (again.generation, again.count()) == (1, 50)
    again.close()


def test_an_existing_tag_is_a_conflict_and_nothing_is_written(keys):
    old, *new = some(5)
    keys.put_many([old])
    with pytest.raises(Conflict):
        keys.put_many([*new, (old[0], b"other")])
    assert keys.count() == 1
    assert keys.get(old[0]) == old[1]


def test_an_unknown_key_is_missing(keys):
    with pytest.raises(Missing):
        keys.get(os.urandom(32))


@pytest.mark.parametrize("tag", [b"", bytes(31), bytes(33), "t" * 32, None])
def test_a_wrong_tag_is_invalid(keys, tag):
    for attempt in (lambda: keys.put_many([(tag, b"x")]), lambda: keys.get(tag), lambda: keys.delete_many([tag])):
        with pytest.raises(Invalid):
            attempt()


def test_a_second_key_store_is_not_made_over_the_first(keys, tmp_path):
    with pytest.raises(Conflict):
        KeyStore(tmp_path / "keys").create(EPOCH)


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
    keys = KeyStore(tmp_path)
    keys.create(EPOCH)
    assert keys.epoch() == EPOCH
    keys.close()


def test_rotation_switches_generations_and_destroys_the_old(keys, tmp_path):
    items = some(30)
    keys.put_many(items)
    survivors = [(tag, b"new" + body) for tag, body in items[:-1]]
    assert rotated(keys, survivors) == 2
    assert keys.get(items[-1][0]) == items[-1][1], "the old generation serves until the switch"
    keys.activate(2)
    assert (keys.generation, keys.generations()) == (2, [1, 2])
    assert keys.epoch() == {"number": b"2"}
    with pytest.raises(Missing):
        keys.get(items[-1][0])
    keys.put_many(some(1))
    assert keys.destroy_older(2) == [1]
    assert sorted(path.name for path in (tmp_path / "keys").iterdir() if "000001" in path.name) == []
    assert keys.count() == 30


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


def test_the_open_generation_is_never_destroyed(keys):
    with pytest.raises(Invalid):
        keys.destroy_older(2)
    assert keys.destroy_older(1) == []


def test_a_crash_between_commit_and_switch_is_finished_by_open(keys, tmp_path):
    items = some(3)
    rotated(keys, items)
    keys.close()
    again = KeyStore(tmp_path / "keys")
    again.open(2)
    assert list(again.items()) == sorted(items)
    assert again.generations() == [1, 2]
    again.close()


def test_looking_into_the_old_generation_first_does_not_lose_the_new(keys, tmp_path):
    items = some(3)
    rotated(keys, items)
    keys.close()
    again = KeyStore(tmp_path / "keys")
    again.open(max(again.generations()))
    assert again.generation == 1, "only the state, which these keys open, says that 2 is current"
    again.open(2)
    again.discard_leftovers()
    assert list(again.items()) == sorted(items)
    assert again.destroy_older(2) == [1]
    again.close()


def test_a_crash_before_the_commit_leaves_the_old_generation(keys, tmp_path):
    items = some(3)
    keys.put_many(items)
    following = keys.begin_next()
    following.put_many(some(5))
    keys.close()
    again = KeyStore(tmp_path / "keys")
    with pytest.raises(Unavailable):
        again.open(2)
    again.open(1)
    assert list(again.items()) == sorted(items)
    assert again.rotating
    again.discard_leftovers()
    assert not again.rotating
    assert not list((tmp_path / "keys").glob("*.new*"))
    again.close()
    following._database.close()


def test_begin_next_starts_afresh_after_an_abandoned_or_lost_attempt(keys):
    rotated(keys, some(4))
    items = some(2)
    assert rotated(keys, items) == 2
    keys.begin_next().abandon()
    with pytest.raises(Unavailable):
        keys.activate(2)
    rotated(keys, items)
    keys.activate(2)
    assert keys.count() == 2


def test_only_the_next_generation_can_be_activated(keys):
    rotated(keys, [])
    for wrong in (0, 1, 3):
        with pytest.raises(Invalid):
            keys.activate(wrong)


def test_a_generation_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unavailable, match="generation 7"):
        KeyStore(tmp_path).open(7)


def test_a_file_that_was_never_finished_is_not_opened(tmp_path):
    keys = KeyStore(tmp_path)
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
        KeyStore(tmp_path).open(1)


def test_nothing_is_served_when_none_is_open(tmp_path):
    with pytest.raises(Unavailable):
        KeyStore(tmp_path).get(bytes(32))


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


def test_a_snapshot_opens_by_itself(keys, tmp_path):
    items = some(40)
    keys.put_many(items)
    keys.write_slots(b"{}")
    assert keys.snapshot(tmp_path / "copy") == 1
    keys.put_many(some(1))
    copy = KeyStore(tmp_path / "copy")
    copy.open(1)
    assert list(copy.items()) == sorted(items)
    assert (copy.slots(), copy.epoch()) == (b"{}", EPOCH)
    copy.close()


def test_files_are_for_the_owner_only(keys, tmp_path):
    keys.put_many(some(1))
    keys.write_slots(b"{}")
    for path in (tmp_path / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name

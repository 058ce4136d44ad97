"""What every key store must do."""

import os

import postgres_server
import pytest
from key_deeds import EPOCH, crashes_before_its_commit, rotated, rotates_and_destroys, some

from seifas.errors import Conflict, Invalid, Missing, Unavailable
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.opening import key_store

PLACES = {
    "sqlite": lambda directory: directory / "keys",
    "postgresql": lambda directory: postgres_server.shared().database(),
}


@pytest.fixture(params=PLACES)
def place(request, tmp_path):
    return PLACES[request.param](tmp_path)


@pytest.fixture
def keys(place):
    store = key_store(place)
    store.create(EPOCH)
    yield store
    store.close()


def test_keys_come_back_after_reopening(keys, place):
    items = some(50)
    keys.put_many(items)
    keys.close()
    again = key_store(place)
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


def test_a_second_key_store_is_not_made_over_the_first(keys, place):
    again = key_store(place)
    with pytest.raises(Conflict):
        again.create(EPOCH)
    again.close()


def test_rotation_switches_generations_and_destroys_the_old(keys):
    rotates_and_destroys(keys)


def test_the_open_generation_is_never_destroyed(keys):
    with pytest.raises(Invalid):
        keys.destroy_older(2)
    assert keys.destroy_older(1) == []


def test_a_crash_between_commit_and_switch_is_finished_by_open(keys, place):
    items = some(3)
    rotated(keys, items)
    keys.close()
    again = key_store(place)
    again.open(2)
    assert list(again.items()) == sorted(items)
    assert again.generations() == [1, 2]
    again.close()


def test_looking_into_the_old_generation_first_does_not_lose_the_new(keys, place):
    items = some(3)
    rotated(keys, items)
    keys.close()
    again = key_store(place)
    again.open(max(again.generations()))
    assert again.generation == 1, "only the state, which these keys open, says that 2 is current"
    again.open(2)
    again.discard_leftovers()
    assert list(again.items()) == sorted(items)
    assert again.destroy_older(2) == [1]
    again.close()


def test_a_crash_before_the_commit_leaves_the_old_generation(keys, place):
    crashes_before_its_commit(keys, key_store(place))


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


def test_nothing_is_served_when_none_is_open(place):
    with pytest.raises(Unavailable):
        key_store(place).get(bytes(32))


def test_a_snapshot_opens_by_itself(keys, tmp_path):
    items = some(40)
    keys.put_many(items)
    keys.write_slots(b"{}")
    assert keys.snapshot(tmp_path / "copy") == 1
    keys.put_many(some(1))
    copy = SqliteKeys(tmp_path / "copy")
    copy.open(1)
    assert list(copy.items()) == sorted(items)
    assert (copy.slots(), copy.epoch()) == (b"{}", EPOCH)
    copy.close()


def test_a_first_generation_may_have_any_number(place):
    keys = key_store(place)
    first = keys.begin_first(7)
    first.put_epoch(EPOCH)
    items = some(20)
    first.put_many(items)
    with pytest.raises(Unavailable):
        keys.open(7)
    first.finish()
    keys.open(7)
    assert (keys.generation, keys.generations(), list(keys.items())) == (7, [7], sorted(items))
    with pytest.raises(Conflict):
        keys.begin_first(8)
    keys.close()


def test_slots_are_replaced_whole(keys):
    assert keys.slots() is None
    keys.write_slots(b'{"old": 1}')
    keys.write_slots(b"{}")
    assert keys.slots() == b"{}"
    with pytest.raises(Invalid):
        keys.write_slots(bytes(17 << 20))
    assert keys.slots() == b"{}"


def test_deleted_keys_are_missing(keys):
    items = some(20)
    keys.put_many(items)
    assert keys.delete_many([items[0][0], os.urandom(32)]) == 1
    assert keys.delete_many([]) == 0
    with pytest.raises(Missing):
        keys.get(items[0][0])
    assert keys.count() == 19


def test_laying_anew_keeps_every_key(keys):
    items = some(200)
    keys.put_many(items)
    after = b""
    while after is not None:
        after = keys.relay(after)
    assert list(keys.items()) == sorted(items)

"""What is done to key stores, whatever engine they have."""

import os

import pytest

from seifas.errors import Missing, Unavailable

EPOCH = {"number": b"1", "wrapped": os.urandom(60)}


def some(count):
    return [(os.urandom(32), os.urandom(200)) for _ in range(count)]


def rotated(keys, items):
    """Makes the next generation of these, without switching to it; its number."""
    following = keys.begin_next()
    following.put_epoch({"number": b"2"})
    following.put_many(items)
    following.finish()
    return following.generation


def rotates_and_destroys(keys):
    """A rotation of a new store, to its end, in which one key of 30 is left behind."""
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
    assert keys.count() == 30


def crashes_before_its_commit(keys, opened_again):
    """A rotation that never ended: the old generation opens, and what was begun is cleared away."""
    items = some(3)
    keys.put_many(items)
    following = keys.begin_next()
    following.put_many(some(5))
    keys.close()
    with pytest.raises(Unavailable):
        opened_again.open(2)
    opened_again.open(1)
    assert list(opened_again.items()) == sorted(items)
    assert opened_again.rotating
    opened_again.discard_leftovers()
    assert not opened_again.rotating
    opened_again.close()
    following._database.close()

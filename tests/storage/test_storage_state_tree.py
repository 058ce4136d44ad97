import hashlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Tampered
from seifas.storage.state_tree import (
    BUCKETS,
    EMPTY_BUCKET,
    Builder,
    StateTree,
    bucket_digest,
    bucket_of,
    row_digest,
)


def plain_root(rows: dict[bytes, bytes]) -> bytes:
    """The definition, written out again from the format page without the code under test."""
    level = []
    by_bucket: dict[bytes, list[bytes]] = {}
    for tag in sorted(rows):
        digest = hashlib.sha256(b"\x00" + tag + rows[tag]).digest()
        by_bucket.setdefault(tag[:2], []).append(digest)
    for number in range(65536):
        digests = by_bucket.get(number.to_bytes(2, "big"))
        level.append(hashlib.sha256(b"\x02" + b"".join(digests)).digest() if digests else bytes(32))
    while len(level) > 1:
        level = [hashlib.sha256(b"\x01" + b"".join(level[n : n + 16])).digest() for n in range(0, len(level), 16)]
    return level[0]


def built(rows):
    builder = Builder()
    for tag in sorted(rows):
        builder.add(tag, rows[tag])
    return builder.finish()


def test_root_of_nothing_is_fixed():
    assert StateTree().root == built({}).root == plain_root({})
    # In docs/formats/state.md for other implementations; a change here breaks every stored checkpoint.
    assert StateTree().root.hex() == "2d4d73f1f9e2e6053f930bd10daa890c82e29b7955587d8a38c225359195a7cf"


def test_root_follows_its_definition():
    rows = {os.urandom(32): os.urandom(n % 40) for n in range(300)}
    rows |= {b"\x12\x34" + os.urandom(30): b"same bucket" for _ in range(5)}
    assert built(rows).root == plain_root(rows)


tags = st.binary(min_size=2, max_size=2).map(lambda head: head + bytes(29)).flatmap(
    lambda head: st.integers(0, 3).map(lambda last: head + bytes([last]))
)
steps = st.lists(st.dictionaries(tags, st.one_of(st.none(), st.binary(max_size=20)), max_size=5), max_size=6)


@given(steps)
@settings(max_examples=15, deadline=None)
def test_updates_give_the_root_of_a_fresh_build_and_undo_gives_the_former(steps):
    tree, rows = StateTree(), {}
    for step in steps:
        before = tree.root
        after = dict(rows)
        for tag, body in step.items():
            after.pop(tag, None)
            if body is not None:
                after[tag] = body
        touched = {bucket_of(tag) for tag in step}
        digests = {
            number: bucket_digest(row_digest(tag, after[tag]) for tag in sorted(after) if bucket_of(tag) == number)
            for number in touched
        }
        undo = tree.update(digests)
        assert tree.root == built(after).root
        tree.restore(undo)
        assert tree.root == before
        tree.update(digests)
        rows = after


def test_an_emptied_bucket_is_as_if_it_never_held_a_row():
    tree = StateTree()
    empty = tree.root
    tree.update({77: bucket_digest([row_digest(bytes(32), b"x")])})
    assert tree.root != empty
    tree.update({77: bucket_digest([])})
    assert tree.bucket(77) == EMPTY_BUCKET
    assert tree.root == empty


def test_moving_a_byte_from_tag_to_body_or_swapping_bodies_changes_the_root():
    one, two = bytes(31) + b"a", bytes(31) + b"b"
    roots = {
        built({one: b"x", two: b"y"}).root,
        built({one: b"y", two: b"x"}).root,
        built({one: b"xy", two: b""}).root,
        built({one: b"x"}).root,
    }
    assert len(roots) == 4


def test_the_last_bucket_and_the_first_count():
    assert bucket_of(b"\xff" * 32) == BUCKETS - 1
    assert built({b"\xff" * 32: b"x"}).root == plain_root({b"\xff" * 32: b"x"})
    assert built({bytes(32): b"x"}).root == plain_root({bytes(32): b"x"})


@pytest.mark.parametrize("second", [bytes(31) + b"\x05", bytes(32), b"short", b"", bytes(33)])
def test_tags_out_of_order_repeated_or_of_wrong_length_are_refused(second):
    builder = Builder()
    builder.add(bytes(31) + b"\x05", b"first")
    with pytest.raises(Tampered):
        builder.add(second, b"second")

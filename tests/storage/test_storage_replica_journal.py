import os
import random
import shutil
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import Invalid, Tampered, TooLarge, Unavailable
from seifas.storage.replica_format import Position, Record, head_of, read, segments
from seifas.storage.replica_journal import LARGEST_PAYLOAD, Journal

WRITER = """
import sys
from pathlib import Path
from seifas.storage.replica_journal import Journal

journal = Journal(Path(sys.argv[1]), segment_bytes=20000)
while True:
    number = journal.position.number
    journal.queue([(2, b"queued")])
    print(journal.append([(1, b"%d" % (number + 1) * 300)]), flush=True)
"""

FILLER = """
import resource, sys
from pathlib import Path
from seifas.errors import Unavailable
from seifas.storage.replica_journal import Journal
from seifas.storage.replica_format import read

directory = Path(sys.argv[1])
journal = Journal(directory)
journal.append([(1, b"first")])
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
journal.queue([(2, b"queued")])
for _ in range(3):
    try:
        journal.append([(1, bytes(10000))])
        raise SystemExit("a full disk took a record")
    except Unavailable as error:
        print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append([(1, b"last")])
print([record.payload for record in read(directory)])
"""


def records_of(directory, start=None):
    return list(read(directory, start))


def payloads(directory):
    return [record.payload for record in read(directory)]


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path)
    yield journal
    journal.close()


def test_records_come_back_numbered_in_order(journal, tmp_path):
    assert journal.append([(1, b"one"), (255, b"")]) == 2
    assert journal.append([(0, os.urandom(5000))]) == 3
    found = records_of(tmp_path)
    assert found[:2] == [Record(1, 1, b"one"), Record(2, 255, b"")]
    assert [record.number for record in found] == [1, 2, 3]
    journal.close()
    assert records_of(tmp_path) == found


def test_queued_records_go_out_first_with_the_next_append(journal, tmp_path):
    journal.queue([(1, b"a")])
    journal.queue([(1, b"b")])
    assert records_of(tmp_path) == []
    journal.append([(2, b"c")])
    assert payloads(tmp_path) == [b"a", b"b", b"c"]
    journal.queue([(1, b"d")])
    journal.close()
    assert payloads(tmp_path) == [b"a", b"b", b"c", b"d"]


def test_a_large_queue_does_not_stay_in_memory(journal, tmp_path):
    for _ in range(5):
        journal.queue([(1, bytes(1 << 20))])
    assert len(records_of(tmp_path)) == 5


def test_numbers_and_chain_go_on_over_segments_and_openings(tmp_path):
    for opening in range(4):
        journal = Journal(tmp_path, segment_bytes=3000)
        for number in range(10):
            journal.append([(1, b"%d.%d" % (opening, number) * 50)])
        journal.close()
    assert len(segments(tmp_path)) > 4
    found = records_of(tmp_path)
    assert [record.number for record in found] == list(range(1, 41))
    assert found[25].payload == b"2.5" * 50


def test_reading_starts_where_asked(tmp_path):
    journal = Journal(tmp_path, segment_bytes=2000)
    positions = []
    for number in range(20):
        positions.append(journal.position)
        journal.append([(1, b"%d" % number * 100), (1, b"second")])
    for start in positions:
        assert [record.number for record in read(tmp_path, start)] == list(range(start.number, 41))
    assert list(read(tmp_path, journal.position)) == []
    for wrong in (Position(5, bytes(32)), Position(41, bytes(32)), Position(99, positions[3].digest)):
        with pytest.raises(Tampered, match=str(wrong.number)):
            list(read(tmp_path, wrong))
    journal.close()


def test_old_segments_are_dropped_and_reading_goes_on_from_the_rest(tmp_path):
    journal = Journal(tmp_path, segment_bytes=2000)
    for number in range(20):
        journal.append([(1, b"%d" % number * 100)])
    position = journal.rotate()
    assert journal.rotate() == position, "an empty segment is not followed by another"
    journal.append([(1, b"after")])
    journal.drop_before(position.number)
    assert len(segments(tmp_path)) == 1
    assert records_of(tmp_path, position) == [Record(21, 1, b"after")]
    with pytest.raises(Tampered, match="record 1 "):
        list(read(tmp_path, Position(1, bytes(32))))
    journal.close()


def test_sealing_is_bound_to_number_and_kind(tmp_path):
    def seal(number, kind, payload):
        return b"%d:%d:" % (number, kind) + payload[::-1]

    def unseal(number, kind, stored):
        head = b"%d:%d:" % (number, kind)
        assert stored.startswith(head)
        return stored[len(head) :][::-1]

    journal = Journal(tmp_path, seal=seal)
    journal.queue([(3, b"abc")])
    journal.append([(4, b"def")])
    journal.close()
    assert payloads(tmp_path) == [b"1:3:cba", b"2:4:fed"]
    assert [r.payload for r in read(tmp_path, open_sealed=unseal)] == [b"abc", b"def"]


@pytest.mark.parametrize("kind", [-1, 256])
def test_a_wrong_kind_is_invalid(journal, kind):
    with pytest.raises(Invalid):
        journal.append([(1, b"x"), (kind, b"x")])
    assert journal.position.number == 1


def test_a_record_over_the_limit_is_refused(journal):
    with pytest.raises(TooLarge):
        journal.append([(1, bytes(LARGEST_PAYLOAD + 1))])


def test_a_second_writer_is_refused(journal, tmp_path):
    with pytest.raises(Unavailable, match="another process"):
        Journal(tmp_path)


def test_files_are_for_the_owner_only(journal, tmp_path):
    journal.append([(1, b"x")])
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def filled(directory):
    """Three segments, several records in a block, closed."""
    journal = Journal(directory, segment_bytes=2000)
    for number in range(12):
        journal.append([(1, b"%d" % number * 40), (2, b""), (3, os.urandom(200))])
    journal.close()
    return records_of(directory)


@pytest.fixture(scope="module")
def closed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("closed")
    return directory, filled(directory)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_any_flipped_byte_is_found_and_named(closed, data):
    directory, records = closed
    path = data.draw(st.sampled_from(segments(directory)))
    original = path.read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    changed = bytearray(original)
    changed[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(changed)
    try:
        seen = []
        try:
            for record in read(directory):
                seen.append(record)
        except Tampered as error:
            named = int(error.where.removeprefix("record "))
            assert seen == records[: len(seen)]
            assert len(seen) < named <= len(seen) + 3 or named == len(records) + 1
        else:
            # Only the empty block that closes the journal may be lost without a word: it holds nothing.
            assert seen == records
            assert path == segments(directory)[-1]
            assert at >= len(original) - 512
    finally:
        path.write_bytes(original)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_segment_that_is_gone_is_found(tmp_path, number):
    records = filled(tmp_path)
    paths = segments(tmp_path)
    assert len(paths) > 3
    start = head_of(paths[0])
    paths[number].unlink()
    seen = []

    def look():
        for record in read(tmp_path, start):
            seen.append(record)

    with pytest.raises(Tampered):
        look()
    assert seen == records[: len(seen)]
    assert len(seen) < len(records)


def test_exchanged_segments_are_found(tmp_path):
    filled(tmp_path)
    one, two = segments(tmp_path)[1:3]
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    with pytest.raises(Tampered):
        records_of(tmp_path)


def test_an_append_cut_anywhere_is_removed_and_what_came_before_stays(tmp_path):
    journal = Journal(tmp_path)
    journal.append([(1, b"acknowledged"), (1, b"too")])
    path = segments(tmp_path)[0]
    before = journal._size
    journal.append([(1, os.urandom(700)), (2, b"x" * 100)])
    after = path.read_bytes()[: journal._size]
    for descriptor in (journal._file, journal._held):
        os.close(descriptor)  # as a crash leaves it: without the block that close() writes
    lengths = {before + 1, before + 63, before + 64, before + 511, before + 512, len(after) - 512, len(after) - 1}
    for length in sorted(lengths):
        # The block ends in zeros, so cut by one byte and filled up with zeros it would be whole again.
        for tail in (b"", bytes(len(after) - length))[: 1 if length == len(after) - 1 else 2]:
            path.write_bytes(after[:length] + tail)
            assert payloads(tmp_path) == [b"acknowledged", b"too"]
            journal = Journal(tmp_path)
            assert journal.cut == length + len(tail) - before
            assert journal.append([(1, b"next")]) == 3
            journal.close()
            assert payloads(tmp_path) == [b"acknowledged", b"too", b"next"]


def test_room_made_ahead_is_neither_an_append_nor_damage(journal, tmp_path):
    journal.append([(1, b"x")])
    path = segments(tmp_path)[0]
    shutil.copytree(tmp_path, tmp_path / "crashed")
    assert path.stat().st_size > 1 << 20
    assert payloads(tmp_path) == [b"x"]
    again = Journal(tmp_path / "crashed")
    assert (again.cut, again.position) == (0, journal.position)
    again.close()
    journal.close()
    assert path.stat().st_size == 512 + 512 + 512, "header, one block, the closing block"


def test_a_block_of_zeros_before_others_is_damage(tmp_path):
    filled(tmp_path)
    path = segments(tmp_path)[1]
    data = bytearray(path.read_bytes())
    data[512:1024] = bytes(512)
    path.write_bytes(data)
    with pytest.raises(Tampered):
        records_of(tmp_path)


def test_damage_before_the_last_append_is_not_taken_for_an_unfinished_one(tmp_path):
    journal = Journal(tmp_path)
    for number in range(3):
        journal.append([(1, b"%d" % number * 600)])
    for descriptor in (journal._file, journal._held):
        os.close(descriptor)
    path = segments(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[512 + 20] ^= 0xFF  # the length of the first block: what follows cannot be found by it
    path.write_bytes(data)
    for attempt in (lambda: Journal(tmp_path), lambda: records_of(tmp_path)):
        with pytest.raises(Tampered, match="record 1 "):
            attempt()
    assert path.read_bytes() == data, "nothing is cut off that was acknowledged"


@pytest.mark.parametrize("length", [0, 1, 511])
def test_a_segment_cut_at_its_birth_is_begun_again(tmp_path, length):
    journal = Journal(tmp_path)
    journal.append([(1, b"x")])
    following = journal.rotate()
    journal.close()
    path = segments(tmp_path)[-1]
    path.write_bytes(path.read_bytes()[:length])
    assert payloads(tmp_path) == [b"x"]
    journal = Journal(tmp_path)
    assert journal.position == following
    journal.append([(1, b"y")])
    journal.close()
    assert payloads(tmp_path) == [b"x", b"y"]


def test_what_was_acknowledged_survives_kill_9(tmp_path, whole):
    chance = random.Random(35)
    last = 0
    for _ in range(6 if whole else 3):
        child = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path], stdout=subprocess.PIPE)
        lines = [child.stdout.readline()]
        time.sleep(chance.uniform(0, 0.1))
        child.kill()
        lines += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        acknowledged = int([line for line in lines if line.endswith(b"\n")][-1])
        found = records_of(tmp_path)
        assert [record.number for record in found] == list(range(1, len(found) + 1))
        assert len(found) >= acknowledged > last
        assert all(record.payload == b"%d" % record.number * 300 for record in found[1::2])
        last = len(found)


def test_a_full_disk_is_refused_and_the_queue_is_kept(tmp_path):
    done = subprocess.run([sys.executable, "-c", FILLER, tmp_path], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines[-1:] == ["[b'first', b'queued', b'last']"], done.stderr[-2000:]
    assert len(lines) == 4
    assert all("cannot be written" in line for line in lines[:3])


def test_after_a_failed_sync_nothing_more_is_taken_until_reopened(journal, tmp_path, monkeypatch):
    journal.append([(1, b"x")])

    def fail(descriptor):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fdatasync", fail)
        with pytest.raises(Unavailable, match="failed to confirm"):
            journal.append([(1, b"y")])
    with pytest.raises(Unavailable, match="open it again"):
        journal.append([(1, b"z")])
    journal.close()
    Journal(tmp_path).close()
    assert payloads(tmp_path)[0] == b"x"

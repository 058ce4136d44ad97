"""Published files are exactly those of C2SP tlog-tiles, whole at every instant, and never written twice."""

import os
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.audit import publishing, tiles, tree
from seifas.audit.publishing import TileWriter
from seifas.audit.tiles import TileReader, bundle_path, parse_path, tile_path
from seifas.errors import Invalid, Missing, Tampered, TooLarge

ENTRIES = [b"entry %d " % i * (i % 5) for i in range(1200)]


def numbered(first, last):
    return [(i, ENTRIES[i]) for i in range(first, last)]


def files(directory):
    found = sorted(path for path in (directory / "tile").rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def frontier(size):
    made = tree.Frontier()
    made.extend(tree.leaf_hash(e) for e in ENTRIES[:size])
    return made


def test_paths_are_those_of_the_specification():
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 5, 17) == "tile/2/005.p/17"
    assert tile_path(1, 1000) == "tile/1/x001/000"
    assert bundle_path(999, 255) == "tile/entries/999.p/255"


@given(level=st.integers(-1, 7), index=st.integers(0, 2**55), width=st.integers(1, 256))
def test_paths_read_back(level, index, width):
    path = bundle_path(index, width) if level < 0 else tile_path(level, index, width)
    assert parse_path(path) == (level, index, width)


@pytest.mark.parametrize("path", [
    "", "checkpoint", "tile/8/000", "tile/0/0", "tile/0/0000", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001/x002",
    "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/00/000", "tile/entries/../000", "tile/0/000\n",
    "tile/0/٠٠٠", "tile/0/000.p/", "/tile/0/000", "tile/0/" + "x999/" * 9 + "999",
])
def test_other_paths_are_nothing(path):
    assert parse_path(path) is None


@pytest.mark.parametrize(("size", "expected"), [
    (70_000, {0: (273, 112), 1: (1, 17), 2: (0, 1)}),  # the example of the specification
    (256, {0: (1, 0), 1: (0, 1), 2: (0, 0)}),
])
def test_widths_of_the_specification(size, expected):
    for level, (full, partial) in expected.items():
        assert all(tiles.width_at(size, level, i) == 256 for i in (0, full - 1) if full)
        assert tiles.width_at(size, level, full) == partial
        assert tiles.width_at(size, level, full + 1) == 0


def test_files_are_exactly_these(tmp_path):
    writer = TileWriter(tmp_path)
    writer.publish(numbered(0, 5))
    writer.publish(numbered(5, 520))
    found = files(tmp_path)
    assert sorted(found) == sorted(
        f"tile/{kind}/{name}" for kind, name in [
            ("0", "000"), ("0", "001"), ("0", "002.p/8"), ("1", "000.p/2"),
            ("entries", "000"), ("entries", "001"), ("entries", "002.p/8"),
        ])
    assert found["tile/0/000"] == b"".join(tree.leaf_hash(e) for e in ENTRIES[:256])
    assert found["tile/1/000.p/2"] == frontier(256).root() + tree.root_of([tree.leaf_hash(e) for e in ENTRIES[256:512]])
    assert found["tile/entries/002.p/8"] == b"".join(len(e).to_bytes(2, "big") + e for e in ENTRIES[512:520])


def test_modes_times_and_leftovers(tmp_path):
    writer = TileWriter(tmp_path)
    writer.publish(numbered(0, 300))
    writer.publish(numbered(300, 600))
    writer.write_checkpoint(b"o\n600\nr\n")
    for path in [tmp_path, *tmp_path.rglob("*")]:
        found = path.stat()
        assert found.st_mtime == publishing.CONSTANT_TIME, path
        if path.is_file():
            assert stat.S_IMODE(found.st_mode) == 0o444
    assert not list((tmp_path / ".new").iterdir())


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 1200), max_size=6))
def test_any_way_of_cutting_gives_the_same_log(tmp_path_factory, cuts):
    directory = tmp_path_factory.mktemp("cut")
    size = 0
    writer = TileWriter(directory)
    for cut in sorted(cuts):
        assert writer.publish(numbered(size, cut)) == frontier(cut).root()
        size = cut
        if size % 2:
            writer = TileWriter(directory, size)
        reader = TileReader(directory, size)
        assert reader.root() == writer.root() == frontier(size).root()
        assert list(reader.entries()) == ENTRIES[:size]
    whole = directory / "whole"
    TileWriter(whole).publish(numbered(0, size))
    mine = files(directory)
    assert {path: mine[path] for path in files(whole)} == files(whole)
    for path, data in mine.items():
        level, index, width = parse_path(path)
        step = 256 ** (level + 1) if level >= 0 else 256
        # A partial tile may stay only while its full form is not there.
        assert width == 256 or (index + 1) * step > size, path
        assert len(data) == 32 * width or level < 0


def test_reader_proofs_verify(tmp_path):
    TileWriter(tmp_path).publish(numbered(0, 1200))
    reader = TileReader(tmp_path, 1200)
    some = random.Random(6962)
    for _ in range(60):
        size = some.randint(1, 1200)
        index = some.randrange(size)
        root = reader.root(size)
        assert root == frontier(size).root()
        leaf = tree.leaf_hash(reader.entry(index))
        tree.verify_inclusion(index, size, leaf, reader.inclusion_proof(index, size), root)
        later = some.randint(size, 1200)
        tree.verify_consistency(size, later, root, reader.root(later), reader.consistency_proof(size, later))
    assert list(reader.entries(250, 515)) == ENTRIES[250:515]
    assert list(reader.entries(1190)) == ENTRIES[1190:]
    assert list(reader.entries(1200)) == list(reader.entries(5, 5)) == []
    for index in (-1, 1200):
        with pytest.raises(Missing):
            reader.entry(index)
    with pytest.raises(Invalid):
        reader.root(1201)


def test_a_reader_of_an_older_size_falls_back_to_full_tiles(tmp_path):
    writer = TileWriter(tmp_path)
    writer.publish(numbered(0, 200))
    writer.write_checkpoint(b"origin\n200\nroot\n")
    writer.publish(numbered(200, 600))
    reader = TileReader(tmp_path)
    assert reader.size == 200
    assert reader.root() == frontier(200).root()
    assert list(reader.entries()) == ENTRIES[:200]


def test_refusals(tmp_path):
    writer = TileWriter(tmp_path)
    writer.publish(numbered(0, 10))
    before = files(tmp_path)
    for bad in (numbered(11, 12), [(10, b""), (12, b"")], [(-1, b"")]):
        with pytest.raises(Invalid):
            writer.publish(bad)
    with pytest.raises(TooLarge):
        writer.publish([(10, bytes(65_536))])
    with pytest.raises(Tampered, match="root"):
        writer.publish(numbered(10, 300), root=bytes(32))
    with pytest.raises(TooLarge):
        writer.write_checkpoint(bytes(70_000))
    assert files(tmp_path) == before
    assert writer.publish([]) == frontier(10).root()
    assert writer.publish(numbered(10, 300), root=frontier(300).root()) == frontier(300).root()


def test_the_largest_entries_fit(tmp_path):
    writer = TileWriter(tmp_path)
    entries = [(0, bytes(65_535)), (1, b""), (2, b"x" * 65_535)]
    writer.publish(entries)
    assert list(TileReader(tmp_path, 3).entries()) == [e for _, e in entries]
    assert TileWriter(tmp_path, 3).root() == writer.root()


def test_other_entries_at_a_published_place_are_refused(tmp_path):
    writer = TileWriter(tmp_path)
    writer.publish(numbered(0, 300))
    before = files(tmp_path)
    forged = [(i, e if i != 7 else b"forged") for i, e in numbered(0, 300)]
    with pytest.raises(Tampered) as caught:
        writer.publish(forged)
    assert caught.value.where == "tile/entries/000"
    assert files(tmp_path) == before


@pytest.mark.parametrize(("path", "spoil"), [
    ("tile/entries/001.p/44", "flip"), ("tile/entries/001.p/44", "cut"), ("tile/entries/001.p/44", "gone"),
    ("tile/0/001.p/44", "flip"), ("tile/0/001.p/44", "cut"), ("tile/0/001.p/44", "gone"), ("tile/1/000.p/1", "cut"),
    ("tile/1/000.p/1", "gone"), ("tile/entries/001.p/44", "empty"),
])
def test_a_spoilt_edge_is_not_built_upon(tmp_path, path, spoil):
    TileWriter(tmp_path).publish(numbered(0, 300))
    file = tmp_path / path
    data = file.read_bytes()
    file.chmod(0o644)
    if spoil == "gone":
        file.unlink()
    else:
        file.write_bytes({"flip": data[:-1] + bytes([data[-1] ^ 1]), "cut": data[:-1], "empty": b""}[spoil])
    with pytest.raises(Tampered) as caught:
        TileWriter(tmp_path, 300)
    assert caught.value.where.startswith(("tile/entries/001", path.split(".")[0]))


def test_a_directory_that_is_behind_is_refused(tmp_path):
    TileWriter(tmp_path).publish(numbered(0, 100))
    for size in (101, 256, 5000):
        with pytest.raises(Tampered):
            TileWriter(tmp_path, size)


@pytest.mark.parametrize("data", [b"\0", b"\0\5abcd", b"\0\1a\0", b"\0\0" * 257])
def test_broken_bundles(data):
    assert tiles.split_bundle(data) is None


class PowerCut(Exception):
    """Stands for the process dying."""


OPERATIONS = ("open", "replace", "fsync", "mkdir")


def count_or_cut(monkeypatch, at):
    done = [0]

    def wrap(real):
        def run(*arguments, **named):
            done[0] += 1
            if done[0] == at:
                raise PowerCut
            return real(*arguments, **named)

        return run

    for name in OPERATIONS:
        monkeypatch.setattr(publishing.os, name, wrap(getattr(os, name)))
    monkeypatch.setattr(publishing.Path, "unlink", wrap(Path.unlink))
    return done


def test_a_crash_at_any_instant_leaves_whole_files_and_can_be_repeated(tmp_path):
    """Every system call of a publication that fills tiles is cut once; the log is whole, and the repetition ends it."""
    sound = tmp_path / "sound"
    TileWriter(sound).publish(numbered(0, 600))
    right = files(sound)
    with pytest.MonkeyPatch.context() as patch:
        writer = TileWriter(tmp_path / "count")
        writer.publish(numbered(0, 200))
        total = count_or_cut(patch, None)
        writer.publish(numbered(200, 600))
    assert total[0] > 30
    for at in range(1, total[0] + 1):
        directory = tmp_path / str(at)
        writer = TileWriter(directory)
        writer.publish(numbered(0, 200))
        with pytest.MonkeyPatch.context() as patch:
            count_or_cut(patch, at)
            with pytest.raises(PowerCut):
                writer.publish(numbered(200, 600))
        for path, data in files(directory).items():
            full = right.get(path) or right[path.split(".p/")[0]]
            assert full.startswith(data), path
        assert TileReader(directory, 200).root() == frontier(200).root()
        again = writer if at % 2 else TileWriter(directory, 100 if at % 3 else 200)
        first = again.size
        assert again.publish(numbered(first, 600)) == frontier(600).root()
        assert {path: data for path, data in files(directory).items() if path in right} == right
        if first > 100:
            assert files(directory) == right


KILLED = """
import sys
from pathlib import Path
from seifas.audit.publishing import TileWriter
writer = TileWriter(Path(sys.argv[1]))
while True:
    first = writer.size
    writer.publish([(i, b"entry %d" % i) for i in range(first, first + 37)])
    print(writer.size, flush=True)
"""


def test_a_killed_process_loses_nothing_it_confirmed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        confirmed = [int(process.stdout.readline()) for _ in range(25)][-1]
        process.send_signal(signal.SIGKILL)
        confirmed = [confirmed, *map(int, process.stdout.read().split())][-1]
    writer = TileWriter(tmp_path, confirmed)
    assert list(TileReader(tmp_path, confirmed).entries()) == [b"entry %d" % i for i in range(confirmed)]
    writer.publish([(i, b"entry %d" % i) for i in range(confirmed - 20, confirmed + 500)])
    assert TileReader(tmp_path, confirmed + 500).root() == writer.root()

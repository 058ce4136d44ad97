import hashlib
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seifas.errors import Unavailable
from seifas.storage.objects import local_objects

WRITER = """
import hashlib, sys
from pathlib import Path
from seifas.storage.objects import local_objects

objects = local_objects(Path(sys.argv[1]))
number = int(sys.argv[2])
while True:
    block = hashlib.shake_128(number.to_bytes(8, "big")).digest(65536)
    objects.put(block[:16], [block] * (1 + number % 3 * 70))
    print(number, flush=True)
    number += 1
"""

FILLER = """
import os, sys
from pathlib import Path
from seifas.errors import Unavailable
from seifas.storage.objects import local_objects

directory, limit = Path(sys.argv[1]), int(sys.argv[2])
import resource
objects = local_objects(directory)
block = os.urandom(65536)
objects.put(bytes(16), [block])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
for count in (2, 150):
    try:
        objects.put(b"%016d" % count, (block for _ in range(count)))
    except Unavailable as error:
        print(error.message)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert list(objects.ids()) == [bytes(16)]
objects.sweep()
assert [path.name for path in directory.iterdir()] == ["0" * 32]
for count in (2, 150):
    objects.put(b"%016d" % count, (block for _ in range(count)))
    assert b"".join(objects.get(b"%016d" % count)) == block * count
print("all there")
"""


@pytest.fixture
def objects(tmp_path):
    return local_objects(tmp_path / "objects")


def test_files_tell_nothing_but_size_and_kernel_times(objects, tmp_path):
    idents = [os.urandom(16) for _ in range(3)]
    for number, ident in enumerate(idents):
        objects.put(ident, [bytes(65536)] * (1 + number * 100))
    files = list((tmp_path / "objects").iterdir())
    assert sorted(path.name for path in files) == sorted(ident.hex() for ident in idents)
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert len({(path.stat().st_mtime_ns, path.stat().st_atime_ns) for path in files}) == 1
    assert (tmp_path / "objects").stat().st_mode & 0o777 == 0o700


def test_reading_moves_no_time_on_the_file(objects, tmp_path):
    ident = os.urandom(16)
    objects.put(ident, [bytes(65536)] * 20)
    path = tmp_path / "objects" / ident.hex()
    before = path.stat()
    assert len(b"".join(objects.get(ident))) == 65536 * 20
    objects.get_range(ident, 100, 100)
    after = path.stat()
    assert (after.st_atime_ns, after.st_mtime_ns) == (before.st_atime_ns, before.st_mtime_ns)


def test_what_was_acknowledged_survives_kill_9_and_no_half_object_is_seen(tmp_path, whole):
    acknowledged: list[int] = []
    chance = random.Random(24000)
    for _ in range(5 if whole else 3):
        start = acknowledged[-1] + 100 if acknowledged else 0
        command = [sys.executable, "-c", WRITER, tmp_path / "objects", str(start)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        lines = [child.stdout.readline()]
        assert lines[0], "the writer never got to write"
        time.sleep(chance.uniform(0, 0.15))
        child.kill()
        lines += child.stdout.readlines()
        child.stdout.close()
        child.wait()
        acknowledged += [int(line) for line in lines if line.endswith(b"\n")]
    objects = local_objects(tmp_path / "objects")
    objects.sweep()
    stored = {objects.size(ident) for ident in objects.ids()}
    assert stored <= {65536, 65536 * 71, 65536 * 141}
    assert len(acknowledged) >= 3, "each said at least one"
    for number in acknowledged:
        block = hashlib.shake_128(number.to_bytes(8, "big")).digest(65536)
        assert b"".join(objects.get(block[:16])) == block * (1 + number % 3 * 70)
    assert len(list((tmp_path / "objects").iterdir())) == len(list(objects.ids()))


def test_a_full_disk_is_refused_and_leaves_no_object(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FILLER, tmp_path, "100000"], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert lines[-1:] == ["all there"], done.stderr[-2000:]
    assert len(lines) == 3
    assert all("disk full" in line for line in lines[:2])


def test_large_objects_take_little_memory(objects):
    ident = os.urandom(16)
    block = os.urandom(1 << 20)
    objects.put(os.urandom(16), [block] * 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    objects.put(ident, (block for _ in range(192)))
    assert sum(len(chunk) for chunk in objects.get(ident)) == 192 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_a_file_that_vanishes_while_it_is_read_is_reported(objects, tmp_path):
    ident = os.urandom(16)
    objects.put(ident, [bytes(1 << 20)] * 9)
    chunks = objects.get(ident)
    next(chunks)
    (tmp_path / "objects" / ident.hex()).write_bytes(b"short")
    with pytest.raises(Unavailable):
        next(chunks)


def test_foreign_files_are_neither_listed_nor_swept(objects, tmp_path):
    foreign = ["lost+found", "README", "0" * 31, "G" * 32]
    for name in foreign:
        Path(tmp_path / "objects" / name).touch()
    assert list(objects.ids()) == []
    assert objects.sweep() == 0
    assert sorted(path.name for path in (tmp_path / "objects").iterdir()) == sorted(foreign)

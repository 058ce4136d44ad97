"""What every object store must do. A further store is one more entry in STORES."""

import hashlib
import os

import pytest
import seaweed_server
from obstore.store import MemoryStore

from seifas.errors import Conflict, Invalid, Missing
from seifas.storage.objects import Objects, local_objects
from seifas.storage.objects_s3 import require_create_only, s3_store

STORES = {
    "local": lambda directory, weed: local_objects(directory / "objects"),
    "memory": lambda directory, weed: Objects(MemoryStore()),
    "s3": lambda directory, weed: Objects(s3_store(weed.place(f"clinic-{os.urandom(4).hex()}"))),
}

SIZES = [1, 65536, (4 << 20) - 1, 4 << 20, (4 << 20) + 1, 8 << 20, (8 << 20) + 1, 21 << 20]
"""Around one chunk read, one single put and its parts."""


@pytest.fixture(scope="module")
def weed():
    with seaweed_server.server() as running:
        yield running


@pytest.fixture(params=STORES)
def objects(request, tmp_path, weed):
    return STORES[request.param](tmp_path, weed)


@pytest.fixture
def ident():
    return os.urandom(16)


def pieces(size, step=65536, seed=b"x"):
    block = hashlib.shake_128(seed).digest(step)
    for start in range(0, size, step):
        yield block[: min(step, size - start)]


def whole(size, seed=b"x"):
    return b"".join(pieces(size, seed=seed))


class TestObjects:
    @pytest.mark.parametrize("size", SIZES)
    def test_what_was_put_comes_back_in_chunks(self, objects, ident, size):
        assert objects.put(ident, pieces(size)) == size
        chunks = list(objects.get(ident))
        assert b"".join(chunks) == whole(size)
        assert all(type(chunk) is memoryview and chunk.readonly for chunk in chunks)
        assert objects.size(ident) == size
        assert list(objects.ids()) == [ident]

    @pytest.mark.parametrize("step", [1000, 3 << 20, 30 << 20])
    def test_chunks_may_come_in_any_size(self, objects, ident, step):
        objects.put(ident, pieces(12 << 20, step))
        assert b"".join(objects.get(ident)) == b"".join(pieces(12 << 20, step))

    def test_empty_chunks_are_passed_over(self, objects, ident):
        assert objects.put(ident, [b"", b"a", b"", b"b", b""]) == 2
        assert b"".join(objects.get(ident)) == b"ab"

    @pytest.mark.parametrize("nothing", [[], [b""], [b"", b""]])
    def test_an_object_without_bytes_is_refused(self, objects, ident, nothing):
        with pytest.raises(Invalid):
            objects.put(ident, nothing)
        assert list(objects.ids()) == []

    @pytest.mark.parametrize("size", [10, 9 << 20])
    def test_an_existing_object_is_a_conflict_and_stays(self, objects, ident, size):
        objects.put(ident, pieces(100))
        with pytest.raises(Conflict):
            objects.put(ident, pieces(size, seed=b"other"))
        assert b"".join(objects.get(ident)) == whole(100)
        assert objects.sweep() == 0

    def test_an_unknown_object_is_missing(self, objects, ident):
        for attempt in (objects.get, objects.size, lambda name: objects.get_range(name, 0, 1)):
            with pytest.raises(Missing) as caught:
                attempt(ident)
            assert caught.value.where == ident.hex()

    @pytest.mark.parametrize("wrong", [b"", bytes(15), bytes(17), "0" * 16, "../../../etc/pass", None])
    def test_a_wrong_id_is_invalid(self, objects, wrong):
        for attempt in (
            lambda: objects.put(wrong, [b"x"]), lambda: objects.get(wrong), lambda: objects.delete(wrong),
            lambda: objects.size(wrong), lambda: objects.get_range(wrong, 0, 1),
        ):
            with pytest.raises(Invalid):
                attempt()

    @pytest.mark.parametrize("after", [0, 5, 200])
    def test_an_error_of_the_source_passes_through_and_leaves_nothing(self, objects, ident, after):
        class Hostile(Exception):
            pass

        def broken():
            yield from pieces(after * 65536)
            raise Hostile

        with pytest.raises(Hostile):
            objects.put(ident, broken())
        assert list(objects.ids()) == []
        assert objects.sweep() == 0
        objects.put(ident, [b"later"])

    @pytest.mark.parametrize("after", [5, 200])
    def test_the_sources_own_missing_file_is_not_taken_for_a_missing_object(self, objects, ident, after):
        def broken():
            yield from pieces(after * 65536)
            raise FileNotFoundError("upload")

        with pytest.raises(FileNotFoundError, match="upload"):
            objects.put(ident, broken())

    def test_ranges(self, objects, ident):
        body = whole(3 << 20)
        objects.put(ident, pieces(3 << 20))
        for start, length in ((0, 1), (0, 3 << 20), (1 << 20, 65536), ((3 << 20) - 5, 100), ((3 << 20) - 1, 1)):
            assert objects.get_range(ident, start, length) == body[start : start + length]

    @pytest.mark.parametrize(("start", "length"), [(-1, 5), (0, 0), (0, -1), (100, 1), (1 << 62, 1)])
    def test_ranges_outside_are_invalid(self, objects, ident, start, length):
        objects.put(ident, pieces(100))
        with pytest.raises(Invalid):
            objects.get_range(ident, start, length)

    def test_deleted_objects_are_gone_and_deleting_again_is_no_error(self, objects, ident):
        objects.put(ident, [b"x"])
        objects.delete(ident)
        objects.delete(ident)
        assert list(objects.ids()) == []
        with pytest.raises(Missing):
            objects.get(ident)

    def test_every_store_creates_only(self, objects):
        require_create_only(objects)
        assert list(objects.ids()) == []

    def test_two_large_ones_under_one_id_leave_the_first(self, objects, ident):
        objects.put(ident, pieces(9 << 20))
        with pytest.raises(Conflict):
            objects.put(ident, pieces(9 << 20, seed=b"other"))
        assert b"".join(objects.get(ident)) == whole(9 << 20)

    @pytest.mark.parametrize("size", [100, 9 << 20])
    def test_chunks_may_come_from_another_object(self, objects, ident, size):
        objects.put(ident, pieces(size))
        copy = os.urandom(16)
        objects.put(copy, (bytes(piece) for piece in objects.get(ident)))
        assert b"".join(objects.get(copy)) == whole(size)

    def test_many_are_listed(self, objects):
        idents = {os.urandom(16) for _ in range(60)}
        for name in idents:
            objects.put(name, [b"x"])
        assert set(objects.ids()) == idents
        assert dict(objects.listed()) == dict.fromkeys(idents, 1)

"""What every row store must do. A further engine is one more entry in PLACES."""

import os
import threading

import postgres_server
import pytest

from seifas.errors import Conflict, Invalid, Missing
from seifas.storage.opening import open_rows

PLACES = {
    "sqlite": lambda directory: directory / "rows.db",
    "postgresql": lambda directory: postgres_server.shared().database(),
}


@pytest.fixture(params=PLACES)
def opened(request, tmp_path):
    """Opens the store again and again on the same place; closes what is left open."""
    stores = []
    place = PLACES[request.param](tmp_path)

    def open_store():
        stores.append(open_rows(place, founding=not stores))
        return stores[-1]

    yield open_store
    for store in stores:
        store.close()


@pytest.fixture
def rows(opened):
    return opened()


def some(count, size=512):
    return [(os.urandom(16), os.urandom(size)) for _ in range(count)]


class TestRows:
    def test_what_was_put_comes_back(self, rows):
        items = some(50) + some(5, 4000) + some(5, 1)
        rows.put_many(items)
        assert [rows.get(row) for row, _ in items] == [body for _, body in items]
        assert rows.count() == 60

    def test_what_was_put_is_there_after_reopening(self, rows, opened):
        items = some(10)
        rows.put_many(items)
        rows.close()
        again = opened()
        assert sorted(again.ids()) == sorted(row for row, _ in items)
        assert again.get(items[0][0]) == items[0][1]

    def test_an_unknown_id_is_missing(self, rows):
        row = os.urandom(16)
        with pytest.raises(Missing) as caught:
            rows.get(row)
        assert caught.value.where == row.hex()

    def test_an_existing_id_is_a_conflict_and_nothing_is_written(self, rows):
        old, *new = some(5)
        rows.put_many([old])
        with pytest.raises(Conflict):
            rows.put_many([*new, (old[0], b"other")])
        assert rows.count() == 1
        assert rows.get(old[0]) == old[1]

    def test_the_same_bytes_again_are_a_conflict_too(self, rows):
        items = some(1)
        rows.put_many(items)
        with pytest.raises(Conflict):
            rows.put_many(items)

    def test_an_id_twice_in_one_call_is_a_conflict(self, rows):
        item = some(1)[0]
        with pytest.raises(Conflict):
            rows.put_many([item, (item[0], b"other")])
        assert rows.count() == 0

    def test_nothing_to_put_is_fine(self, rows):
        rows.put_many([])
        assert rows.count() == 0

    @pytest.mark.parametrize("row", [b"", bytes(15), bytes(17), bytes(1 << 20), "0" * 16, None])
    def test_a_wrong_id_is_invalid(self, rows, row):
        with pytest.raises(Invalid):
            rows.put_many([(bytes(16), b"good"), (row, b"body")])
        assert rows.count() == 0
        with pytest.raises(Invalid):
            rows.get(row)

    @pytest.mark.parametrize("body", [b"", bytes(4001), bytes(1 << 24), "text", None])
    def test_a_wrong_body_is_invalid(self, rows, body):
        with pytest.raises(Invalid):
            rows.put_many([(bytes(16), b"good"), (os.urandom(16), body)])
        assert rows.count() == 0

    def test_get_many_keeps_the_order_asked_and_allows_repeats(self, rows):
        items = some(700)
        rows.put_many(items)
        asked = [row for row, _ in reversed(items)] + [items[3][0]]
        bodies = dict(items)
        assert rows.get_many(asked) == [bodies[row] for row in asked]
        assert rows.get_many([]) == []

    def test_get_many_names_what_is_missing(self, rows):
        items = some(20)
        rows.put_many(items)
        absent = os.urandom(16)
        with pytest.raises(Missing) as caught:
            rows.get_many([items[0][0], absent, items[1][0]])
        assert caught.value.where == absent.hex()

    def test_deleted_rows_are_gone_and_deleting_again_is_no_error(self, rows):
        items = some(10)
        rows.put_many(items)
        assert rows.delete_many([row for row, _ in items[:4]] + [os.urandom(16)]) == 4
        assert rows.delete_many([row for row, _ in items[:4]]) == 0
        assert rows.delete_many([]) == 0
        assert sorted(rows.ids()) == sorted(row for row, _ in items[4:])
        rows.put_many(items[:1])

    def test_ids_ascend_and_start_after_a_given_one(self, rows):
        items = some(300, 8)
        rows.put_many(items)
        ordered = sorted(row for row, _ in items)
        assert list(rows.ids()) == ordered
        assert list(rows.ids(after=ordered[99])) == ordered[100:]

    def test_ids_survive_deletion_while_they_are_read(self, rows):
        items = some(300, 8)
        rows.put_many(items)
        seen = []
        for row in rows.ids():
            seen.append(row)
            rows.delete_many([row])
        assert len(seen) == 300
        assert rows.count() == 0

    def test_bulk_rows_are_durable_after_the_context(self, rows, opened):
        items = some(2000)
        with rows.bulk() as bulk:
            for start in range(0, 2000, 100):
                bulk.put_many(items[start : start + 100])
        rows.close()
        again = opened()
        assert again.get_many([row for row, _ in items]) == [body for _, body in items]
        assert again.count() == 2000

    def test_an_error_inside_bulk_writes_nothing(self, rows):
        def load():
            with rows.bulk() as bulk:
                bulk.put_many(some(10))
                raise RuntimeError

        with pytest.raises(RuntimeError):
            load()
        assert rows.count() == 0

    def test_bulk_is_create_only(self, rows):
        old = some(1)[0]
        rows.put_many([old])
        with pytest.raises(Conflict), rows.bulk() as bulk:
            bulk.put_many([(old[0], b"other")])
        assert rows.get(old[0]) == old[1]

    def test_put_many_stays_durable_while_a_bulk_load_runs(self, rows):
        item = some(1)[0]
        with rows.bulk() as bulk:
            bulk.put_many(some(10))
            rows.put_many([item])
            assert rows.get(item[0]) == item[1]
        assert rows.count() == 11

    def test_threads_write_and_read_at_once(self, rows):
        wrong = []

        def work():
            try:
                for _ in range(10):
                    items = some(5)
                    rows.put_many(items)
                    if rows.get_many([row for row, _ in items]) != [body for _, body in items]:
                        wrong.append("another body")
            except Exception as error:
                wrong.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert rows.count() == 200

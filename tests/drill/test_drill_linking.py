"""The linker's parts: it reads files as they are, counts rightly, sees what is there and is blind where nothing is."""

import contextlib
import os
import random
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.drill import linking, sqlite_pages, two_copies
from seifas.drill.linking import LINE, ROW, Thing, auc
from seifas.errors import Tampered

# -- the file format


def database(path, page_size, statements):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size={page_size}")
    connection.execute("PRAGMA synchronous=0")
    for statement in statements:
        connection.execute(*statement)
    pages, free = (connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "freelist_count"))
    connection.close()
    return pages, free


@pytest.mark.parametrize("page_size", [512, 4096, 16384, 65536])
def test_every_row_is_read_where_sqlite_put_it(tmp_path, page_size):
    chance = random.Random(page_size)
    keyed = [(chance.randbytes(16), chance.randbytes(chance.choice([0, 1, 90, 500, 3000, 9000]))) for _ in range(400)]
    plain = [chance.randbytes(chance.choice([0, 10, 5000, 70_000])) for _ in range(60)]
    pages, free = database(tmp_path / "a.db", page_size, [
        ("CREATE TABLE keyed (id BLOB PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID",),
        ("CREATE TABLE plain (body BLOB)",),
        ("CREATE INDEX other ON plain (body)",),
        *(("INSERT INTO keyed VALUES (?, ?)", row) for row in keyed),
        *(("INSERT INTO plain VALUES (?)", (body,)) for body in plain),
        ("DELETE FROM keyed WHERE id < x'80'",),
    ])
    read = sqlite_pages.read(tmp_path / "a.db")
    assert (read.page_size, read.pages, len(read.free)) == (page_size, pages, free)
    left = sorted(row for row in keyed if row[0] >= b"\x80")
    assert [cell.key for cell in read.tables["keyed"]] == [key for key, _ in left]
    assert [int.from_bytes(cell.key, "big") for cell in read.tables["plain"]] == list(range(1, 61))
    data = (tmp_path / "a.db").read_bytes()
    for cell, (key, body) in zip(read.tables["keyed"], left, strict=True):
        assert cell.size >= len(key) + len(body)
        at = (cell.page - 1) * page_size + cell.offset
        assert key[:8] in data[at : at + 40]
        last = data[(cell.overflow[-1] - 1) * page_size :] if cell.overflow else data[at:]
        assert body[-8:] in last[: page_size + cell.size]
    assert free > 0
    assert not set(read.free) & {cell.page for cell in read.tables["keyed"]}


def test_a_later_row_lies_lower_on_its_page(tmp_path):
    database(tmp_path / "a.db", 4096, [
        ("CREATE TABLE t (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID",),
        *(("INSERT INTO t VALUES (?, zeroblob(50))", (bytes([key]) * 16,)) for key in (5, 9, 1, 7)),
    ])
    cells = sqlite_pages.read(tmp_path / "a.db").tables["t"]
    assert [cell.key[0] for cell in cells] == [1, 5, 7, 9]
    assert [cell.key[0] for cell in sorted(cells, key=lambda cell: -cell.offset)] == [5, 9, 1, 7]


@settings(max_examples=60)
@given(data=st.data())
def test_damaged_files_are_refused_or_read_never_looped_over(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "a.db"
    database(path, 512, [("CREATE TABLE t (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID",),
                         *(("INSERT INTO t VALUES (?, ?)", (os.urandom(16), os.urandom(900))) for _ in range(30))])
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(100, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(raw)
    with contextlib.suppress(Tampered, IndexError, ValueError):
        sqlite_pages.read(path)


def test_what_is_no_database_is_refused(tmp_path):
    (tmp_path / "a.db").write_bytes(b"SQLite format 2")
    with pytest.raises(Tampered):
        sqlite_pages.read(tmp_path / "a.db")


# -- counting


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=40))
def test_auc_is_the_chance_that_a_same_pair_is_rated_higher(ratings):
    same = [value for value, is_same in ratings if is_same]
    different = [value for value, is_same in ratings if not is_same]
    if not same or not different:
        assert auc(ratings) == 0.5
        return
    won = sum((a > b) + (a == b) / 2 for a in same for b in different)
    assert auc(ratings) == pytest.approx(won / (len(same) * len(different)))


# -- seeing and being blind


def clinic(patients, rows, place):
    """`place(patient, number)` gives the order in which a row of a patient shows."""
    return [
        [Thing(ROW, (place(patient, number), random.random()), (random.randrange(3),)) for number in range(rows)]
        for patient in range(patients)
    ]


def test_things_without_a_trace_are_not_paired():
    verdict = linking.attack(clinic(400, 6, lambda patient, number: random.random()))
    assert abs(verdict.auc - 0.5) < 4 * verdict.error
    assert verdict.pairs == 1200


@pytest.mark.parametrize("spread", [0.001, 0.02])
def test_things_that_lie_near_each_other_are_paired(spread):
    verdict = linking.attack(clinic(400, 6, lambda patient, number: patient / 400 + random.gauss(0, spread)))
    assert verdict.auc > 0.9
    assert verdict.worst.pair == "row - row"


def test_a_size_that_only_one_patient_has_is_seen():
    things = [[Thing(ROW, (random.random(),), (patient % 40,)) for _ in range(5)] for patient in range(400)]
    assert linking.attack(things).auc > 0.8


def test_a_trace_in_a_few_patients_moves_the_figure_by_their_share():
    chance = random.Random(4)
    things = clinic(400, 6, lambda patient, number: patient / 4000 if patient < 40 else chance.random())
    verdict = linking.attack(things)
    assert 0.52 < verdict.auc < 0.6


def test_two_kinds_of_things_are_paired_by_what_they_share():
    things = [[Thing("key", (patient / 300,), ()), Thing("state", (patient / 300,), ())] for patient in range(300)]
    verdict = linking.attack(things)
    assert [score.pair for score in verdict.scores] == ["key - state"]
    assert verdict.auc > 0.9


def test_lines_of_the_log_are_judged_apart():
    things = [[Thing(LINE, (patient / 300 + number / 9000,), ()) for number in range(3)]
              + [Thing(ROW, (random.random(),), ())] for patient in range(300)]
    verdict = linking.attack(things)
    assert verdict.in_time is not None
    assert verdict.in_time.auc > 0.9
    assert "line - line" not in {score.pair for score in verdict.scores}


def test_chances_of_two_things_of_one_owner():
    assert two_copies._chance([b"a", b"a", b"b", b"b"]) == pytest.approx(2 * 2 / 12)
    assert two_copies._chance([b"a"]) == 0.0

"""A thief with a cold rows.db, who knows which page and place every row has, pairs rows of one patient."""

import bisect
import os
import random

import pytest
from cold_file import File

from seifas.storage.rows_sqlite import SqliteRows

PATIENTS = 600
PAIRS = 8000


def visits():
    """Rows of one patient after another, as a clinic writes them: a transaction each."""
    return [[(os.urandom(16), os.urandom((512, 1024, 1024, 2048)[n % 4])) for n in range(6)] for _ in range(PATIENTS)]


def places(path):
    """id -> (page, order of insertion within the page from 0 to 1, insertions since)."""
    file = File(path)
    by_page: dict[int, list[tuple[int, bytes]]] = {}
    for page, at, row in file.places():
        by_page.setdefault(page, []).append((at, row))
    found = {}
    for page, cells in by_page.items():
        cells.sort(reverse=True)  # SQLite fills a page from its end
        for order, (_, row) in enumerate(cells):
            found[row] = (page, order / max(1, len(cells) - 1), len(cells) - 1 - order)
    return found


LINKERS = {
    "pages are near": lambda a, b: -abs(a[0] - b[0]),
    "inserted at the same stage of their pages": lambda a, b: -abs(a[1] - b[1]),
    "both the newest of their pages": lambda a, b: -abs(a[2] - b[2]) - 0.1 * (a[2] + b[2]),
}


def success(found, owners, linker):
    """Area under the curve: the chance that a true pair looks more alike than a false one; 0.5 is guessing."""
    chance = random.Random(2017)
    rows = list(found)
    of: dict[int, list[bytes]] = {}
    for row in rows:
        of.setdefault(owners[row], []).append(row)
    true = [chance.sample(chance.choice(list(of.values())), 2) for _ in range(PAIRS)]
    false = [pair for pair in (chance.sample(rows, 2) for _ in range(PAIRS)) if owners[pair[0]] != owners[pair[1]]]
    alike = sorted(linker(found[a], found[b]) for a, b in true)
    wins = 0.0
    for a, b in false:
        score = linker(found[a], found[b])
        low, high = bisect.bisect_left(alike, score), bisect.bisect_right(alike, score)
        wins += len(alike) - high + (high - low) / 2
    return wins / len(alike) / len(false)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    directory = tmp_path_factory.mktemp("linking")
    patients = visits()
    owners = {row: number for number, items in enumerate(patients) for row, _ in items}
    rows = SqliteRows(directory / "rows.db")
    for items in patients:
        rows.put_many(items)
    rows.close()
    # The control: the same rows under ids that begin with the time, as UUIDs of version 7 do.
    timed = SqliteRows(directory / "timed.db")
    with timed.bulk() as bulk:
        for number, items in enumerate(patients):
            named = [(number.to_bytes(6, "big") + row[6:], body) for row, body in items]
            owners |= {row: number for row, _ in named}
            bulk.put_many(named)
    timed.close()
    return directory, owners


@pytest.mark.parametrize("linker", LINKERS)
def test_places_in_the_file_do_not_pair_rows_of_one_patient(stores, linker):
    directory, owners = stores
    assert success(places(directory / "rows.db"), owners, LINKERS[linker]) <= 0.55


def test_the_linker_pairs_rows_where_the_order_shows(stores):
    directory, owners = stores
    assert success(places(directory / "timed.db"), owners, LINKERS["pages are near"]) > 0.95

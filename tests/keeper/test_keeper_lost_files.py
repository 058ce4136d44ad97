"""A database file that is moved, removed or exchanged while it is open: no write is acknowledged into nowhere."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from seifas.errors import Missing, Unavailable
from seifas.storage.rows_sqlite import SqliteRows

BODY = b"x" * 100


def _row(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.db"


@pytest.fixture
def rows(path: Path) -> Iterator[SqliteRows]:
    made = SqliteRows(path)
    made.put_many([(_row(1), BODY)])
    yield made
    made.close()


def test_moved_away_nothing_is_written_and_back_again_it_goes_on(rows: SqliteRows, path: Path) -> None:
    away = path.with_name("elsewhere")
    assert rows.get(_row(1)) == BODY
    path.rename(away)
    with pytest.raises(Unavailable, match=r"rows\.db is gone"):
        rows.put_many([(_row(2), BODY)])
    assert not rows.broken, "opening again would not help now"
    assert rows.get(_row(1)) == BODY, "what is there can still be read"
    away.rename(path)
    rows.put_many([(_row(2), BODY)])
    assert rows.get(_row(2)) == BODY


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000])
def test_another_file_in_its_place_takes_nothing(rows: SqliteRows, path: Path, content: bytes) -> None:
    away = path.with_name("elsewhere")
    path.rename(away)
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="another file is in its place"):
        rows.put_many([(_row(2), BODY)])
    assert path.read_bytes() == content
    away.replace(path)
    rows.put_many([(_row(2), BODY)])


def test_reading_makes_no_empty_file_in_its_place(rows: SqliteRows, path: Path) -> None:
    away = path.with_name("elsewhere")
    path.rename(away)
    with pytest.raises(Unavailable, match="is gone"):
        rows.get(_row(1))  # the first read, for which a connection would have to be opened
    assert not path.exists()
    away.rename(path)
    assert rows.get(_row(1)) == BODY


def test_a_link_in_its_place_is_not_followed(rows: SqliteRows, path: Path) -> None:
    away = path.with_name("elsewhere")
    path.rename(away)
    path.symlink_to(away)
    with pytest.raises(Unavailable):
        rows.put_many([(_row(2), BODY)])


def test_removed_while_it_is_written_is_not_acknowledged(rows: SqliteRows, path: Path) -> None:
    """The moment between the check and the commit: the transaction stands in a file that is nobody's."""
    away = path.with_name("elsewhere")

    def write() -> None:
        with rows._db.writing() as connection:
            connection.execute("INSERT INTO rows (id, body) VALUES (?, ?)", (_row(2), BODY))
            path.rename(away)

    with pytest.raises(Unavailable, match="while it was written"):
        write()
    assert not rows.broken
    with pytest.raises(Unavailable, match="opened again"):
        rows.put_many([(_row(3), BODY)])
    away.rename(path)
    assert rows.broken, "now opening it again tells what is there"
    with pytest.raises(Unavailable, match="opened again"):
        rows.get(_row(1))
    with closing(SqliteRows(path)) as again:
        assert again.get(_row(1)) == BODY


def test_a_removed_write_ahead_log_loses_nothing(rows: SqliteRows, path: Path) -> None:
    rows.put_many([(_row(number), BODY) for number in range(2, 50)])
    log = path.with_name("rows.db-wal")
    assert log.stat().st_size > 0
    log.unlink()
    with pytest.raises(Unavailable, match="wal"):
        rows.put_many([(_row(50), BODY)])
    assert rows.broken
    # As the keeper does it: nothing is closed, the next process opens what is there.
    copied = path.with_name("copy.db")
    shutil.copy(path, copied)
    with closing(SqliteRows(copied)) as again:
        assert again.count() == 49
        with pytest.raises(Missing):
            again.get(_row(50))


def test_an_unlinked_file_is_kept_open_because_it_is_the_last_copy(rows: SqliteRows, path: Path) -> None:
    rows.put_many([(_row(2), BODY)])
    path.unlink()
    with pytest.raises(Unavailable):
        rows.put_many([(_row(3), BODY)])
    assert not rows.broken
    saved = path.with_name("saved.db")
    for number in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{number}") == f"{path} (deleted)":
                shutil.copy(f"/proc/self/fd/{number}", saved)
        except FileNotFoundError:
            continue
    shutil.copy(path.with_name("rows.db-wal"), saved.with_name("saved.db-wal"))
    with closing(sqlite3.connect(saved)) as found:
        assert found.execute("SELECT count(*) FROM rows").fetchone() == (2,)

"""A database exchanged while nobody had it open: its write-ahead log, in which the last commits stand, survives."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from seifas.errors import SeifasError
from seifas.storage import kept_log
from seifas.storage.rows_sqlite import SqliteRows

BODY = b"x" * 100


def _row(number: int) -> bytes:
    return number.to_bytes(16, "big")


def _in_a_process_that_is_killed(deed: Callable[[], None]) -> None:
    pid = os.fork()
    if pid == 0:
        try:
            deed()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A row store whose newest commits stand only in the log, as after kill -9."""
    made = tmp_path / "rows.db"
    with closing(SqliteRows(made)) as rows:
        rows.put_many([(_row(n), BODY) for n in range(10)])

    def write() -> None:
        SqliteRows(made).put_many([(_row(n), BODY) for n in range(10, 20)])

    _in_a_process_that_is_killed(write)
    assert made.with_name("rows.db-wal").stat().st_size > 0
    return made


def _names(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


def test_all_is_there_and_nothing_is_left_beside_it(path: Path) -> None:
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20
    assert _names(path) == {"rows.db"}


@pytest.mark.parametrize("content", [b"", b"garbage" * 5000, b"SQLite format 3\x00" + b"\x07" * 50_000])
def test_garbage_in_its_place_does_not_cost_the_log(path: Path, content: bytes) -> None:
    true = path.with_name("elsewhere")
    path.rename(true)
    path.write_bytes(content)
    for _ in range(3):
        with pytest.raises(SeifasError):
            SqliteRows(path)
    true.replace(path)
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20
    assert _names(path) == {"rows.db"}


def test_an_older_copy_in_its_place_does_not_cost_the_log(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "rows.db"
    with closing(SqliteRows(other)) as rows:
        rows.put_many([(_row(n), BODY) for n in range(100, 400)])
    true = path.with_name("elsewhere")
    path.rename(true)
    other.rename(path)
    # It opens; that it is the wrong one only shows above, where its rows are looked for.
    with pytest.raises(SeifasError):
        _open_and_find_it_wrong(path)
    true.replace(path)
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20


def _open_and_find_it_wrong(path: Path) -> None:
    rows = SqliteRows(path)
    rows.abandon()
    raise SeifasError("wrong")


def test_abandoning_the_right_one_costs_nothing_either(path: Path) -> None:
    for _ in range(3):
        SqliteRows(path).abandon()
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20


def test_killed_while_a_wrong_one_was_open(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "rows.db"
    with closing(SqliteRows(other)) as rows:
        rows.put_many([(_row(n), BODY) for n in range(100, 400)])
    true = path.with_name("elsewhere")
    path.rename(true)
    other.rename(path)

    def open_it() -> None:
        with contextlib.suppress(SeifasError):
            SqliteRows(path).get(_row(100))

    _in_a_process_that_is_killed(open_it)
    true.replace(path)
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20


def test_after_the_first_write_no_old_log_comes_back(path: Path) -> None:
    rows = SqliteRows(path)
    assert path.with_name("rows.db-wal.kept").exists()
    rows.put_many([(_row(30), BODY)])
    assert not path.with_name("rows.db-wal.kept").exists()
    rows.abandon()
    with closing(SqliteRows(path)) as again:
        assert again.count() == 21


def test_a_copy_from_a_cut_off_opening_is_taken_up_where_the_log_is_gone(path: Path) -> None:
    log = path.with_name("rows.db-wal")
    kept_log.keep(path)
    log.unlink()
    path.with_name("rows.db-shm").unlink(missing_ok=True)
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20
    assert _names(path) == {"rows.db"}


def test_where_there_are_no_second_names_it_is_copied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    true = path.with_name("elsewhere")
    path.rename(true)
    path.write_bytes(b"garbage" * 5000)
    with pytest.raises(SeifasError):
        SqliteRows(path)
    true.replace(path)
    with closing(SqliteRows(path)) as rows:
        assert rows.count() == 20


def test_it_takes_no_room(path: Path) -> None:
    kept_log.keep(path)
    assert path.with_name("rows.db-wal.kept").samefile(path.with_name("rows.db-wal"))


def test_the_copy_is_the_owners_alone(path: Path) -> None:
    kept_log.keep(path)
    assert path.with_name("rows.db-wal.kept").stat().st_mode & 0o777 == 0o600

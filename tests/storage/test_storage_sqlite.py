import sqlite3
import subprocess
import sys
import threading

import pytest

from seifas.errors import Tampered, Unavailable
from seifas.storage.migrations import ROWS
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.sqlite import Database

PAGE = 16384
INSERT = "INSERT INTO rows (id, body) VALUES (randomblob(16), zeroblob(100))"


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "data" / "rows.db", page_size=PAGE, migrations=ROWS)
    yield database
    database.close()


def count(database):
    with database.reading() as connection:
        return connection.execute("SELECT count(*) FROM rows").fetchone()[0]


def test_every_connection_is_durable_and_leaves_nothing_behind(database):
    wanted = {
        "page_size": PAGE, "journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2,
        "trusted_schema": 0,
    }
    with database.writing() as writer, database.reading() as reader:
        for connection in (writer, reader):
            assert {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted


def test_files_are_for_the_owner_only_even_if_they_were_not(database, tmp_path):
    with database.writing() as connection:
        connection.execute(INSERT)
    files = list((tmp_path / "data").iterdir())
    assert len(files) == 3
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    database.close()
    (tmp_path / "data" / "rows.db").chmod(0o644)
    Database(tmp_path / "data" / "rows.db", page_size=PAGE, migrations=ROWS).close()
    assert (tmp_path / "data" / "rows.db").stat().st_mode & 0o777 == 0o600


def test_a_symbolic_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").touch()
    (tmp_path / "rows.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="plain file"):
        Database(tmp_path / "rows.db", page_size=PAGE, migrations=ROWS)


def test_another_page_size_is_refused(database, tmp_path):
    database.close()
    with pytest.raises(Unavailable, match="page_size=16384, 4096 is required"):
        Database(tmp_path / "data" / "rows.db", page_size=4096, migrations=ROWS)


def test_a_file_of_a_newer_program_is_refused_and_left_alone(database, tmp_path):
    database.close()
    path = tmp_path / "data" / "rows.db"
    with sqlite3.connect(path) as newer:
        newer.execute("INSERT INTO schema_version VALUES (2, 'of tomorrow')")
    newer.close()
    before = path.read_bytes()
    with pytest.raises(Unavailable, match=r"rows\.db has schema 2, this program knows up to 1"):
        Database(path, page_size=PAGE, migrations=ROWS)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["rows.db"], "no connection was left open"


NO_ROOM = """
import resource, sys
from pathlib import Path
from seifas.errors import Unavailable
from seifas.storage.rows_sqlite import SqliteRows

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    SqliteRows(Path(sys.argv[1]))
except Unavailable as error:
    print(error.message)
"""


def test_a_disk_that_is_full_from_the_start_is_refused(tmp_path):
    command = [sys.executable, "-c", NO_ROOM, tmp_path / "rows.db"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "nothing was written" in done.stdout, done.stderr[-2000:]
    SqliteRows(tmp_path / "rows.db").close()


def test_readers_do_not_wait_for_the_writer(database):
    seen = []
    with database.writing() as connection:
        connection.execute(INSERT)
        reader = threading.Thread(target=lambda: seen.append(count(database)))
        reader.start()
        reader.join(5)
        assert seen == [0]
    assert count(database) == 1


def test_a_reader_cannot_write(database):
    with pytest.raises(Unavailable), database.reading() as connection:
        connection.execute(INSERT)
    assert count(database) == 0


def test_any_error_rolls_back(database):
    def fail():
        with database.writing() as connection:
            connection.execute(INSERT)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert count(database) == 0
    with database.writing() as connection:
        connection.execute(INSERT)
    assert count(database) == 1


def test_finished_reads_do_not_keep_the_log_from_being_emptied(database, tmp_path):
    for _ in range(5):
        with database.writing() as connection:
            connection.execute(INSERT)
        with database.reading() as connection:
            connection.execute("SELECT id FROM rows").fetchone()
    assert database.checkpoint()
    assert (tmp_path / "data" / "rows.db-wal").stat().st_size == 0


def test_closing_leaves_one_file_and_closing_twice_is_fine(database, tmp_path):
    with database.writing() as connection:
        connection.execute(INSERT)
    count(database)
    database.close()
    database.close()
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["rows.db"]
    for attempt in (database.writing, database.reading):
        with pytest.raises(Unavailable, match="closed"), attempt():
            pass
    with pytest.raises(Unavailable, match="closed"):
        database.checkpoint()


class FailingSync:
    """A connection whose COMMIT ends like on a disk that fails fsync, which no file system here can be made to do."""

    def __init__(self, connection):
        self._connection = connection

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def execute(self, sql, *parameters):
        if sql == "COMMIT":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error
        return self._connection.execute(sql, *parameters)


def test_after_a_failed_fsync_nothing_is_served_until_reopened(database, tmp_path):
    database._writer = FailingSync(database._writer)
    with pytest.raises(Unavailable, match="disk reported an error"), database.writing() as connection:
        connection.execute(INSERT)
    for attempt in (database.writing, database.reading):
        with pytest.raises(Unavailable, match="restart"), attempt():
            pass
    database.close()
    again = Database(tmp_path / "data" / "rows.db", page_size=PAGE, migrations=ROWS)
    assert count(again) == 0
    again.close()


def test_a_damaged_page_is_tampering(database, tmp_path):
    with database.writing() as connection:
        connection.executemany("INSERT INTO rows (id, body) VALUES (randomblob(16), zeroblob(?))", [(4000,)] * 200)
    database.close()
    path = tmp_path / "data" / "rows.db"
    data = bytearray(path.read_bytes())
    for page in range(3, len(data) // PAGE):
        data[page * PAGE : page * PAGE + 8] = b"\xff" * 8
    path.write_bytes(data)
    again = Database(path, page_size=PAGE, migrations=ROWS)
    with pytest.raises(Tampered):
        count(again)
    again.close()

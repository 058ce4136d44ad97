import sqlite3

import pytest

from seifas.errors import Unavailable
from seifas.storage.migrations import KEYS, POSTGRESQL, ROWS, SQLITE, STATE, Migration, apply

ALL = {"rows": ROWS, "state": STATE, "keys": KEYS}


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


def columns(connection, table):
    return {row[1]: row[2] for row in connection.execute(f"PRAGMA table_info({table})")}


def has_rowid(connection, table):
    try:
        connection.execute(f"SELECT rowid FROM {table}")
    except sqlite3.OperationalError:
        return False
    return True


def check_rows_1(connection):
    assert columns(connection, "rows") == {"id": "BLOB", "body": "BLOB"}
    assert not has_rowid(connection, "rows")
    connection.execute("INSERT INTO rows VALUES (zeroblob(16), zeroblob(4000))")
    for row, body in ((15, 1), (17, 1), (16, 4001)):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("INSERT INTO rows VALUES (zeroblob(?), zeroblob(?))", (row, body))


def check_state_1(connection):
    assert columns(connection, "state") == {"tag": "BLOB", "body": "BLOB"}
    assert columns(connection, "leaves") == {"idx": "INTEGER", "body": "BLOB"}
    assert columns(connection, "meta") == {"name": "TEXT", "body": "BLOB"}
    assert [has_rowid(connection, table) for table in ("state", "leaves", "meta")] == [False, True, False]
    for wrong in ("INSERT INTO state VALUES (zeroblob(31), x'00')", "INSERT INTO leaves VALUES (-1, x'00')"):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(wrong)


def check_keys_1(connection):
    assert columns(connection, "keys") == {"tag": "BLOB", "body": "BLOB"}
    assert columns(connection, "epoch") == {"name": "TEXT", "body": "BLOB"}
    assert not has_rowid(connection, "keys")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO keys VALUES (zeroblob(33), x'00')")


CHECKS = {("rows", 1): check_rows_1, ("state", 1): check_state_1, ("keys", 1): check_keys_1}


def test_every_migration_has_its_check_and_they_are_numbered_from_one():
    assert set(CHECKS) == {(name, step.number) for name, steps in ALL.items() for step in steps}
    for steps in ALL.values():
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))


@pytest.mark.parametrize(("name", "number"), CHECKS)
def test_migration(connection, name, number):
    steps = ALL[name][:number]
    assert apply(connection, steps, subject=name) == number
    CHECKS[name, number](connection)
    history = connection.execute("SELECT number, name FROM schema_version ORDER BY number").fetchall()
    assert history == [(step.number, step.name) for step in steps]
    assert not connection.in_transaction


STEPS = (
    Migration(1, "first", ("CREATE TABLE one (a {blob})",)),
    Migration(2, "second", ("CREATE TABLE two (a {blob})", "CREATE TABLE three (a {bigint})")),
)


def test_applying_twice_changes_nothing_and_later_steps_follow(connection):
    assert apply(connection, STEPS[:1], subject="x.db") == 1
    assert apply(connection, STEPS[:1], subject="x.db") == 1
    connection.execute("INSERT INTO one VALUES (x'01')")
    assert apply(connection, STEPS, subject="x.db") == 2
    assert connection.execute("SELECT count(*) FROM one, schema_version").fetchone() == (2,)
    assert columns(connection, "three") == {"a": "INTEGER"}


def test_a_newer_schema_is_refused_and_left_alone(connection):
    apply(connection, STEPS, subject="x.db")
    before = list(connection.iterdump())
    with pytest.raises(Unavailable, match=r"x\.db has schema 2, this program knows up to 1"):
        apply(connection, STEPS[:1], subject="x.db")
    assert list(connection.iterdump()) == before
    assert not connection.in_transaction


def test_another_history_is_refused(connection):
    apply(connection, STEPS, subject="x.db")
    other = (STEPS[0], Migration(2, "something else", ()))
    with pytest.raises(Unavailable, match="another program"):
        apply(connection, other, subject="x.db")


def test_a_step_that_fails_leaves_the_old_schema_whole(connection):
    apply(connection, STEPS[:1], subject="x.db")
    before = list(connection.iterdump())
    broken = (STEPS[0], Migration(2, "broken", ("CREATE TABLE two (a {blob})", "CREATE NONSENSE")))
    with pytest.raises(sqlite3.OperationalError):
        apply(connection, broken, subject="x.db")
    assert list(connection.iterdump()) == before
    assert not connection.in_transaction


class Recorder:
    """Takes the statements that another engine would get."""

    def __init__(self):
        self.statements = []

    def execute(self, sql, parameters=()):
        self.statements.append(sql)
        return self

    def fetchall(self):
        return []


@pytest.mark.parametrize("steps", ALL.values(), ids=ALL)
def test_postgresql_gets_its_own_words_and_nothing_of_sqlite(steps):
    recorder = Recorder()
    apply(recorder, steps, subject="x", dialect=POSTGRESQL)
    text = "\n".join(recorder.statements)
    assert "BYTEA" in text
    assert "%s" in text
    for word in ("BLOB", "ROWID", "IMMEDIATE", "?", "{", "}"):
        assert word not in text
    assert recorder.statements[0] == "BEGIN"
    assert recorder.statements[-1] == "COMMIT"


def test_the_two_dialects_differ_only_in_words():
    assert SQLITE.sql("{blob} {bigint}{by_key} {mark}") == "BLOB INTEGER WITHOUT ROWID ?"
    assert POSTGRESQL.sql("{blob} {bigint}{by_key} {mark}") == "BYTEA BIGINT %s"

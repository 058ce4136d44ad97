"""The schemas of every database file, as numbered steps that SQLite and PostgreSQL both run.

A step, once released, is never edited: the next number is added. `apply` runs in one transaction, so an upgrade that
is killed half-way leaves the old schema whole.

    apply(connection, migrations, *, subject, dialect=SQLITE) -> int        the schema number now in place
    ROWS, STATE, KEYS: tuple[Migration, ...]                                rows.db, keeper.db, keystore-NNNNNN.db
    KEYS_REGISTER: tuple[Migration, ...]                                    the generations of a key store in PostgreSQL
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

import msgspec

from seifas.errors import Unavailable


class Dialect(msgspec.Struct, frozen=True):
    """The few words in which the engines differ. `mark` stands for one parameter."""

    begin: str
    blob: str
    bigint: str
    by_key: str
    mark: str

    def sql(self, text: str) -> str:
        return text.format(blob=self.blob, bigint=self.bigint, by_key=self.by_key, mark=self.mark)


# A rowid would number the rows in the order they came, which tells what was written together; so tables with random
# keys have none. PostgreSQL has no such clause (its heap order is dealt with by clustering, not by the schema).
SQLITE: Final = Dialect(begin="BEGIN IMMEDIATE", blob="BLOB", bigint="INTEGER", by_key=" WITHOUT ROWID", mark="?")
POSTGRESQL: Final = Dialect(begin="BEGIN", blob="BYTEA", bigint="BIGINT", by_key="", mark="%s")


class Migration(msgspec.Struct, frozen=True):
    """One step: `{blob}`, `{bigint}` and `{by_key}` are filled in from the dialect."""

    number: int
    name: str
    statements: tuple[str, ...]


ROWS: Final = (
    Migration(
        1,
        "rows",
        (
            "CREATE TABLE rows (id {blob} PRIMARY KEY CHECK (length(id) = 16), "
            "body {blob} NOT NULL CHECK (length(body) <= 4000)){by_key}",
        ),
    ),
)

STATE: Final = (
    Migration(
        1,
        "state, leaves, meta",
        (
            "CREATE TABLE state (tag {blob} PRIMARY KEY CHECK (length(tag) = 32), body {blob} NOT NULL){by_key}",
            "CREATE TABLE leaves (idx {bigint} PRIMARY KEY CHECK (idx >= 0), body {blob} NOT NULL)",
            "CREATE TABLE meta (name TEXT PRIMARY KEY, body {blob} NOT NULL){by_key}",
        ),
    ),
)

KEYS: Final = (
    Migration(
        1,
        "keys, epoch",
        (
            "CREATE TABLE keys (tag {blob} PRIMARY KEY CHECK (length(tag) = 32), body {blob} NOT NULL){by_key}",
            "CREATE TABLE epoch (name TEXT PRIMARY KEY, body {blob} NOT NULL){by_key}",
        ),
    ),
)


KEYS_REGISTER: Final = (
    Migration(
        1,
        "generations, slots",
        (
            "CREATE TABLE generations (number {bigint} PRIMARY KEY CHECK (number > 0), placed BOOLEAN NOT NULL)",
            "CREATE TABLE slots (number {bigint} PRIMARY KEY, body {blob} NOT NULL)",
        ),
    ),
)


class Rows(Protocol):
    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What sqlite3 and psycopg 3 (in autocommit mode) have in common, as far as it is used here."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows: ...


def apply(
    connection: Connection, migrations: Sequence[Migration], *, subject: str, dialect: Dialect = SQLITE
) -> int:
    """Bring a database to the newest schema and return its number.

    The connection is in autocommit mode and in no transaction. Raises `Unavailable` if the database was written by a
    newer program, or if its history names other steps than ours: both are left untouched. Errors of the engine pass
    through after a rollback.
    """
    connection.execute(dialect.begin)
    try:
        connection.execute(
            dialect.sql("CREATE TABLE IF NOT EXISTS schema_version (number {bigint} PRIMARY KEY, name TEXT NOT NULL)")
        )
        done = [(int(n), str(name)) for n, name in connection.execute(
            "SELECT number, name FROM schema_version ORDER BY number"
        ).fetchall()]
        _check_history(done, migrations, subject)
        for step in migrations[len(done) :]:
            for statement in step.statements:
                connection.execute(dialect.sql(statement))
            connection.execute(
                dialect.sql("INSERT INTO schema_version (number, name) VALUES ({mark}, {mark})"),
                (step.number, step.name),
            )
        connection.execute("COMMIT")
    except BaseException:
        # After some errors (a full disk) the engine has rolled back by itself and refuses to do it again.
        with suppress(Exception):
            connection.execute("ROLLBACK")
        raise
    return migrations[-1].number


def _check_history(done: Sequence[tuple[int, str]], known: Sequence[Migration], subject: str) -> None:
    if len(done) > len(known):
        raise Unavailable(
            f"{subject} has schema {done[-1][0]}, this program knows up to {known[-1].number}: "
            "run the newer program, or restore the backup from before its upgrade",
            where=subject,
        )
    for (number, name), step in zip(done, known, strict=False):
        if (number, name) != (step.number, step.name):
            raise Unavailable(f"{subject} was made by another program: its schema step {number} is unknown",
                              where=subject)

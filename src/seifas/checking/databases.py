"""Rows, state and keys in PostgreSQL: reached under TLS, copied before a commit, by a user who may not do anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import psycopg
from psycopg.conninfo import conninfo_to_dict

from seifas.checking.model import ACCESS, HIGH, MEDIUM, RANSOM, STOLEN, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight
from seifas.errors import Invalid, SeifasError
from seifas.storage.database_places import DatabaseAt
from seifas.storage.postgres_connecting import connect, one
from seifas.storage.postgres_connecting import hosts as named_hosts

PLAIN: Final = Kind(
    "database-in-clear", HIGH, "The database is reached without a verified certificate", STOLEN,
    "What goes there is sealed, the password is not; and who stands on the way can be the database, and show an older "
    "day of it.",
    "Take sslmode out of [storage] database and keys_database: without it verify-full is used.",
)
ALONE: Final = Kind(
    "database-alone", MEDIUM, "The database has no synchronous standby", RANSOM,
    "What was written since the last backup is lost with the machine that it is on.",
    "Add a standby, and name it in its synchronous_standby_names (docs/running/scale.md).",
)
STRONG: Final = Kind(
    "database-user-strong", MEDIUM, "The vault's user of the database is a superuser there", ACCESS,
    "Whoever takes its password reads and writes files of the database's machine, and every other database on it.",
    "A user of its own that owns this database and nothing else: ALTER ROLE … NOSUPERUSER.",
)
KINDS: Final = (PLAIN, ALONE, STRONG)
_VERIFIED: Final = frozenset({"verify-full", "verify-ca"})
_HERE: Final = frozenset({"", "localhost", "127.0.0.1", "::1"})


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    for name, place in places(sight):
        said = conninfo_to_dict(place.conninfo)
        far = [host for host in hosts(place) if host not in _HERE and not host.startswith(("/", "@"))]
        if far and said.get("sslmode", "verify-full") not in _VERIFIED:
            yield PLAIN.seen(f"{name}: sslmode={said['sslmode']}, and it is on another machine")
        try:
            with connect(place, name=name) as connection:
                if not one(connection, "SELECT setting FROM pg_settings WHERE name = 'synchronous_standby_names'"):
                    yield ALONE.seen(f"{name}: synchronous_standby_names is empty")
                if one(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
                    yield STRONG.seen(f"{name}: pg_roles.rolsuper")
        except (SeifasError, psycopg.Error) as error:
            reason = error.message if isinstance(error, SeifasError) else f"{name}: it did not answer"
            yield unseen((ALONE, STRONG), reason)


def places(sight: Sight) -> Iterator[tuple[str, DatabaseAt]]:
    """The databases that the settings name, each once. Raises Invalid where one is not written as libpq reads it."""
    found = [
        (name, place)
        for name, place in (
            ("database", sight.settings.state_at(sight.data)), ("keys_database", sight.settings.keys_at(sight.data)),
        )
        if isinstance(place, DatabaseAt)
    ]
    for name, place in found:
        try:
            conninfo_to_dict(place.conninfo)
        except psycopg.Error:
            raise Invalid(
                "a database is written as libpq reads it: host=… dbname=… user=…", where=f"storage.{name}"
            ) from None
    yield from found


def hosts(place: DatabaseAt) -> tuple[str, ...]:
    """The machines, or directories of sockets, where it may be."""
    return named_hosts(conninfo_to_dict(place.conninfo))

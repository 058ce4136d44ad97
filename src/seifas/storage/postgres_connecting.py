"""Connects to PostgreSQL: what a connection string may hold, what a server must keep to, what its errors mean.

    connect(place, *, name) -> Connection          autocommit, to a primary that takes writes
    hosts(said) -> tuple[str, ...]                 where a connection string leads: names, addresses, directories
    durable(connection, name) -> str               the server's synchronous_commit; Unavailable if a commit may be lost
    fault(error, name) -> SeifasError              no error carries what the server said: it may quote rows
    destroy(place)                                 drops every schema of a vault there
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from seifas.errors import Invalid, SeifasError, Tampered, Unavailable
from seifas.storage.database_places import DatabaseAt

Connection = psycopg.Connection[tuple[Any, ...]]

SCHEMAS: Final = "seifas_"
"""What the name of every schema of ours begins with."""

_OLDEST: Final = 150000
_USUAL: Final = {
    "connect_timeout": 3, "target_session_attrs": "read-write", "application_name": "seifas", "keepalives_idle": 5,
    "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10000, "gssencmode": "disable",
}  # fmt: skip
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DAMAGED: Final = ("XX001", "XX002", "42P01", "42703", "3F000")
_REASONS: Final = {
    "28": "the user or the password is not taken", "3D": "there is no such database", "53": "the server is full",
    "57": "the server stops or starts", "08": "the connection was lost", "25006": "it takes no writes: a standby",
    "42501": "the user lacks a right there", "55P03": "another connection holds it",
}  # fmt: skip


def fault(error: psycopg.Error, name: str) -> SeifasError:
    """What a PostgreSQL error means to the vault."""
    state = error.sqlstate or ""
    if state in _DAMAGED:
        return Tampered(f"{name}: a table is gone or damaged in the database: restore it", where=name)
    reason = _REASONS.get(state) or _REASONS.get(state[:2]) or ("it refused" if state else "it is out of reach")
    return Unavailable(f"{name}: the database: {reason}; nothing was written", where=name)


def connect(place: DatabaseAt, *, name: str) -> Connection:
    """Raises Unavailable, Invalid."""
    wanted = _conninfo(place)
    # libpq lets them speak where the settings say nothing: of another server, or of none of its certificates.
    for option in psycopg.pq.Conninfo.get_defaults():
        if option.envvar is not None:
            os.environ.pop(option.envvar.decode(), None)
    try:
        connection: Connection = psycopg.connect(wanted, autocommit=True, prepare_threshold=1)
    except psycopg.Error as error:
        raise fault(error, name) from None  # the server's words may name its users and addresses
    return connection


def configure(connection: Connection, values: tuple[tuple[str, str], ...]) -> None:
    """Sets these for the session."""
    connection.execute(
        sql.SQL("; ").join(
            sql.SQL("SET {} = {}").format(sql.Identifier(key), sql.Literal(value)) for key, value in values
        )
    )


def _conninfo(place: DatabaseAt) -> str:
    """With the password and what is usual. Raises Invalid, without repeating what was written: it may hold a secret."""
    try:
        said = conninfo_to_dict(place.conninfo)
    except psycopg.Error:
        raise Invalid(
            "a database is written as libpq reads it: host=… dbname=… user=…", where="storage.database"
        ) from None
    if "password" in said or "sslpassword" in said:
        raise Invalid("a password stands in a file of its own, not in the settings", where="storage.database")
    if "service" in said:
        # Its file could lead to another machine, in the clear, unseen by what is looked at here.
        raise Invalid("a database is named here whole, not by a service file", where="storage.database")
    if not said.get("dbname"):
        raise Invalid("say which database: dbname=…", where="storage.database")
    usual: dict[str, Any] = dict(_USUAL)
    if any(host and not host.startswith(("/", "@")) and host not in _LOCAL for host in hosts(said)):
        usual["sslmode"] = "verify-full"
    if place.password_file is not None:
        try:
            usual["password"] = place.password_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(
                "the file with the database's password cannot be read", where=place.password_file.name
            ) from error
    return make_conninfo("", **{**usual, **said})


def hosts(said: Mapping[str, Any]) -> tuple[str, ...]:
    """Every machine, or directory of sockets, that the parts of a connection string name: where both are given, the
    name is what a certificate is held against and the address is where the connection goes."""
    named = (one for key in ("host", "hostaddr") for one in str(said.get(key) or "").split(",") if one)
    return tuple(named) or ("",)


def destroy(place: DatabaseAt) -> None:
    """Drops every schema of a vault in this database."""
    try:
        with connect(place, name="database") as connection:
            found = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (SCHEMAS,)
            ).fetchall()
            for (schema,) in found:
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    except psycopg.Error as error:
        raise fault(error, "database") from error


def durable(connection: Connection, name: str) -> str:
    """The server's synchronous_commit, `on` or `remote_apply`. Raises Unavailable where a commit would not last."""
    found: dict[str, str] = dict(connection.execute(
        "SELECT name, setting FROM pg_settings WHERE name IN "
        "('fsync', 'full_page_writes', 'synchronous_commit', 'server_version_num')"
    ).fetchall())  # fmt: skip
    if int(found["server_version_num"]) < _OLDEST:
        raise Unavailable(f"{name}: PostgreSQL 15 or newer is required", where=name)
    for setting in ("fsync", "full_page_writes"):
        if found[setting] != "on":
            raise Unavailable(f"{name}: the server has {setting}={found[setting]}: set it to on", where=name)
    kept = str(found["synchronous_commit"])
    if kept not in ("on", "remote_apply"):
        raise Unavailable(f"{name}: the server has synchronous_commit={kept}: set it to on", where=name)
    return kept


def is_there(connection: Connection, schema: str) -> bool:
    return bool(one(connection, "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", (schema,)))


def one(connection: Connection, query: Any, parameters: Sequence[Any] = ()) -> Any:
    row = connection.execute(query, parameters).fetchone()
    return None if row is None else row[0]

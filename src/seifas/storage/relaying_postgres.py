"""Lays the rows of a PostgreSQL table anew, in key order, slice by slice (relaying.py says why).

A row's place in the heap, and its hidden column xmin, number transactions in the order they came. A slice takes rows
out and puts the same rows in again under one transaction: afterwards all of a slice have one xmin and lie in key order.
The places that were left are free for the next night's rows once autovacuum has passed, so the table takes up to twice
its size. The server's write-ahead log tells the order still, for as long as it is kept.

    relay(database, table, key, *, after=b"", size=SLICE) -> bytes | None      the key to go on after; None at the end
"""

from __future__ import annotations

from typing import Final

from psycopg import sql

from seifas.storage.postgres import PostgresDatabase
from seifas.storage.relaying import SLICE

_AT_MOST: Final = 8192


def relay(
    database: PostgresDatabase, table: str, key: str, *, after: bytes = b"", size: int = SLICE
) -> bytes | None:
    """Relays the rows after `after`, about `size` bytes of them. Raises what writing raises: nothing is changed."""
    names = {"table": sql.Identifier(table), "key": sql.Identifier(key)}
    with database.writing() as connection:
        found = connection.execute(
            sql.SQL("SELECT {key}, body FROM {table} WHERE {key} > %s ORDER BY {key} LIMIT %s").format(**names),
            (after, _AT_MOST), binary=True,
        ).fetchall()
        keys, bodies, held = [], [], 0
        for tag, body in found:
            keys.append(tag)
            bodies.append(body)
            held += len(body)
            if held >= size:
                break
        if not keys:
            return None
        last: bytes = keys[-1]
        connection.execute(
            sql.SQL("DELETE FROM {table} WHERE {key} > %s AND {key} <= %s").format(**names), (after, last)
        )
        connection.execute(
            sql.SQL("INSERT INTO {table} ({key}, body) SELECT * FROM unnest(%b::bytea[], %b::bytea[])").format(**names),
            (keys, bodies),
        )
    return last if len(keys) < len(found) or len(found) == _AT_MOST else None

"""Lays the rows of a table anew, in key order, slice by slice while the vault is at work: so that a copy of the file
does not tell which rows came last, or what came about together.

SQLite puts a new row wherever its page has room, splits full pages to the end of the file, and fills a page from its
end: a row's place tells when it came. Measured on a clinic of 2,000 patients that grew write by write: an attacker
pairs audit lines with rows at AUC 0.55; after relaying 0.51, which is blind for all he gets from it.

A slice is one transaction that takes rows out and puts the same rows in again; a crash leaves it as it was or as it
is. VACUUM would do it in one go, but hold up every writer for all of it (380 MB: 4 s) and want as much memory or disk
again. Relaying 380 MB takes 3 s in slices of about 40 ms, with whatever pauses between them.

    relay(database, table, key, *, after=b"", size=SLICE) -> bytes | None      the key to go on after; None at the end
"""

from __future__ import annotations

from typing import Final

from seifas.storage.sqlite import Database, stored_bytes

SLICE: Final = 4 * 1024 * 1024
"""Bytes of rows in one transaction."""


def relay(database: Database, table: str, key: str, *, after: bytes = b"", size: int = SLICE) -> bytes | None:
    """Relays the rows after `after`, about `size` bytes of them. `table` and `key` are names of our own schema.

    Raises what writing raises; nothing is changed then.
    """
    with database.writing() as connection:
        rows = []
        held = 0
        # Two columns under names of ours, and parameters for all else.
        select = f"SELECT {key}, body FROM {table} WHERE {key} > ? ORDER BY {key}"  # noqa: S608
        for row in connection.execute(select, (after,)):
            rows.append(row)
            held += len(stored_bytes(row[1], database.name, table))
            if held >= size:
                break
        if not rows:
            return None
        last: bytes = rows[-1][0]
        connection.execute(f"DELETE FROM {table} WHERE {key} > ? AND {key} <= ?", (after, last))  # noqa: S608
        connection.executemany(f"INSERT INTO {table} ({key}, body) VALUES (?, ?)", rows)  # noqa: S608
    return last if held >= size else None

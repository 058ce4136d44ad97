"""A store as most are: the same rows, put away patient by patient in a plain table. The linker is tried on it first.

An attack that finds nothing in the vault proves something only if it finds much where there is much to find.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from seifas.drill.cold_copy import described
from seifas.drill.linking import ROW, Thing
from seifas.drill.sqlite_pages import read


def things(path: Path, rows: Mapping[bytes, bytes], patients: Sequence[bytes]) -> list[list[Thing]]:
    """Writes a table of rows of 1,000 bytes in the order of `patients`, and describes it as a cold copy shows it."""
    belonging: dict[bytes, int] = defaultdict(int)
    for owner in rows.values():
        belonging[owner] += 1
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE rows (body BLOB)")
    owners: dict[bytes, bytes] = {}
    connection.execute("BEGIN")
    for patient in patients:
        for _ in range(belonging[patient]):
            made = connection.execute("INSERT INTO rows (body) VALUES (randomblob(1000))").lastrowid or 0
            owners[made.to_bytes(8, "big")] = patient
    connection.execute("COMMIT")
    connection.close()
    shown: dict[bytes, list[Thing]] = defaultdict(list)
    for owner, thing in described(ROW, read(path), "rows", owners):
        shown[owner].append(thing)
    return list(shown.values())

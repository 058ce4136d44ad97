"""Writes what another engine holds as the SQLite file that the embedded engine would have: backups and replicas have
one format, whatever the vault runs on.

    write_copy(target, *, name, page_size, migrations, tables) -> None
        tables: Sequence[tuple[str, Iterable[tuple[key, body]]]]      in the order to write; keys ascending
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from seifas.storage.migrations import Migration, apply
from seifas.storage.sqlite import fresh_copy


def write_copy(
    target: Path, *, name: str, page_size: int, migrations: Sequence[Migration],
    tables: Sequence[tuple[str, Iterable[tuple[int | str | bytes, bytes]]]],
) -> None:
    """Fills the new file `target` (0600) and syncs it. Table names are of our own schema. Raises `Unavailable`."""
    with fresh_copy(target, name) as copy:
        copy.execute(f"PRAGMA page_size={page_size}").fetchall()
        apply(copy, migrations, subject=name)
        copy.execute("BEGIN")
        for table, pairs in tables:
            copy.executemany(f"INSERT INTO {table} VALUES (?, ?)", pairs)  # noqa: S608
        copy.execute("COMMIT")

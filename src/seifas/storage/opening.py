"""Opens a vault's databases wherever they lie; the one place that knows which engine is which.

    open_state(place, *, founding=False, fence=no_fence) -> StateStore
    open_rows(place, *, founding=False, fence=no_fence) -> RowStore
    key_store(place, *, fence=no_fence) -> KeyStore          nothing is opened before its `create` or `open`
    read_slots(place) -> bytes | None
    discard(place) -> None                                   what a founding or a move left there that was cut off

Only founding makes anything: an unlocked vault that made an empty database in place of one that is gone would write
into it what is lost when the other is put back. The fence (postgres.py) is asked in every transaction that writes;
files have none, since they are locked against a second keeper.

Errors: `Unavailable` for what is gone, out of reach, held by another process or not durable.
"""

from __future__ import annotations

import os
from pathlib import Path

from seifas.errors import Unavailable
from seifas.storage.database_places import DatabaseAt, Place
from seifas.storage.durable import overwrite_and_unlink
from seifas.storage.keystore import KeyStore
from seifas.storage.keystore_postgres import PostgresKeys
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.postgres import Fence, no_fence
from seifas.storage.postgres_connecting import destroy
from seifas.storage.rows import RowStore
from seifas.storage.rows_postgres import PostgresRows
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state import StateStore
from seifas.storage.state_postgres import postgres_state
from seifas.storage.state_sqlite import sqlite_state


def open_state(place: Place, *, founding: bool = False, fence: Fence = no_fence) -> StateStore:
    """The keeper's state; `load` it before anything else."""
    if isinstance(place, DatabaseAt):
        return postgres_state(place, founding=founding, fence=fence)
    return sqlite_state(_there(place, founding=founding))


def open_rows(place: Place, *, founding: bool = False, fence: Fence = no_fence) -> RowStore:
    """The sealed rows."""
    if isinstance(place, DatabaseAt):
        return PostgresRows(place, founding=founding, fence=fence)
    return SqliteRows(_there(place, founding=founding))


def key_store(place: Place, *, fence: Fence = no_fence) -> KeyStore:
    """The key store, with no generation open yet."""
    return PostgresKeys(place, fence=fence) if isinstance(place, DatabaseAt) else SqliteKeys(place)


def read_slots(place: Place) -> bytes | None:
    """What `write_slots` was last given, of a key store that is not open."""
    keystore = key_store(place)
    try:
        return keystore.slots()
    finally:
        keystore.close()


def discard(place: Place) -> None:
    """Removes every store of a vault in this database; a file with its logs, or a directory of keys, overwritten."""
    if isinstance(place, DatabaseAt):
        destroy(place)
        return
    found = place.iterdir() if place.is_dir() else place.parent.glob(f"{place.name}*")
    for path in sorted(found):
        if path.is_file():
            overwrite_and_unlink(path)


def _there(place: Path, *, founding: bool) -> Path:
    if not founding and not os.path.exists(place):
        raise Unavailable(f"{place.name} is gone or out of reach: put it back, or restore", where=str(place))
    return place

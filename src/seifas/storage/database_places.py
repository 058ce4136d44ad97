"""Where a vault's databases lie: files of this machine, or PostgreSQL. No connection is made here.

    DatabaseAt(conninfo, password_file)
    Place = Path | DatabaseAt             of state and rows a file; of the key store a directory
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class DatabaseAt(msgspec.Struct, frozen=True):
    """A PostgreSQL database, as libpq reads it (`host=a,b dbname=seifas user=seifas sslmode=verify-full`), several
    hosts where one takes over for another. The password lies in a file of its own; None: it takes none."""

    conninfo: str
    password_file: Path | None = None


Place = Path | DatabaseAt

"""A copy of a write-ahead log, kept while it is not yet known that the database beside it is its own.

SQLite moves a log into whatever database lies beside it and then empties or deletes it. Where somebody exchanged the
database (garbage, an older copy, another vault's), opening it would so destroy the commits that stand only in the log,
and putting the right file back would no longer help. So the log is copied before a database is opened; the copy goes
with the first write, which comes after everything was verified, and is put back where opening failed.

    keep(path) -> bool   drop(path)   put_back(path)           `path` is the database's

Raises `Unavailable` when the file system refuses.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from seifas.storage.durable import create_private, os_faults, sync_directory, sync_file


def keep(path: Path) -> bool:
    """Copies the log beside `path` and says whether there is one that holds anything. A copy that is there already is
    from an opening that was cut off: it is taken up where the log itself is gone."""
    log, kept = _log(path), _kept(path)
    with os_faults(kept.name):
        if _holds(kept) and not _holds(log):
            put_back(path)
        if not _holds(log):
            kept.unlink(missing_ok=True)
            return False
        beside = kept.with_name(kept.name + ".new")
        beside.unlink(missing_ok=True)
        create_private(beside, fresh=True)
        shutil.copyfile(log, beside)
        sync_file(beside)
        os.replace(beside, kept)
    sync_directory(path.parent)
    return True


def drop(path: Path) -> None:
    """The database has proven to be the log's own."""
    with os_faults(path.name):
        _kept(path).unlink(missing_ok=True)


def put_back(path: Path) -> None:
    """Puts the copy in the log's place. Only while nobody has the database open."""
    log, kept = _log(path), _kept(path)
    with os_faults(kept.name):
        if not kept.exists():
            return
        # Its index is of the log that SQLite has emptied; it is made anew at the next opening.
        log.with_name(path.name + "-shm").unlink(missing_ok=True)
        os.replace(kept, log)
    sync_directory(path.parent)


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _kept(path: Path) -> Path:
    return path.with_name(path.name + "-wal.kept")


def _holds(place: Path) -> bool:
    return place.exists() and place.stat().st_size > 0

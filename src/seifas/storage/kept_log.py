"""A second name for a write-ahead log, kept while it is not yet known that the database beside it is its own.

SQLite moves a log into whatever database lies beside it and then deletes it. Where somebody exchanged the database
(garbage, an older copy, another vault's), opening it would so destroy the commits that stand only in the log, and
putting the right file back would no longer help. So the log gets another name before a database is opened; that name
goes with the first write, which comes after everything was verified, and takes the log's place again where opening
failed. It costs no room on a full disk. SQLite deletes a log as it is when the last connection closes; only a
checkpoint with TRUNCATE or a later write would change it, and neither happens before the database has proven itself.

    keep(path) -> bool   drop(path)   put_back(path)           `path` is the database's

Raises `Unavailable` when the file system refuses.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from seifas.storage.durable import os_faults, sync_directory, sync_file


def keep(path: Path) -> bool:
    """Names the log beside `path` once more and says whether there is one that holds anything. A second name that is
    there already is from an opening that was cut off: it is taken up where the log itself is gone."""
    log, kept = _log(path), _kept(path)
    with os_faults(kept.name):
        if _holds(kept) and not _holds(log):
            put_back(path)
        kept.unlink(missing_ok=True)
        if not _holds(log):
            return False
        try:
            os.link(log, kept)
        except OSError:  # a file system without second names (a USB disk's): then a copy
            shutil.copyfile(log, kept)
            kept.chmod(0o600)
            sync_file(kept)
    sync_directory(path.parent)
    return True


def drop(path: Path) -> None:
    """The database has proven to be the log's own."""
    with os_faults(path.name):
        _kept(path).unlink(missing_ok=True)


def put_back(path: Path) -> None:
    """Puts it in the log's place. Only while nobody has the database open."""
    log, kept = _log(path), _kept(path)
    with os_faults(kept.name):
        if not kept.exists():
            return
        # Its index is of the log that SQLite has emptied; it is made anew at the next opening.
        log.with_name(path.name + "-shm").unlink(missing_ok=True)
        os.replace(kept, log)
        kept.unlink(missing_ok=True)  # renaming one name of a file over another of its names does nothing
    sync_directory(path.parent)


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _kept(path: Path) -> Path:
    return path.with_name(path.name + "-wal.kept")


def _holds(place: Path) -> bool:
    return place.exists() and place.stat().st_size > 0

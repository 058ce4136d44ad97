"""Brings a vault's databases to this program's schemas: copied first, tried by unlocking, put back if that fails.

The copies lie beside what they copy, so that keys stay on their own disk, and go when the upgrade has succeeded: an old
copy of a key store would outlive erasures. DATA/upgrading says how far it came, so one that was killed is undone or
finished by running it again; until then nothing serves the vault.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from seifas.errors import Conflict, Unavailable
from seifas.keeper import unlocking
from seifas.keeper.keeper import Keeper
from seifas.settings import Settings
from seifas.storage.durable import os_faults, overwrite_and_unlink, replace, sync_directory, sync_file
from seifas.storage.migrations import KEYS, ROWS, STATE, Migration
from seifas.storage.opening import key_store, open_rows, open_state
from seifas.storage.sqlite import fault

MARK: Final = "upgrading"
_COPYING: Final = b"copying\n"
_MIGRATING: Final = b"migrating\n"
_BEFORE: Final = ".before-upgrade"
_CHUNK: Final = 4 * 1024 * 1024


class Due(NamedTuple):
    """One database and the steps it lacks; `schema` is the number it has."""

    path: Path
    name: str
    schema: int
    steps: tuple[Migration, ...]


class Gone(Unavailable):
    """A database is not where it belongs."""


def due(data: Path, settings: Settings) -> list[Due]:
    """The databases that are behind this program. Raises Unavailable for one that a newer program wrote."""
    found = []
    for path, known in _databases(data, settings):
        done = _schema(path)
        if done > len(known):
            raise Unavailable(
                f"{path.name} has schema {done}, this program knows up to {known[-1].number}: run the newer program, "
                "or restore the backup from before its upgrade", where=path.name,
            )
        if done < len(known):
            found.append(Due(path, path.name, done, tuple(known[done:])))
    return found


def refuse_if_due(data: Path, settings: Settings) -> None:
    """For whoever is about to open the vault. Raises Conflict where it has to be upgraded first.

    What is not there is for the unlocking to say: the other processes work without it.
    """
    if (data / MARK).exists():
        raise Conflict("an upgrade of this vault was cut off: run `seifas upgrade` again", where=str(data))
    try:
        behind = due(data, settings)
    except Gone:
        return
    if behind:
        names = ", ".join(f"{one.name} from schema {one.schema}" for one in behind)
        raise Conflict(f"this vault was written by an older program ({names}): run `seifas upgrade`", where=str(data))


def upgrade(
    data: Path, settings: Settings, root: bytes, *, pin: str = "", copied: Callable[[int], None] = lambda _: None
) -> dict[str, Any]:
    """Runs what is due; the vault unlocks afterwards, or is as it was. Raises what stood in the way.

    Nobody may have the vault open. `copied` is told bytes.
    """
    recover(data, settings)
    behind = due(data, settings)
    if not behind:
        return {"upgraded": False, "steps": []}
    for one in behind:
        _empty_log(one.path)
    size = sum(one.path.stat().st_size for one in behind)
    _room(behind)
    replace(data / MARK, _COPYING)
    for one in behind:
        _copy(one.path, _beside(one.path), copied)
    replace(data / MARK, _MIGRATING)
    try:
        _migrate(data, settings)
        patients = _opens(data, settings, root, pin)
    except BaseException:
        _put_back(data, behind)
        raise
    with os_faults(MARK):
        (data / MARK).unlink()
    sync_directory(data)
    _drop_copies(data, settings)
    steps = [f"{one.name}: {step.number} {step.name}" for one in behind for step in one.steps]
    return {"upgraded": True, "steps": steps, "patients": patients, "bytes": size}


def size_of(behind: Sequence[Due]) -> int:
    return sum(one.path.stat().st_size for one in behind)


def _databases(data: Path, settings: Settings) -> list[tuple[Path, tuple[Migration, ...]]]:
    """Those that are files. PostgreSQL runs the steps of a schema in one transaction when it is next opened."""
    files: list[tuple[Path, tuple[Migration, ...]]] = [
        (place, known) for place, known in ((settings.state_at(data), STATE), (settings.rows_at(data), ROWS))
        if isinstance(place, Path)
    ]  # fmt: skip
    keys = settings.keys_at(data)
    if isinstance(keys, Path):
        stores = sorted(keys.glob("keystore-*.db"))
        if not stores:
            raise Gone("the key store is empty", where=settings.paths.keys)
        files += [(path, KEYS) for path in stores]
    return files


def _schema(path: Path) -> int:
    """How many steps a database has had; reads only."""
    if not path.exists():
        raise Gone(f"{path.name} is gone or out of reach: put it back, or restore", where=str(path))
    still = "" if path.with_name(path.name + "-wal").exists() else "&immutable=1"  # leaves no file beside it
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro{still}", uri=True, isolation_level=None)
        try:
            return int(connection.execute("SELECT count(*) FROM schema_version").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise fault(error, path.name) from error


def _empty_log(path: Path) -> None:
    """Everything into the one file: what a killed keeper left in the write-ahead log belongs into the copy."""
    try:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise fault(error, path.name) from error
    sync_file(path)


def _room(behind: Sequence[Due]) -> None:
    """Raises Unavailable where a disk has not room for the copies and the migrations' own work."""
    needed: dict[int, int] = {}
    for one in behind:
        disk = one.path.stat().st_dev
        needed[disk] = needed.get(disk, 0) + 2 * one.path.stat().st_size
    for one in behind:
        free = shutil.disk_usage(one.path.parent).free
        if free < needed[one.path.stat().st_dev]:
            raise Unavailable(
                f"an upgrade needs {needed[one.path.stat().st_dev] // 2**20} MiB free beside {one.name}, "
                f"there are {free // 2**20}", where=str(one.path.parent),
            )


def _beside(path: Path) -> Path:
    return path.with_name(path.name + _BEFORE)


def _copy(source: Path, target: Path, copied: Callable[[int], None]) -> None:
    with os_faults(target.name):
        target.unlink(missing_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with source.open("rb") as file, os.fdopen(descriptor, "wb") as copy:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
                copied(len(chunk))
    sync_file(target)
    sync_directory(target.parent)


def _migrate(data: Path, settings: Settings) -> None:
    """Opening a database is what runs its steps, each file in one transaction."""
    open_state(settings.state_at(data)).close()
    open_rows(settings.rows_at(data)).close()
    store = key_store(settings.keys_at(data))
    for generation in store.generations():
        store.open(generation)
    store.close()


def _opens(data: Path, settings: Settings, root: bytes, pin: str) -> int:
    """Unlocks as the keeper will, and locks again; how many patients."""
    keeper = Keeper(data, settings)
    keeper.open = unlocking.unlock(keeper, root, pin=pin)
    patients = len(keeper.open.vault.heads)
    unlocking.lock(keeper)
    return patients


def _put_back(data: Path, behind: Sequence[Due]) -> None:
    for one in behind:
        for ending in ("-wal", "-shm"):
            one.path.with_name(one.path.name + ending).unlink(missing_ok=True)
        if _beside(one.path).exists():
            os.replace(_beside(one.path), one.path)
            sync_directory(one.path.parent)
    with os_faults(MARK):
        (data / MARK).unlink(missing_ok=True)
    sync_directory(data)


def recover(data: Path, settings: Settings) -> bool:
    """Undoes an upgrade that was killed; whether there was one. The older program can, too."""
    mark = data / MARK
    state = mark.read_bytes() if mark.exists() else b""
    if state == _MIGRATING:
        copies = [path for path, _ in _databases(data, settings) if _beside(path).exists()]
        _put_back(data, [Due(path, path.name, 0, ()) for path in copies])
        return True
    _drop_copies(data, settings)
    if state:
        mark.unlink()
        sync_directory(data)
    return False


def _drop_copies(data: Path, settings: Settings) -> None:
    for path, _ in _databases(data, settings):
        copy = _beside(path)
        if copy.exists():
            # Keys must not lie about in free space; sealed rows may.
            if path.name.startswith("keystore-"):
                overwrite_and_unlink(copy)
            else:
                copy.unlink()
                sync_directory(copy.parent)


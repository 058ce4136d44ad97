"""Files that are there after a power cut: created for the owner only, replaced whole, synced with their directory.

    create_private(path, *, fresh=False)   make_directory(path)   write_new(path, data)   replace(path, data)
    sync_file(path)   sync_directory(path)   overwrite_and_unlink(path)   hold_alone(path, what)

Raises `Unavailable` when the file system refuses (full, read-only, gone).
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from seifas.errors import Unavailable

_OWNER: Final = 0o600
_CHUNK: Final = 1024 * 1024


@contextmanager
def os_faults(name: str) -> Iterator[None]:
    """Turns OSError into `Unavailable`, with the system's own words for the reason."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{name}: {error.strerror or 'the file system refused'}", where=name) from error


def make_directory(path: Path) -> None:
    """Makes the directory (and its parents) for the owner only; an existing one is left as it is."""
    with os_faults(path.name):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def create_private(path: Path, *, fresh: bool = False) -> None:
    """Makes sure that `path` is a file of mode 0600; `fresh` demands that there was none.

    Symbolic links are refused: whoever may plant one in a data directory must not choose where the vault writes.
    """
    make_directory(path.parent)
    with os_faults(path.name):
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER))
        except FileExistsError:
            if fresh:
                raise
        # Not by descriptor: closing one would drop the POSIX locks of every SQLite connection to this file.
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            raise Unavailable(f"{path.name} is not a plain file", where=path.name)
        if stat.S_IMODE(found.st_mode) != _OWNER:
            path.chmod(_OWNER)


def hold_alone(path: Path, what: str) -> int:
    """A descriptor whose lock keeps every other process out and falls with this one.

    Raises `Unavailable`, which names `what`, where another process has it.
    """
    create_private(path)
    with os_faults(path.name):
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Unavailable(f"another process has this {what} open", where=path.name) from error
    return descriptor


def sync_file(path: Path) -> None:
    with os_faults(path.name):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_directory(path: Path) -> None:
    """Without this a created, renamed or deleted name may be back after a power cut, though the file was synced."""
    with os_faults(path.name):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """Writes a file that was not there, durable on return; nothing else in its directory is touched."""
    create_private(path, fresh=True)
    with os_faults(path.name):
        descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sync_directory(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Puts `data` in place of the file at once: a reader, or a crash, sees the old or the new content whole.

    The old content is overwritten where it lies before its blocks are given up (see `overwrite_and_unlink` for what
    that is worth): a revoked slot must not simply stay behind in free space.
    """
    beside = path.with_name(path.name + ".new")
    with os_faults(path.name):
        beside.unlink(missing_ok=True)
        create_private(beside, fresh=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CLOEXEC)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        try:
            old = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            old = -1
        try:
            os.rename(beside, path)
            sync_directory(path.parent)
            if old >= 0:
                _overwrite(old)
        finally:
            if old >= 0:
                os.close(old)


def overwrite_and_unlink(path: Path) -> None:
    """Writes random bytes over the file, syncs, removes its name and syncs the directory.

    On a plain disk with a file system that writes in place (ext4, xfs) the old bytes are gone. On SSDs, on
    copy-on-write file systems (btrfs, zfs), under LVM or virtual-disk snapshots the old blocks may live on where no
    program reaches them. So nothing in the vault may promise more than: gone from the live file system.
    """
    with os_faults(path.name):
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _overwrite(descriptor)
        finally:
            os.close(descriptor)
        path.unlink()
        sync_directory(path.parent)


def _overwrite(descriptor: int) -> None:
    left = os.fstat(descriptor).st_size
    os.lseek(descriptor, 0, os.SEEK_SET)
    while left > 0:
        left -= os.write(descriptor, os.urandom(min(left, _CHUNK)))
    os.fsync(descriptor)

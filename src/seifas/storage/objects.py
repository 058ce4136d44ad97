"""Sealed objects (pictures, documents) under random names, create-only, over any obstore store.

    class Objects(store: obstore.store.ObjectStore)      LocalStore and MemoryStore are run by the tests; S3 likewise
        put(ident: bytes, chunks: Iterable[bytes]) -> int        bytes; durable on return; `Conflict` if it exists
        get(ident) -> Iterator[memoryview]                       chunks of about 4 MiB; raises Missing at the call
        get_range(ident, start: int, length: int) -> bytes       shorter at the end; `Invalid` past it
        size(ident) -> int                                       raises Missing
        delete(ident) -> None                                    durable on return; an absent one is no error
        ids() -> Iterator[bytes]                                 in no order
        listed() -> Iterator[tuple[bytes, int]]                  (id, bytes), in no order
        sweep() -> int                                           removes what killed puts left; at start, one process
    local_objects(directory: Path) -> Objects

An `ident` is 16 random bytes and the name its 32 hex characters: one flat folder, nothing of whose or what. Files
all carry one modification time, and an access time that reading does not move; the file system's change and birth
times cannot be set and do show when an object came.

Memory stays flat: up to 8 MiB are held, more is passed on. An error raised by `chunks` passes through and leaves no
object. `Unavailable` (disk full, store unreachable): put again under a new id.

On S3 (objects_s3.py) the service knows when an object came and when it is fetched; its own log tells that to whoever
runs it. Larger objects are written under a temporary name first and moved only if the name is free; parts of an upload
that was cut off are no object and show in no list: give the bucket a rule that ends unfinished uploads after a day.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import Final

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotFoundError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, ObjectStore

from seifas.errors import Conflict, Invalid, Missing, Unavailable
from seifas.storage.durable import make_directory, os_faults, sync_directory

ID_SIZE: Final = 16
CHUNK: Final = 4 * 1024 * 1024
"""Bytes read at a time. Measured, 5 MiB from a file: 0.41 ms at 4 MiB, 0.60 at 1 MiB, 0.37 in one piece."""

_SINGLE: Final = 8 * 1024 * 1024
"""Up to here an object is one create-only request; also the part size above (S3 takes no part under 5 MiB)."""

_PARTS_AT_ONCE: Final = 2
_LISTED: Final = 1000
_UNFINISHED: Final = "incoming-"
_NAME: Final = re.compile(r"[0-9a-f]{32}")

# 1 January 1980 for what was modified. The access time lies ahead (2100), because with `relatime`, the usual mount
# option, the kernel then leaves it alone, and so a look at a picture leaves no trace on the disk.
_TIMES: Final = (4_102_444_800, 315_532_800)


class Objects:
    """Objects of one vault. Methods may be called from any thread."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        prefix = store.prefix if isinstance(store, LocalStore) else None
        self._directory = None if prefix is None else Path(prefix)
        # A directory that a group may use (keeper and darkroom) makes files that it may use; any other, private ones.
        found = None if self._directory is None else self._directory.stat()
        self._mode = 0o600 | (0 if found is None else found.st_mode & 0o060)
        self._group = found.st_gid if found is not None and self._mode & 0o060 else -1

    def put(self, ident: bytes, chunks: Iterable[bytes]) -> int:
        """Stores an object, all of it or nothing, and returns its bytes. `Invalid` if there are none."""
        name = _name(ident)
        source = _Source(chunks)
        with _faults(name, source):
            head, ended = source.take(_SINGLE)
            if not head:
                raise Invalid("an object has at least one byte", where=name)
            if ended:
                obstore.put(self._store, name, iter(head), mode="create", use_multipart=False)
                self._settle(name)
            else:
                self._put_large(name, chain(head, source))
            if self._directory is not None:
                sync_directory(self._directory)
        return source.size

    def _put_large(self, name: str, chunks: Iterator[bytes]) -> None:
        unfinished = _UNFINISHED + name
        try:
            # Written to, not iterated over by the library: chunks may come from another of its stores, and it cannot
            # read one inside its own loop.
            with obstore.open_writer(
                self._store, unfinished, buffer_size=_SINGLE, max_concurrency=_PARTS_AT_ONCE
            ) as writer:
                for chunk in chunks:
                    writer.write(chunk)
            self._settle(unfinished)
            obstore.rename(self._store, unfinished, name, overwrite=False)
        except BaseException:
            with suppress(BaseError, OSError):
                obstore.delete(self._store, unfinished)
            raise

    def _settle(self, name: str) -> None:
        """Makes a written file last and look like all others; a remote store does so by itself."""
        if self._directory is None:
            return
        descriptor = os.open(self._directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if self._group >= 0:
                os.fchown(descriptor, -1, self._group)
            os.fchmod(descriptor, self._mode)
            os.utime(descriptor, _TIMES)
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):
                os.unlink(self._directory / name)
            raise
        finally:
            os.close(descriptor)

    def get(self, ident: bytes) -> Iterator[memoryview]:
        """The object in chunks; the caller verifies them (crypto.stream), as this store cannot.

        Read-only views of the library's own memory: a copy would cost as much as opening what it holds.
        """
        name = _name(ident)
        with _faults(name):
            if self._directory is None:
                return _streamed(name, obstore.get(self._store, name))
            size = obstore.head(self._store, name)["size"]
        return self._in_ranges(name, size)

    def _in_ranges(self, name: str, size: int) -> Iterator[memoryview]:
        # LocalStore's own stream reads 8 KiB at a time and takes 8 ms where ranges take 0.4.
        for start in range(0, size, CHUNK):
            with _faults(name):
                chunk = obstore.get_range(self._store, name, start=start, end=min(start + CHUNK, size))
            yield memoryview(chunk)

    def get_range(self, ident: bytes, start: int, length: int) -> bytes:
        """`length` bytes from `start`, fewer at the end."""
        name = _name(ident)
        if start < 0 or length <= 0:
            raise Invalid("a range starts at 0 or later and has at least one byte", where=name)
        with _faults(name):
            size = obstore.head(self._store, name)["size"]
            if start >= size:
                raise Invalid(f"the range starts past the object's end ({size} bytes)", where=name)
            return bytes(obstore.get_range(self._store, name, start=start, end=min(start + length, size)))

    def size(self, ident: bytes) -> int:
        name = _name(ident)
        with _faults(name):
            return obstore.head(self._store, name)["size"]

    def delete(self, ident: bytes) -> None:
        """Removes an object. Must be safe to repeat."""
        name = _name(ident)
        with suppress(Missing), _faults(name):
            obstore.delete(self._store, name)
            if self._directory is not None:
                sync_directory(self._directory)

    def ids(self) -> Iterator[bytes]:
        """All objects. Ones put or deleted meanwhile may or may not appear."""
        for ident, _ in self.listed():
            yield ident

    def listed(self) -> Iterator[tuple[bytes, int]]:
        """All objects with their bytes."""
        for name, size in self._names():
            if _NAME.fullmatch(name):
                yield bytes.fromhex(name), size

    def _names(self) -> Iterator[tuple[str, int]]:
        with _faults("objects"):
            for batch in obstore.list(self._store, chunk_size=_LISTED):
                for found in batch:
                    yield found["path"], found["size"]

    def copy_upon(self, ident: bytes) -> None:
        """Asks the store to copy an object to its own name if that is free: `Conflict` from every store that heeds it.

        What large objects rest on, tried at a small one's cost.
        """
        name = _name(ident)
        with _faults(name):
            obstore.copy(self._store, name, name, overwrite=False)

    def sweep(self) -> int:
        """Removes unfinished objects and says how many; only while nobody puts."""
        if self._directory is None:
            unfinished = [name for name, _ in self._names() if name.startswith(_UNFINISHED)]
            with _faults("objects"):
                obstore.delete(self._store, unfinished)
            return len(unfinished)
        with os_faults("objects"):
            # obstore lists no `name#1`, the files in which LocalStore gathers what is not complete.
            left = [path for path in self._directory.iterdir() if not _NAME.fullmatch(path.name)]
            left = [path for path in left if path.name.startswith(_UNFINISHED) or "#" in path.name]
            for path in left:
                path.unlink()
            sync_directory(self._directory)
        return len(left)


def local_objects(directory: Path) -> Objects:
    """Objects in files under `directory`, which is made for the owner only."""
    make_directory(directory)
    return Objects(LocalStore(prefix=directory))


class _Source:
    """The caller's chunks, counted; remembers the caller's own error so that it is not taken for the store's."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.size = 0
        self.error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            raise
        except BaseException as error:
            self.error = error
            raise
        self.size += len(chunk)
        return chunk

    def take(self, limit: int) -> tuple[list[bytes], bool]:
        """Chunks until their sum passes `limit`, and whether these were all."""
        taken = []
        for chunk in self:
            if chunk:
                taken.append(chunk)
            if self.size > limit:
                return taken, False
        return taken, True


@contextmanager
def _faults(name: str, source: _Source | None = None) -> Iterator[None]:
    """Turns the library's errors into ours; without its texts, which carry whole paths and debug dumps."""
    try:
        yield
    except BaseException as error:
        if source is not None and source.error is not None:
            if source.error is error:
                raise
            raise source.error from None
        if isinstance(error, FileNotFoundError | NotFoundError):
            raise Missing("no such object", where=name) from error
        if isinstance(error, AlreadyExistsError | FileExistsError):
            raise Conflict("an object with this id is stored already; nothing was written", where=name) from error
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            raise Unavailable(
                "the object store refused access: look at the directory's owner, or at the key and bucket in [storage]",
                where=name,
            ) from error
        if isinstance(error, BaseError | OSError):
            raise Unavailable(
                "the object store failed (disk full, not reachable, or no such bucket); try again", where=name
            ) from error
        raise


def _streamed(name: str, result: obstore.GetResult) -> Iterator[memoryview]:
    with _faults(name):
        for chunk in result.stream(CHUNK):
            yield memoryview(chunk)


def _name(ident: bytes) -> str:
    if not isinstance(ident, bytes) or len(ident) != ID_SIZE:
        raise Invalid(f"an object's id is {ID_SIZE} bytes")
    return ident.hex()

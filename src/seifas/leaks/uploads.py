"""Samples come in parts, sealed as they come, and are kept sealed under their case's key. Never in clear on a disk.

While it comes, a file lies in DATA/data/samples in pieces under a key that is only in this process's memory
(darkroom.spool): when the process ends, they are noise, and swept at the next start. When all has come it is sealed
into an object under a key that the keeper derives for the case, and from then on it is the case's: it can be searched
when the case is approved, hours later and by another process.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.darkroom.spool import Spool, fresh_part, swept
from seifas.errors import Conflict, Invalid, Missing, SeifasError, TooLarge, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.leaks.asking import Who
from seifas.leaks.client import RENEWED
from seifas.storage.durable import make_directory
from seifas.storage.objects import Objects

log = logging.getLogger("seifas.leaks")

MOST_FILE: Final = 4 * 1024**3
"""Bytes of one file."""

MOST_UPLOADS: Final = 64
MOST_SPOOLED: Final = 8 * 1024**3
"""Bytes that all uploads under way have said they will be."""

LEFT_FREE: Final = 512 * 1024**2
"""Bytes of the disk that uploads leave to the keeper, which must be able to write its log."""

IDLE_S: Final = 30 * 60.0
MOVING_S: Final = 1.0
"""An upload of which something was asked so short a time ago is one that somebody waits for."""

PART: Final = 1024 * 1024
LONGEST_NAME: Final = 255
_THREADS: Final = 2


class Kept(msgspec.Struct, frozen=True):
    """The keeper's answer to `leak.file_begin`: where a file is sealed to, and under what."""

    file: bytes
    object: bytes
    key: bytes
    clinic: bytes
    epoch: int

    def __repr__(self) -> str:
        return "Kept(...)"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of where a file comes from; the keeper judges it (keeper/leak_keeping.py)."""

    derived_from: bytes = b""
    origin: str = ""
    tool: str = ""
    clock_ms: int = 0

    def __repr__(self) -> str:
        return "Source(...)"


UNSAID: Final = Source()


class _Upload:
    def __init__(self, case: bytes, name: str, size: int, spool: Spool, source: Source) -> None:
        self.case = case
        self.name = name
        self.size = size
        self.spool = spool
        self.source = source
        self.touched = time.monotonic()
        self.lock = asyncio.Lock()
        self.finishing = False


class Uploads:
    """All uploads under way. An upload's token is known to who began it, and to nobody else."""

    def __init__(self, directory: Path, keeper: KeeperClient, objects: Objects, *, idle_s: float = IDLE_S) -> None:
        make_directory(directory)
        self._directory = directory
        self._keeper = keeper
        self._objects = objects
        self._idle_s = idle_s
        self._uploads: dict[bytes, _Upload] = {}
        self._leaving = False
        self._disk = ThreadPoolExecutor(_THREADS, thread_name_prefix="samples")
        left = swept(directory)
        if left:
            log.info("swept what a former process left of uploads", extra={"files": left})

    @property
    def busy(self) -> bool:
        return bool(self._uploads)

    @property
    def finishing(self) -> bool:
        return any(one.finishing for one in self._uploads.values())

    @property
    def moving(self) -> bool:
        """Whether something was asked of one just now."""
        now = time.monotonic()
        return any(now - one.touched < MOVING_S for one in self._uploads.values())

    def leave(self) -> None:
        """From now on none is begun: it would end with this process, which is about to."""
        self._leaving = True

    async def begin(
        self, who: Who, case: bytes, name: str, size: int, source: Source = UNSAID
    ) -> dict[str, Any]:
        """{upload}: 32 bytes. Raises TooLarge, Invalid ("empty", "name"), Unavailable ("full"; "renewed": ask the next
        process), and what the keeper refuses: an open case is enough, approved it need not be yet."""
        if size <= 0:
            raise Invalid("this file is empty", where="empty")
        if size > MOST_FILE:
            raise TooLarge(f"a file has at most {MOST_FILE // 1024**3} GiB; send its parts", where="too-large")
        name = _clean(name)
        await self._keeper.call("leak.check", **who.asked, case=case)
        if self._leaving:
            raise Unavailable("this process is being renewed; begin the upload again", where=RENEWED)
        # Sealing it for the case needs its size once more.
        free = os.statvfs(self._directory)
        room = free.f_bavail * free.f_frsize - 2 * sum(one.size for one in self._uploads.values())
        declared = sum(one.size for one in self._uploads.values())
        if len(self._uploads) >= MOST_UPLOADS or declared + size > MOST_SPOOLED or room < 2 * size + LEFT_FREE:
            raise Unavailable("there is no room for this file now; let others finish, or free the disk", where="full")
        token = secrets.token_bytes(32)
        self._uploads[token] = _Upload(case, name, size, Spool(self._directory), source)
        return {"upload": token}

    async def part(self, token: bytes, offset: int, data: bytes) -> dict[str, Any]:
        """{received}. What was received already is passed over. Raises Conflict ("offset") for what leaves a gap."""
        if len(data) > PART:
            raise TooLarge("a part has at most 1 MiB", where="part")
        upload = self._found(token)
        async with upload.lock:
            self._still_open(token, upload)
            upload.touched = time.monotonic()
            if fresh := fresh_part(upload.spool, upload.size, offset, data):
                try:
                    await asyncio.get_running_loop().run_in_executor(self._disk, upload.spool.add, fresh)
                except SeifasError:
                    self._forget(token)
                    raise
            return {"received": upload.spool.size}

    async def status(self, token: bytes) -> dict[str, Any]:
        """{received, size}."""
        upload = self._found(token)
        upload.touched = time.monotonic()
        return {"received": upload.spool.size, "size": upload.size}

    async def finish(self, who: Who, token: bytes) -> dict[str, Any]:
        """{file, sha256, size}: sealed for its case, durable, and told to the keeper. What was spooled is gone."""
        upload = self._found(token)
        async with upload.lock:
            self._still_open(token, upload)
            if upload.spool.size != upload.size:
                raise Conflict("the file has not come whole; go on where it stopped", where="offset")
            upload.finishing = True
        try:
            return await self._kept(who, upload)
        finally:
            self._forget(token)

    async def _kept(self, who: Who, upload: _Upload) -> dict[str, Any]:
        about = {**who.asked, "case": upload.case}
        source = msgspec.structs.asdict(upload.source)
        told = await self._keeper.call("leak.file_begin", **about, name=upload.name, size=upload.size, **source)
        kept = msgspec.convert(told, Kept)
        sha256, sha512 = await asyncio.get_running_loop().run_in_executor(
            self._disk, lambda: _sealed(self._objects, upload, kept)
        )
        # From here on the keeper decides: an answer that is lost may have committed the file, so nothing is deleted.
        await self._keeper.call(
            "leak.keep_file", **about, file=kept.file, sha256=sha256, sha512=sha512, size=upload.size
        )
        return {"file": kept.file, "sha256": sha256, "size": upload.size}

    async def drop(self, token: bytes) -> dict[str, Any]:
        """{}. One that is being finished is not dropped any more."""
        upload = self._found(token)
        async with upload.lock:
            self._still_open(token, upload)
            self._forget(token)
        return {}

    def sweep(self) -> None:
        """Ends what was idle for half an hour; called every few seconds."""
        now = time.monotonic()
        for token, upload in list(self._uploads.items()):
            if not upload.finishing and not upload.lock.locked() and now - upload.touched >= self._idle_s:
                self._forget(token)

    def close(self) -> None:
        self._disk.shutdown(wait=True)
        for token in list(self._uploads):
            self._forget(token)

    def _forget(self, token: bytes) -> None:
        upload = self._uploads.pop(token, None)
        if upload is not None:
            upload.spool.remove()

    def _found(self, token: bytes) -> _Upload:
        upload = self._uploads.get(token)
        if upload is None:
            raise Missing("there is no such upload; begin it again", where="upload")
        return upload

    def _still_open(self, token: bytes, upload: _Upload) -> None:
        if self._uploads.get(token) is not upload:
            raise Missing("there is no such upload; begin it again", where="upload")
        if upload.finishing:
            raise Conflict("this upload is being finished", where="finishing")


def _sealed(objects: Objects, upload: _Upload, kept: Kept) -> tuple[bytes, bytes]:
    """Seals a spooled file into its object; its SHA-256 and SHA-512. One that fails leaves no object."""
    short, long = hashlib.sha256(), hashlib.sha512()

    def counted() -> Iterator[bytes]:
        for piece in upload.spool.pieces():
            short.update(piece)
            long.update(piece)
            yield piece

    objects.put(
        kept.object,
        stream.seal_stream(
            kept.key, counted(), purpose=Purpose.OBJECT, clinic=kept.clinic, patient=upload.case, record=kept.object,
            version=1, epoch=kept.epoch,
        ),
    )  # fmt: skip
    return short.digest(), long.digest()


def _clean(name: str) -> str:
    """The file's own name as a program may have made it up: no directories, nothing that a terminal acts on."""
    last = name.replace("\\", "/").rpartition("/")[2]
    made = "".join(letter for letter in last if letter.isprintable())[:LONGEST_NAME].strip()
    if not made:
        raise Invalid("give the file's name", where="name")
    return made

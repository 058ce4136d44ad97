"""Receives uploads: parts in order, resumable, bounded in size, number and sum, and swept when nobody goes on.

An upload is known by its grant alone, which only who began the photo has. The darkroom redeems it when all has come,
so that a photo's key is here for seconds.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

from seifas.darkroom.keeping import Keeping, Sealed
from seifas.darkroom.spool import Spool, fresh_part, swept
from seifas.darkroom.unfit import MOST_BYTES, refusal
from seifas.errors import Conflict, Invalid, Locked, Missing, Refused, SeifasError, TooLarge, Unavailable

log = logging.getLogger("seifas.darkroom")

MOST_UPLOADS: Final = 128
MOST_SPOOLED: Final = 3 * 1024**3
"""Bytes that all uploads under way have said they will be."""

LEFT_FREE: Final = 512 * 1024**2
"""Bytes of the disk that uploads leave to the keeper, which must be able to write its log."""

IDLE_S: Final = 30 * 60.0
REMEMBERED_S: Final = 30 * 60.0
"""How long an upload's end is remembered for whoever did not hear of it: a grant lives no longer."""

_MOST_FINISHED: Final = 4096
_LASTING: Final = (Invalid, Missing, Refused, TooLarge)
"""What would be said again however often one asked. Everything else may pass: it is asked anew."""

PART: Final = 1024 * 1024
_GRANT: Final = 32
_NO_UPLOAD: Final = "there is no such upload; begin it again"


class _Upload:
    def __init__(self, grant: bytes, size: int, spool: Spool, now: float) -> None:
        self.grant = grant
        self.size = size
        self.spool = spool
        self.touched = now
        self.lock = asyncio.Lock()
        self.finishing: asyncio.Future[dict[str, Any]] | None = None


class _Finished(NamedTuple):
    """What an upload came to: kept, refused, or sealed and the keeper has not answered."""

    answer: dict[str, Any] | None = None
    refused: SeifasError | None = None
    sealed: Sealed | None = None


class Receiving:
    """All uploads under way."""

    def __init__(self, directory: Path, keeping: Keeping, *, idle_s: float = IDLE_S) -> None:
        self._directory = directory
        self._keeping = keeping
        self._idle_s = idle_s
        self._uploads: dict[bytes, _Upload] = {}
        self._finished: OrderedDict[bytes, tuple[float, _Finished]] = OrderedDict()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="spool")
        left = swept(directory)
        if left:
            log.info("swept what a former process left of uploads", extra={"files": left})

    async def begin(self, grant: bytes, size: int) -> dict[str, Any]:
        """{received}. Raises TooLarge, Invalid ("empty"), Conflict for another size than before, Unavailable."""
        if len(grant) != _GRANT or self._ended(grant) is not None:
            raise Missing("there is no such pass; it works once and not for long")
        known = self._uploads.get(_name(grant))
        if known is not None:
            if known.size != size:
                raise Conflict("this upload was begun with another size", where="size")
            return {"received": known.spool.size}
        if not 0 < size <= MOST_BYTES:
            word = "empty" if size <= 0 else "too-large"
            await self._keeping.unused(grant, word)
            raise refusal(word)
        full = len(self._uploads) >= MOST_UPLOADS or self._declared() + size > MOST_SPOOLED
        if full or self._free() < size + LEFT_FREE:
            raise Unavailable("too many photos are being sent; try again in a few minutes", where="full")
        self._uploads[_name(grant)] = _Upload(grant, size, Spool(self._directory), time.monotonic())
        return {"received": 0}

    def _free(self) -> int:
        """Bytes of the disk that no upload under way will need."""
        told = os.statvfs(self._directory)
        still = sum(one.size - one.spool.size for one in self._uploads.values())
        return told.f_bavail * told.f_frsize - still

    def _declared(self) -> int:
        return sum(one.size for one in self._uploads.values())

    async def part(self, grant: bytes, offset: int, data: bytes) -> dict[str, Any]:
        """{received}. What was received already is passed over. Raises Conflict ("offset") for what leaves a gap."""
        if len(data) > PART:
            raise TooLarge("a part has at most 1 MiB", where="part")
        upload = self._found(grant)
        async with upload.lock:
            self._still_open(grant, upload)
            upload.touched = time.monotonic()
            if fresh := fresh_part(upload.spool, upload.size, offset, data):
                try:
                    await asyncio.get_running_loop().run_in_executor(self._disk, upload.spool.add, fresh)
                except SeifasError as error:
                    await self._end(upload, error.where or "full")
                    raise
            return {"received": upload.spool.size}

    async def status(self, grant: bytes) -> dict[str, Any]:
        """{received, size}."""
        upload = self._found(grant)
        upload.touched = time.monotonic()
        return {"received": upload.spool.size, "size": upload.size}

    async def finish(self, role: str, grant: bytes) -> dict[str, Any]:
        """{photo, width, height, taken_ms}; see client.py for what it raises. What was spooled is gone afterwards,
        unless the keeper could not be asked: then the same call may be made again. Whoever asks while it is being
        finished, or afterwards because the answer was lost, gets the same answer; nothing is kept twice."""
        upload = self._uploads.get(_name(grant))
        if upload is None:
            return await self._again(grant)
        async with upload.lock:
            if self._uploads.get(_name(grant)) is not upload:
                return await self._again(grant)
            if upload.finishing is None:
                if upload.spool.size != upload.size:
                    raise Conflict("the file has not come whole; go on where it stopped", where="offset")
                upload.finishing = asyncio.ensure_future(self._finish(role, upload))
                upload.finishing.add_done_callback(_heard)
            finishing = upload.finishing
        return await asyncio.shield(finishing)

    async def _finish(self, role: str, upload: _Upload) -> dict[str, Any]:
        try:
            granted = await self._keeping.redeem(upload.grant)
        except (Unavailable, Locked):
            upload.finishing, upload.touched = None, time.monotonic()
            raise
        except BaseException as error:
            self._remember_refusal(upload, error)
            self._forget(upload)
            raise
        try:
            sealed = await self._keeping.seal(role, upload.grant, granted, upload.spool)
            return await self._tell(upload.grant, _Finished(sealed=sealed))
        except SeifasError as error:
            self._remember_refusal(upload, error)
            raise
        finally:
            self._forget(upload)

    def _remember_refusal(self, upload: _Upload, error: BaseException) -> None:
        if isinstance(error, _LASTING):
            self._remember(upload.grant, _Finished(refused=error))

    async def _again(self, grant: bytes) -> dict[str, Any]:
        known = self._ended(grant)
        if known is None:
            raise Missing(_NO_UPLOAD)
        if known.answer is not None:
            return known.answer
        if known.refused is not None:
            raise type(known.refused)(known.refused.message, where=known.refused.where)
        return await self._tell(grant, known)

    async def _tell(self, grant: bytes, finished: _Finished) -> dict[str, Any]:
        assert finished.sealed is not None
        self._remember(grant, finished)
        answer = await self._keeping.tell(grant, finished.sealed)
        self._remember(grant, _Finished(answer=answer))
        return answer

    def _remember(self, grant: bytes, finished: _Finished) -> None:
        self._finished[_name(grant)] = (time.monotonic(), finished)
        self._finished.move_to_end(_name(grant))
        if len(self._finished) > _MOST_FINISHED:
            self._finished.popitem(last=False)

    def _ended(self, grant: bytes) -> _Finished | None:
        since, finished = self._finished.get(_name(grant), (0.0, None))
        return finished if time.monotonic() - since < REMEMBERED_S else None

    async def drop(self, grant: bytes) -> dict[str, Any]:
        """{}. One that is being finished is not dropped any more."""
        upload = self._found(grant)
        async with upload.lock:
            self._still_open(grant, upload)
            await self._end(upload, "dropped")
        return {}

    async def sweep(self) -> None:
        """Ends what was idle for half an hour, and forgets what ended longer ago; called every minute."""
        now = time.monotonic()
        while self._finished and now - next(iter(self._finished.values()))[0] >= REMEMBERED_S:
            self._finished.popitem(last=False)
        for upload in list(self._uploads.values()):
            if not upload.finishing and not upload.lock.locked() and now - upload.touched >= self._idle_s:
                await self._end(upload, "idle")

    def close(self) -> None:
        self._disk.shutdown(wait=True)
        for upload in list(self._uploads.values()):
            self._forget(upload)

    async def _end(self, upload: _Upload, why: str) -> None:
        self._forget(upload)
        await self._keeping.unused(upload.grant, why)

    def _forget(self, upload: _Upload) -> None:
        self._uploads.pop(_name(upload.grant), None)
        upload.spool.remove()

    def _found(self, grant: bytes) -> _Upload:
        upload = self._uploads.get(_name(grant))
        if upload is None:
            raise Missing(_NO_UPLOAD)
        return upload

    def _still_open(self, grant: bytes, upload: _Upload) -> None:
        if self._uploads.get(_name(grant)) is not upload:
            raise Missing(_NO_UPLOAD)
        if upload.finishing:
            raise Conflict("this upload is being finished", where="finishing")


def _name(grant: bytes) -> bytes:
    return sha256(grant).digest()


def _heard(finishing: asyncio.Future[dict[str, Any]]) -> None:
    """Whoever asked may be gone; what became of it is remembered, and no loop need complain."""
    if not finishing.cancelled():
        finishing.exception()

"""How other processes speak to the leaks process: `LeaksClient` for event loops, `BlockingLeaks` for the command line.

The socket is DATA/run/samples.sock, the wire the keeper's (keeper/wire.py). Whoever asks shows a session of the desk's,
or a pass of the machine's own; the leaks process shows it to the keeper, which decides.

Errors: those of the keeper (Refused where the case is not approved, OverBudget where its mentions are used up, Missing
for a case that there is not), and by the one word in `where`:

    Invalid      empty, name, size, files
    TooLarge     too-large (a file over 4 GiB), part
    Conflict     offset (`upload_status` says where to go on), finishing, busy (another search runs: wait, or end it)
    Missing      upload, search, reading: no such one, or the process that had it has ended; begin again, nothing was
                 lost
    Unavailable  full (the spool), or the process is being started anew: try again. What is only begun, asked or ended
                 `LeaksClient` tries again itself, with the process that comes after.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from seifas.errors import SeifasError, Unavailable
from seifas.keeper.client import BlockingClient, KeeperClient

PART: Final = 1024 * 1024
"""The most bytes of one `upload_part`."""

ENDED: Final = ("done", "failed", "cancelled")
"""The states of a search that is over."""

RENEWED: Final = "renewed"
"""In `where`: this process ends in a moment, and the next one can be asked."""

_AGAIN_S: Final = 0.1
_GONE: Final = "the leaks process does not answer; it is started anew by itself, try again in a few seconds"


class LeaksClient:
    """One connection; safe for any number of tasks of one event loop. `upload` and `job` are 32 bytes, ids 16."""

    def __init__(self, path: str | Path, *, patience: float = 10.0) -> None:
        self._patience = patience
        self._wire = KeeperClient(path, patience=patience, gone=_GONE)

    async def _patiently(self, op: str, **args: Any) -> Any:
        """An op that may be asked twice: a process that ends under it, or is about to, has kept nothing of it."""
        give_up = time.monotonic() + self._patience
        while True:
            try:
                return await self._wire.call(op, **args)
            except Unavailable as error:
                away = error.where == RENEWED or error.message == _GONE
                if not away or time.monotonic() > give_up:
                    raise
            await asyncio.sleep(_AGAIN_S)

    async def upload_begin(self, session: str, case: bytes, name: str, size: int, **source: Any) -> dict[str, Any]:
        """{upload}. The case need not be approved yet. `source`: derived_from, origin, tool, clock_ms."""
        return _map(await self._patiently("upload.begin", session=session, case=case, name=name, size=size, **source))

    async def upload_part(self, upload: bytes, offset: int, data: bytes) -> dict[str, Any]:
        """{received}. Parts come in order; one that was received already is passed over."""
        return _map(await self._patiently("upload.part", upload=upload, offset=offset, data=data))

    async def upload_status(self, upload: bytes) -> dict[str, Any]:
        """{received, size}."""
        return _map(await self._patiently("upload.status", upload=upload))

    async def upload_finish(self, session: str, upload: bytes) -> dict[str, Any]:
        """{file, sha256, size}: sealed for the case and kept by the keeper (leak.status lists it)."""
        return _map(await self._wire.call("upload.finish", session=session, upload=upload))

    async def upload_drop(self, upload: bytes) -> dict[str, Any]:
        """{}: forgets an upload and what was spooled of it."""
        return _map(await self._wire.call("upload.drop", upload=upload))

    async def file_pieces(self, session: str, case: bytes, file: bytes, approval: bytes) -> AsyncGenerator[bytes, None]:
        """A kept file's own bytes, for the export that `approval` of two people allows; `case` is the incident's. Who
        stops early closes the iterator (contextlib.aclosing)."""
        told = await self._wire.call("file.open", session=session, case=case, file=file, approval=approval)
        reading = told["reading"]
        try:
            while data := bytes(await self._wire.call("file.next", reading=reading)):
                yield data
        finally:
            with contextlib.suppress(SeifasError):
                await self._wire.call("file.close", reading=reading)

    async def match(self, session: str, case: bytes, files: list[bytes] | None = None) -> bytes:
        """Begins the search for the patients of these files, or of all of the case, and returns the job's id."""
        told = await self._patiently("search.begin", session=session, case=case, kind="match", files=files or [])
        return bytes(told["job"])

    async def attribute(self, session: str, case: bytes, files: list[bytes] | None = None) -> bytes:
        """Begins the search for the views of the pictures in these files, and returns the job's id."""
        told = await self._patiently("search.begin", session=session, case=case, kind="attribute", files=files or [])
        return bytes(told["job"])

    async def explain(self, session: str, case: bytes) -> bytes:
        """Begins the search for the way that all found so far went out by, and returns the job's id."""
        told = await self._patiently("search.begin", session=session, case=case, kind="explain")
        return bytes(told["job"])

    async def progress(self, session: str, job: bytes, seen: int = -1) -> dict[str, Any]:
        """How far it is (job.Job.told), as soon as that is newer than the version `seen`, after 20 s at the latest."""
        return _map(await self._patiently("search.progress", session=session, job=job, seen=seen))

    async def found(self, session: str, job: bytes, after: int = 0, count: int = 500) -> bytes:
        """What was found so far, from number `after` on, as `results.read` reads it."""
        return bytes(await self._wire.call("search.found", session=session, job=job, after=after, count=count))

    async def running(self, session: str, case: bytes) -> list[dict[str, Any]]:
        """The searches of a case that this process knows, newest first, each as `progress` tells it."""
        return list(await self._patiently("search.list", session=session, case=case))

    async def cancel(self, session: str, job: bytes) -> dict[str, Any]:
        """{}: the search ends at its next step; what it has found is not kept."""
        return _map(await self._wire.call("search.cancel", session=session, job=job))

    async def forget(self, session: str, job: bytes) -> dict[str, Any]:
        """{}: what this search has read is not wanted any more: the process ends, and its memory with it."""
        return _map(await self._wire.call("search.forget", session=session, job=job))

    async def close(self) -> None:
        await self._wire.close()


class BlockingLeaks:
    """The same, one call at a time, for the command line, which shows passes of the machine's own."""

    def __init__(self, path: str | Path, *, patience: float = 10.0) -> None:
        self._wire = BlockingClient(path, patience=patience, gone=_GONE)

    def call(self, op: str, **args: Any) -> Any:
        """An op by its name."""
        return self._wire.call(op, **args)

    def keep(
        self, asked: Callable[[], dict[str, Any]], case: bytes, name: str, file: BinaryIO, size: int,
        advance: Callable[[int], object] = lambda _: None,
    ) -> bytes:  # fmt: skip
        """Sends a file for a case, part by part; its id. `asked` gives a pass (they last half an hour, large files may
        take longer), `advance` is told the bytes of each part. Raises OSError where the file cannot be read."""
        upload = self.call("upload.begin", **asked(), case=case, name=name, size=size)["upload"]
        offset = 0
        while part := file.read(PART):
            self.call("upload.part", upload=upload, offset=offset, data=part)
            offset += len(part)
            advance(len(part))
        return bytes(self.call("upload.finish", **asked(), upload=upload)["file"])

    def followed(self, job: bytes, told: Callable[[dict[str, Any]], object] = lambda _: None) -> dict[str, Any]:
        """The last progress of a search, once it has ended; `told` is given each before it."""
        seen = -1
        while True:
            now: dict[str, Any] = self.call("search.progress", job=job, seen=seen)
            told(now)
            if now["state"] in ENDED:
                return now
            seen = now["version"]

    def close(self) -> None:
        self._wire.close()

    def __enter__(self) -> BlockingLeaks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _map(answer: Any) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer

"""How other processes speak to the darkroom: `DarkroomClient` for event loops, `BlockingDarkroom` for the command line.

The socket is DATA/run/pictures.sock, a second darkroom's pictures-2.sock; the wire is the keeper's (keeper/wire.py).
Whoever asks brings a pass that the keeper made: a grant to store one photo (photo.begin) or to make one published copy
(publication.make), a ticket to be shown one picture (photo.open). The darkroom redeems it at the keeper; it decides
nothing about who may see what.

Errors, by type and by the one word in `where`:

    Invalid   empty, truncated, not-a-picture, svg, gif, animated, unsupported (AVIF, TIFF, raw ...), damaged,
              too-small, too-much-work (the worker was stopped: a picture made to cost too much)
    TooLarge  too-large (over 50 MB), too-many-pixels (over 108 megapixels)
    Conflict  offset (`upload_status` says where to go on), finishing (it cannot be dropped any more), size
    Missing   no such upload, or no such pass: used, over, or never made
    Unavailable  busy (too many wait), full (the spool), or a part of the darkroom is restarting: try again
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, Final

from seifas.keeper.client import BlockingClient, KeeperClient
from seifas.several import all_of

PART: Final = 1024 * 1024
"""The most bytes of one `upload_part`."""

_GONE: Final = "the darkroom does not answer; it restarts by itself, try again in a few seconds"


class DarkroomClient:
    """One connection to each darkroom; safe for any number of tasks of one event loop. Passes are 32 bytes.

    Which darkroom is asked the pass alone says: what has come of an upload lies in the memory of one of them, and
    whichever desk gets its next part must find the same."""

    def __init__(self, path: str | Path, *, patience: float = 5.0) -> None:
        self._wires = [KeeperClient(one, patience=patience, gone=_GONE) for one in all_of(Path(path))]

    def _wire(self, pass_: bytes) -> KeeperClient:
        return self._wires[zlib.crc32(pass_) % len(self._wires)]

    async def upload_begin(self, grant: bytes, size: int) -> dict[str, Any]:
        """{received}: where to go on; 0 for a new upload. `size` is the file's, in bytes. May be repeated."""
        return _map(await self._wire(grant).call("upload.begin", grant=grant, size=size))

    async def upload_part(self, grant: bytes, offset: int, data: bytes) -> dict[str, Any]:
        """{received}. Parts come in order; one that was received already is passed over."""
        return _map(await self._wire(grant).call("upload.part", grant=grant, offset=offset, data=data))

    async def upload_status(self, grant: bytes) -> dict[str, Any]:
        """{received, size}. Raises Missing for an upload that was not begun, was swept (30 minutes idle) or is over."""
        return _map(await self._wire(grant).call("upload.status", grant=grant))

    async def upload_finish(self, grant: bytes) -> dict[str, Any]:
        """{photo, width, height, taken_ms}: decoded, sealed, and kept by the keeper. The pass is used up either way;
        whoever asks again with it within half an hour, because the answer was lost, gets the same answer."""
        return _map(await self._wire(grant).call("upload.finish", grant=grant))

    async def upload_drop(self, grant: bytes) -> dict[str, Any]:
        """{}: forgets an upload and what was spooled of it."""
        return _map(await self._wire(grant).call("upload.drop", grant=grant))

    async def show(self, ticket: bytes) -> dict[str, Any]:
        """{kind: "image/jpeg", body, width, height}: marked for the ticket's view, without metadata."""
        return _map(await self._wire(ticket).call("show", ticket=ticket))

    async def align(self, ticket_a: bytes, ticket_b: bytes) -> dict[str, Any]:
        """{a, b, aligned}: two pictures as `show` gives them, b moved, turned and scaled onto a where that is sure."""
        return _map(await self._wire(ticket_a).call("align", ticket_a=ticket_a, ticket_b=ticket_b))

    async def publish(self, grant: bytes) -> dict[str, Any]:
        """{width, height}: makes and seals the copy of a photo that is given for one use, and tells the keeper."""
        return _map(await self._wire(grant).call("publish", grant=grant))

    async def close(self) -> None:
        for wire in self._wires:
            await wire.close()


class BlockingDarkroom:
    """The same, one call at a time and with the first darkroom, for the command line's import."""

    def __init__(self, path: str | Path, *, patience: float = 5.0) -> None:
        self._wire = BlockingClient(path, patience=patience, gone=_GONE)

    def upload(self, grant: bytes, data: bytes) -> dict[str, Any]:
        """A whole file: {photo, width, height, taken_ms}. What was spooled of it is gone if this raises."""
        self._wire.call("upload.begin", grant=grant, size=len(data))
        for offset in range(0, len(data), PART):
            self._wire.call("upload.part", grant=grant, offset=offset, data=data[offset : offset + PART])
        return _map(self._wire.call("upload.finish", grant=grant))

    def show(self, ticket: bytes) -> dict[str, Any]:
        """{kind, body, width, height}."""
        return _map(self._wire.call("show", ticket=ticket))

    def close(self) -> None:
        self._wire.close()

    def __enter__(self) -> BlockingDarkroom:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _map(answer: Any) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer

"""Keeps one photo: has it decoded, makes and seals its renditions, and tells the keeper, whose commit makes it a photo.

Until the keeper is told, a failure of any kind removes the objects again and gives the grant back. From then on the
keeper decides: where its answer is lost, the commit may stand, and what it named must not be deleted. Objects that no
record names are swept by the keeper, which wrote their names down before the grant left it.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from seifas.darkroom.feeding import developed
from seifas.darkroom.renditions import Granted, Stored, sealed_renditions
from seifas.darkroom.spool import Spool
from seifas.darkroom.turns import Turns
from seifas.errors import SeifasError
from seifas.keeper.client import KeeperClient
from seifas.storage.objects import Objects

log = logging.getLogger("seifas.darkroom")

_DAY_MS: Final = 86_400_000
_WORD: Final = re.compile(r"[a-z-]{1,32}", re.ASCII)


class Kept(msgspec.Struct, frozen=True):
    """What the keeper is told of a finished photo (`darkroom.stored`)."""

    objects: dict[str, Stored]
    sha256: bytes
    format: str
    width: int
    height: int
    exif: dict[str, str]
    taken_ms: int
    fingerprint: bytes

    def __repr__(self) -> str:
        return "Kept(...)"


class Sealed(msgspec.Struct, frozen=True):
    """A photo whose objects are stored, and what the keeper is to be told of it."""

    photo: bytes
    kept: Kept


class Keeping:
    """Shared by all uploads. `turns` are threads of its own: a picture that takes long keeps nobody from looking."""

    def __init__(
        self, keeper: KeeperClient, objects: Objects, intake: Path, zone: ZoneInfo, turns: Turns
    ) -> None:
        self._keeper = keeper
        self._objects = objects
        self._intake = intake
        self._zone = zone
        self._turns = turns

    async def redeem(self, grant: bytes) -> Granted:
        """What seals the photo, once. Raises Missing for a grant that is over; Unavailable and Locked leave it good."""
        return msgspec.convert(await self._keeper.call("darkroom.grant", grant=grant), Granted)

    async def seal(self, role: str, grant: bytes, granted: Granted, spool: Spool) -> Sealed:
        """Decodes, seals and stores. Raises what the picture gives reason for; then nothing is stored and the grant is
        given back."""
        try:
            return Sealed(granted.photo, await self._turns.take(role, lambda: self._sealed(granted, spool)))
        except SeifasError as error:
            await self._give_back(grant, granted, error.where if _WORD.fullmatch(error.where) else error.code)
            raise
        except BaseException:
            await self._give_back(grant, granted, "defect")
            raise

    async def tell(self, grant: bytes, sealed: Sealed) -> dict[str, Any]:
        """{photo, width, height, taken_ms}: the keeper has it. May be repeated where the keeper's answer was lost; it
        keeps nothing twice."""
        kept = sealed.kept
        told = await self._keeper.call(
            "darkroom.stored", grant=grant, **msgspec.to_builtins(kept, builtin_types=(bytes,))
        )
        return {
            "photo": sealed.photo, "width": kept.width, "height": kept.height,
            "taken_ms": told.get("taken_ms", kept.taken_ms),
        }

    async def unused(self, grant: bytes, why: str) -> None:
        """Tells the keeper that nothing comes of a grant, so that its session may begin another photo at once."""
        with contextlib.suppress(SeifasError):
            await self.redeem(grant)
            await self._keeper.call("darkroom.failed", grant=grant, why=why)

    async def _give_back(self, grant: bytes, granted: Granted, why: str) -> None:
        for ident in granted.objects.values():
            with contextlib.suppress(SeifasError):
                await self._turns.take("any", lambda ident=ident: self._objects.delete(ident))  # type: ignore[misc]
        try:
            await self._keeper.call("darkroom.failed", grant=grant, why=why)
        except SeifasError as error:  # it sweeps what it never hears of again
            log.warning("a grant could not be given back", extra={"code": error.code})

    def _sealed(self, granted: Granted, spool: Spool) -> Kept:
        hashed = hashlib.sha256()
        made = developed(self._intake, _counted(spool.pieces(), hashed), spool.size)
        sealed = sealed_renditions(self._objects, granted, made, spool.pieces(), spool.size)
        header = made.header
        return Kept(
            objects=sealed.stored, sha256=hashed.digest(), format=header.format, width=header.width,
            height=header.height, exif=header.exif, taken_ms=taken_ms(header.taken, header.offset, self._zone),
            fingerprint=sealed.fingerprint,
        )


def _counted(pieces: Iterator[bytes], hashed: Any) -> Iterator[bytes]:
    for piece in pieces:
        hashed.update(piece)
        yield piece


def taken_ms(taken: str, offset: str, zone: ZoneInfo) -> int:
    """The camera's local time as ms since 1970, by its own offset or the clinic's; 0 where it is none, or to come."""
    try:
        moment = datetime.fromisoformat(taken + offset)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        found = int(moment.astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return 0
    return found if 0 < found < time.time() * 1000 + _DAY_MS else 0

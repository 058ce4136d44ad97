"""Shows one picture: redeems its ticket, opens, marks for the ticket's view, and encodes. Nothing leaves unmarked.

What the keeper's ticket does not carry, a seed of 32 bytes, is not shown: there is no path through this file on which
pixels of a photo leave without the mark, but that of a published copy, which was marked when it was made.
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any, Final

import cv2
import numpy as np

from seifas.darkroom.imaging import jpeg, lettering, likening, scaling, watermark
from seifas.darkroom.imaging.scaling import Pixels
from seifas.darkroom.renditions import SCREEN, THUMB, Place, opened, place_of, seal_into
from seifas.darkroom.turns import Turns
from seifas.errors import Invalid, SeifasError, Tampered, Unavailable
from seifas.keeper.client import KeeperClient
from seifas.storage.objects import Objects

log = logging.getLogger("seifas.darkroom")

QUALITY: Final = {"blur": 80, "thumb": 88, "screen": 90, "full": 93}
"""JPEG quality of what is shown, by rendition."""

_LONG_SIDES: Final = {"thumb": THUMB, "screen": SCREEN}
_PUBLISHED_AT: Final = 90


class Showing:
    """Shared by all who look."""

    def __init__(self, keeper: KeeperClient, objects: Objects, turns: Turns) -> None:
        self._keeper = keeper
        self._objects = objects
        self._turns = turns

    async def show(self, role: str, ticket: bytes) -> dict[str, Any]:
        """{kind, body, width, height}. Raises Missing for a ticket that is used, over, or another role's."""
        told = await self._redeemed(role, ticket)
        return await self._turns.take(role, lambda: self._shown(told))

    async def align(self, role: str, ticket_a: bytes, ticket_b: bytes) -> dict[str, Any]:
        """{a, b, aligned}. Where the two cannot be laid over each other for sure, b is as it was."""
        told_a = await self._redeemed(role, ticket_a)
        told_b = await self._redeemed(role, ticket_b)
        if "published" in (told_a["rendition"], told_b["rendition"]):
            raise Invalid("published copies are not aligned", where="rendition")
        return await self._turns.take(role, lambda: self._aligned(told_a, told_b))

    async def publish(self, role: str, grant: bytes) -> dict[str, Any]:
        """{width, height}: the published copy of a photo, sealed under the publication's own key and kept."""
        told = await self._keeper.call("darkroom.publish_grant", grant=grant)
        target = place_of(told, "publication")
        try:
            width, height = await self._turns.take(
                role, lambda: self._published(place_of(told, "source"), told["seed"], target)
            )
        except BaseException:
            with contextlib.suppress(SeifasError):
                await self._turns.take("any", lambda: self._objects.delete(target.object))
            with contextlib.suppress(SeifasError):
                await self._keeper.call("darkroom.publish_failed", grant=grant)
            raise
        await self._keeper.call("darkroom.published", grant=grant, width=width, height=height)
        return {"width": width, "height": height}

    async def _redeemed(self, role: str, ticket: bytes) -> dict[str, Any]:
        told: dict[str, Any] = await self._keeper.call(
            "darkroom.ticket", ticket=ticket, peer="" if role == "any" else role
        )
        return told

    def _shown(self, told: dict[str, Any]) -> dict[str, Any]:
        body = opened(self._objects, place_of(told))
        rendition = told["rendition"]
        if rendition == "published":
            picture = jpeg.decoded(body)
            return {"kind": jpeg.KIND, "body": body, "width": picture.shape[1], "height": picture.shape[0]}
        return self._finished(_sized(jpeg.decoded(body), rendition), told)

    def _finished(self, picture: Pixels, told: dict[str, Any]) -> dict[str, Any]:
        return self._answer(_marked(lettering.lettered(picture, told["visible"]), told["seed"]), told)

    def _answer(self, marked: Pixels, told: dict[str, Any]) -> dict[str, Any]:
        height, width = marked.shape[:2]
        body = jpeg.encoded(marked, QUALITY[told["rendition"]], full_colour=told["rendition"] == "full")
        return {"kind": jpeg.KIND, "body": body, "width": width, "height": height}

    def _aligned(self, told_a: dict[str, Any], told_b: dict[str, Any]) -> dict[str, Any]:
        one = _sized(jpeg.decoded(opened(self._objects, place_of(told_a))), told_a["rendition"])
        other = _sized(jpeg.decoded(opened(self._objects, place_of(told_b))), told_b["rendition"])
        warp = likening.likened(one, other)
        if warp is None:
            return {"a": self._finished(one, told_a), "b": self._finished(other, told_b), "aligned": False}
        # Marked before it is moved: the mark then lies as on every other view of that photo, and is found the same way.
        laid = cv2.warpPerspective(
            _marked(other, told_b["seed"]), warp, (one.shape[1], one.shape[0]), flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT, borderValue=(128, 128, 128),
        )  # fmt: skip
        moved = lettering.lettered(np.asarray(laid, dtype=np.uint8), told_b["visible"])
        return {"a": self._finished(one, told_a), "b": self._answer(moved, told_b), "aligned": True}

    def _published(self, source: Place, seed: bytes, target: Place) -> tuple[int, int]:
        marked = _marked(jpeg.decoded(opened(self._objects, source)), seed)
        seal_into(self._objects, target, (jpeg.encoded(marked, _PUBLISHED_AT),))
        return marked.shape[1], marked.shape[0]


def _sized(picture: Pixels, rendition: str) -> Pixels:
    if rendition == "blur":
        return scaling.blurred(picture)
    if rendition not in QUALITY:
        raise Unavailable("pictures are not shown at this size", where="rendition")
    height, width = picture.shape[:2]
    return scaling.shrunk(picture, *scaling.within(width, height, _LONG_SIDES.get(rendition, max(width, height))))


def _marked(picture: Pixels, seed: bytes) -> Pixels:
    if len(seed) != watermark.SEED_SIZE:
        raise Tampered("a picture without a mark of its own does not leave the darkroom", where="seed")
    return watermark.embed(picture, seed)

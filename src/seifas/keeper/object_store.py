"""Tries the bucket that holds the objects, when a keeper is about to unlock the vault.

    tried(place: Place) -> None

Here and not where the vault is opened: commands open it too (upgrade, move, restore) and may fork a keeper afterwards,
which must not find the object store's library at work: its threads are in no fork.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from seifas.errors import Unavailable
from seifas.storage.object_places import FilesAt, Place
from seifas.storage.objects_s3 import require_create_only
from seifas.storage.opening_objects import open_objects

log = logging.getLogger("seifas.objects")

_LONGEST_S: Final = 3.0


async def tried(place: Place) -> None:
    """Raises Refused for a bucket in which one object could take another's place. One that does not answer at once is
    no reason to keep records closed: pictures are told unavailable until it does."""
    if isinstance(place, FilesAt):
        return
    trying = asyncio.to_thread(lambda: require_create_only(open_objects(place)))
    try:
        await asyncio.wait_for(trying, _LONGEST_S)
    except (Unavailable, TimeoutError) as error:
        log.error("the object store does not answer: no pictures until it does", extra={"error": type(error).__name__})

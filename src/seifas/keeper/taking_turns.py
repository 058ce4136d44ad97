"""Which node answers, where several have one vault on PostgreSQL: the one with the lease (storage/lease.py).

The others stand by: unlocked once, so that their supervisors keep the root, and serving nothing. They follow what the
active one commits (following.py), ask for the lease twice a second, and open the vault when they get it. The active one
renews it every second; when it could not for so long that another may have taken over it refuses everything, and when
another has, it ends: its supervisor starts a keeper that stands by.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from seifas.errors import SeifasError
from seifas.keeper.keeper import Keeper
from seifas.settings import Settings
from seifas.storage.database_places import DatabaseAt
from seifas.storage.lease import Lease

log = logging.getLogger("seifas.turns")

ASKED_EVERY_S: Final = 0.5
_RENEWED_EVERY_S: Final = 1.0


def lease_of(data: Path, settings: Settings, holder: str) -> Lease | None:
    """This node's lease; None where the vault lies in files of this machine, which no other node has."""
    places = [place for place in (settings.state_at(data), settings.keys_at(data)) if isinstance(place, DatabaseAt)]
    return Lease(places, holder) if settings.storage.engine == "postgresql" else None


async def take(keeper: Keeper) -> bool:
    """Whether this node is the active one now. Raises Unavailable."""
    if keeper.lease is None:
        return True
    taken = await asyncio.to_thread(keeper.lease.take)
    if taken:
        keeper.standing_by = False
    return taken


async def give_up(keeper: Keeper) -> None:
    """After closing: another node need not wait."""
    if keeper.lease is not None:
        await asyncio.to_thread(keeper.lease.give_up)


async def renewing(keeper: Keeper, lost: Any) -> None:
    """Renews the lease for as long as this node has it; `lost()` where another one has taken over, and does not
    return."""
    lease = keeper.lease
    if lease is None:
        return
    # A thread of its own: the loop's may all be busy.
    with ThreadPoolExecutor(1, thread_name_prefix="lease") as thread:
        while True:
            await asyncio.sleep(_RENEWED_EVERY_S)
            if not lease.held:
                continue
            try:
                ours = await asyncio.get_running_loop().run_in_executor(thread, lease.renew)
            except SeifasError as error:
                log.error("the lease could not be renewed, it is tried again", extra={"code": error.code})
                continue
            if not ours and lease.held:
                log.error("another node has taken over: the keeper starts anew and stands by")
                lost()

"""Every night the databases are laid anew, so that a copy of the disk does not tell yesterday's rows from older ones.

In small slices between the work of others, beginning at three in the clinic's time; only where something was written
since. What a copy taken the same day tells is a figure of the drill.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from seifas.errors import SeifasError
from seifas.keeper import sweeping_objects
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.keeper import Keeper, Open

log = logging.getLogger("seifas.relaying")

_HOUR: Final = 3
_LOOK_EVERY_S: Final = 300.0
_REST: Final = 4.0
"""Times as long as a slice took that the disk is left to others."""

Relay = Callable[[bytes], bytes | None]


@OPS.op("admin.relay", NoArgs, "admin")
async def now(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """Lays everything anew at once, without rests; says how many slices that took and the slowest in ms."""
    slices, slowest = await relay(keeper, rest=0.0)
    return {"slices": slices, "slowest_ms": slowest}


async def relay(keeper: Keeper, *, rest: float = _REST) -> tuple[int, float]:
    """(slices, ms of the slowest). Raises Locked when the vault is locked meanwhile, Unavailable."""
    slices, slowest = 0, 0.0
    for which in range(3):
        after: bytes | None = b""
        while after is not None:
            stores = _stores(keeper.require_unlocked())
            began = time.perf_counter()
            after = await asyncio.to_thread(stores[which], after)
            took = time.perf_counter() - began
            slices, slowest = slices + 1, max(slowest, took * 1000)
            await asyncio.sleep(took * rest)
    opened = keeper.require_unlocked()
    await asyncio.to_thread(opened.state.checkpoint)
    await asyncio.to_thread(opened.rows.checkpoint)
    return slices, round(slowest, 1)


def _stores(opened: Open) -> tuple[Relay, Relay, Relay]:
    return opened.rows.relay, opened.keystore.relay, opened.state.relay


async def nightly(keeper: Keeper) -> None:
    """Runs as long as the keeper: once a night, if the log has grown since the last time."""
    zone = ZoneInfo(keeper.settings.clinic.zone)
    done_at, last_night = 0, ""
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        local = datetime.now(zone)
        opened = keeper.open
        if opened is None or local.hour != _HOUR or last_night == f"{local:%F}" or opened.audit.size == done_at:
            continue
        try:
            slices, slowest = await relay(keeper)
        except SeifasError as error:
            log.error("the databases were not laid anew; it is tried again", extra={"code": error.code})
            continue
        await sweeping_objects.swept(keeper)
        last_night, done_at = f"{local:%F}", opened.audit.size
        log.info("the databases are laid anew", extra={"slices": slices, "slowest_ms": slowest})

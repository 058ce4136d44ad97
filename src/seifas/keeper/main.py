"""The keeper's process: hardens itself, opens its door, unlocks if the supervisor holds the root, and serves."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from pathlib import Path

import uvloop

from seifas import hardening, logs
from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.keeper import (
    administering,
    backing_up,
    enrolling,
    erasing,
    health,
    holding,
    importing,
    living,
    officer,
    opening,
    proving,
    recovery,
    relaying,
    rotating,
    scheduling,
    searching,
    signing_in,
    treating,
    ways_in,
    witnessing,
    writing,
)
from seifas.keeper.door import Door
from seifas.keeper.keeper import Keeper
from seifas.keeper.unlock_page import UnlockPage
from seifas.settings import Settings
from seifas.supervisor import child_channel

log = logging.getLogger("seifas.keeper")

# Importing a module of ops is what puts them on the table.
SERVED = (
    administering, backing_up, enrolling, erasing, health, holding, importing, living, officer, opening, proving,
    recovery, relaying, rotating, scheduling, searching, signing_in, treating, ways_in, witnessing,
    writing,
)


def main(data: Path, settings: Settings, *, uids: dict[str, int] | None = None, alone: bool = False) -> None:
    """Runs until SIGTERM. `alone`: for one command only, with nothing but the admin socket."""
    logs.start("keeper")
    threading.stack_size(1 << 20)
    if not hardening.lock_memory():
        log.warning("memory cannot be locked: keys may reach swap; raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)")
    uvloop.run(_serve(data, settings, uids, alone))


async def _serve(data: Path, settings: Settings, uids: dict[str, int] | None, alone: bool) -> None:
    keeper = Keeper(data, settings)
    keeper.channel = child_channel()
    root = living.root_from_supervisor(keeper.channel)
    keeper.returning = root is not None
    door = Door(keeper, data / "run", _roles(uids, alone))
    await door.open()
    page = UnlockPage(
        locked=lambda: keeper.open is None, unlock=lambda secret: _unlock(keeper, secret), clinic=settings.clinic.name
    )
    if not alone:
        host, _, port = settings.listen.unlock.rpartition(":")
        await page.listen(host, int(port))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    if root is not None:
        try:
            await living.with_root(keeper, root, "restart")
            keeper.returning = False
        except SeifasError as error:
            keeper.returning = False
            log.error("it stays locked", extra={"code": error.code, "where": error.where})
            if isinstance(error, Unavailable | Tampered):  # until it is put back
                keeper.spawn(living.reopen(keeper))
    del root
    keeper.spawn(living.every_second(keeper))
    keeper.spawn(relaying.nightly(keeper))
    await stopped.wait()
    page.close()
    await door.close()
    await living.close(keeper)


async def _unlock(keeper: Keeper, passphrase: str) -> None:
    await living.with_passphrase(keeper, passphrase)


def _roles(uids: dict[str, int] | None, alone: bool) -> dict[str, frozenset[int]]:
    """Who may knock at which socket. Root may always: it could anyway."""
    own = os.geteuid()
    roles = {"admin": frozenset({0, own})}
    if not alone:
        for role in ("desk", "public", "jobs"):
            roles[role] = frozenset({own if uids is None else uids[role]})
    return roles

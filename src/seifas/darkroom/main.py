"""The darkroom's process: receives uploads, keeps them sealed, shows marked pictures. Opens nothing without a pass.

Its user may reach the objects (DATA/data/objects, or the key of their bucket; shared with the keeper) and
DATA/data/uploads (its own), the keeper's socket for the role "darkroom", and the intake's. Decoding what others sent is
not done here.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import uvloop

from seifas import hardening, logs
from seifas.darkroom.door import Door, op
from seifas.darkroom.intake import MOST_WORKERS
from seifas.darkroom.keeping import Keeping
from seifas.darkroom.peers import Peers
from seifas.darkroom.receiving import Receiving
from seifas.darkroom.showing import Showing
from seifas.darkroom.sockets import bound
from seifas.darkroom.turns import Turns
from seifas.errors import SeifasError
from seifas.keeper.client import KeeperClient
from seifas.several import numbered
from seifas.storage.durable import make_directory
from seifas.storage.object_places import Place
from seifas.storage.opening_objects import open_objects

log = logging.getLogger("seifas.darkroom")

_PEERS: Final = ("desk", "portal", "public")
_SWEEP_S: Final = 60.0


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grant: bytes
    size: int


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grant: bytes
    offset: int
    data: bytes


class OfGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    grant: bytes


class OfTicket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ticket: bytes


class OfTwo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    ticket_a: bytes
    ticket_b: bytes


def main(data: Path, uids: Mapping[str, int] | None, zone: ZoneInfo, place: Place, number: int = 1) -> None:
    """Runs until SIGTERM. `zone` is the clinic's, loaded while its file could be read. The first of several shares
    nothing with the second but the objects: each has sockets, a spool and an intake of its own."""
    logs.start("darkroom")
    if not hardening.lock_memory():
        log.warning("memory cannot be locked: pictures may reach swap; raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)")
    os.umask(0o007 if uids is not None else 0o077)
    peers = Peers(None if uids is None else {role: uids[role] for role in _PEERS}, os.geteuid())
    uvloop.run(_serve(data, peers, zone, place, number))


async def _serve(data: Path, peers: Peers, zone: ZoneInfo, place: Place, number: int) -> None:
    keeper = KeeperClient(data / "run" / "darkroom.sock", patience=10.0)
    objects = open_objects(place)
    spooled = data / "data" / "uploads"
    if number > 1:
        spooled = spooled / str(number)  # what a darkroom finds there when it starts, it sweeps
    make_directory(spooled)
    looking = Turns(max(2, min(4, os.cpu_count() or 2)), "looking")
    developing = Turns(MOST_WORKERS, "developing")
    receiving = Receiving(
        spooled, Keeping(keeper, objects, numbered(data / "run" / "intake" / "intake.sock", number), zone, developing)
    )
    door = Door(_ops(receiving, Showing(keeper, objects, looking)), peers)
    await door.listen(bound(numbered(data / "run" / "darkroom" / "pictures.sock", number)))
    stopped = asyncio.Event()
    for told in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(told, stopped.set)
    sweeping = asyncio.create_task(_sweep(receiving))
    await stopped.wait()
    sweeping.cancel()
    await door.close()
    receiving.close()
    looking.close()
    developing.close()


async def _sweep(receiving: Receiving) -> None:
    while True:
        await asyncio.sleep(_SWEEP_S)
        try:
            await receiving.sweep()
        except SeifasError as error:
            log.warning("idle uploads could not be swept", extra={"code": error.code})


def _ops(receiving: Receiving, showing: Showing) -> dict[str, Any]:
    return {
        "upload.begin": op(Begin, lambda role, args: receiving.begin(args.grant, args.size), "desk", "admin"),
        "upload.part": op(
            Part, lambda role, args: receiving.part(args.grant, args.offset, args.data), "desk", "admin"
        ),
        "upload.status": op(OfGrant, lambda role, args: receiving.status(args.grant), "desk", "admin"),
        "upload.finish": op(OfGrant, lambda role, args: receiving.finish(role, args.grant), "desk", "admin"),
        "upload.drop": op(OfGrant, lambda role, args: receiving.drop(args.grant), "desk", "admin"),
        "show": op(OfTicket, lambda role, args: showing.show(role, args.ticket), "desk", "portal", "public", "admin"),
        "align": op(
            OfTwo, lambda role, args: showing.align(role, args.ticket_a, args.ticket_b), "desk", "portal"
        ),
        "publish": op(OfGrant, lambda role, args: showing.publish(role, args.grant), "desk"),
    }

"""The leaks process: takes samples, compares them with everybody, ends when that is done. Knows nothing at its start.

Its user may reach the objects (DATA/data/objects, or the key of their bucket; shared with keeper and darkroom),
DATA/data/samples (its own), the keeper's socket for the role "leaks" and that of the reading program. It has no network
but the port of an object store elsewhere, and parses no file: reading is done by workers
that have nothing to lose. What it is told for a search it holds in memory that is locked and never dumped, until it
ends (searches.py).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop

from seifas import hardening, logs
from seifas.darkroom import jail
from seifas.darkroom.door import Door, op
from seifas.darkroom.peers import Peers
from seifas.darkroom.sockets import bound
from seifas.keeper.client import KeeperClient
from seifas.leaks.asking import Who
from seifas.leaks.giving import Readings
from seifas.leaks.searches import WARM_S, Searches
from seifas.leaks.uploads import Source, Uploads
from seifas.storage.object_places import Place, tcp_ports
from seifas.storage.opening_objects import open_objects

log = logging.getLogger("seifas.leaks")

_PEERS: Final = ("desk", "jobs")
_TICK_S: Final = 1.0
_LOOK: Final = 3
"""Ticks between two looks at whether a search still stands."""

_UPLOADS_S: Final = 10 * 60.0
"""How long uploads under way put off the end of a process whose work is done: one that never ends must not keep what
was read in memory."""


_FINISHED_S: Final = 10.0
_MOVING_S: Final = 2.0
"""How long uploads that are being finished, and those that are being sent, may put off even an end at once: they may be
of another case, by somebody who knows nothing of the one that is over."""

_MOMENT_S: Final = 0.02


class _Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who asks: a session, or a pass of the machine's own."""

    session: str = ""
    admin_pass: bytes = b""

    @property
    def who(self) -> Who:
        return Who(self.session, self.admin_pass)


class UploadBegin(_Asked, frozen=True):
    case: bytes
    name: str
    size: int
    derived_from: bytes = b""
    origin: str = ""
    tool: str = ""
    clock_ms: int = 0

    @property
    def source(self) -> Source:
        return Source(
            derived_from=self.derived_from, origin=self.origin, tool=self.tool, clock_ms=self.clock_ms
        )


class UploadPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    upload: bytes
    offset: int
    data: bytes


class OfUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    upload: bytes


class UploadFinish(_Asked, frozen=True):
    upload: bytes


class FileOpen(_Asked, frozen=True):
    case: bytes
    file: bytes
    approval: bytes


class OfReading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reading: bytes


class Begin(_Asked, frozen=True):
    case: bytes
    kind: str
    files: tuple[bytes, ...] = ()


class OfJob(_Asked, frozen=True):
    job: bytes


class Progress(_Asked, frozen=True):
    job: bytes
    seen: int = -1


class Found(_Asked, frozen=True):
    job: bytes
    after: int = 0
    count: int = 500


class OfCase(_Asked, frozen=True):
    case: bytes


def main(data: Path, uids: Mapping[str, int] | None, place: Place) -> None:
    """Returns after SIGTERM, and when its work is done: its supervisor starts another."""
    logs.start("leaks")
    if not hardening.lock_memory():
        log.warning("memory cannot be locked: records may reach swap; raise RLIMIT_MEMLOCK (LimitMEMLOCK=infinity)")
    if not jail.forbid_ports(tcp_ports(place)):
        log.warning("this kernel cannot forbid TCP: the leaks process is held by its user alone")
    os.umask(0o007 if uids is not None else 0o077)
    peers = Peers(None if uids is None else {role: uids[role] for role in _PEERS}, os.geteuid())
    uvloop.run(_serve(data, peers, place))


async def _serve(
    data: Path, peers: Peers, place: Place, *, warm_s: float = WARM_S, uploads_s: float = _UPLOADS_S
) -> None:
    socket = data / "run" / "leaks.sock"
    keeper = KeeperClient(socket, patience=10.0)
    objects = open_objects(place)
    uploads = Uploads(data / "data" / "samples", keeper, objects)
    readings = Readings(keeper, objects)
    searches = Searches(keeper, socket, objects, data / "run" / "reading" / "reading.sock", warm_s=warm_s)
    door = Door(_ops(uploads, readings, searches), peers, program="leaks process")
    await door.listen(bound(data / "run" / "leaks" / "samples.sock"))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    watching = asyncio.create_task(_watch(uploads, readings, searches, stopped, uploads_s))
    await stopped.wait()
    watching.cancel()
    await door.close()
    uploads.close()
    readings.close()
    await asyncio.to_thread(searches.close)


async def _watch(
    uploads: Uploads, readings: Readings, searches: Searches, stopped: asyncio.Event, uploads_s: float
) -> None:
    """Ends the process when what it has in memory is not wanted any more: at once where the keeper says so."""
    wanted = time.monotonic()
    for tick in itertools.count(1):
        await asyncio.sleep(_TICK_S)
        uploads.sweep()
        readings.sweep()
        if tick % _LOOK == 0:
            await searches.look()
        if not searches.done:
            wanted = time.monotonic()
        elif searches.refused or not (uploads.busy or readings.busy) or time.monotonic() - wanted > uploads_s:
            await _let_finish(uploads, searches)
            stopped.set()
            return


async def _let_finish(uploads: Uploads, searches: Searches) -> None:
    """Nothing is begun any more; what was all but done is let come to its end, for a moment."""
    uploads.leave()
    searches.leave()
    began = time.monotonic()
    while (uploads.finishing and time.monotonic() - began < _FINISHED_S) or (
        uploads.moving and time.monotonic() - began < _MOVING_S
    ):
        await asyncio.sleep(_MOMENT_S)


def _ops(uploads: Uploads, readings: Readings, searches: Searches) -> dict[str, Any]:
    return {
        "file.open": op(
            FileOpen, lambda role, args: readings.open(args.who, args.case, args.file, args.approval), "desk", "admin"
        ),
        "file.next": op(OfReading, lambda role, args: readings.next(args.reading), "desk", "admin"),
        "file.close": op(OfReading, lambda role, args: readings.close_one(args.reading), "desk", "admin"),
        "upload.begin": op(
            UploadBegin,
            lambda role, args: uploads.begin(args.who, args.case, args.name, args.size, args.source), "desk", "admin",
        ),
        "upload.part": op(
            UploadPart, lambda role, args: uploads.part(args.upload, args.offset, args.data), "desk", "admin"
        ),
        "upload.status": op(OfUpload, lambda role, args: uploads.status(args.upload), "desk", "admin"),
        "upload.finish": op(
            UploadFinish, lambda role, args: uploads.finish(args.who, args.upload), "desk", "admin"
        ),
        "upload.drop": op(OfUpload, lambda role, args: uploads.drop(args.upload), "desk", "admin"),
        "search.begin": op(
            Begin, lambda role, args: searches.begin(role, args.who, args.case, args.kind, args.files),
            "desk", "admin", "jobs",
        ),
        "search.progress": op(
            Progress, lambda role, args: searches.progress(role, args.who, args.job, args.seen),
            "desk", "admin", "jobs",
        ),
        "search.found": op(
            Found, lambda role, args: searches.found(role, args.who, args.job, args.after, args.count), "desk", "admin"
        ),
        "search.list": op(OfCase, lambda role, args: searches.listed(role, args.who, args.case), "desk"),
        "search.cancel": op(OfJob, lambda role, args: searches.cancel(role, args.who, args.job), "desk", "admin"),
        "search.forget": op(OfJob, lambda role, args: searches.forget(role, args.who, args.job), "desk", "admin"),
    }

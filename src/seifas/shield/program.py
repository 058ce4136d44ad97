"""The programs `shield` and `dropping` of a clinic's server: the control loop with the keeper behind it, and the one
that puts addresses into the kernel's sets."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
from pathlib import Path
from typing import Final

from seifas import logs
from seifas.errors import SeifasError
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.shield import announcers, control, crawling, dropping, fronting, snapshots
from seifas.shield.announcers import Announcers
from seifas.shield.certificates import places
from seifas.shield.control import Control
from seifas.shield.crawling import Bounds
from seifas.shield.dropping_client import Dropper
from seifas.shield.keeper_reporting import KeeperReporter
from seifas.shield.model import Mode
from seifas.shield.modes import Rules

log = logging.getLogger("seifas.shield")

DROPPING: Final = "dropping"
"""The directory in DATA/run that the dropping program's user writes to."""

_PAGES: Final = Bounds(answers=400, bytes=32 * 2**20, seconds=30.0)


def main(data: Path, settings: Settings) -> None:
    """The control loop, until it is stopped. As the shield's user."""
    logs.start("shield")
    os.umask(0o077)
    asyncio.run(_run(data, settings))


async def _run(data: Path, settings: Settings) -> None:
    client = KeeperClient(data / "run" / "shield.sock", patience=1.0)
    reporter = KeeperReporter(client, settings.clinic_id, data / "run" / "shield")
    carrying = asyncio.create_task(reporter.carry())
    try:
        await control.run(control_of(data, settings), reporter)
    finally:
        carrying.cancel()
        await client.close()


def control_of(data: Path, settings: Settings) -> Control:
    """Where things are on a clinic's server."""
    directory = data / "run" / "shield"
    return Control(
        directory=directory,
        lines_socket=directory / "lines.sock",
        runtime_socket=directory / "haproxy.sock",
        master_socket=directory / "master.sock",
        rules=Rules(calm_after=float(settings.shield.calm_after_seconds)),
        keys=directory / "lane.keys",
        take_snapshot=functools.partial(_take, data, settings),
        renew=functools.partial(_renew, data, settings),
        watched=(places.site(data),) if settings.tls else (),
        # Behind another front the packets are that one's: the kernel would cut off everybody.
        dropper=Dropper(data / "run" / DROPPING / "dropping.sock")
        if settings.shield.drop and not settings.shield.trusted_proxies else None,
        announcers=_announcers(settings),
        line_bytes=settings.shield.line_megabits * 125_000,
    )


def _announcers(settings: Settings) -> Announcers | None:
    """A file that does not read is said, and costs the site nothing else."""
    if not settings.shield.asn_file:
        return None
    try:
        return announcers.read(Path(settings.shield.asn_file))
    except SeifasError as error:
        log.error("shield.asn_file", extra={"error": error.message, "at": error.where})
        return None


def main_dropping(data: Path, settings: Settings, uid: int | None, caller: int | None) -> None:
    """Started as root, where there is one; `caller` is the shield's user. Who floods the public site may have the
    address of a member of staff who is somewhere new: the staff listener is left to HAProxy."""
    listened = fronting.listened(settings)
    ports = [int(address.rpartition(":")[2]) for name, address in listened.items() if name != "staff"]
    dropping.main(data / "run" / DROPPING / "dropping.sock", ports, uid=uid, caller=caller)


def _take(data: Path, settings: Settings) -> bool:
    url = settings.portal_url
    fetch = crawling.over(url, unix=str(data / "run" / "public" / "public-http.sock"), bounds=_PAGES)
    languages = settings.clinic.languages
    start = tuple(path for language in languages for path in (f"/{language}/", f"/{language}"))
    return snapshots.take(
        fetch, start, data / "run" / "shield" / "snapshot", url=url, languages=languages, bounds=_PAGES
    )


def _renew(data: Path, settings: Settings, modes: dict[str, Mode], target: int) -> None:
    fronting.renew(data, settings, modes, target=target)

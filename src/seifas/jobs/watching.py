"""Looks at the addresses that leak cases watch, and at the mailbox of the decoys; tells the keeper what came.

Pages and letters are strangers': whatever one of them brings about ends with it, and is written down as the kind of
error alone.
"""

from __future__ import annotations

import contextlib
import email
import email.policy
import logging
import os
import stat
import time
from email.utils import getaddresses
from itertools import islice
from pathlib import Path
from typing import Any, Final

from seifas.errors import Invalid, Locked, SeifasError, Unavailable
from seifas.jobs import page_changes, watch_matching
from seifas.jobs.fetching import fetch
from seifas.keeper.client import BlockingClient
from seifas.settings import Settings

log = logging.getLogger("seifas.watching")

_PAUSE_S: Final = 5.0
_MOST_MAIL: Final = 256 * 1024
_MOST_LETTERS: Final = 200
_MOST_NAMED: Final = 50
_LONGEST_HEADER: Final = 10_000
_RECEIVERS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")


def carry(data: Path, settings: Settings) -> None:
    """Runs for ever, in a thread of its own: a page that is slow to come must not hold up an alarm."""
    client = BlockingClient(data / "run" / "jobs.sock", timeout=60.0)
    while True:
        once(client, settings)
        watch_matching.tried(client, data / "run" / "samples.sock")
        time.sleep(_PAUSE_S)


def once(client: BlockingClient, settings: Settings) -> None:
    """Looks at all that is due. Never raises."""
    try:
        for one in client.call("watch.due"):
            _tried(client, one, settings)
        if settings.decoys.maildir:
            letters(client, Path(settings.decoys.maildir))
    except (Locked, Unavailable) as error:
        log.info("the keeper is not there yet", extra={"code": error.code})
    except Exception as error:  # the next round comes all the same
        log.error("a round of watching failed", extra={"error": type(error).__name__})


def _tried(client: BlockingClient, one: dict[str, Any], settings: Settings) -> None:
    """One address; what is wrong with it keeps no other from being looked at, and waits for its next turn."""
    try:
        look(client, one, settings)
    except (Locked, Unavailable):
        raise
    except Exception as error:
        log.error("an address was not looked at", extra={"error": type(error).__name__})
        with contextlib.suppress(SeifasError):
            client.call("watch.fetched", id=one["id"], status=0, trouble="other")


def look(client: BlockingClient, one: dict[str, Any], settings: Settings) -> None:
    """One address, once. What came is compared with what was kept last."""
    found = fetch(one["url"], settings.watching)
    if found.status == 0 or not found.body:
        client.call("watch.fetched", id=one["id"], status=0, trouble=found.trouble or "empty")
        return
    now = page_changes.read(found.body, found.charset)
    before = client.call("watch.previous", id=one["id"])["body"]
    added, removed = page_changes.changed(page_changes.read(before, found.charset), now) if before else (0, 0)
    client.call(
        "watch.fetched", id=one["id"], status=found.status, body=found.body, added=added, removed=removed,
        prices=now.prices, deadlines=now.deadlines,
    )


def letters(client: BlockingClient, maildir: Path) -> None:
    """Mail to decoys: each new letter of a Maildir is told by its receivers, and moved to `cur`."""
    try:
        with os.scandir(maildir / "new") as found:
            names = [one.name for one in islice(found, _MOST_LETTERS)]
        for name in sorted(names):
            for address in _receivers(maildir / "new" / name):
                with contextlib.suppress(Invalid):
                    client.call("decoy.rung", address=address, how="mail")
            (maildir / "new" / name).rename(maildir / "cur" / f"{name}:2,S")
    except OSError as error:
        log.error("the mailbox of the decoys cannot be read or moved", extra={"error": type(error).__name__})


def _receivers(letter: Path) -> list[str]:
    """Whom a letter is to; nobody where it is none. Only plain files are opened, and no link is followed."""
    try:
        target = os.open(letter, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return []
    if not stat.S_ISREG(os.fstat(target).st_mode):
        os.close(target)
        return []
    with os.fdopen(target, "rb") as file:
        head = email.message_from_bytes(file.read(_MOST_MAIL), policy=email.policy.compat32)
    named: dict[str, None] = {}
    for name in _RECEIVERS:
        for value in head.get_all(name, [])[:_MOST_NAMED]:
            try:
                listed = getaddresses([str(value)[:_LONGEST_HEADER]])
            except (RecursionError, ValueError, IndexError):  # parentheses in parentheses, and other tricks
                continue
            named |= {one.strip().lower(): None for _, one in listed}
    return [one for one in named if 3 <= len(one) <= 254 and one.isprintable()][:_MOST_NAMED]

"""Has the pages that watching brought searched for patients, where two people's yes covers it. Sees no result."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Final

from seifas.errors import Conflict, SeifasError
from seifas.keeper.client import BlockingClient
from seifas.leaks.client import ENDED, BlockingLeaks

log = logging.getLogger("seifas.watching")

_LONGEST_S: Final = 600.0


def match_new(client: BlockingClient, leaks: Path) -> bool:
    """Searches the waiting pages of one case; False where none waits or another search runs. Raises SeifasError where
    the keeper or the leaks process is away: the pages wait on."""
    told = client.call("watch.to_match")
    if not told:
        return False
    by = {"admin_pass": told["pass"]}
    with BlockingLeaks(leaks) as door:
        try:
            job = door.call("search.begin", **by, case=told["case"], kind="match", files=told["files"])["job"]
        except Conflict:
            return False  # a person's search goes first
        state, seen, until = "waiting", -1, time.monotonic() + _LONGEST_S
        while state not in ENDED and time.monotonic() < until:
            now = door.call("search.progress", **by, job=job, seen=seen)
            state, seen = now["state"], now["version"]
    log.info("watched pages were matched", extra={"files": len(told["files"]), "state": state})
    client.call("watch.matched", case=told["case"], files=told["files"])
    return True


def tried(client: BlockingClient, leaks: Path) -> None:
    """The same for a loop: never raises for what is away."""
    try:
        while match_new(client, leaks):
            pass
    except SeifasError as error:
        log.info("watched pages wait to be matched", extra={"code": error.code})

"""Each process under a user of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import Final

from seifas.checking.model import ACCESS, HIGH, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

OFF: Final = Kind(
    "separation-off", HIGH, "All processes run as one user", ACCESS,
    "Who breaks into the web process is then the user that holds the keys: budgets, log and locks are all behind them.",
    "Start it as root (deploy/systemd does; it gives root up), with the vault where other users can enter, such as "
    "/var/lib/seifas.",
)
KINDS: Final = (OFF,)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    if sight.keeper is None or not sight.served:
        shut = [one for one in sight.data.resolve().parents if not os.stat(one).st_mode & stat.S_IXOTH]
        if shut:
            yield OFF.seen(f"other users cannot enter {shut[-1]}, so it would be off")
        else:
            yield unseen(KINDS, "its processes are seen only while the vault is being served")
        return
    ours = sight.machine.processes(sight.keeper.pid)
    keeper = next((one.uid for one in ours if one.name == "keeper"), None)
    if keeper is None:
        yield unseen(KINDS, "the kernel does not show the vault's processes: run it as root, on the machine itself")
    elif shared := [one.name for one in ours if one.uid == keeper and one.name not in ("keeper", "front")]:
        yield OFF.seen(f"with the keeper's user run: {', '.join(sorted(shared))}")

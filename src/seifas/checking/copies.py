"""The second place, where every write lies before it is acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.checking.model import HIGH, MEDIUM, RANSOM, Finding, Kind, Unseen, unseen
from seifas.checking.sight import Sight

MISSING: Final = Kind(
    "replica-missing", MEDIUM, "There is no second place", RANSOM,
    "What was written since the last backup is lost with this disk, by a thief who encrypts it as by a fire.",
    "Name a directory on another machine's disk in [paths] replica, and start the vault anew.",
)
BESIDE: Final = Kind(
    "replica-beside-data", HIGH, "The second place lies on the vault's own disk", RANSOM,
    "It costs an fsync a write and is lost in the same moment: a copy in name only.",
    "Move it to another machine's disk (a mount), and name that in [paths] replica.",
)
FAILED: Final = Kind(
    "replica-failed", HIGH, "The second place takes no writes", RANSOM,
    "Until it does, nothing new is acknowledged: the clinic stands still, or somebody will take it out of the settings "
    "in a hurry.",
    "Mount it again. If it is lost for good: remove DATA/state/replica, and it is made anew.",
)
KINDS: Final = (MISSING, BESIDE, FAILED)


def look(sight: Sight) -> Iterator[Finding | Unseen]:
    if not sight.settings.paths.replica:
        if sight.settings.storage.engine == "postgresql":
            return  # a synchronous standby is its second place: databases.py
        yield MISSING.seen("[paths] replica is not set")
        return
    place = sight.data / sight.settings.paths.replica
    if sight.same_disk(place, sight.data):
        yield BESIDE.seen(f"{place} is on the same disk as {sight.data}")
    if (told := sight.inside) is None:
        yield unseen((FAILED,), sight.closed)
    elif told.replica_failed or not told.replica_there:
        yield FAILED.seen(f"the keeper has no copy under way to {place}")

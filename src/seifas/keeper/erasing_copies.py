"""No erasure while a second copy of the keys lies where a cut-off move left it.

Until a move is finished or given up (seifas.moving), one place is in force and the other may hold every patient's keys
as they were. They are wrapped by a root that stays: a certificate that names a day by which the last copy is gone would
not be true. The file stands on the machine where the move was run; other nodes of the vault do not see it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from seifas import settings as settings_module
from seifas.errors import Unavailable
from seifas.settings import Settings, Storage
from seifas.storage.durable import os_faults

MARK: Final = "moving"
"""In the vault's directory; written by seifas.moving.planning."""


class _Places(msgspec.Struct, frozen=True):
    old: Storage
    new: Storage


def require_none(data: Path, settings: Settings) -> None:
    """Raises Unavailable where a move was cut off that takes the keys elsewhere, or whose mark cannot be read."""
    with os_faults(MARK):
        if not (data / MARK).exists():
            return
        raw = (data / MARK).read_bytes()
    try:
        places = msgspec.json.decode(raw, type=_Places)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _waits() from None
    old, new = (
        settings_module.replaced(settings, storage=one).keys_at(data) for one in (places.old, places.new)
    )
    if old != new:
        raise _waits()


def _waits() -> Unavailable:
    return Unavailable(
        "a move of this vault was cut off, and a copy of its keys may lie in the other place: finish it (`seifas "
        "move`) or give it up (`seifas move --give-up`); erasing waits for that", where=MARK,
    )

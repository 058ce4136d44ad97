"""The second place: keys, rows, state and log, copied before a write is acknowledged.

What the replica takes is as sealed as what it copies. A replica that cannot be written fails the write: a clinic that
chose a second place is not silently left with one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seifas.settings import Settings


def open_replica(data: Path, settings: Settings, size: int) -> Any:
    """The replica of this vault, or None where none is set."""
    if not settings.paths.replica:
        return None
    raise NotImplementedError

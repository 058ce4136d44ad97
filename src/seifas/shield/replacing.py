"""Replaces a file whole, for this user only."""

from __future__ import annotations

import os
from pathlib import Path


def replace(path: Path, body: bytes, mode: int = 0o600) -> None:
    """The file holds all of `body` or what it held before. Nothing that somebody left in the new one's place is
    followed. Raises OSError."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(body)
    os.replace(new, path)

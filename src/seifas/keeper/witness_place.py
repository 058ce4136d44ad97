"""Where the witness's newest checkpoint of this log is: at an address, or in a file that the other machine writes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from seifas.audit.tiles import CHECKPOINT, MAX_CHECKPOINT
from seifas.keeper.witness_watch import NOTHING
from seifas.settings import Settings


def is_http(url: str) -> bool:
    return url.startswith(("http://", "https://"))


def read_file(data: Path, place: str) -> bytes:
    """The checkpoint in a file that the witness writes; NOTHING where there is none yet, b"" where it cannot be read.

    Relative to the vault's directory, though a file there is put back together with all else.
    """
    try:
        with (data / place).open("rb") as file:
            return file.read(MAX_CHECKPOINT + 1) or NOTHING
    except FileNotFoundError:
        return NOTHING
    except OSError:
        return b""


def checkpoint_url(data: Path, settings: Settings) -> str:
    """Where the witness serves its newest checkpoint of this log (C2SP tlog-witness). The origin stands in the log's
    own checkpoint, which anyone may have changed: then the witness's answer is of another log, and refused."""
    try:
        origin = (data / "audit" / CHECKPOINT).read_bytes().split(b"\n", 1)[0]
    except OSError:
        origin = b""
    return f"{settings.witness_url.rstrip('/')}/{hashlib.sha256(origin).hexdigest()}/{CHECKPOINT}"

"""A flood's evidence against the audit log: each minute and part has a line of its own, with its SHA-256."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence

import msgspec

from seifas.shield.evidence import chain
from seifas.shield.evidence.chain import Checked, Kept
from seifas.shield.model import Change


def checked_minutes(kept: Sequence[Kept], count: int) -> Checked:
    """What the chain and the log say about the minutes together. `count`: how many the vault says it keeps."""
    problems: list[str] = []
    if len(kept) < count:  # while the flood goes on there may be more by now
        problems.append(f"the vault keeps {count} minutes, and {len(kept)} were told")
    missing = sum(1 for one in kept if one.line < 0)
    if missing:
        problems.append(f"{missing} minutes have no line in this log: a restored vault has theirs in the log before")
    found = chain.checked(kept)
    return Checked(found.links, (*problems, *found.problems))


def changes_in(bodies: Sequence[bytes]) -> list[Change]:
    """The changes of modes as they were told; what is none is left out, as a minute that is none."""
    found = []
    for one in bodies:
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            found.append(msgspec.json.decode(one, type=Change))
    return found


def wrong_parts(parts: Sequence[Kept]) -> tuple[str, ...]:
    """What is wrong with parts of a book: those that are not what their line says."""
    return tuple(
        f"part {place} of the book is not the one that line {one.line} of the audit log names"
        for place, one in enumerate(parts) if one.line < 0 or hashlib.sha256(one.body).digest() != one.logged
    )  # fmt: skip

"""Incident cases as the keeper stores them: sealed state rows of the clinic. Fields are only ever added at the end.

A case is a title, what it began with and the key of its objects. What is known, decided and sent stands in entries:
documents of people, opaque to the keeper, appended and never changed (docs/formats/incidents.md).
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

OPENED_BY: Final = ("alarm", "tip", "leak", "flood", "extortion", "hand")
"""What a case can begin with."""

MOST_OPEN: Final = 100
MOST_LINKS: Final = 500
MOST_ENTRIES: Final = 20_000
"""Of one case."""

MOST_BODY: Final = 3 * 1024 * 1024
INLINE: Final = 4_096
"""Bodies up to this size stand in their row; larger ones are objects."""

ENTRY_KIND: Final = re.compile(r"[a-z](?:[a-z-]{0,22}[a-z])\Z")


class Case(msgspec.Struct, frozen=True, array_like=True):
    """`by`, `closed_by`: accounts. `key` seals the case's objects. `leak`: the leak case whose files are this case's
    evidence; `links`: the alarms, leak cases, tips and floods (16 bytes each) that belong to it. In an exercise the
    case's clock runs `shift_ms` ahead of the wall (before it, where negative). `feed`: SHA-256 of the token that opens
    its deadlines to a calendar, or empty."""

    id: bytes
    title: str
    kind: str
    by: bytes
    opened_ms: int
    key: bytes
    exercise: bool = False
    shift_ms: int = 0
    leak: bytes = b""
    links: tuple[bytes, ...] = ()
    closed_ms: int = 0
    closed_by: bytes = b""
    closed_word: str = ""
    feed: bytes = b""

    def __repr__(self) -> str:
        return "Case(...)"


class CaseEntry(msgspec.Struct, frozen=True, array_like=True):
    """One document in a case. `about`: the entry that it answers, replaces or takes back. `sha256` and `size` are of
    the body, which stands in `body`, or where it is large in the object `object` sealed under `epoch`. `credential`:
    the passkey that signed. Its line in the log `log` (first 8 bytes of SHA-256 of the log's name) has a number that is
    not below `near`."""

    id: bytes
    case: bytes
    seq: int
    kind: str
    about: bytes
    ms: int
    case_ms: int
    at_ms: int
    account: bytes
    hat: str
    signed: bool
    sha256: bytes
    size: int
    body: bytes = b""
    object: bytes = b""
    epoch: int = 0
    credential: bytes = b""
    log: bytes = b""
    near: int = 0

    def __repr__(self) -> str:
        return "CaseEntry(...)"

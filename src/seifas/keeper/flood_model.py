"""Floods as the keeper stores them: sealed state rows of the clinic. Fields are only ever added at the end.

A flood is an event of the shield: it begins when a listener leaves calm and ends when all are calm again. What the
shield tells stays as it came, opaque but for what stands in these fields; it is an outside process that may be taken
over, so nothing that it says takes anything away.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

import msgspec

LISTENERS: Final = ("public", "staff")
MODES: Final = ("calm", "guarded", "siege")
"""By their numbers 0, 1, 2."""

ORDERS: Final = ("auto", *MODES)
SIEGE: Final = 2
WHY: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?\Z")

KEPT_ENDED_MS: Final = 180 * 86_400_000
"""A flood that has ended and is in no case is kept so long: addresses are personal data."""

LATE_MS: Final = 120_000
"""What is told so long after it was is marked as late."""


def change_id(flood: bytes, change: bytes) -> bytes:
    """Of a change as it was told: told twice, it is one."""
    return sha256(b"seifas flood change\n" + flood + change).digest()[:16]


def minute_id(flood: bytes, hashed: bytes) -> bytes:
    """Of a minute, by the SHA-256 of its link."""
    return sha256(b"seifas flood minute\n" + flood + hashed).digest()[:16]


class Flood(msgspec.Struct, frozen=True, array_like=True):
    """`modes`: each listener's mode as told last; `worst`: the strictest of each. `last_ms`: the newest time that
    anything told of it was about. `key` seals its objects. `ended`: a word, "calm", or "unsaid" where the shield never
    said so. Its first line in the log `log` (first 8 bytes of SHA-256 of the log's name) is not below `near`."""

    id: bytes
    began_ms: int
    heard_ms: int
    last_ms: int
    key: bytes
    modes: tuple[tuple[str, int], ...] = ()
    worst: tuple[tuple[str, int], ...] = ()
    ended_ms: int = 0
    ended: str = ""
    log: bytes = b""
    near: int = 0

    def __repr__(self) -> str:
        return "Flood(...)"


class FloodChange(msgspec.Struct, frozen=True, array_like=True):
    """A change of a listener's mode. `body`: the JSON as told. `ms` by the shield's clock, `heard_ms` by the
    keeper's."""

    id: bytes
    flood: bytes
    ms: int
    heard_ms: int
    listener: str
    before: int
    after: int
    why: str
    by_hand: bool
    body: bytes


class FloodMinute(msgspec.Struct, frozen=True, array_like=True):
    """A minute of a listener, in `object` sealed under `epoch`; `sha256` and `size` of what came. `seq` counts a
    flood's minutes as they came; `requests`, `distinct` and `exact` are what it says of itself. Its line: see Flood."""

    id: bytes
    flood: bytes
    listener: str
    begins_ms: int
    heard_ms: int
    sha256: bytes
    size: int
    object: bytes
    epoch: int
    seq: int
    requests: int = 0
    distinct: int = 0
    exact: bool = True
    log: bytes = b""
    near: int = 0


class FloodPart(msgspec.Struct, frozen=True, array_like=True):
    """Part `number` of `of` of the book of addresses that was written at `edition` (ms). Its line: see Flood."""

    id: bytes
    flood: bytes
    edition: int
    number: int
    of: int
    heard_ms: int
    sha256: bytes
    size: int
    object: bytes
    epoch: int
    log: bytes = b""
    near: int = 0


class Order(msgspec.Struct, frozen=True, array_like=True):
    """A mode set by hand, until when, by which account."""

    listener: str
    mode: str
    until_ms: int
    by: bytes
    set_ms: int


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """What staff have ordered. `notice_ms`: since when the public notice of a flood stands; 0: it does not."""

    orders: tuple[Order, ...] = ()
    notice_ms: int = 0
    notice_by: bytes = b""


class Told(msgspec.Struct, frozen=True):
    """What the shield said last: JSON, when by wall and boot clock, and since when it says that all are calm (boot
    clock; 0: they are not)."""

    state: bytes = b""
    wall_ms: int = 0
    boot_ms: int = 0
    calm_boot_ms: int = 0

"""Tips as the keeper stores them: sealed state rows of the clinic. Fields are only ever added at the end.

What somebody told lies in the parts, sealed to the clinic's drop box before it came here and opened for one officer at
a time. No row holds an address, and none the receipt.
"""

from __future__ import annotations

from typing import Final

import msgspec

VIAS: Final = ("site", "phone", "oral", "paper")
"""How a tip came."""

STATUSES: Final = ("received", "read", "question", "passed", "closed")
"""How a tip stands. Whoever sent it sees the last one that was told; `received` is told to nobody."""

KEPT_CLOSED_MS: Final = 180 * 86_400_000
"""A closed tip that is in no case is kept so long; then it goes, and its receipt is one that never was."""


class Tip(msgspec.Struct, frozen=True, array_like=True):
    """`lookup` is the name that its receipt stands for, `answer_key` what answers are sealed to. `last_ms`: when
    something last came from outside; `seen_ms`: up to when it was read. `opened` are (account, ms) of those who opened
    it, the last day of each; `by` the account that entered it, empty for one from the site."""

    id: bytes
    lookup: bytes
    answer_key: bytes
    via: str
    received_ms: int
    last_ms: int
    status: str = "received"
    seen_ms: int = 0
    closed_ms: int = 0
    opened: tuple[tuple[bytes, int], ...] = ()
    by: bytes = b""


class TipPart(msgspec.Struct, frozen=True, array_like=True):
    """`kind`: text, file, answer or note (which staff alone see). `sealed` is for the clinic's drop box, `outward` for
    the receipt. A file lies in `objects`, in order, `size` sealed bytes in all; `adopted` are (leak case, file of it).
    """

    id: bytes
    tip: bytes
    kind: str
    at_ms: int
    sealed: bytes
    outward: bytes = b""
    by: bytes = b""
    size: int = 0
    objects: tuple[bytes, ...] = ()
    adopted: tuple[tuple[bytes, bytes], ...] = ()


class Upload(msgspec.Struct):
    """A file on its way: how many sealed bytes were announced, and the objects that hold what has come."""

    id: bytes
    size: int
    began_ms: int
    objects: list[bytes]
    taken: int = 0
    busy: bool = False

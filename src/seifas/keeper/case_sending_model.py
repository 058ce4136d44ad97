"""What a case sends out, as the keeper stores it. Fields are only ever added at the end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

QUEUED: Final = "queued"
SENT: Final = "sent"
FAILED: Final = "failed"
REFUSED: Final = "refused"
EXERCISE: Final = "exercise"
"""It never leaves: the case is an exercise."""


class Sending(msgspec.Struct, frozen=True, array_like=True):
    """`payload` is JSON, as docs/formats/incidents.md says for each kind; a large one is the object `object`.

    `claimed_ms`: when jobs last took it to send, 0 while nobody has it; `tries`: how often it was taken; `due_ms`: not
    taken before. `told_ms` is when the state was last told by jobs, `word` why it did not go, `answer` what the other
    side said (for a stamp the token); a large answer is the object `answer_object`. `log`: in which log it was queued;
    in a restored vault it may have gone out since."""

    id: bytes
    case: bytes
    kind: str
    account: bytes
    queued_ms: int
    state: str = QUEUED
    tries: int = 0
    claimed_ms: int = 0
    due_ms: int = 0
    told_ms: int = 0
    word: str = ""
    payload: bytes = b""
    object: bytes = b""
    epoch: int = 0
    answer: bytes = b""
    answer_object: bytes = b""
    answer_epoch: int = 0
    log: bytes = b""

    def __repr__(self) -> str:
        return "Sending(...)"

    @property
    def objects(self) -> Iterator[bytes]:
        """The objects that it names."""
        yield from (one for one in (self.object, self.answer_object) if one)

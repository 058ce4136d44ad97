"""Notices to patients as the keeper stores them: waves, their letters, questions from the public site. Pure.

What a wave says is the document of people (`body`, a CaseWords of incidents.notices), opaque here. A letter names its
patient and what they are told; of a code only a tag is kept. Fields are only ever added at the end.
"""

from __future__ import annotations

from typing import Final

import msgspec

CHANNELS: Final = ("mail", "sms", "letter")
GRADES: Final = ("published", "taken", "reachable", "ciphertext")
"""As keeper.affected_grading has them, the worst first."""

QUEUED: Final = "queued"
GIVEN: Final = "given"  # to jobs, which has not said yet what came of it
MADE: Final = "made"  # lies in a batch, to be downloaded and handed over
SENT: Final = "sent"
DELIVERED: Final = "delivered"
BOUNCED: Final = "bounced"
RETURNED: Final = "returned"
UNSURE: Final = "unsure"  # jobs ended between sending and saying so: not sent again this way, but another way
NOWHERE: Final = "nowhere"  # there is no address of this kind
HELD: Final = "held"  # of an exercise or a demo: it goes to nobody
GONE: Final = "gone"  # the patient was erased, or has died
STOPPED: Final = "stopped"

OVER: Final = frozenset((SENT, DELIVERED, HELD, GONE, STOPPED))
"""States in which nothing more is due for a letter, unless somebody says that it came back."""

FAILED: Final = frozenset((BOUNCED, RETURNED, UNSURE, NOWHERE))
"""Why a channel was left for the next one."""

UNREACHED: Final = "unreached"
"""In place of a channel: there is none left."""

CODE_MS: Final = 180 * 86_400_000
ASKED_CODE_MS: Final = 7 * 86_400_000
USED_MS: Final = 86_400_000
"""How long a code stays good once it was used: whoever reads it may read it again that day, and nobody next month."""

CLAIM_MS: Final = 5 * 60_000
MOST_BATCH: Final = 100
"""Letters of one zip: 5 MB."""

MOST_BODY: Final = 48 * 1024
MOST_WAVES: Final = 50
"""Of one case."""


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """Letters or text messages that wait for the officer, sealed as one object of the case. `number` counts from 1."""

    number: int
    channel: str
    object: bytes
    epoch: int
    size: int
    letters: int
    made_ms: int
    taken_ms: int = 0
    handed_ms: int = 0


class Wave(msgspec.Struct, frozen=True, array_like=True):
    """Notices to those whom a snapshot grades so. `exempt`: also to those within GDPR 34(3)(a). `people` were counted
    when it was asked for; `begun_ms` is when its letters were all there, after two people had said yes."""

    id: bytes
    case: bytes
    snapshot: bytes
    grades: tuple[str, ...]
    channels: tuple[str, ...]
    exempt: bool
    body: bytes
    people: int
    by: bytes
    made_ms: int
    approval: bytes
    begun_ms: int = 0
    stopped_ms: int = 0
    batches: tuple[Batch, ...] = ()

    def __repr__(self) -> str:
        return "Wave(...)"


class Code(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A code that was given out: its tag, until when it is good, when it was used first (0: not yet)."""

    tag: bytes
    until_ms: int
    used_ms: int = 0


class Tried(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A channel that was left, why and when."""

    channel: str
    state: str
    at_ms: int


class Letter(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One person's notice. `wave` is empty for an answer to "was I affected?", whose `case` is then too. `channel` is
    the present one, `left` those after it; `day_ms` when what it tells was established; `batch` its number in one."""

    id: bytes
    wave: bytes
    case: bytes
    patient: bytes
    ref: str
    grade: str
    sure: float
    categories: tuple[str, ...]
    day_ms: int
    minor: bool
    channel: str
    left: tuple[str, ...]
    state: str
    at_ms: int
    codes: tuple[Code, ...] = ()
    tried: tuple[Tried, ...] = ()
    batch: int = 0
    due_ms: int = 0
    tries: int = 0
    address: str = ""
    made_ms: int = 0

    def __repr__(self) -> str:
        return "Letter(...)"


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """A question from the public site, sealed as it came."""

    id: bytes
    received_ms: int
    sealed: bytes


def next_channel(letter: Letter, why: str, now_ms: int) -> Letter:
    """The letter on its next channel, or unreached where none is left."""
    replace = msgspec.structs.replace
    tried = (*letter.tried, Tried(letter.channel, why, now_ms))
    if not letter.left:
        return replace(letter, channel=UNREACHED, state=why, tried=tried, at_ms=now_ms, batch=0)
    return replace(
        letter, channel=letter.left[0], left=letter.left[1:], state=QUEUED, tried=tried, at_ms=now_ms, batch=0,
        due_ms=0, tries=0,
    )


def worse(one: str, other: str) -> bool:
    """Whether a grade is worse than another."""
    return GRADES.index(one) < GRADES.index(other)

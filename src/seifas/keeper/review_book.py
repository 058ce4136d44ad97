"""A use of break-the-glass that an officer reviews, as it is kept (Kind.REVIEW). Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class State(StrEnum):
    """WAITING for the officer, ASKED: for who used it; then one of the two for good."""

    WAITING = "waiting"
    ASKED = "asked"
    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not-justified"


class Said(msgspec.Struct, frozen=True, array_like=True):
    """One step: `by` a login, `what` a verdict's word or "answer"."""

    by: str
    at_ms: int
    what: str
    word: str


class Review(msgspec.Struct, frozen=True, array_like=True):
    """`why` is sealed under the patient's card key; `patient` is empty once they are erased; `second` the colleague's
    account where one confirmed."""

    id: bytes
    account: bytes
    session: bytes
    hat: str
    patient: bytes
    at_ms: int
    why: bytes
    second: bytes = b""
    state: State = State.WAITING
    said: tuple[Said, ...] = ()

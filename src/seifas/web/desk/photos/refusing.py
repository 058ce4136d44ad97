"""What the picture tools are told when something is refused: a stable word, and a sentence in the person's language."""

from __future__ import annotations

from functools import wraps

from seifas.errors import (
    Conflict,
    Locked,
    Missing,
    OverBudget,
    ReasonNeeded,
    Refused,
    SeifasError,
    SignIn,
    StepUp,
    TooLarge,
    Unavailable,
)
from seifas.fhir.exchange import Exchange
from seifas.fhir.outcomes import status_of
from seifas.web import answers
from seifas.web.desk.room import Room
from seifas.web.routing import Handler

PICTURES = {
    "empty": "refused-empty", "too-large": "refused-too-large", "not-a-picture": "refused-not-a-picture",
    "svg": "refused-unsupported", "gif": "refused-unsupported", "unsupported": "refused-unsupported",
    "truncated": "refused-truncated", "damaged": "refused-damaged", "animated": "refused-animated",
    "too-small": "refused-too-small", "too-many-pixels": "refused-too-many-pixels",
    "too-much-work": "refused-too-much-work", "busy": "refused-busy", "full": "refused-busy",
    "too-slow": "refused-too-slow",
}  # fmt: skip
"""By the word with which the darkroom, or the reader of bodies, refuses a picture."""

_KINDS: tuple[tuple[type[SeifasError], str], ...] = (
    (TooLarge, "refused-too-large"), (SignIn, "refused-signed-out"), (ReasonNeeded, "refused-reason"),
    (StepUp, "refused-touch"), (OverBudget, "refused-budget"), (Conflict, "photo-changed"),
    (Missing, "refused-gone"), (Locked, "locked"), (Unavailable, "unavailable"), (Refused, "refused"),
)  # fmt: skip


def said_of(error: SeifasError) -> str:
    """The key of the words for an error."""
    for word in (error.where, error.code):
        if word in PICTURES:
            return PICTURES[word]
    if isinstance(error, StepUp) and error.where == "idle":
        return "refused-locked-desk"
    return next((key for kind, key in _KINDS if isinstance(error, kind)), "invalid")


def for_scripts(handler: Handler) -> Handler:
    """A handler whose failures are answered in this way where a script asked, and as a page where a browser did."""

    @wraps(handler)
    async def around(room: Room, exchange: Exchange, **names: str) -> None:
        try:
            await handler(room, exchange, **names)
        except SeifasError as error:
            if exchange.started or exchange.header(b"accept") != "application/json":
                raise
            await refusal(room, exchange, error)

    return around


async def refusal(room: Room, exchange: Exchange, error: SeifasError) -> None:
    """Answer a script: {code, where, message}. `where` is given only where it is a word of ours."""
    where = error.where if error.where in PICTURES or error.where in ("idle", "frozen", "range", "form") else ""
    told = {"code": error.code, "where": where, "message": room.words(exchange, said_of(error))}
    await answers.json(exchange, told, status=status_of(error))

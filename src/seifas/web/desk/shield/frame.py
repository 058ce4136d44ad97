"""What the pages of the shield share: who sees them, and what is said of a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.shield.model import Listener, Mode
from seifas.web.desk.officer import frame
from seifas.web.desk.officer.frame import of_hat
from seifas.web.desk.room import Room, Visit

AT: Final = "/desk/shield"
HATS: Final = ("officer", "administrator")

MODE_WORDS: Final[Mapping[int, str]] = {
    Mode.CALM: "shield-calm", Mode.GUARDED: "shield-guarded", Mode.SIEGE: "shield-siege",
}  # fmt: skip
LISTENER_WORDS: Final[Mapping[str, str]] = {
    Listener.PUBLIC: "shield-listener-public", Listener.STAFF: "shield-listener-staff",
}  # fmt: skip
SAID: Final[Mapping[str, str]] = {
    "listener": "shield-said-order", "mode": "shield-said-order", "minutes": "shield-said-minutes",
    "what": "shield-said-export", "part": "shield-said-book", "flood-books": "shield-said-books",
    "flood-under-way": "shield-said-under-way", "flood-in-case": "shield-said-in-case",
    "sure": "shield-said-sure", "whole": "shield-said-whole",
}  # fmt: skip
"""By the word with which the keeper refuses: the sentence that says what to do."""


async def visitor(room: Room, exchange: Exchange) -> Visit:
    """Whoever asks, under a hat that sees the shield. Raises Refused for others."""
    visit = await room.visit(exchange)
    of_hat(visit, *HATS)
    return visit


async def show(room: Room, exchange: Exchange, name: str, visit: Visit, **values: Any) -> None:
    """Answer with the page `shield/{name}.html`."""
    await frame.show(
        room, exchange, f"shield/{name}.html", visit, tab=AT, modes=MODE_WORDS, listeners=LISTENER_WORDS, **values
    )


def said_of(error: SeifasError) -> str:
    """The key of the words for a refusal that a page shows above its form. Raises the error again where none fits."""
    key = SAID.get(error.where)
    if key is None:
        raise error
    return key

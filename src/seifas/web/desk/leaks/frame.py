"""What the pages of leak cases share: who sees them, ids, what is said of a refusal, figures in words.

What searches tell was made of strangers' files: every word of theirs is looked up among ours before it is shown.
"""

from __future__ import annotations

import math
from typing import Any, Final

import babel.numbers

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.web.desk.officer import frame
from seifas.web.desk.officer.frame import of_hat
from seifas.web.desk.room import Room, Visit
from seifas.web.words import WORDS

AT: Final = "/desk/leaks"

_SAID: Final = {
    "leak-approval": "leak-said-approval", "leak-closed": "leak-said-closed", "leak-people": "leak-said-people",
    "leak-mentions": "leak-said-mentions", "leak-photos": "leak-said-photos", "leaks": "leak-said-full",
    "approval": "leak-said-asked", "busy": "leak-said-busy", "files": "leak-said-files", "search": "leak-said-search",
    "title": "leak-said-title", "ground": "leak-said-ground", "empty": "leak-said-empty", "name": "leak-said-name",
    "too-large": "leak-said-too-large", "full": "leak-said-spool", "url": "leak-said-url", "label": "leak-said-label",
    "every_min": "leak-said-every", "watches": "leak-said-watches", "count": "leak-said-count",
    "evidence": "leak-said-evidence",
    "decoys": "leak-said-decoys", "reason": "leak-said-reason", "decoy": "leak-said-decoy",
}  # fmt: skip
"""By the word with which the keeper or the leaks process refuses: the sentence that says what to do."""

_LEAST: Final = 1e-300
_RAISED: Final = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SPOKEN: Final = (
    (0.99, "leak-p-sure"), (0.9, "leak-p-very"), (0.5, "leak-p-likely"), (0.1, "leak-p-possible"),
)  # fmt: skip


async def officer(room: Room, exchange: Exchange) -> Visit:
    """Whoever asks, who has to wear the officer's hat. Raises Refused for others."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    return visit


async def show(room: Room, exchange: Exchange, name: str, visit: Visit, /, **values: Any) -> None:
    """Answer with one of the pages."""
    await frame.show(
        room, exchange, f"leaks/{name}.html", visit, tab=AT, share=share, power=power, spoken=spoken, short=short,
        **values,
    )  # fmt: skip


def said_of(error: SeifasError) -> str:
    """The key of the words for a refusal that its page shows above its form. Raises it again where there is none."""
    if error.where not in _SAID:
        raise error
    return _SAID[error.where]


def said_word(where: str, code: str) -> str:
    """The key of the words for how a search failed."""
    return _SAID.get(where, "locked" if code == "locked" else "leak-said-failed")


def known(key: str, other: str) -> str:
    """A key of words if there is such a one, else the other."""
    return key if key in WORDS else other


def spoken(probability: float) -> str:
    """The key of the words for a probability."""
    return next((key for least, key in _SPOKEN if probability >= least), "leak-p-hardly")


def share(probability: float, language: str) -> str:
    """A probability as a percentage, never rounded to none or all: "97,3 %"."""
    if probability > 0.999:
        return f"> {babel.numbers.format_decimal(99.9, locale=language)} %"
    if probability < 0.001:
        return f"< {babel.numbers.format_decimal(0.1, locale=language)} %"
    return f"{babel.numbers.format_decimal(round(100 * probability, 1), locale=language)} %"


def power(value: float, language: str) -> str:
    """A small number as people read it, rounded up, for it bounds something: "2,4·10⁻¹³"."""
    if not value >= _LEAST:  # what is smaller cannot be told from nothing
        return "< 10⁻³⁰⁰"
    if value >= 0.001:
        return babel.numbers.format_decimal(min(1.0, math.ceil(value * 1000) / 1000), locale=language)
    exponent = math.floor(math.log10(value))
    mantissa = math.ceil(value / 10.0**exponent * 10) / 10
    raised = "".join(_RAISED[int(one)] for one in str(-exponent))
    return f"{babel.numbers.format_decimal(mantissa, locale=language)}·10⁻{raised}"


def short(ident: bytes) -> str:
    """The first letters of an id: enough to tell two apart on a page."""
    return ident.hex()[:8]

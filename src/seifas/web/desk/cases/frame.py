"""What the pages of a case share: who sees them, which case it is, its head and navigation, what is said of a refusal.

A page of a case is shown by `show`, with the case's status as the keeper tells it; its template extends
`cases/frame.html` and fills the block `case`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from seifas.errors import SeifasError
from seifas.fhir.exchange import Exchange
from seifas.web.desk.cases.sections import MORE, SECTIONS
from seifas.web.desk.officer import frame
from seifas.web.desk.officer.frame import ident, of_hat
from seifas.web.desk.room import Room, Visit

AT: Final = "/desk/cases"

SAID: Final[Mapping[str, str]] = {
    "title": "case-said-title", "kind": "case-said-kind", "case-closed": "case-said-closed",
    "case-waves": "case-said-waves", "body": "case-said-body",
    "word": "case-said-word", "link": "case-said-link", "cases": "case-said-full", "entries": "case-said-entries",
}  # fmt: skip
"""By the word with which the keeper refuses: the sentence that says what to do. An area adds its own in `said_of`."""


async def officer(room: Room, exchange: Exchange) -> Visit:
    """Whoever asks, who has to wear the officer's hat. Raises Refused for others."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    return visit


async def of_case(room: Room, exchange: Exchange, case: str) -> tuple[Visit, bytes, dict[str, Any]]:
    """The officer who asks, the id of the case, and its status (op case.status). Raises Refused, Invalid, Missing."""
    visit = await officer(room, exchange)
    key = ident(case)
    return visit, key, await room.client.call("case.status", session=visit.token, case=key)


async def show(
    room: Room, exchange: Exchange, name: str, visit: Visit, told: dict[str, Any], /, *, section: str, **values: Any
) -> None:
    """Answer with one page of a case: template `cases/{name}.html`, `told` its status, `section` its place in SECTIONS.
    Templates see the case as `case`, with `id` (hex) and `at` (the address of its overview)."""
    ident_hex = told["case"].hex()
    at = f"{AT}/{ident_hex}"
    places = [(f"{at}/{last}" if last else at, words, last == section) for last, words in SECTIONS]
    under = exchange.path.removeprefix(at).partition("/")[2].partition("/")[0] if not section else ""
    more = [(f"{at}/{last}", words, last == under) for last, words in MORE] if under else []
    shown = {**told, "id": ident_hex, "at": at, "closed": bool(told["closed_ms"])}
    await frame.show(
        room, exchange, f"cases/{name}.html", visit, tab=AT, case=shown, case_places=places, case_more=more,
        **values
    )


def said_of(error: SeifasError, own: Mapping[str, str] | None = None) -> str:
    """The key of the words for a refusal that its page shows above its form: `own` are the area's, by `where`. Raises
    the error again where there is none."""
    key = (own or {}).get(error.where) or SAID.get(error.where)
    if key is None:
        raise error
    return key

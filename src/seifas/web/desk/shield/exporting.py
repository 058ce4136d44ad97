"""Takes the evidence of a flood away: for the police and the CERT, for the provider, for other firewalls.

That minutes and addresses are read is a line of the log, durable before the keeper hands them out. Addresses stand in
files only: in no address of a page and in no log.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from seifas.errors import Invalid, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.shield.evidence.lists import Rule
from seifas.shield.evidence.making import FORMS, made, name_of
from seifas.web.desk.officer.frame import number
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import Room, Visit
from seifas.web.desk.shield.floods import HOURS, page
from seifas.web.desk.shield.frame import said_of, visitor
from seifas.web.desk.shield.gathering import book_of, gathered
from seifas.web.desk.shield.reading import Flood, flood_of
from seifas.web.pages import language_of

_WITH_BOOK: Final = {"summary": "summary-networks"}
"""Forms that say more where there is a book of addresses."""

_OF_MINUTES: Final = ("summary", "minutes", "minutes-csv", "call")
OFFERED: Final = (*_OF_MINUTES, "csv", "json", "cidr", "nft", "haproxy")


async def export(room: Room, exchange: Exchange, event: str) -> None:
    """POST /desk/shield/floods/{event}/export with `what`, and `hours` for a list: the file as a download."""
    visit = await visitor(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    flood = await flood_of(room, visit, event)
    try:
        if sent.get("what") not in OFFERED:
            raise Invalid("choose what to download", where="what")
        rule = Rule(hours=_hours(sent), spared=room.settings.shield.trusted_proxies)
        await _file(room, exchange, visit, flood, sent["what"], rule)
    except SeifasError as error:
        await page(room, exchange, visit, flood, said=room.words(exchange, said_of(error)), status=error.http)


def _hours(sent: dict[str, str]) -> int:
    hours = number(sent.get("hours", "24"), "what")
    if hours not in HOURS:
        raise Invalid("choose for how long the list holds", where="what")
    return hours


async def _file(room: Room, exchange: Exchange, visit: Visit, flood: Flood, what: str, rule: Rule) -> None:
    form = _WITH_BOOK.get(what, what) if flood.editions else what
    found = await gathered(room, visit, flood)
    if not found.whole and what in _OF_MINUTES:
        raise Invalid("there is more of this flood than the desk reads: use `seifas shield export`", where="whole")
    evidence = found.evidence
    if FORMS[form].addresses:
        evidence = msgspec.structs.replace(evidence, book=await book_of(room, visit, flood))
    language = language_of(exchange, room.pages.languages)
    body = await asyncio.to_thread(made, form, evidence, rule, language)
    await download(exchange, name_of(form, evidence.about, language), body, FORMS[form].media.encode("ascii"))

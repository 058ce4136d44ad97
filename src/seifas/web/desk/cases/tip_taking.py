"""Takes a tip down that somebody told by telephone or at the counter, or left on paper; prints the caller's receipt.

Whoever takes it down cannot read it again: that is the officer's. The receipt is on the page after it once, and on the
slip that is printed from there; it is kept nowhere.
"""

from __future__ import annotations

import asyncio
import importlib.resources
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, Refused, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.keeper import tip_receipts
from seifas.typesetting import typeset
from seifas.web.desk.cases.frame import said_of
from seifas.web.desk.cases.tips import VIAS
from seifas.web.desk.officer.log import download
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit
from seifas.web.pages import language_of
from seifas.web.public.tips import shown
from seifas.web.words import say

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_SHEET: Final = importlib.resources.files("seifas.web").joinpath("desk/cases/tip_slip.typ").read_bytes()
_FAILED: Final = "the slip could not be made; write the receipt down by hand"
_SAID: Final = {
    "text": "tip-said-text", "via": "tip-said-via", "receipt": "tip-said-receipt", "entered": "tip-said-entered",
    "full": "tip-said-entered",
}  # fmt: skip
_WAYS: Final = {via: words for via, words in VIAS.items() if via != "site"}
_gate = asyncio.Semaphore(1)


async def take(room: Room, exchange: Exchange) -> None:
    """/desk/tips/new: the form; a POST keeps the tip and shows the receipt."""
    visit = await _taking(room, exchange)
    typed = {"via": "phone", "text": "", "receipt": ""}
    said, status = "", 200
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
        typed = {name: sent.get(name, "") for name in typed}
        try:
            made = await room.client.call("tip.enter", session=visit.token, **typed)
        except SeifasError as error:
            said, status = room.words(exchange, said_of(error, _SAID)), error.http
        else:
            receipt = shown(tip_receipts.read(made["receipt"]))
            await room.show(
                exchange, "cases/tip_taken.html", visit, receipt=receipt, good=room.words(exchange, "tip-taken-down")
            )
            return
    await room.show(exchange, "cases/tip_take.html", visit, said=said, status=status, typed=typed, ways=_WAYS)


async def slip(room: Room, exchange: Exchange) -> None:
    """POST /desk/tips/slip with `receipt`: a slip to print, with how it is used."""
    visit = await _taking(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    receipt = shown(tip_receipts.read(sent.get("receipt", "")))
    language = sent.get("language", "")
    if language not in room.pages.languages:
        language = language_of(exchange, room.pages.languages)
    body = await document(receipt, language, room.settings.portal_url, room.pages.clinic, room.pages.today())
    await download(exchange, "receipt.pdf", body, b"application/pdf")


async def document(receipt: str, language: str, site: str, clinic: str, day: str) -> bytes:
    """The slip as PDF/A-2a. Raises Unavailable."""
    if not receipt:
        raise Invalid("there is no receipt to print", where="receipt")
    address = f"{site.rstrip('/')}/{language}/tip"
    words: dict[str, Any] = {
        "title": say(language, "tip-slip"), "receipt": receipt, "address": address, "language": language, "day": day,
        "clinic": clinic,
        "lines": [say(language, name) for name in ("tip-slip-what", "tip-slip-keep", "tip-slip-phone")],
    }  # fmt: skip
    async with _gate:
        return await asyncio.to_thread(typeset, _SHEET, msgspec.json.encode(words).decode("utf-8"), _FAILED)


async def _taking(room: Room, exchange: Exchange) -> Visit:
    visit = await room.visit(exchange)
    if visit.hat not in SEES_PATIENTS and visit.hat != "officer":
        raise Refused("This hat takes no tips down.")
    return visit

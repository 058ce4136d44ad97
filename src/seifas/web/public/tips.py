"""Pages for those who know something: told without a name, answered by a receipt. No script, no cookie, no account.

The receipt is shown before anything is sent, and has to be typed back: whoever clicks past it could never read an
answer. From one page to the next it goes sealed in a form's hidden field. A receipt that was never used, one whose tip
has gone, and one that nobody has answered yet get the same page.
"""

from __future__ import annotations

import datetime
import os
import time
import zoneinfo
from typing import Final

import babel.dates

from seifas.errors import Invalid, Locked, OverBudget, Refused, SeifasError, TooLarge, Unavailable
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.keeper import tip_receipts
from seifas.keeper.tip_receipts import Keys, Tickets
from seifas.keeper.tip_sealing import MOST_FILE, MOST_TEXT, TipAnswer, ordinary
from seifas.settings import Settings
from seifas.web.multipart import FormWithFile, boundary_of
from seifas.web.public.handing_over import Told
from seifas.web.public.pace import Pace
from seifas.web.public.pages_kept import PagesKept
from seifas.web.public.tip_box import TipBox
from seifas.web.words import say

NEW_S: Final = 12 * 3600
"""How long somebody may write before the receipt that they were shown is replaced."""

BOX_S: Final = 2 * 3600
_PIECE: Final = 256 * 1024
_AROUND: Final = 64 * 1024
_STEP: Final = 16 * 1024
_STATUS: Final = {
    "received": "site-tip-received", "read": "site-tip-read", "question": "site-tip-question",
    "passed": "site-tip-passed", "closed": "site-tip-closed",
}  # fmt: skip
_FULL: Final = {
    "full": "site-tip-full", "pace": "site-tip-pace", "busy": "site-tip-busy", "guessing": "site-tip-guessing"
}  # fmt: skip


class Tips:
    """Shows the pages and takes what is sent."""

    def __init__(self, box: TipBox, kept: PagesKept, settings: Settings, looks: Pace | None = None) -> None:
        self._box = box
        self._kept = kept
        self._clinic = settings.clinic_id
        self._zone = zoneinfo.ZoneInfo(settings.clinic.zone)
        self._tickets = Tickets()
        self._looks = looks or Pace(120, 600, 3000)
        self._texts = Pace(12, 40, 240)
        self._files = Pace(20, 60, 120)

    async def show(self, exchange: Exchange, language: str) -> None:
        """GET /{language}/tip: what this is, the way to tell something, and the form that reads answers."""
        exchange.route("/{language}/tip")
        await self._front(exchange, language)

    async def new(self, exchange: Exchange, language: str) -> None:
        """GET /{language}/tip/new: a fresh receipt, and the form that has it typed back."""
        exchange.route("/{language}/tip/new")
        await self._form(exchange, language, tip_receipts.read(tip_receipts.new()), "", 200)

    async def take(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """POST /{language}/tip/new: a text, with the receipt typed back; or the form again, nothing of it lost."""
        exchange.route("/{language}/tip/new")
        sent = dict(await form_sent(exchange))
        text = _text(sent)
        _from_here(exchange, own)
        try:
            symbols, ident = self._tickets.open(sent.get("form", ""), NEW_S)
        except Invalid:
            fresh = tip_receipts.read(tip_receipts.new())
            await self._form(exchange, language, fresh, text, 400, said="site-tip-old")
            return
        said = "" if _typed(sent) == symbols else "site-tip-mistyped"
        if not text:
            said = "site-tip-empty"
        if said:
            await self._form(exchange, language, symbols, text, 400, said=said)
            return
        said, status = await self._put(exchange, symbols, ident, text, language)
        if status >= 400:
            await self._form(exchange, language, symbols, text, status, said=said)
        else:
            await self._show_box(exchange, language, symbols, good=said, status=status)

    async def read(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """POST /{language}/tip: a receipt was typed; what lies under it."""
        exchange.route("/{language}/tip")
        sent = dict(await form_sent(exchange))
        _from_here(exchange, own)
        symbols = _typed(sent)
        if not symbols:
            await self._front(exchange, language, 400, said="site-tip-no-receipt")
        elif not self._looks.allows(exchange.address, time.monotonic()):
            await self._front(exchange, language, 429, said="site-tip-guessing")
        else:
            await self._show_box(exchange, language, symbols)

    async def more(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """POST /{language}/tip/more: another text under the receipt of the page that sent it."""
        exchange.route("/{language}/tip/more")
        sent = dict(await form_sent(exchange))
        text = _text(sent)
        _from_here(exchange, own)
        try:
            symbols, ident = self._tickets.open(sent.get("form", ""), BOX_S)
        except Invalid:
            await self._front(exchange, language, 400, said="site-tip-again", carried=text)
            return
        if not text:
            await self._show_box(exchange, language, symbols, said="site-tip-empty", status=400)
            return
        said, status = await self._put(exchange, symbols, ident, text, language)
        good, bad = (said, "") if status < 400 else ("", said)
        await self._show_box(
            exchange, language, symbols, good=good, said=bad, status=status, text="" if good else text
        )

    async def file(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """POST /{language}/tip/file: one file, sealed as it comes. Raises TooLarge, TooSlow, Invalid."""
        exchange.route("/{language}/tip/file")
        _from_here(exchange, own)
        chunks = exchange.chunks(MOST_FILE + _AROUND)
        form = FormWithFile(chunks, boundary_of(exchange.header(b"content-type")), exchange.declared())
        sent = await form.fields()
        try:
            symbols, _ = self._tickets.open(sent.get("form", ""), BOX_S)
        except Invalid:
            await self._front(exchange, language, 400, said="site-tip-again")
            return
        said, status, digest = await self._sent(exchange, symbols, form)
        good, bad = (said, "") if status < 400 else ("", said)
        await self._show_box(exchange, language, symbols, good=good, said=bad, status=status, digest=digest)

    async def _sent(self, exchange: Exchange, symbols: str, form: FormWithFile) -> tuple[str, int, str]:
        """(key of the words, status, SHA-256 in hex) of a file that was sent."""
        if form.size <= 0:
            return "site-tip-no-file", 400, ""
        if form.size > MOST_FILE:
            raise TooLarge("a file has at most 100 MB")
        if not self._files.allows(exchange.address, time.monotonic()):
            return "site-tip-pace", 429, ""
        try:
            digest = await self._box.send(self._keys(symbols), form.name, form.size, form.file(_PIECE))
        except (Locked, Unavailable):
            return "site-tip-file-away", 503, ""
        except OverBudget as error:
            return _FULL.get(error.where, "site-tip-full"), 503, ""
        return "site-tip-file-taken", 200, digest

    async def _put(
        self, exchange: Exchange, symbols: str, ident: bytes, text: str, language: str
    ) -> tuple[str, int]:
        """(key of the words, status) of a text that was sent."""
        if len(text) > MOST_TEXT:
            return "site-tip-long", 400
        if not self._texts.allows(exchange.address, time.monotonic()):
            return "site-tip-pace", 429
        try:
            told = await self._box.put(self._keys(symbols), ident, text, language)
        except Unavailable:
            told = Told.FULL
        if told is Told.FULL:
            return "site-tip-full", 503
        return ("site-tip-held", 202) if told is Told.HELD else ("site-tip-taken", 200)

    def _keys(self, symbols: str) -> Keys:
        return tip_receipts.keys_of(symbols, self._clinic)

    async def _front(
        self, exchange: Exchange, language: str, status: int = 200, *, said: str = "", carried: str = ""
    ) -> None:
        await self._kept.answer(
            exchange, "tip.html", language, status=status, slug="tip", title=say(language, "site-tip"),
            said=say(language, said) if said else "", carried=carried,
        )

    async def _form(
        self, exchange: Exchange, language: str, symbols: str, text: str, status: int, *, said: str = ""
    ) -> None:
        await self._kept.answer(
            exchange, "tip_new.html", language, status=status, slug="tip", title=say(language, "site-tip-new"),
            form=self._tickets.seal(symbols, os.urandom(16)), receipt=shown(symbols), text=text,
            said=say(language, said) if said else "", most_text=MOST_TEXT,
        )

    async def _show_box(
        self, exchange: Exchange, language: str, symbols: str, *, good: str = "", said: str = "", status: int = 200,
        text: str = "", digest: str = "",
    ) -> None:  # fmt: skip
        answers: list[TipAnswer] = []
        away = False
        try:
            answers = await self._box.look(self._keys(symbols))
        except OverBudget:
            await self._front(exchange, language, 429, said="site-tip-guessing", carried=text)
            return
        except SeifasError:
            away = True
        told = [
            (self._day(language, one), say(language, _STATUS.get(one.status, "site-tip-read")), one.text.split("\n"))
            for one in answers
        ]
        await self._kept.answer(
            exchange, "tip_box.html", language, status=status, slug="tip", title=say(language, "site-tip-box"),
            step=_STEP, form=self._tickets.seal(symbols, os.urandom(16)), answers=told, away=away, text=text,
            good=say(language, good) if good else "", said=say(language, said) if said else "", digest=digest,
            most_text=MOST_TEXT,
        )


    def _day(self, language: str, answer: TipAnswer) -> str:
        at = datetime.datetime.fromtimestamp(answer.told_ms / 1000, self._zone)
        return babel.dates.format_date(at.date(), "long", locale=language)


def shown(symbols: str) -> str:
    """A receipt in groups of four."""
    return "-".join(symbols[at : at + 4] for at in range(0, len(symbols), 4))


def _typed(sent: dict[str, str]) -> str:
    try:
        return tip_receipts.read(sent.get("receipt", ""))
    except Invalid:
        return ""


def _text(sent: dict[str, str]) -> str:
    return ordinary(sent.get("text", "")[: 4 * MOST_TEXT]).strip()


def _from_here(exchange: Exchange, own: tuple[str, ...]) -> None:
    if not exchange.same_origin(own):
        raise Refused("This was not sent by one of our pages.", where="origin")

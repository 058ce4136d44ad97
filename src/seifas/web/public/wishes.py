"""The form for an appointment: shown, checked, sealed and handed over. No account, no cookie, no script, no captcha.

Whether somebody of this name is a patient is not known here and makes no difference to anything that is answered.
"""

from __future__ import annotations

import hmac
import re
import time
import unicodedata
from typing import Final

import msgspec

from seifas.errors import Refused, Unavailable
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.keeper.drops import MOST_CONTACT, MOST_NAME, MOST_WISH, Wish
from seifas.web.forms import FIELD, FormGuard
from seifas.web.public.box import Box
from seifas.web.public.handing_over import Told
from seifas.web.public.pace import Pace
from seifas.web.public.pages_kept import PagesKept
from seifas.web.words import say

LEAST_S: Final = 3
"""Seconds that a person needs at least to fill in the form."""

MOST_S: Final = 12 * 3600
_MAIL = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,190}\.[^@\s<>.]{2,24}\Z")


class Sent(msgspec.Struct, frozen=True):
    """What a form's fields hold, tidied."""

    name: str = ""
    contact: str = ""
    wish: str = ""
    agreed: bool = False


class Wishes:
    """Shows and takes the form."""

    def __init__(self, box: Box, kept: PagesKept) -> None:
        self._box = box
        self._kept = kept
        self._guard = FormGuard(())
        self._pace = Pace()

    async def show(self, exchange: Exchange, language: str) -> None:
        """GET: the empty form."""
        await self._form(exchange, language, Sent(), 200)

    async def take(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """POST: a request, or the form again with what is wrong. Raises TooLarge, TooSlow, Invalid."""
        raw = dict(await form_sent(exchange))
        sent = Sent(
            name=_line(raw.get("name", ""), MOST_NAME), contact=_line(raw.get("contact", ""), MOST_CONTACT),
            wish=_text(raw.get("wish", "")), agreed=raw.get("agreed") == "yes",
        )
        if not exchange.same_origin(own):
            raise Refused("This was not sent by one of our pages.", where="origin")
        trouble, wrong = self._trouble(sent, raw)
        if trouble:
            await self._form(exchange, language, sent, 400, said=say(language, trouble), wrong=wrong)
            return
        if not self._pace.allows(exchange.address, time.monotonic()):
            await self._form(exchange, language, sent, 429, said=say(language, "site-paced"))
            return
        wish = Wish(sent.name, sent.contact, sent.wish, language, time.time_ns() // 1_000_000)
        try:
            told = await self._box.put(wish)
        except Unavailable:
            told = Told.FULL
        if told is Told.FULL:
            said = ". ".join(say(language, key) for key in ("site-full", "site-full-more"))
            await self._form(exchange, language, sent, 503, said=said)  # nothing that was written is lost to its writer
        elif told is Told.HELD:
            await self._kept.say(exchange, language, "site-held", more="site-held-more", status=202, good=True,
                                 slug="request")
        else:
            await self._kept.say(exchange, language, "site-thanks", more="site-thanks-more", status=200, good=True,
                                 slug="request")

    async def _form(
        self, exchange: Exchange, language: str, sent: Sent, status: int, *, said: str = "", wrong: str = ""
    ) -> None:
        await self._kept.answer(
            exchange, "request.html", language, status=status, slug="request", title=say(language, "site-request"),
            form=self._token(int(time.time())), fields=sent, said=said, wrong=wrong, most_name=MOST_NAME,
            most_contact=MOST_CONTACT, most_wish=MOST_WISH,
        )

    def _token(self, at: int) -> str:
        return f"{at}-{self._guard.token(f'request {at}')}"

    def _trouble(self, sent: Sent, raw: dict[str, str]) -> tuple[str, str]:
        """(key of the words, field) of what is wrong first; two empty ones for nothing."""
        if raw.get("homepage"):
            return "site-machine", ""
        if not sent.name:
            return "site-need-name", "name"
        if not _reachable(sent.contact):
            return "site-need-contact", "contact"
        if not sent.wish:
            return "site-need-wish", "wish"
        if not sent.agreed:
            return "site-need-agreed", "agreed"
        at = raw.get(FIELD, "").partition("-")[0]
        if not (at.isascii() and at.isdigit() and len(at) <= 12):
            return "site-old", ""
        if not hmac.compare_digest(raw[FIELD].encode("utf-8", "replace"), self._token(int(at)).encode("ascii")):
            return "site-old", ""
        age = int(time.time()) - int(at)
        if age > MOST_S or age < 0:
            return "site-old", ""
        return ("site-quick", "") if age < LEAST_S else ("", "")


def _reachable(contact: str) -> bool:
    digits = sum(letter.isdigit() for letter in contact)
    return bool(_MAIL.search(contact)) or 6 <= digits <= 20


def _line(text: str, most: int) -> str:
    """One line of ordinary letters, cut to what fits."""
    return " ".join(_ordinary(text).split())[:most]


def _text(text: str) -> str:
    kept = _ordinary(text.replace("\r\n", "\n").replace("\r", "\n"))
    return kept.strip()[:MOST_WISH]


def _ordinary(text: str) -> str:
    # Letters that turn the direction of others, or show nothing, could make the desk read what was not written.
    plain = unicodedata.normalize("NFC", text[: MOST_WISH * 4])
    return "".join(
        one for one in plain if one in "\n\t" or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )

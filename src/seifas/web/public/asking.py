"""Two public pages after a breach: "was I affected?" by a contact, and by the code of a letter. No script, no cookie.

A contact is sealed here and forgotten; whether it is a patient's is not known here and makes no difference to anything
that is answered, held or counted. A code shows one person's state; one that is wrong, over or unknown gets one answer.
"""

from __future__ import annotations

import os
import time
from typing import Any, Final

from seifas.errors import Locked, Refused, Unavailable
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.incidents.notices.composing import Finding, told
from seifas.keeper import letter_questions
from seifas.keeper.client import KeeperClient
from seifas.keeper.letter_questions import MOST_CONTACT, Question
from seifas.names.contacts import email_form, phone_digits
from seifas.web.public.drop_key import ANSWER_S, DropKey
from seifas.web.public.handing_over import HandingOver, Told, answered
from seifas.web.public.pace import Pace
from seifas.web.public.pages_kept import PagesKept
from seifas.web.words import say

MOST_HELD: Final = 200
_MOST_CODE: Final = 60
_NOINDEX: Final = [(b"x-robots-tag", b"noindex")]


class Asking:
    """Of one process and clinic."""

    def __init__(
        self, client: KeeperClient, clinic: bytes, kept: PagesKept, asked: Pace | None = None, typed: Pace | None = None
    ) -> None:
        self._client = client
        self._clinic = clinic
        self._kept = kept
        self._key = DropKey(client)
        self._waiting = HandingOver(client, "case.asked", MOST_HELD)
        self._asked = asked or Pace(10, 20, 2_000)
        self._typed = typed or Pace(20, 60, 3_000)

    @property
    def held(self) -> int:
        """How many questions wait here, sealed."""
        return self._waiting.held

    async def affected(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """GET: the form. POST: takes a contact; the answer is the same words, status and work for every one of them."""
        if exchange.method != "POST":
            await self._form(exchange, "affected", language, 200)
            return
        sent = dict(await form_sent(exchange))
        _from_here(exchange, own)
        contact = sent.get("contact", "")[: MOST_CONTACT + 1]
        if len(contact) > MOST_CONTACT or not (email_form(contact) or phone_digits(contact)):
            await self._form(exchange, "affected", language, 400, "asked-contact")
        elif not self._asked.allows(exchange.address, time.monotonic()):
            await self._form(exchange, "affected", language, 429, "site-paced")
        elif await self._put(Question(contact, language)) is Told.FULL:
            await self._form(exchange, "affected", language, 503, "asked-full")
        else:
            # Held here or with the keeper is the same to say: it will be answered, if there is anybody to answer to.
            await self._kept.say(
                exchange, language, "asked-thanks", more="asked-thanks-more", status=200, good=True, slug="affected"
            )

    async def code(self, exchange: Exchange, language: str, own: tuple[str, ...]) -> None:
        """GET: the form. POST: the state of the one person whose code it is."""
        if exchange.method != "POST":
            await self._form(exchange, "code", language, 200)
            return
        sent = dict(await form_sent(exchange))
        _from_here(exchange, own)
        if not self._typed.allows(exchange.address, time.monotonic()):
            await self._form(exchange, "code", language, 429, "code-paced")
            return
        try:
            found = await answered(self._client, "case.code", ANSWER_S, code=sent.get("code", "")[:_MOST_CODE])
        except (Locked, Unavailable):
            await self._form(exchange, "code", language, 503, "code-later")
            return
        if not found["found"]:
            await self._form(exchange, "code", language, 404, "code-wrong")
            return
        await self._state(exchange, language, found)

    async def _state(self, exchange: Exchange, language: str, found: dict[str, Any]) -> None:
        finding = Finding(found["grade"], found["sure"], tuple(found["categories"]), found["day"])
        await self._kept.answer(
            exchange, "state.html", language, slug="code", title=say(language, "code-state"),
            sections=told(language, finding), ref=found["ref"], initials=found["initials"], extra=_NOINDEX,
        )

    async def _form(self, exchange: Exchange, name: str, language: str, status: int, said: str = "") -> None:
        # What was typed is not shown again: nothing of it is anywhere but in what was sealed.
        await self._kept.answer(
            exchange, f"{name}.html", language, status=status, slug=name, title=say(language, f"asked-{name}"),
            said=say(language, said) if said else "", most_contact=MOST_CONTACT, most_code=_MOST_CODE, extra=_NOINDEX,
        )

    async def _put(self, question: Question) -> Told:
        try:
            sealed = letter_questions.seal(await self._key.ask(), question, clinic=self._clinic)
        except Unavailable:
            return Told.FULL
        return await self._waiting.put({"id": os.urandom(16), "sealed": sealed})

    async def pass_on(self) -> None:
        """Hands over what is held; called every other second."""
        await self._waiting.pass_on()


def _from_here(exchange: Exchange, own: tuple[str, ...]) -> None:
    if not exchange.same_origin(own):
        raise Refused("This was not sent by one of our pages.", where="origin")

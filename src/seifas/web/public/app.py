"""The public listener: the clinic's site, the form for an appointment, the gallery, and the way to the portal.

Works while the vault is locked, and without the keeper at all: pages come from memory, and a round of questions every
other second, apart from any visitor, brings what changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path

from seifas.errors import Refused, SeifasError, TooLarge
from seifas.fhir.answering import answered
from seifas.fhir.exchange import Exchange, Receive, Scope, Send, TooSlow
from seifas.fhir.outcomes import status_of
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.access_log import App, logged
from seifas.web.forms import FormGuard
from seifas.web.languages import switch_language
from seifas.web.pages import Pages, language_of
from seifas.web.probes import health
from seifas.web.public.asking import Asking
from seifas.web.public.box import Box
from seifas.web.public.forwarding import Forwarder, PortalAway, is_portals
from seifas.web.public.gallery import Gallery, Show
from seifas.web.public.pages_kept import PagesKept
from seifas.web.public.tip_box import TipBox
from seifas.web.public.tips import Tips
from seifas.web.public.wishes import Wishes
from seifas.web.site.reading import INDEX
from seifas.web.words import say

log = logging.getLogger("seifas.public")

ROUND_S = 2.0
_PROFILE_S = 20.0


def build_public(
    client: KeeperClient, settings: Settings, data: Path | None = None, show: Show | None = None
) -> App:
    """The ASGI application of the public listener. `data` is the vault's directory, whose `site` is served; `show` is
    the darkroom's way to a marked picture."""
    public = Public(client, settings, data / "site" if data is not None else None, show)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await answered(Exchange(scope, receive, send), public, public.trouble, log)

    return logged(app)


class Public:
    """The pages that anyone may see."""

    def __init__(self, client: KeeperClient, settings: Settings, folder: Path | None, show: Show | None) -> None:
        self._client = client
        self._pages = Pages(settings)
        self._kept = PagesKept(settings, folder)
        self._box = Box(client, settings.clinic_id)
        self._wishes = Wishes(self._box, self._kept)
        self._tip_box = TipBox(client, settings.clinic_id)
        self._tips = Tips(self._tip_box, self._kept, settings)
        self._asking = Asking(client, settings.clinic_id, self._kept)
        self._gallery = Gallery(client, show)
        self._portal = Forwarder(Path(client.path).with_name("portal-http.sock"))
        self._rounds: list[asyncio.Task[None]] = []
        self._told = float("-inf")

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        if not self._rounds:
            rounds = (self._watch, self._fetch, self._chores, self._notice)
            self._rounds = [asyncio.ensure_future(one()) for one in rounds]
        path = exchange.path
        if path == "/health":
            await health(self._client, exchange, needs_vault=False)
        elif path == "/static/site.css" and exchange.method in ("GET", "HEAD"):
            await self._kept.style(exchange)
        elif path.startswith("/static/") and await answers.static(exchange):
            return
        elif path == "/language":
            await switch_language(exchange, FormGuard(_own(exchange)), self._pages, secure=False)
        elif is_portals(path):
            await self._portals(exchange)
        else:
            await self._site(exchange)

    async def _portals(self, exchange: Exchange) -> None:
        try:
            await self._portal.carry(exchange)
        except PortalAway:
            if exchange.started:
                raise
            html = self._pages.render(exchange, "portal/away.html", who=None, form="", said="", good="", here="")
            await answers.page(exchange, html, status=503, extra=[(b"retry-after", b"5")])

    async def _site(self, exchange: Exchange) -> None:
        kept, reads = self._kept, exchange.method in ("GET", "HEAD")
        await kept.look()
        match exchange.path.split("/")[1:]:
            case [language, "request"] if language in kept.site.languages and (reads or exchange.method == "POST"):
                exchange.route("/{language}/request")
                if reads:
                    await self._wishes.show(exchange, language)
                else:
                    await self._wishes.take(exchange, language, _own(exchange))
                return
            case [language, "affected"] if language in kept.site.languages and (reads or exchange.method == "POST"):
                exchange.route("/{language}/affected")
                await self._asking.affected(exchange, language, _own(exchange))
                return
            case [language, "code"] if language in kept.site.languages and (reads or exchange.method == "POST"):
                exchange.route("/{language}/code")
                await self._asking.code(exchange, language, _own(exchange))
                return
            case [language, "tip", *rest] if language in kept.site.languages and await self._tip(
                exchange, language, rest
            ):
                return
            case _ if not reads:
                exchange.route("?")
                await answers.text(exchange, "GET", status=405)
                return
            case [""]:
                exchange.route("/")
                found = kept.page(self._language(exchange), INDEX)
                assert found is not None
                await kept.send(exchange, found, vary=b", accept-language, cookie")
                return
            case ["robots.txt"]:
                await kept.robots(exchange)
                return
            case ["files", name] if await kept.picture(exchange, name):
                return
            case ["gallery", name] if await self._gallery.picture(exchange, name):
                return
            case [language] if language in kept.site.languages:
                exchange.route("/{language}")
                await answers.see_other(exchange, f"/{language}/")
                return
            case [language, "gallery"] if language in kept.site.languages:
                await self._show_gallery(exchange, language)
                return
            case [language, slug] if (found := kept.page(language, slug or INDEX)) is not None:
                exchange.route("/{language}/{page}")
                await kept.send(exchange, found)
                return
        exchange.route("?")
        await kept.say(exchange, self._language(exchange), "site-not-here", more="site-not-here-more", status=404)

    async def _tip(self, exchange: Exchange, language: str, rest: list[str]) -> bool:
        """Answers with a page of tips; whether there is one here."""
        reads, writes = exchange.method in ("GET", "HEAD"), exchange.method == "POST"
        match rest:
            case [] if reads:
                await self._tips.show(exchange, language)
            case ["new"] if reads:
                await self._tips.new(exchange, language)
            case [] if writes:
                await self._tips.read(exchange, language, _own(exchange))
            case ["new"] if writes:
                await self._tips.take(exchange, language, _own(exchange))
            case ["more"] if writes:
                await self._tips.more(exchange, language, _own(exchange))
            case ["file"] if writes:
                await self._tips.file(exchange, language, _own(exchange))
            case ["more" | "file"] if reads:  # a page that was sent, and is loaded again
                await answers.see_other(exchange, f"/{language}/tip")
            case _:
                return False
        return True

    async def _show_gallery(self, exchange: Exchange, language: str) -> None:
        exchange.route("/{language}/gallery")
        await self._kept.answer(
            exchange, "gallery.html", language, slug="gallery", title=say(language, "site-gallery"),
            pairs=self._gallery.pairs(language), extra=[(b"x-robots-tag", b"noindex, noimageindex")],
        )

    def _language(self, exchange: Exchange) -> str:
        """The address's language where it names one, else the visitor's."""
        first = exchange.path.split("/")[1]
        return first if first in self._pages.languages else language_of(exchange, self._pages.languages)

    async def trouble(self, exchange: Exchange, error: SeifasError) -> None:
        """A page that says what went wrong, in the visitor's language and without any of the keeper's words."""
        heading, more = "site-trouble", "site-trouble-more"
        if isinstance(error, Refused) and error.where == "origin":
            heading, more = "site-wrong", "site-elsewhere"
        elif isinstance(error, TooLarge):
            heading, more = "site-wrong", "site-too-large"
        elif isinstance(error, TooSlow):
            heading, more = "site-wrong", "site-too-slow"
        elif status_of(error) < 500:
            heading, more = "site-wrong", "site-elsewhere"
        await self._kept.say(exchange, self._language(exchange), heading, more=more, status=status_of(error))

    # -- what comes from the keeper, apart from any visitor

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await self._gallery.ask()
            self._kept.put_gallery(self._gallery.there)
            await asyncio.sleep(max(0.2, ROUND_S - (time.monotonic() - began)))

    async def _fetch(self) -> None:
        # Apart from the watch: however long a picture takes, the list is asked for in time.
        while True:
            await self._gallery.fetch()
            self._kept.put_gallery(self._gallery.there)
            await asyncio.sleep(ROUND_S / 4)

    async def _chores(self) -> None:
        while True:
            await self._box.pass_on()
            await self._ask_statement()
            await self._tip_box.pass_on()
            await self._asking.pass_on()
            if time.monotonic() - self._told >= _PROFILE_S:
                await self._ask_profile()
            await asyncio.sleep(ROUND_S)

    async def _notice(self) -> None:
        # Oftener than the rest and apart from it: the snapshot that stands through a flood waits for it.
        while True:
            with contextlib.suppress(SeifasError, TimeoutError):  # locked or away: what was told last stays
                async with asyncio.timeout(ROUND_S):
                    self._kept.put_flood((await self._client.call("shield.public"))["since_ms"])
            await asyncio.sleep(ROUND_S / 4)

    async def _ask_statement(self) -> None:
        try:
            async with asyncio.timeout(ROUND_S):
                self._kept.put_statement(await self._client.call("case.statement"))
        except (SeifasError, TimeoutError):
            return  # locked or away: what was told last stays

    async def _ask_profile(self) -> None:
        try:
            async with asyncio.timeout(ROUND_S):
                self._kept.put_profile(await self._client.call("clinic.public"))
        except (SeifasError, TimeoutError):
            return  # locked or away: what was told last stays
        self._told = time.monotonic()


def _own(exchange: Exchange) -> tuple[str, ...]:
    # Behind a front the public name is not known here, so the page's own origin is what the Host says.
    return tuple(f"{scheme}://{exchange.header(b'host')}" for scheme in ("https", "http"))

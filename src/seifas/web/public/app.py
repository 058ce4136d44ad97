"""The public listener: the clinic's page and the portal's first page. Works while the vault is locked."""

from __future__ import annotations

import logging

from seifas.errors import SeifasError
from seifas.fhir.exchange import ClientGone, Exchange, Receive, Scope, Send
from seifas.fhir.outcomes import status_of
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.access_log import App, logged
from seifas.web.forms import FormGuard
from seifas.web.languages import switch_language
from seifas.web.pages import Pages, language_of
from seifas.web.probes import health
from seifas.web.words import say

log = logging.getLogger("seifas.public")


def build_public(client: KeeperClient, settings: Settings) -> App:
    """The ASGI application of the public listener."""
    public = Public(client, settings)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange = Exchange(scope, receive, send)
        try:
            await public(exchange)
        except ClientGone:
            return
        except SeifasError as error:
            if not exchange.started:
                await answers.text(exchange, error.message, status=status_of(error))
        except Exception as error:
            log.error("a page failed by a defect", extra={"error": type(error).__name__})
            if not exchange.started:
                await answers.text(exchange, "Defect", status=500)

    return logged(app)


class Public:
    """The pages that anyone may see."""

    def __init__(self, client: KeeperClient, settings: Settings) -> None:
        self._client = client
        self._pages = Pages(settings)

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        path = exchange.path
        pages = self._pages
        if path == "/health":
            await health(self._client, exchange, needs_vault=False)
        elif path.startswith("/static/") and await answers.static(exchange):
            return
        elif path == "/language":
            # Behind a front the public name is not known here, so the page's own origin is what the Host says.
            own = tuple(f"{scheme}://{exchange.header(b'host')}" for scheme in ("https", "http"))
            await switch_language(exchange, FormGuard(own), pages, secure=False)
        elif exchange.method not in ("GET", "HEAD"):
            exchange.route("?")
            await answers.text(exchange, "GET", status=405)
        elif path == "/":
            exchange.route("/")
            await answers.page(exchange, pages.render(exchange, "public.html", ready=await self._ready()))
        elif path in ("/my", "/my/"):
            exchange.route("/my")
            await answers.page(exchange, pages.render(exchange, "portal.html"))
        elif path in ("/auth", "/auth/"):
            exchange.route("/auth")
            await answers.see_other(exchange, "/my")
        else:
            exchange.route("?")
            said = say(language_of(exchange, pages.languages), "not-here")
            await answers.page(exchange, pages.render(exchange, "public_trouble.html", said=said), status=404)

    async def _ready(self) -> bool:
        try:
            told = await self._client.call("health")
        except SeifasError:
            return False
        return bool(told["ready"])

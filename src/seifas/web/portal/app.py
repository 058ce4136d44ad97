"""The portal's application: every page of a patient's own, and what is said when something is not there."""

from __future__ import annotations

import logging
from pathlib import Path

from seifas.errors import (
    Conflict,
    Invalid,
    Locked,
    Missing,
    OverBudget,
    Refused,
    SeifasError,
    SignIn,
    Unavailable,
)
from seifas.fhir.answering import answered
from seifas.fhir.exchange import Exchange, Receive, Scope, Send
from seifas.fhir.outcomes import status_of
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.access_log import App, logged
from seifas.web.portal import asking, entering, exporting, openings, own_means, own_record
from seifas.web.portal.house import House
from seifas.web.routing import Route, Router

log = logging.getLogger("seifas.portal")

ROUTES = [
    Route("POST", "/my/enter", entering.enter),
    Route("POST", "/my/code", entering.mail),
    Route("POST", "/my/code/check", entering.code),
    Route("POST", "/my/passkey/begin", entering.passkey_begin),
    Route("POST", "/my/passkey/finish", entering.passkey_finish),
    Route("POST", "/my/out", entering.leave),
    Route("POST", "/my/behalf", entering.behalf),
    Route("GET POST", "/my/account", own_means.account),
    Route("POST", "/my/passkeys/begin", own_means.key_begin),
    Route("POST", "/my/passkeys/finish", own_means.key_finish),
    Route("GET", "/my/record", own_record.record),
    Route("GET", "/my/document/{document}", own_record.document),
    Route("GET", "/my/appointments", own_record.appointments),
    Route("POST", "/my/appointments/{appointment}", own_record.appointment),
    Route("GET", "/my/photos", own_record.photos),
    Route("GET", "/my/photos/{photo}", own_record.photo),
    Route("GET", "/my/photo/{photo}/{rendition}", own_record.picture),
    Route("GET", "/my/opened", openings.opened),
    Route("GET", "/my/opened/key", openings.log_key),
    Route("GET", "/my/opened/{line}/proof", openings.proof),
    Route("GET", "/my/consents", asking.consents),
    Route("POST", "/my/consents/{consent}/withdraw", asking.withdraw),
    Route("GET POST", "/my/requests", asking.requests),
    Route("GET POST", "/my/messages", asking.messages),
    Route("GET", "/my/export", exporting.offer),
    Route("POST", "/my/export/{form}", exporting.take),
]
"""Every page but the first; a test walks them all."""

_WORDS: dict[type[SeifasError], str] = {
    Missing: "my-missing", Locked: "my-locked", Unavailable: "my-unavailable", OverBudget: "my-wait",
    Refused: "my-refused", Conflict: "my-conflict", Invalid: "my-invalid", SeifasError: "my-defect",
}  # fmt: skip
_WHERE = {"form": "my-out-of-date", "off": "my-off", "fresh": "my-sign-in-again", "passkey": "my-passkey-refused",
          "index": "my-index"}


def build_portal(client: KeeperClient, settings: Settings, pictures: Path) -> App:
    """The ASGI application; `pictures` is the darkroom's socket."""
    portal = Portal(client, settings, pictures)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await portal(Exchange(scope, receive, send))

    return logged(app)


class Portal:
    """Finds the page, shows what went wrong in words that tell nothing of anybody."""

    def __init__(self, client: KeeperClient, settings: Settings, pictures: Path) -> None:
        self.house = House(client, settings, pictures)
        self._router = Router(ROUTES)

    async def __call__(self, exchange: Exchange) -> None:
        await answered(exchange, self._dispatch, self._trouble, log)

    async def _dispatch(self, exchange: Exchange) -> None:
        path = exchange.path
        found = self._router.find(exchange.method, path)
        if found is not None:
            exchange.route(found.pattern)
            await found.handler(self.house, exchange, **found.names)
        elif path in ("/my", "/my/") and exchange.method in ("GET", "HEAD"):
            exchange.route("/my")
            await self._first(exchange)
        elif path in ("/auth", "/auth/") and exchange.method in ("GET", "HEAD"):
            exchange.route("/auth")
            await answers.see_other(exchange, "/my")
        else:
            exchange.route("?")
            raise Missing("there is no such page")

    async def _first(self, exchange: Exchange) -> None:
        if self.house.token(exchange):
            try:
                await own_record.home(self.house, exchange)
            except SignIn:
                await entering.door(self.house, exchange)
            return
        good = self.house.words(exchange, "my-signed-out") if exchange.query == b"out" else ""
        await entering.door(self.house, exchange, good=good)

    async def _trouble(self, exchange: Exchange, error: SeifasError) -> None:
        words = self.house.words(exchange, self._key(error))
        if exchange.header(b"accept") == "application/json":
            await answers.json(exchange, {"code": error.code, "message": words}, status=status_of(error))
        elif isinstance(error, SignIn):
            extra = self.house.without_cookie() if self.house.token(exchange) else []
            await answers.see_other(exchange, "/my", extra=extra)
        else:
            await self.house.show(exchange, "trouble.html", None, status=status_of(error), said=words)

    def _key(self, error: SeifasError) -> str:
        if error.where in _WHERE and isinstance(error, (Refused, Unavailable)):
            return _WHERE[error.where]
        if isinstance(error, SignIn):
            return "my-passkey-refused"
        return next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)

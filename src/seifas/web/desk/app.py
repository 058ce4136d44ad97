"""The staff listener: FHIR, sign-in, the desk's pages, health and metrics. Touches the outside, decides nothing."""

from __future__ import annotations

import logging

from seifas.errors import (
    Conflict,
    Invalid,
    Locked,
    Missing,
    OverBudget,
    Refused,
    SeifasError,
    SignIn,
    StepUp,
    Unavailable,
)
from seifas.fhir.answering import answered
from seifas.fhir.app import FhirApp
from seifas.fhir.exchange import Exchange, Receive, Scope, Send
from seifas.fhir.outcomes import status_of
from seifas.fhir.tokens import Tokens
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.access_log import App, logged
from seifas.web.capture.routes import ROUTES as CAPTURE
from seifas.web.desk import homes, inviting, own_account, signing_in, watching
from seifas.web.desk.administrator.routes import ROUTES as ADMINISTRATOR
from seifas.web.desk.cases.routes import ROUTES as CASES
from seifas.web.desk.charts.routes import ROUTES as CHARTS
from seifas.web.desk.confirming import frozen
from seifas.web.desk.consents.routes import ROUTES as CONSENTS
from seifas.web.desk.day.routes import ROUTES as DAY
from seifas.web.desk.leaks.routes import ROUTES as LEAKS
from seifas.web.desk.officer.routes import ROUTES as OFFICER
from seifas.web.desk.photos.routes import ROUTES as PHOTOS
from seifas.web.desk.portal_requests.routes import ROUTES as PORTAL_REQUESTS
from seifas.web.desk.requests_in.routes import ROUTES as REQUESTS_IN
from seifas.web.desk.room import Room, Visit
from seifas.web.desk.shield.routes import ROUTES as SHIELD
from seifas.web.forms import desk_path
from seifas.web.languages import switch_language
from seifas.web.pages import language_of
from seifas.web.probes import health, metrics
from seifas.web.refusals import detail_of
from seifas.web.routing import Router

log = logging.getLogger("seifas.desk")

# A page's words for a failure; the keeper's own words are shown where they tell the person what to do.
_WORDS: dict[type[SeifasError], str] = {
    Missing: "missing", Locked: "locked", Unavailable: "unavailable", OverBudget: "over-budget", Refused: "refused",
    Conflict: "conflict", Invalid: "invalid", SeifasError: "defect",
}  # fmt: skip
_WHERE = {"form": "out-of-date", "frozen": "frozen", "idle": "idle", "enrol": "enrol-first"}
_POSTS = {
    "/auth/sign-out": signing_in.sign_out,
    "/auth/passkey/begin": signing_in.passkey_begin,
    "/auth/passkey/finish": signing_in.passkey_finish,
    "/auth/step-up/begin": signing_in.step_up_begin,
    "/auth/step-up/finish": signing_in.step_up_finish,
    "/auth/resume/begin": signing_in.resume_begin,
    "/auth/resume/finish": signing_in.resume_finish,
    "/auth/passkeys/begin": signing_in.add_begin,
    "/auth/passkeys/finish": signing_in.add_finish,
    "/desk/hat": watching.hat,
    "/desk/account/passkeys": own_account.passkeys,
}

ROUTES = [
    *DAY, *CHARTS, *PHOTOS, *CAPTURE, *REQUESTS_IN, *CONSENTS, *OFFICER, *LEAKS, *CASES, *ADMINISTRATOR,
    *PORTAL_REQUESTS, *SHIELD,
]  # fmt: skip
"""Every page of the areas; a test walks them all."""


def build_desk(client: KeeperClient, settings: Settings) -> App:
    """The ASGI application of the staff listener."""
    fhir = FhirApp(client, settings)
    desk = Desk(client, settings, fhir)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/fhir/") or path == "/fhir":
            await fhir(scope, receive, send)
        else:
            await desk(Exchange(scope, receive, send))

    return logged(app)


class Desk:
    """Everything of the staff listener but FHIR."""

    def __init__(self, client: KeeperClient, settings: Settings, fhir: FhirApp) -> None:
        self.room = Room(client, settings)
        self._fhir = fhir
        self._tokens = Tokens(client, settings.token_urls)
        self._router = Router(ROUTES)

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request; every failure is a page, or JSON for a script."""
        await answered(exchange, self._dispatch, self._trouble, log)

    async def _dispatch(self, exchange: Exchange) -> None:
        path, room = exchange.path, self.room
        if path == "/health":
            await health(room.client, exchange)
        elif path == "/metrics":
            await metrics(room.client, exchange)
        elif path == "/auth/token":
            await self._tokens(exchange)
        elif path == "/.well-known/smart-configuration":
            exchange.route("/.well-known/smart-configuration")
            await answers.text(exchange, self._fhir.smart.decode("utf-8"), kind=b"application/json")
        elif path.startswith("/static/"):
            if not await answers.static(exchange):
                await self._not_here(exchange)
        elif path == "/language":
            await switch_language(exchange, room.guard, room.pages, secure=room.secure)
        elif path in ("/", "/auth", "/auth/"):
            exchange.route(path)
            await answers.see_other(exchange, "/desk" if path == "/" else "/auth/sign-in")
        elif path.startswith("/auth/link/") and exchange.method == "GET":
            await signing_in.link(room, exchange, path.removeprefix("/auth/link/"))
        elif path.startswith("/auth/invite/") and exchange.method in ("GET", "HEAD", "POST"):
            await inviting.invitation(room, exchange, path.removeprefix("/auth/invite/"))
        elif path == "/auth/sign-in" and exchange.method in ("GET", "POST"):
            await signing_in.sign_in(room, exchange)
        elif path in _POSTS and exchange.method == "POST":
            await _POSTS[path](room, exchange)
        else:
            await self._desk_pages(exchange)

    async def _desk_pages(self, exchange: Exchange) -> None:
        room, method = self.room, exchange.method
        found = self._router.find(method, exchange.path)
        if found is not None:
            exchange.route(found.pattern)
            await found.handler(room, exchange, **found.names)
            return
        match exchange.path.split("/")[1:]:
            case ["desk"] | ["desk", ""] if method == "GET":
                await self._home(exchange)
            case ["desk", "account"] if method == "GET":
                await own_account.account(room, exchange)
            case ["desk", "account", "password"] if method in ("GET", "POST"):
                await own_account.password(room, exchange)
            case ["desk", ("alarms" | "approvals" | "sessions" | "people") as what] if method == "POST":
                await watching.act(room, exchange, what)
            case _:
                await self._not_here(exchange)

    async def _home(self, exchange: Exchange) -> None:
        exchange.route("/desk")
        visit = await self.room.visit(exchange)
        if visit.who["frozen"]:
            await frozen(self.room, exchange, visit)
            return
        if visit.who["idle"]:
            await self._idle(exchange, visit)
            return
        await homes.HOMES[visit.hat](self.room, exchange, visit)

    # -- failures

    async def _not_here(self, exchange: Exchange) -> None:
        exchange.route("?")
        await self.room.show(
            exchange, "trouble.html", None, status=404, said=self.room.words(exchange, "not-here"), heading="",
            ident="",
        )  # fmt: skip

    async def _trouble(self, exchange: Exchange, error: SeifasError) -> None:
        if exchange.header(b"accept") == "application/json":
            told = {"code": error.code, "message": self._said(exchange, error)}
            await answers.json(exchange, told, status=status_of(error))
        elif isinstance(error, SignIn):
            await self._sign_in_first(exchange)
        elif isinstance(error, Refused) and error.where == "enrol":
            await answers.see_other(exchange, "/desk/account")
        else:
            await self._trouble_page(exchange, error)

    async def _trouble_page(self, exchange: Exchange, error: SeifasError) -> None:
        try:
            visit = await self.room.visit(exchange, enrolling=True)
        except SeifasError:
            visit = None
        if visit is not None and visit.who["frozen"]:
            await frozen(self.room, exchange, visit)
        elif visit is not None and isinstance(error, StepUp) and error.where == "idle":
            await self._idle(exchange, visit)
        else:
            detail = ""
            if isinstance(error, (Invalid, OverBudget, StepUp)):
                detail = detail_of(language_of(exchange, self.room.pages.languages), error)
            await self.room.show(
                exchange, "trouble.html", visit, status=status_of(error), said=self._said(exchange, error),
                detail=detail, heading="", ident="",
            )  # fmt: skip

    def _said(self, exchange: Exchange, error: SeifasError) -> str:
        if isinstance(error, SignIn):
            key = "passkey-refused"  # only a script's passkey ceremony ends here
        elif isinstance(error, Refused) and error.where in _WHERE:
            key = _WHERE[error.where]
        else:
            key = next(_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS)
        return self.room.words(exchange, key)

    async def _idle(self, exchange: Exchange, visit: Visit) -> None:
        # A patient's page answers a GET as well as a form's POST; other forms lead back to the desk.
        path = exchange.path
        back = desk_path(path) if exchange.method == "GET" or path.startswith("/desk/patient/") else "/desk"
        await self.room.show(
            exchange, "idle.html", visit, status=403, said=self.room.words(exchange, "idle"), back=back
        )

    async def _sign_in_first(self, exchange: Exchange) -> None:
        # A click in a letter comes without the Strict cookie; our own page's next step brings it. Once is enough.
        if (
            exchange.method == "GET"
            and exchange.header(b"sec-fetch-site") == "cross-site"
            and exchange.path.startswith("/desk")
            and not exchange.cookie()
        ):
            await self.room.show(exchange, "moment.html", None)
        else:
            extra = [self.room.no_cookie()] if exchange.cookie() else []
            await answers.see_other(exchange, "/auth/sign-in", extra=extra)

"""The staff listener: FHIR, sign-in, the desk's pages, health and metrics. Touches the outside, decides nothing."""

from __future__ import annotations

import logging
from typing import Any

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
from seifas.fhir.app import FhirApp
from seifas.fhir.exchange import ClientGone, Exchange, Receive, Scope, Send
from seifas.fhir.outcomes import status_of
from seifas.fhir.tokens import Tokens
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings
from seifas.web import answers
from seifas.web.access_log import App, logged
from seifas.web.desk import emergencies, inviting, own_account, patients, signing_in, watching
from seifas.web.desk.confirming import frozen
from seifas.web.desk.room import SEES_PATIENTS, Room, Visit
from seifas.web.forms import desk_path
from seifas.web.languages import switch_language
from seifas.web.probes import health, metrics

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
    "/desk/search": patients.search,
    "/desk/caller": patients.caller,
    "/desk/hat": watching.hat,
    "/desk/account/passkeys": own_account.passkeys,
}


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

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request; every failure is a page, or JSON for a script."""
        try:
            await self._dispatch(exchange)
        except ClientGone:
            return
        except SeifasError as error:
            await self._trouble(exchange, error)
        except Exception as error:  # frames hold records: only the kind and the line are logged
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            line = trace.tb_lineno if trace is not None else 0
            log.error("a page failed by a defect", extra={"error": type(error).__name__, "line": line})
            await self._trouble(exchange, SeifasError("defect"))

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
        match exchange.path.split("/")[1:]:
            case ["desk"] | ["desk", ""] if method == "GET":
                await self._home(exchange)
            case ["desk", "account"] if method == "GET":
                await own_account.account(room, exchange)
            case ["desk", "account", "password"] if method in ("GET", "POST"):
                await own_account.password(room, exchange)
            case ["desk", ("alarms" | "approvals" | "sessions" | "people") as what] if method == "POST":
                await watching.act(room, exchange, what)
            case ["desk", "patient", ident] if method in ("GET", "POST"):
                await patients.patient(room, exchange, ident, "")
            case ["desk", "patient", ident, "glass"] if method in ("GET", "POST"):
                await emergencies.glass(room, exchange, ident)
            case ["desk", "patient", ident, part] if method in ("GET", "POST"):
                await patients.patient(room, exchange, ident, part)
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
        values = await watching.home_values(self.room, visit)
        values["today"] = await self._today(visit.token) if visit.hat in SEES_PATIENTS else None
        await self.room.show(exchange, "desk.html", visit, sees_patients=visit.hat in SEES_PATIENTS, **values)

    async def _today(self, token: str) -> list[dict[str, Any]]:
        pages = self.room.pages
        rows = await self.room.client.call("schedule.day", session=token, date=pages.today())
        for row in rows:
            row["time"] = pages.clock(row["start_ms"])
            row["address"] = f"/desk/patient/{row['patient'].hex()}"
        return sorted(rows, key=lambda row: row["start_ms"])

    # -- failures

    async def _not_here(self, exchange: Exchange) -> None:
        exchange.route("?")
        await self.room.show(
            exchange, "trouble.html", None, status=404, said=self.room.words(exchange, "not-here"), heading="",
            ident="",
        )  # fmt: skip

    async def _trouble(self, exchange: Exchange, error: SeifasError) -> None:
        if exchange.started:
            return
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
            detail = error.message if isinstance(error, (Invalid, OverBudget, StepUp)) else ""
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

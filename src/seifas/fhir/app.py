"""The FHIR R4 API under /fhir: an ASGI program that knows the protocol and decides nothing about data.

Each request is one call of the keeper, which authenticates, charges, logs and opens. A read costs this process about
100 µs: stored bytes go out as they are. Docs: docs/fhir.md.
"""

from __future__ import annotations

import logging
import urllib.parse

from seifas.errors import SeifasError
from seifas.fhir import batches, binaries
from seifas.fhir import negotiation as form
from seifas.fhir.answering import Defect, answered
from seifas.fhir.capability import capability_statement, smart_configuration
from seifas.fhir.changing import Changes
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.derived import Session
from seifas.fhir.exchange import GUARDS, Exchange, Headers, Receive, Scope, Send, own_origins
from seifas.fhir.exports import Exports
from seifas.fhir.histories import history_of
from seifas.fhir.inside import WHOSE
from seifas.fhir.outcomes import NotSupported, of_defect, of_error
from seifas.fhir.reading import one_of
from seifas.fhir.resources import belongs_to_patient
from seifas.fhir.searching import Searches, asked_format
from seifas.fhir.shaping import part_of, shaped
from seifas.fhir.transactions import execute
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings

log = logging.getLogger("seifas.fhir")

_JSON: Headers = [(b"content-type", b"application/json"), *GUARDS]
_READ_TAKES = ("_format", "_pretty", "_summary", "_elements")
HISTORY_TOO_COSTLY = (
    "The history of one resource is answered (Type/<id>/_history), not of a type or of everything. Who wrote what in "
    "the clinic the officer sees in the log; what changed since a moment comes with a job: Patient/$export?_since=..."
)


class FhirApp:
    """Everything under /fhir, on any path prefix ending there."""

    def __init__(self, client: KeeperClient, settings: Settings) -> None:
        self._client = client
        self._origins = own_origins(settings)
        self._base = f"{settings.staff_url}/fhir"
        self._sizes = settings.sizes
        token_url = f"{settings.staff_url}/auth/token"
        self._statement = capability_statement(self._base, token_url)
        self.smart = smart_configuration(self._base, token_url)
        self._changes = Changes(client, self._base, self._sizes, self._origins)
        self._searches = Searches(client, self._base)
        self._exports = Exports(client, self._base, self._origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request whose path starts with /fhir."""
        await answered(Exchange(scope, receive, send), self._dispatch, self._trouble, log)

    async def _trouble(self, exchange: Exchange, error: SeifasError) -> None:
        status, body, extra = of_defect() if isinstance(error, Defect) else of_error(error)
        await exchange.answer(status, body, [*form.FHIR_HEADERS, *extra])

    async def _dispatch(self, exchange: Exchange) -> None:
        parts = exchange.path.split("/")[2:]
        if parts and parts[-1] == "":
            parts.pop()
        method = "GET" if exchange.method == "HEAD" else exchange.method  # the body is left out when it is sent
        match parts:
            case [kind, ident] if kind in RESOURCE_TYPES and ident != "_search" and ident[:1] not in "_$":
                exchange.route("/fhir/{type}/{id}")
                if method == "GET":
                    await self._read(exchange, kind, ident, 0)
                elif method == "PUT":
                    await self._changes.update(exchange, kind, ident)
                elif method == "DELETE":
                    await self._changes.delete(exchange, kind, ident)
                else:
                    raise _not_allowed("GET, PUT, DELETE")
            case [kind] if kind in RESOURCE_TYPES:
                exchange.route("/fhir/{type}")
                if method == "GET":
                    await self._search(exchange, kind, form.parameters(exchange.query))
                elif method == "POST":
                    await self._changes.create(exchange, kind)
                else:
                    raise _not_allowed("GET, POST")
            case [kind, "_search"] if kind in RESOURCE_TYPES:
                exchange.route("/fhir/{type}/_search")
                if method != "POST":
                    raise _not_allowed("POST")
                pairs = form.parameters(exchange.query) + await form.form_sent(exchange)
                await self._search(exchange, kind, pairs)
            case [kind, ident, "_history", version] if kind in RESOURCE_TYPES:
                exchange.route("/fhir/{type}/{id}/_history/{version}")
                if method != "GET":
                    raise _not_allowed("GET")
                number = int(version) if version.isascii() and version.isdigit() and len(version) < 17 else -1
                await self._read(exchange, kind, ident, number or -1)
            case [kind, ident, "_history"] if kind in RESOURCE_TYPES:
                exchange.route("/fhir/{type}/{id}/_history")
                if method != "GET":
                    raise _not_allowed("GET")
                await self._history(exchange, kind, ident)
            case ["_history"] | [_, "_history"]:
                exchange.route("/fhir/_history")
                raise NotSupported(HISTORY_TOO_COSTLY, status=403, issue="too-costly")
            case ["Patient", ident, "$everything"]:
                exchange.route("/fhir/Patient/{id}/$everything")
                await self._everything(exchange, ident)
            case ["Patient", ident, kind, *rest] if kind in RESOURCE_TYPES and rest in ([], ["_search"]):
                exchange.route("/fhir/Patient/{id}/{type}")
                pairs = form.parameters(exchange.query)
                if rest and method == "POST":
                    pairs += await form.form_sent(exchange)
                elif rest or method != "GET":
                    raise _not_allowed("POST" if rest else "GET")
                if not belongs_to_patient(kind) or any(name in WHOSE for name, _ in pairs):
                    raise NotSupported("Within a patient, ask for what belongs to patients, and for this one only.")
                await self._search(exchange, kind, [("patient", ident), *pairs])
            case ["$export"] | ["Patient", "$export"]:
                exchange.route("/fhir/$export")
                await self._exports.kick_off(exchange, parts[0] if len(parts) == 2 else "")
            case ["Group", ident, "$export"]:
                exchange.route("/fhir/Group/{id}/$export")
                await self._exports.kick_off(exchange, "Group", ident)
            case ["$export-status", job]:
                exchange.route("/fhir/$export-status/{job}")
                await self._exports.status(exchange, job)
            case ["$export-file", job, number]:
                exchange.route("/fhir/$export-file/{job}/{number}")
                await self._exports.file(exchange, job, number)
            case []:
                exchange.route("/fhir")
                if method != "POST":
                    raise _not_allowed("POST")
                await self._bundle(exchange)
            case ["metadata"]:
                exchange.route("/fhir/metadata")
                form.acceptable(exchange, asked_format(form.parameters(exchange.query)))
                await exchange.answer(200, self._statement, form.FHIR_HEADERS)
            case [".well-known", "smart-configuration"]:
                exchange.route("/fhir/.well-known/smart-configuration")
                await exchange.answer(200, self.smart, _JSON)
            case _:
                exchange.route("/fhir/?")
                raise NotSupported("There is no such address in this FHIR server.", status=404, issue="not-supported")

    # -- reading

    async def _read(self, exchange: Exchange, kind: str, ident: str, version: int) -> None:
        query = exchange.query
        pairs = form.parameters(query) if query else []
        as_bytes = kind == "Binary" and binaries.wants_bytes(exchange)
        if kind == "Binary" and exchange.method == "HEAD":  # nobody looks at a head, but its line would say so
            raise _not_allowed("GET, PUT, DELETE")
        if not as_bytes:
            form.acceptable(exchange, asked_format(pairs))
        if any(name not in _READ_TAKES for name, _ in pairs):
            raise NotSupported(f"A read takes no parameters but {' and '.join(_READ_TAKES)}.")
        part = part_of(pairs)
        if part.summary == "count":
            raise NotSupported("_summary=count is for searches.", issue="value")
        session = Session(exchange.session(self._origins), form.reason_of(exchange))
        record = await one_of(self._client, session, kind, ident, version)
        form.let_in(exchange)
        if as_bytes:
            await binaries.answer_bytes(exchange, record)
            return
        headers = [*form.FHIR_HEADERS, *form.version_headers(record["version"], record["updated_ms"])]
        if form.not_changed(exchange, record["version"]):
            await exchange.answer(304, b"", headers)
        else:
            await exchange.answer(200, shaped(kind, record["body"], part), headers)

    async def _search(self, exchange: Exchange, kind: str, pairs: list[tuple[str, str]]) -> None:
        form.acceptable(exchange, asked_format(pairs))
        # A search by POST changes nothing, but it spends the session's budget: the cookie's origin is checked.
        session = Session(exchange.session(self._origins), form.reason_of(exchange))
        await exchange.answer(200, await self._searches.run(session, kind, pairs), form.FHIR_HEADERS)

    async def _history(self, exchange: Exchange, kind: str, ident: str) -> None:
        pairs = form.parameters(exchange.query)
        form.acceptable(exchange, asked_format(pairs))
        session = Session(exchange.session(self._origins), form.reason_of(exchange))
        body = await history_of(self._client, session, self._base, kind, ident, pairs)
        form.let_in(exchange)
        await exchange.answer(200, body, form.FHIR_HEADERS)

    async def _everything(self, exchange: Exchange, ident: str) -> None:
        if exchange.method not in ("GET", "HEAD", "POST"):
            raise _not_allowed("GET, POST")
        session = Session(exchange.session(self._origins), form.reason_of(exchange))
        query = exchange.query
        if exchange.method == "POST" and exchange.declared() > 0:
            fields = await form.form_sent(exchange)
            query = urllib.parse.urlencode([*form.parameters(query), *fields]).encode("ascii")
        form.acceptable(exchange, asked_format(form.parameters(query)))
        body = await self._searches.everything(session, ident, query)
        form.let_in(exchange)
        await exchange.answer(200, body, form.FHIR_HEADERS)

    async def _bundle(self, exchange: Exchange) -> None:
        session, bundle, large = await self._changes.bundle(exchange)
        limit = self._sizes.bundle_bytes
        batch = bundle.get("type") == "batch" and bundle.get("resourceType") == "Bundle"
        if batch or not bundle.get("entry"):
            # A transaction of any entry asks the keeper as this session. A batch may hold only what nobody need sign in
            # for, or only what is refused: nobody without a session may be let in by it.
            await self._client.call("session.who", session=session.token)
        if batch:
            body = await batches.run(exchange, bundle, self._base, self._alone, most_bytes=limit)
        else:
            bodies = form.preferred(exchange) == "representation"
            body = await execute(
                self._client, session, bundle, self._base, self._sizes, bodies=bodies, large=large
            )
        form.let_in(exchange)
        await exchange.answer(200, body, form.FHIR_HEADERS)

    async def _alone(self, exchange: Exchange) -> None:
        await answered(exchange, self._dispatch, self._trouble, log)


def _not_allowed(methods: str) -> NotSupported:
    return NotSupported(f"This address takes {methods}.", status=405, allow=methods)

"""The FHIR R4 API under /fhir: an ASGI program that knows the protocol and decides nothing about data.

Each request is one call of the keeper, which authenticates, charges, logs and opens. A read costs this process about
100 µs: stored bytes go out as they are. Docs: docs/fhir.md.
"""

from __future__ import annotations

import asyncio
import logging
import urllib.parse
from typing import Any

from seifas.errors import Invalid, Missing, SeifasError, Unavailable
from seifas.fhir import negotiation as form
from seifas.fhir.bundle import conditions_of, plan_parsed
from seifas.fhir.capability import capability_statement, smart_configuration
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.exchange import GUARDS, ClientGone, Exchange, Headers, Receive, Scope, Send, own_origins
from seifas.fhir.json_text import read as read_json
from seifas.fhir.outcomes import NotSupported, informational, of_defect, of_error
from seifas.fhir.references import LOOKED_UP
from seifas.fhir.resources import STORED_ID
from seifas.fhir.searching import Searches, asked_format
from seifas.fhir.transactions import THREAD_FROM, Session, execute, find_conditions, for_keeper, owner_of
from seifas.keeper.client import KeeperClient
from seifas.settings import Settings

log = logging.getLogger("seifas.fhir")

_JSON: Headers = [(b"content-type", b"application/json"), *GUARDS]
_READ_TAKES = ("_format", "_pretty")
# A body of more than this is taken only from someone who is signed in.
_UNKNOWN_MAY_SEND = 64 * 1024
# Large bodies that are still coming, together: a few slow bundles must not fill the memory.
_MOST_HELD = 512 * 1024 * 1024


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
        self._held = 0
        self._searches = Searches(client, self._base)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request whose path starts with /fhir."""
        exchange = Exchange(scope, receive, send)
        try:
            await self._dispatch(exchange)
            return
        except SeifasError as error:
            status, body, extra = of_error(error)
        except ClientGone:
            return
        except Exception as error:  # the traceback's frames hold records, so only the kind and the place are logged
            trace = error.__traceback__
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            line = trace.tb_lineno if trace is not None else 0
            log.error("a request failed by a defect", extra={"error": type(error).__name__, "line": line})
            status, body, extra = of_defect()
        if not exchange.started:
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
                    await self._update(exchange, kind, ident)
                elif method == "DELETE":
                    await self._delete(exchange, kind, ident)
                else:
                    raise _not_allowed("GET, PUT, DELETE")
            case [kind] if kind in RESOURCE_TYPES:
                exchange.route("/fhir/{type}")
                if method == "GET":
                    await self._search(exchange, kind, form.parameters(exchange.query))
                elif method == "POST":
                    await self._create(exchange, kind)
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
                number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
                await self._read(exchange, kind, ident, number or -1)
            case ["Patient", ident, "$everything"]:
                exchange.route("/fhir/Patient/{id}/$everything")
                await self._everything(exchange, ident)
            case []:
                exchange.route("/fhir")
                if method != "POST":
                    raise _not_allowed("POST")
                await self._transaction(exchange)
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
        form.acceptable(exchange, asked_format(pairs))
        if any(name not in _READ_TAKES for name, _ in pairs):
            raise NotSupported(f"A read takes no parameters but {' and '.join(_READ_TAKES)}.")
        session = exchange.session(self._origins)
        if version < 0 or STORED_ID.match(ident) is None:
            # Not an id that this vault gives: still answered only to someone who is signed in.
            await self._client.call("session.who", session=session)
            raise Missing("there is no such record")
        record = await self._client.call(
            "record.read", session=session, type=kind, id=bytes.fromhex(ident), reason=_reason(exchange),
            version=version,
        )  # fmt: skip
        headers = [*form.FHIR_HEADERS, *form.version_headers(record["version"], record["updated_ms"])]
        if form.not_changed(exchange, record["version"]):
            await exchange.answer(304, b"", headers)
        else:
            await exchange.answer(200, record["body"], headers)

    async def _search(self, exchange: Exchange, kind: str, pairs: list[tuple[str, str]]) -> None:
        form.acceptable(exchange, asked_format(pairs))
        # A search by POST changes nothing, but it spends the session's budget: the cookie's origin is checked.
        session = exchange.session(self._origins)
        await exchange.answer(200, await self._searches.run(session, kind, pairs, _reason(exchange)), form.FHIR_HEADERS)

    async def _everything(self, exchange: Exchange, ident: str) -> None:
        if exchange.method not in ("GET", "HEAD", "POST"):
            raise _not_allowed("GET, POST")
        session = exchange.session(self._origins)
        query = exchange.query
        if exchange.method == "POST" and exchange.declared() > 0:
            fields = await form.form_sent(exchange)
            query = urllib.parse.urlencode([*form.parameters(query), *fields]).encode("ascii")
        form.acceptable(exchange, asked_format(form.parameters(query)))
        body = await self._searches.everything(session, ident, query, _reason(exchange))
        await exchange.answer(200, body, form.FHIR_HEADERS)

    # -- writing

    async def _body(self, exchange: Exchange, session: str, limit: int) -> bytes:
        form.json_sent(exchange)
        declared = exchange.declared()
        if 0 <= declared <= _UNKNOWN_MAY_SEND:
            return await exchange.body(limit)
        await self._client.call("session.who", session=session)
        room = min(declared, limit) if declared >= 0 else limit
        if self._held + room > _MOST_HELD:
            raise Unavailable("Too many large bodies are on their way; send this again in a while.")
        self._held += room
        try:
            return await exchange.body(limit)
        finally:
            self._held -= room

    async def _resource(self, exchange: Exchange, session: str) -> dict[str, Any]:
        limit = self._sizes.resource_bytes
        raw = await self._body(exchange, session, limit)
        if len(raw) > THREAD_FROM:
            return await asyncio.to_thread(read_json, raw, limit=limit)
        return read_json(raw, limit=limit)

    async def _create(self, exchange: Exchange, kind: str) -> None:
        form.acceptable(exchange, asked_format(form.parameters(exchange.query)))
        session = Session(exchange.session(self._origins), _reason(exchange))
        only_if = exchange.header(b"if-none-exist")
        resource = await self._resource(exchange, session.token)
        if only_if:
            if kind not in LOOKED_UP:
                raise NotSupported(f"If-None-Exist is taken for {', '.join(sorted(LOOKED_UP))} only.")
            wanted = f"{kind}?{only_if.lstrip('?')}"
            held = await find_conditions(self._client, session, (wanted,))
            if wanted in held:
                await self._read_found(exchange, session, kind, held[wanted].partition("/")[2])
                return
        await self._write(exchange, session, resource, kind=kind)

    async def _read_found(self, exchange: Exchange, session: Session, kind: str, ident: str) -> None:
        record = await self._client.call(
            "record.read", session=session.token, type=kind, id=bytes.fromhex(ident), reason=session.reason
        )
        place = f"{self._base}/{kind}/{ident}/_history/{record['version']}".encode("ascii")
        headers = [*form.version_headers(record["version"], record["updated_ms"]), (b"location", place)]
        await exchange.answer(200, record["body"], [*form.FHIR_HEADERS, *headers])

    async def _update(self, exchange: Exchange, kind: str, ident: str) -> None:
        form.acceptable(exchange, asked_format(form.parameters(exchange.query)))
        session = Session(exchange.session(self._origins), _reason(exchange))
        expect = form.if_match(exchange)
        resource = await self._resource(exchange, session.token)
        if STORED_ID.match(ident) is None:
            await self._client.call("session.who", session=session.token)
            raise Missing("there is no such record")
        if not expect:
            found = await self._client.call(
                "record.where", session=session.token, type=kind, id=bytes.fromhex(ident), reason=session.reason
            )
            expect = found["version"]
        await self._write(exchange, session, resource, kind=kind, ident=ident, expect=expect)

    async def _write(
        self, exchange: Exchange, session: Session, resource: dict[str, Any], *, kind: str, ident: str = "",
        expect: int = 0,
    ) -> None:  # fmt: skip
        wanted = conditions_of(resource)
        known = await find_conditions(self._client, session, wanted) if wanted else {}
        made = plan_parsed(resource, kind=kind, id_hex=ident or None, expect=expect, known=known)
        change = made.changes[0]
        assert change.patient is not None
        results = await self._client.call(
            "record.write", session=session.token, changes=[for_keeper(change, change.patient)], reason=session.reason
        )
        version, updated_ms = results[0]["version"], results[0]["updated_ms"]
        headers = form.version_headers(version, updated_ms)
        place = f"{self._base}/{kind}/{change.id.hex()}/_history/{version}"
        headers.append((b"location", place.encode("ascii")))
        wish = form.preferred(exchange)
        body = change.body
        if wish == "minimal":
            body = b""
        elif wish == "OperationOutcome":
            body = informational("Stored.")
        await exchange.answer(200 if ident else 201, body, [*form.FHIR_HEADERS, *headers])

    async def _delete(self, exchange: Exchange, kind: str, ident: str) -> None:
        session = Session(exchange.session(self._origins), _reason(exchange))
        if kind == "Patient":
            raise NotSupported("A patient is not deleted but erased; the officer does that.", status=405)
        expect = form.if_match(exchange)
        if STORED_ID.match(ident) is None:
            await self._client.call("session.who", session=session.token)
            raise Missing("there is no such record")
        id_bytes = bytes.fromhex(ident)
        patient, version = await owner_of(self._client, session, kind, id_bytes)
        change = {"op": "delete", "type": kind, "id": id_bytes, "patient": patient, "expect": expect or version}
        await self._client.call("record.write", session=session.token, changes=[change], reason=session.reason)
        await exchange.answer(204, b"", list(GUARDS))

    async def _transaction(self, exchange: Exchange) -> None:
        form.acceptable(exchange, asked_format(form.parameters(exchange.query)))
        session = Session(exchange.session(self._origins), _reason(exchange))
        limit = self._sizes.bundle_bytes
        raw = await self._body(exchange, session.token, limit)
        bodies = form.preferred(exchange) == "representation"
        body = await execute(self._client, session, raw, self._base, self._sizes, bodies=bodies)
        await exchange.answer(200, body, form.FHIR_HEADERS)


def _reason(exchange: Exchange) -> str:
    """The reason for opening a patient outside one's own work; percent-encoded where it is not ASCII."""
    value = exchange.found.get(b"seifas-reason")
    if value is None:
        return ""
    try:
        text = urllib.parse.unquote(value.decode("ascii"), errors="strict").strip()
    except UnicodeDecodeError:
        raise Invalid("Seifas-Reason must be ASCII, or UTF-8 percent-encoded.") from None
    if not text.isprintable():
        raise Invalid("Seifas-Reason must be printable.")
    return text


def _not_allowed(methods: str) -> NotSupported:
    return NotSupported(f"This address takes {methods}.", status=405, allow=methods)

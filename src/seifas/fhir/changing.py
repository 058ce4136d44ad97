"""The requests that change something: create, update, delete, transaction. Bodies come under a cap, and are parsed in a
thread where they are large. What is stored is decided by the keeper; this says it in FHIR's words.
"""

from __future__ import annotations

import asyncio
import re
import urllib.parse
from typing import Any

from seifas.errors import Conflict, Invalid, Missing, Unavailable
from seifas.fhir import binaries
from seifas.fhir import negotiation as form
from seifas.fhir.bundle import conditions_of, plan_parsed
from seifas.fhir.derived import Derived, Row, Session, id_of
from seifas.fhir.derived_types import DERIVED
from seifas.fhir.exchange import GUARDS, Exchange
from seifas.fhir.json_text import read as read_json
from seifas.fhir.outcomes import NotSupported, informational
from seifas.fhir.reading import one_of
from seifas.fhir.references import LOOKED_UP, condition
from seifas.fhir.resources import STORED_ID, belongs_to_patient
from seifas.fhir.shaping import refuse_parts
from seifas.fhir.transactions import THREAD_FROM, find_conditions, for_keeper, owner_of
from seifas.keeper.client import KeeperClient
from seifas.settings import Sizes

# A body of more than this is taken only from someone who is signed in.
_UNKNOWN_MAY_SEND = 64 * 1024
# Large bodies that are still coming, together: a few slow bundles must not fill the memory.
_MOST_HELD = 512 * 1024 * 1024
_EXISTS = re.compile(r"exists:([0-9a-f]{32})\Z")


class Changes:
    """The changing requests of one listener."""

    def __init__(self, client: KeeperClient, base: str, sizes: Sizes, origins: tuple[str, ...]) -> None:
        self._client = client
        self._base = base
        self._sizes = sizes
        self._origins = origins
        self._held = 0

    def _begin(self, exchange: Exchange) -> Session:
        pairs = form.parameters(exchange.query)
        if any(name not in ("_format", "_pretty") for name, _ in pairs):
            raise NotSupported("A change takes no parameters; a condition on a create is the header If-None-Exist.")
        form.acceptable(exchange, form.asked_format(exchange))
        return Session(exchange.session(self._origins), form.reason_of(exchange))

    async def _body(self, exchange: Exchange, session: str, limit: int, *, raw: bool = False) -> bytes:
        if not raw:
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

    async def _resource(self, exchange: Exchange, session: str, limit: int) -> dict[str, Any]:
        raw = await self._body(exchange, session, limit)
        if len(raw) > THREAD_FROM:
            return await asyncio.to_thread(read_json, raw, limit=limit)
        return read_json(raw, limit=limit)

    async def bundle(self, exchange: Exchange) -> tuple[Session, dict[str, Any], bool]:
        """The session, the Bundle that was sent, parsed and not yet understood, and whether it is a large one."""
        session = self._begin(exchange)
        found = await self._resource(exchange, session.token, self._sizes.bundle_bytes)
        return session, found, exchange.declared() > THREAD_FROM or exchange.declared() < 0

    async def create(self, exchange: Exchange, kind: str) -> None:
        """POST Type."""
        made = _may(kind, "create")
        session = self._begin(exchange)
        only_if = exchange.header(b"if-none-exist").lstrip("?")
        if kind == "Binary" and binaries.sends_bytes(exchange):
            sent = await self._body(exchange, session.token, self._sizes.resource_bytes * 3 // 4, raw=True)
            resource = binaries.resource_of(exchange, sent)
        else:
            resource = await self._resource(exchange, session.token, self._sizes.resource_bytes)
        if made is not None and made.create is not None:
            if only_if:
                raise NotSupported(f"If-None-Exist is not taken for {kind}.")
            await self._stored(exchange, await made.create(self._client, session, resource), 201)
            return
        if not only_if:
            await self._write(exchange, session, resource, kind=kind)
        elif kind in LOOKED_UP:
            wanted = f"{kind}?{only_if}"
            held = await find_conditions(self._client, session, (wanted,))
            if wanted in held:
                await self._found(exchange, session, kind, held[wanted].partition("/")[2])
            else:
                look = condition(wanted, where="If-None-Exist")
                unless = {"change": 0, "system": look.system, "value": look.value}
                await self._create_once(exchange, session, resource, kind, b"", unless)
        elif belongs_to_patient(kind):
            await self._create_once(exchange, session, resource, kind, *_within(only_if, self._base, kind))
        else:
            raise NotSupported(f"If-None-Exist is not taken for {kind}.")

    async def _create_once(
        self, exchange: Exchange, session: Session, resource: dict[str, Any], kind: str, patient: bytes,
        unless: dict[str, Any],
    ) -> None:  # fmt: skip
        """If-None-Exist: the keeper looks while nobody else writes."""
        try:
            await self._write(exchange, session, resource, kind=kind, patient=patient, unless=unless)
        except Conflict as conflict:
            match = _EXISTS.match(conflict.where)
            if match is None:
                raise
            await self._found(exchange, session, kind, match[1])

    async def _found(self, exchange: Exchange, session: Session, kind: str, ident: str) -> None:
        record = await one_of(self._client, session, kind, ident)
        place = f"{self._base}/{kind}/{ident}/_history/{record['version']}".encode("ascii")
        headers = [*form.version_headers(record["version"], record["updated_ms"]), (b"location", place)]
        await exchange.answer(200, record["body"], [*form.FHIR_HEADERS, *headers])

    async def update(self, exchange: Exchange, kind: str, ident: str) -> None:
        """PUT Type/id."""
        made = _may(kind, "update")
        session = self._begin(exchange)
        expect = form.if_match(exchange)
        resource = await self._resource(exchange, session.token, self._sizes.resource_bytes)
        refuse_parts(resource)
        if made is not None and made.update is not None and made.ids.match(ident):
            row = await made.update(self._client, session, ident, resource, expect)
            await self._stored(exchange, row, 200)
            return
        if STORED_ID.match(ident) is None or (made is not None and not made.stored):
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
        expect: int = 0, patient: bytes = b"", unless: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        wanted = conditions_of(resource)
        known = await find_conditions(self._client, session, wanted) if wanted else {}
        made = plan_parsed(resource, kind=kind, id_hex=ident or None, expect=expect, known=known)
        change = made.changes[0]
        assert change.patient is not None
        if patient and change.patient != patient:
            raise Invalid("If-None-Exist names another patient than the resource.", where="If-None-Exist")
        results = await self._client.call(
            "record.write", session=session.token, changes=[for_keeper(change, change.patient)], reason=session.reason,
            unless=[unless] if unless else [],
        )
        row = {"type": kind, "id": change.id, "body": change.body, **results[0]}
        await self._stored(exchange, row, 200 if ident else 201)

    async def _stored(self, exchange: Exchange, row: Row, status: int) -> None:
        form.let_in(exchange)
        headers = form.version_headers(row["version"], row["updated_ms"])
        place = f"{self._base}/{row['type']}/{id_of(row)}/_history/{row['version']}"
        headers.append((b"location", place.encode("ascii")))
        wish = form.preferred(exchange)
        body = row["body"]
        if wish == "minimal":
            body = b""
        elif wish == "OperationOutcome":
            body = informational("Stored.")
        await exchange.answer(status, body, [*form.FHIR_HEADERS, *headers])

    async def delete(self, exchange: Exchange, kind: str, ident: str) -> None:
        """DELETE Type/id."""
        session = self._begin(exchange)
        if kind == "Patient":
            raise NotSupported("A patient is not deleted but erased; the officer does that.", status=405)
        made = _may(kind, "delete")
        expect = form.if_match(exchange)
        if made is not None and made.delete is not None and made.ids.match(ident):
            await made.delete(self._client, session, ident, expect)
            await exchange.answer(204, b"", list(GUARDS))
            return
        if STORED_ID.match(ident) is None or (made is not None and not made.stored):
            await self._client.call("session.who", session=session.token)
            raise Missing("there is no such record")
        id_bytes = bytes.fromhex(ident)
        patient, version = await owner_of(self._client, session, kind, id_bytes)
        change = {"op": "delete", "type": kind, "id": id_bytes, "patient": patient, "expect": expect or version}
        await self._client.call("record.write", session=session.token, changes=[change], reason=session.reason)
        await exchange.answer(204, b"", list(GUARDS))


def _may(kind: str, deed: str) -> Derived | None:
    """How a type is served that the vault makes itself, None for others. Raises a 405 where it is not written."""
    made = DERIVED.get(kind)
    if made is not None and not made.stored and getattr(made, deed) is None:
        raise NotSupported(f"{kind} is made by the vault and only read.", status=405, allow="GET")
    return made


def _within(text: str, base: str, kind: str) -> tuple[bytes, dict[str, Any]]:
    """(patient, what the keeper looks for) of `patient=id&identifier=system|value`; b"" where none is named: whoever's
    the resource is. Raises NotSupported."""
    try:
        asked = urllib.parse.parse_qsl(text, strict_parsing=True, max_num_fields=2, errors="strict")
    except ValueError:
        asked = []
    pairs = dict(asked)
    system, bar, value = pairs.get("identifier", "").rpartition("|")
    unless = {"change": 0, "system": system if bar else None, "value": value}
    if kind == "Patient":
        if len(asked) != 1 or not system or not value:
            raise NotSupported("If-None-Exist of a Patient must be identifier=<system>|<value>.")
        return b"", unless
    whose = [pairs[name] for name in ("patient", "subject") if name in pairs]
    named = "".join(whose).removeprefix(f"{base}/").removeprefix("Patient/")
    if len(asked) != 1 + len(whose) or not value or (whose and not STORED_ID.match(named)):
        raise NotSupported("If-None-Exist must be identifier=<system>|<value>, with patient=<id> beside it or without.")
    return bytes.fromhex(named), unless

"""Bulk Data Access (`$export`): kick-off, status, files, and ending it. A program asks; two people decide; a job works.

What differs from other servers: between the asking and the making two people have to say yes; every file is sealed to
the key that was registered for the program (docs/formats/export.md), so whoever takes it on its way has nothing.
"""

from __future__ import annotations

import base64
import datetime
from typing import Any, Final

from seifas.errors import Invalid, Missing
from seifas.fhir import negotiation as form
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.exchange import GUARDS, Exchange, Headers
from seifas.fhir.json_text import read, write
from seifas.fhir.outcomes import NotSupported, informational
from seifas.fhir.resources import STORED_ID
from seifas.fhir.stamp import instant
from seifas.keeper.client import KeeperClient

ND_JSON: Final = frozenset({"application/fhir+ndjson", "application/ndjson", "ndjson"})
SUITE: Final = "HKDF-SHA256, AES-256-GCM"
_ASK_AGAIN_S: Final = {"asked": 300, "allowed": 30, "running": 10}
_WAITS: Final = {"asked": "waits for two people", "allowed": "waits for its turn"}
_FILE: Final = "application/octet-stream"
_KINDS: Final = {"": "system", "Patient": "patient", "Group": "group"}
_MOST_BODY: Final = 256 * 1024


class Exports:
    """The addresses of exports of one listener."""

    def __init__(self, client: KeeperClient, base: str, origins: tuple[str, ...]) -> None:
        self._client = client
        self._base = base
        self._origins = origins

    async def kick_off(self, exchange: Exchange, kind: str, group: str = "") -> None:
        """GET or POST $export, Patient/$export, Group/<worklist>/$export: 202 with the address to ask at."""
        if exchange.method not in ("GET", "POST"):
            raise NotSupported("This address takes GET, POST.", status=405, allow="GET, POST")
        token = exchange.session(self._origins)
        if "respond-async" not in exchange.header(b"prefer"):
            raise NotSupported("An export is a job: send Prefer: respond-async.", issue="required")
        asked = _Asked()
        for name, value in form.parameters(exchange.query):
            asked.take(name, value)
        if exchange.method == "POST" and exchange.declared() != 0:
            form.json_sent(exchange)
            _take_body(asked, read(await exchange.body(_MOST_BODY), limit=_MOST_BODY))
        if kind == "Group" and not STORED_ID.match(group):
            await self._client.call("session.who", session=token)
            raise Missing("there is no such group")
        made = await self._client.call(
            "export.ask", session=token, kind=_KINDS[kind], types=tuple(asked.types), since_ms=asked.since_ms,
            patients=tuple(dict.fromkeys(asked.patients)), group=bytes.fromhex(group),
        )  # fmt: skip
        form.let_in(exchange)
        place = f"{self._base}/$export-status/{made['id'].hex()}".encode("ascii")
        said = informational("Asked for. Two people of the clinic have to allow it; ask at Content-Location.")
        await exchange.answer(202, said, [*form.FHIR_HEADERS, (b"content-location", place)])

    async def status(self, exchange: Exchange, job: str) -> None:
        """GET: 202 while it is not there, 200 with the manifest, 404 once it is over. DELETE: no more of it."""
        if exchange.method not in ("GET", "HEAD", "DELETE"):
            raise NotSupported("This address takes GET, DELETE.", status=405, allow="GET, DELETE")
        token = exchange.session(self._origins)
        ident = await self._ident(token, job)
        if exchange.method == "DELETE":
            await self._client.call("export.end", session=token, id=ident)
            await exchange.answer(202, informational("It is ended; its files are deleted."), form.FHIR_HEADERS)
            return
        told = await self._client.call("export.status", session=token, id=ident)
        form.let_in(exchange)
        state = told["state"]
        if state == "done":
            until = datetime.datetime.fromtimestamp(told["until_ms"] / 1000, datetime.UTC)
            headers: Headers = [
                (b"content-type", b"application/json"), *GUARDS,
                (b"expires", until.strftime("%a, %d %b %Y %H:%M:%S GMT").encode("ascii")),
            ]  # fmt: skip
            await exchange.answer(200, self._manifest(job, told), headers)
        elif state in _ASK_AGAIN_S:
            said = _WAITS.get(state) or f"{told['done']} of {told['of']} patients"
            await exchange.answer(202, b"", [
                *GUARDS, (b"x-progress", said.encode("ascii")), (b"retry-after", b"%d" % _ASK_AGAIN_S[state]),
            ])  # fmt: skip
        elif state == "refused":
            raise NotSupported("The clinic has not allowed this export.", status=403, issue="forbidden")
        elif state == "failed":
            raise NotSupported("This export could not be made; ask for a new one.", status=500, issue="exception")
        else:
            raise Missing("there is no such export")

    async def file(self, exchange: Exchange, job: str, number: str) -> None:
        """GET: one sealed file."""
        if exchange.method != "GET":
            raise NotSupported("This address takes GET.", status=405, allow="GET")
        token = exchange.session(self._origins)
        ident = await self._ident(token, job)
        if not (number.isascii() and number.isdigit() and len(number) < 6):
            raise Missing("there is no such file")
        body = await self._client.call("export.file", session=token, id=ident, number=int(number))
        form.let_in(exchange)
        headers: Headers = [(b"content-type", _FILE.encode()), *GUARDS, (b"content-disposition", b"attachment")]
        await exchange.answer(200, body, headers)

    async def _ident(self, token: str, job: str) -> bytes:
        if not STORED_ID.match(job):
            await self._client.call("session.who", session=token)
            raise Missing("there is no such export")
        return bytes.fromhex(job)

    def _manifest(self, job: str, told: dict[str, Any]) -> bytes:
        """The manifest of Bulk Data Access; what is not in it (photos, deleted records) docs/fhir-content.md tells."""
        where = {"system": "", "patient": "/Patient", "group": "/Group/-"}[told["kind"]]
        return write({
            "transactionTime": instant(told["made_ms"]), "request": f"{self._base}{where}/$export",
            "requiresAccessToken": True,
            "output": [
                {"type": one["type"], "url": f"{self._base}/$export-file/{job}/{number}", "count": one["lines"],
                 "extension": {"urn:seifas:hpke-info": base64.b64encode(one["info"]).decode("ascii")}}
                for number, one in enumerate(told["files"])
            ],
            "error": [],
            "extension": {
                "urn:seifas:hpke": {
                    "kem": "MLKEM768-X25519" if told["hybrid"] else "DHKEM(X25519, HKDF-SHA256)", "suite": SUITE,
                    "recipient": told["recipient"], "content": "application/fhir+ndjson",
                }
            },
        })  # fmt: skip


class _Asked:
    """Parameters as they are read. Raises for what is not known: a filter that is ignored gives more away."""

    def __init__(self) -> None:
        self.types: list[str] = []
        self.since_ms = 0
        self.patients: list[bytes] = []

    def take(self, name: str, value: str) -> None:
        if name == "_type":
            for one in value.split(","):
                if one not in RESOURCE_TYPES:
                    raise NotSupported("_type names types of R4, with commas between them.", issue="value")
                self.types.append(one)
        elif name == "_since":
            self.since_ms = _ms(value)
        elif name == "_outputFormat":
            if value.replace(" ", "+") not in ND_JSON:
                raise NotSupported("_outputFormat is application/fhir+ndjson.", issue="value")
        elif name == "patient":
            ident = value.removeprefix("Patient/")
            if not STORED_ID.match(ident):
                raise Missing("there is no such record")
            self.patients.append(bytes.fromhex(ident))
        else:
            raise NotSupported("$export takes _type, _since, _outputFormat, and Patient/$export patient.")


def _ms(value: str) -> int:
    try:
        moment = datetime.datetime.fromisoformat(value.replace(" ", "+").replace("Z", "+00:00"))
    except ValueError:
        raise NotSupported("_since is an instant: 2026-11-22T10:00:00Z.", issue="value") from None
    if moment.tzinfo is None or not 1970 < moment.year < 2200:
        raise NotSupported("_since is an instant with its offset: 2026-11-22T10:00:00Z.", issue="value")
    return int(moment.timestamp() * 1000)


def _take_body(asked: _Asked, body: dict[str, Any]) -> None:
    if body.get("resourceType") != "Parameters" or not isinstance(body.get("parameter", []), list):
        raise Invalid("The body of $export is Parameters.", where="resourceType")
    for number, one in enumerate(body.get("parameter", [])):
        where = f"Parameters.parameter[{number}]"
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise Invalid("A parameter has a name.", where=where)
        values = [value for name, value in one.items() if name.startswith("value")]
        value = values[0] if len(values) == 1 else None
        if isinstance(value, dict):
            value = value.get("reference")
        if not isinstance(value, str):
            raise Invalid("A parameter has one value.", where=where)
        asked.take(one["name"], value)

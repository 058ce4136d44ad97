"""A batch Bundle: each entry a request of its own, with its own success or failure; each is charged and logged as if it
had come alone.
"""

from __future__ import annotations

import urllib.parse
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, TooLarge
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import write
from seifas.fhir.outcomes import NotSupported, of_error

MOST: Final = 1000
"""Entries of one batch."""

# What the entry's request takes over from the whole: who asks, from where, why.
_KEPT = (b"authorization", b"cookie", b"origin", b"sec-fetch-site", b"seifas-reason", b"host")
_FIELDS = {"ifMatch": b"if-match", "ifNoneMatch": b"if-none-match", "ifNoneExist": b"if-none-exist"}
_REASONS = {
    200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 410: "Gone",
    412: "Precondition Failed", 413: "Payload Too Large", 415: "Unsupported Media Type", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip

Serve = Callable[[Exchange], Awaitable[None]]


class Answer(msgspec.Struct):
    """What an inner request was answered."""

    status: int = 500
    headers: dict[bytes, bytes] = {}
    body: bytes = b""


async def run(outer: Exchange, bundle: dict[str, Any], base: str, serve: Serve, *, most_bytes: int) -> bytes:
    """The batch-response. `serve` answers one inner request as it would one that came alone. Answers together stay
    under `most_bytes`: what comes after is not carried out, and says so."""
    entries = bundle.get("entry", [])
    if not isinstance(entries, list):
        raise Invalid("A list is needed.", where="Bundle.entry")
    if len(entries) > MOST:
        raise TooLarge(f"A batch has at most {MOST} entries; send several.", where="Bundle.entry")
    told: list[dict[str, Any]] = []
    size = 0
    bodies = outer.header(b"prefer").replace(" ", "") != "return=minimal"
    for number, entry in enumerate(entries):
        try:
            if size > most_bytes:
                raise TooLarge("The answers before this one fill the limit; send this one again.")
            inner, answer = _request(outer, entry, base, f"Bundle.entry[{number}]")
            await serve(inner)
        except (Invalid, TooLarge) as error:
            status, body, _ = of_error(error)
            answer = Answer(status, {}, body)
        size += len(answer.body)
        told.append(_entry(answer, bodies=bodies))
    outcome: dict[str, Any] = {"resourceType": "Bundle", "type": "batch-response"}
    return write(outcome | ({"entry": told} if told else {}))


def _request(outer: Exchange, entry: Any, base: str, where: str) -> tuple[Exchange, Answer]:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict):
        raise Invalid("An entry of a batch needs a request.", where=f"{where}.request")
    method, url = request.get("method"), request.get("url")
    if method not in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        raise Invalid("The method must be GET, HEAD, POST, PUT or DELETE.", where=f"{where}.request.method")
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        raise Invalid("The request needs a url in ASCII.", where=f"{where}.request.url")
    path, _, query = url.removeprefix(f"{base}/").lstrip("/").partition("?")
    path = urllib.parse.unquote(path)
    first = path.partition("/")[0]
    if not first or first.startswith("$") or "$export" in path:
        raise NotSupported("Bundles inside a batch, and jobs, are sent on their own.", where=f"{where}.request.url")
    body = b""
    if method in ("POST", "PUT"):
        resource = entry.get("resource")
        if not isinstance(resource, dict):
            raise Invalid("The entry needs a resource.", where=f"{where}.resource")
        body = write(resource)
    headers = [(name, outer.found[name]) for name in _KEPT if name in outer.found]
    headers += [(b"content-type", b"application/fhir+json"), (b"content-length", b"%d" % len(body))]
    for field, name in _FIELDS.items():
        value = request.get(field)
        if isinstance(value, str) and value.isascii():
            headers.append((name, value.encode("ascii")))
        elif value is not None:
            raise Invalid("A string in ASCII is needed.", where=f"{where}.request.{field}")
    scope = {
        "type": "http", "method": method, "path": f"/fhir/{path}", "headers": headers,
        "query_string": query.encode("ascii"), "client": outer.scope.get("client"),
    }  # fmt: skip
    answer = Answer()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answer.status, answer.headers = message["status"], dict(message["headers"])
        else:
            answer.body += message.get("body", b"")

    return Exchange(scope, receive, send), answer


def _entry(answer: Answer, *, bodies: bool) -> dict[str, Any]:
    response: dict[str, Any] = {"status": f"{answer.status} {_REASONS.get(answer.status, '')}".strip()}
    place, tag = answer.headers.get(b"location"), answer.headers.get(b"etag")
    if place is not None:
        response["location"] = place.decode("ascii")
    if tag is not None:
        response["etag"] = tag.decode("ascii")
    if answer.status >= 400:
        return {"response": response | ({"outcome": msgspec.Raw(answer.body)} if answer.body else {})}
    shown = answer.body and (bodies or place is None)
    return {"response": response} | ({"resource": msgspec.Raw(answer.body)} if shown else {})

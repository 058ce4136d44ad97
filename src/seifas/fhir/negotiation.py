"""What a client may ask for and send: JSON only, FHIR 4.0, the three forms of Prefer, entity tags, form parameters."""

from __future__ import annotations

import email.utils
import functools
import re
import urllib.parse

from seifas.errors import Invalid
from seifas.fhir.bundle import expected_version
from seifas.fhir.exchange import GUARDS, Exchange, Headers
from seifas.fhir.outcomes import NotSupported

_JSON = frozenset({"application/fhir+json", "application/json", "text/json", "json", "application/json+fhir"})
_ANY = frozenset({"*/*", "application/*", ""})
CONTENT: tuple[bytes, bytes] = (b"content-type", b"application/fhir+json; charset=utf-8")
FHIR_HEADERS: Headers = [CONTENT, *GUARDS]
MOST_PARAMETERS = 40
FORM_LIMIT = 64 * 1024
_TAG = re.compile(r'(?:W/)?"([1-9]\d{0,17})"\Z', re.ASCII)


def acceptable(exchange: Exchange, asked_format: str = "") -> None:
    """Raise a 406 unless JSON of FHIR 4.0 will do. `_format` goes before Accept."""
    if asked_format:
        if asked_format.partition(";")[0].strip().lower().replace(" ", "+") not in _JSON:
            raise NotSupported("Only JSON is served: _format=json.", status=406)
        return
    accept = exchange.found.get(b"accept")
    if accept is None or accept == b"application/fhir+json":
        return
    if not _accepts(accept.decode("latin-1")):
        raise NotSupported("Only application/fhir+json of FHIR 4.0 is served.", status=406)


@functools.lru_cache(maxsize=256)
def _accepts(text: str) -> bool:
    for choice in text.split(","):
        kind, *parameters = (part.strip().lower() for part in choice.split(";"))
        if kind not in _JSON and kind not in _ANY:
            continue
        values = dict(part.partition("=")[::2] for part in parameters)
        if values.get("q", "1") in ("0", "0.0", "0.00", "0.000"):
            continue
        if values.get("fhirversion", "4.0") in ("4.0", "4.0.1"):
            return True
    return False


def json_sent(exchange: Exchange) -> None:
    """Raise a 415 unless the body is declared as JSON in UTF-8."""
    _plain(exchange)
    kind, *parameters = (part.strip().lower() for part in exchange.header(b"content-type").split(";"))
    if kind not in _JSON:
        raise NotSupported("Send Content-Type: application/fhir+json.", status=415)
    values = dict(part.partition("=")[::2] for part in parameters)
    if values.get("charset", "utf-8").strip('"') not in ("utf-8", "utf8"):
        raise NotSupported("FHIR JSON must be UTF-8.", status=415)
    if values.get("fhirversion", "4.0") not in ("4.0", "4.0.1"):
        raise NotSupported("Only FHIR 4.0 is taken.", status=415)


def _plain(exchange: Exchange) -> None:
    # A packed body would have to be unpacked before its size is known.
    if exchange.header(b"content-encoding").strip().lower() not in ("", "identity"):
        raise NotSupported("Send the body as it is, without Content-Encoding.", status=415)


async def form_sent(
    exchange: Exchange, *, most: int = MOST_PARAMETERS, limit: int = FORM_LIMIT
) -> list[tuple[str, str]]:
    """The fields of a form body, at most so many, in at most `limit` bytes. Raises a 415 for multipart and the like."""
    _plain(exchange)
    kind = exchange.header(b"content-type").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise NotSupported("Send Content-Type: application/x-www-form-urlencoded.", status=415)
    return parameters(await exchange.body(limit), most)


def parameters(raw: bytes, most: int = MOST_PARAMETERS) -> list[tuple[str, str]]:
    """Name and value pairs of a query or form. Raises Invalid for too many or for broken UTF-8."""
    if not raw:
        return []
    try:
        return urllib.parse.parse_qsl(
            raw.decode("ascii"), keep_blank_values=True, max_num_fields=most, errors="strict"
        )
    except (UnicodeError, ValueError):
        raise Invalid(f"The parameters are not UTF-8, or more than {most}.") from None


def preferred(exchange: Exchange) -> str:
    """minimal, representation or OperationOutcome from Prefer; "" when none is named."""
    for part in exchange.header(b"prefer").replace(";", ",").split(","):
        name, _, value = part.strip().partition("=")
        if name.lower() == "return" and value in ("minimal", "representation", "OperationOutcome"):
            return value
    return ""


def asked_format(exchange: Exchange) -> str:
    """The value of `_format`, or ""."""
    return next((value for name, value in parameters(exchange.query) if name == "_format"), "")


def reason_of(exchange: Exchange) -> str:
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


def let_in(exchange: Exchange) -> None:
    """The keeper has taken this session: whoever sends it again goes before strangers."""
    exchange.of_lane(b"machine" if b"authorization" in exchange.found else b"staff")


def if_match(exchange: Exchange) -> int:
    """The version that If-Match names, or 0 without it."""
    value = exchange.header(b"if-match")
    return expected_version(value, where="If-Match") if value else 0


def not_changed(exchange: Exchange, version: int) -> bool:
    """Whether If-None-Match already names this version."""
    value = exchange.found.get(b"if-none-match")
    if value is None:
        return False
    for tag in value.decode("latin-1").split(","):
        match = _TAG.match(tag.strip())
        if tag.strip() == "*" or (match is not None and int(match[1]) == version):
            return True
    return False


@functools.lru_cache(maxsize=4096)
def _http_date(seconds: int) -> bytes:
    return email.utils.formatdate(seconds, usegmt=True).encode("ascii")


def version_headers(version: int, updated_ms: int) -> Headers:
    """ETag and Last-Modified."""
    return [(b"etag", b'W/"%d"' % version), (b"last-modified", _http_date(updated_ms // 1000))]

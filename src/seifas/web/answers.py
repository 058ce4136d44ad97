"""How pages are answered: the headers that every page carries, redirects, plain JSON, static files from memory.

Scripts and styles come from /static only, nothing is framed, nothing is cached but static files, no address is passed
on as a referrer.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources

import msgspec

from seifas.fhir.exchange import Exchange, Headers

_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGE_GUARDS: Headers = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self)"),
]
_POLICY_NAME = b"content-security-policy"
_HTML: Headers = [(b"content-type", b"text/html; charset=utf-8"), *PAGE_GUARDS]
# A picture that may have no address of its own, because it is a secret: it is part of the page.
_HTML_PICTURED: Headers = [
    (name, value.replace(b"img-src 'self'", b"img-src 'self' data:") if name == _POLICY_NAME else value)
    for name, value in _HTML
]
_JSON: Headers = [(b"content-type", b"application/json"), *PAGE_GUARDS]
_TEXT: Headers = [(b"content-type", b"text/plain; charset=utf-8"), *PAGE_GUARDS]
_KINDS = {"css": b"text/css; charset=utf-8", "js": b"text/javascript; charset=utf-8", "svg": b"image/svg+xml"}


async def page(
    exchange: Exchange, html: str, *, status: int = 200, extra: Headers | None = None, pictured: bool = False,
    camera: bool = False,
) -> None:  # fmt: skip
    """Answer with a page; `pictured` if it carries a picture inside itself, `camera` if it may ask for the camera."""
    headers = _HTML_PICTURED if pictured else _HTML
    if camera:
        headers = [(name, value.replace(b"camera=()", b"camera=(self)")) for name, value in headers]
    await exchange.answer(status, html.encode("utf-8"), [*headers, *(extra or [])])


async def see_other(exchange: Exchange, place: str, *, extra: Headers | None = None) -> None:
    """Send the browser on with a GET. `place` is a path of ours."""
    await exchange.answer(303, b"", [(b"location", place.encode("ascii")), *PAGE_GUARDS, *(extra or [])])


async def json(exchange: Exchange, value: object, *, status: int = 200, extra: Headers | None = None) -> None:
    """Answer with JSON."""
    await exchange.answer(status, msgspec.json.encode(value), [*_JSON, *(extra or [])])


async def text(exchange: Exchange, words: str, *, status: int = 200, kind: bytes = b"") -> None:
    """Answer with plain text, or text of another kind."""
    headers = [(b"content-type", kind), *PAGE_GUARDS] if kind else _TEXT
    await exchange.answer(status, words.encode("utf-8"), headers)


def cookie(
    name: str, value: str, *, secure: bool, max_age: int | None = None, path: str = "/"
) -> tuple[bytes, bytes]:
    """A Set-Cookie header that no script reads and no other site sends; to addresses under `path` only."""
    parts = [f"{name}={value}", f"Path={path}", "HttpOnly", "SameSite=Strict"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if secure:
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode("ascii")


def _read_static() -> dict[str, tuple[bytes, bytes, bytes, bytes]]:
    files: dict[str, tuple[bytes, bytes, bytes, bytes]] = {}
    for one in importlib.resources.files("seifas.web").joinpath("static").iterdir():
        kind = _KINDS.get(one.name.rpartition(".")[2])
        if kind is not None:
            body = one.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:16].encode("ascii")
            # Pressed once, at the start. Pages are not: what is secret in them could be told from their length.
            files[one.name] = (body, kind, digest, gzip.compress(body, 9, mtime=0))
    return files


# Read at import: the web processes run as users of their own, who may not be able to read the package's files.
_FILES = _read_static()


def static_address(name: str) -> str:
    """The address of a static file, with its content's hash, so that a browser may keep it for good."""
    return f"/static/{name}?v={_FILES[name][2].decode('ascii')}"


async def static(exchange: Exchange) -> bool:
    """Answer if the path is a static file; whether it was."""
    found = _FILES.get(exchange.path.removeprefix("/static/"))
    if found is None or exchange.method not in ("GET", "HEAD"):
        return False
    body, kind, digest, pressed = found
    exchange.route("/static/{file}")
    headers = [(b"content-type", kind), *PAGE_GUARDS[1:], (b"etag", b"\x22" + digest + b"\x22")]
    headers.append((b"vary", b"accept-encoding"))
    lasting = exchange.query == b"v=" + digest
    headers.append((b"cache-control", b"public, max-age=31536000, immutable" if lasting else b"no-cache"))
    if exchange.found.get(b"if-none-match") == b'"' + digest + b'"':
        await exchange.answer(304, b"", headers)
    elif "gzip" in exchange.header(b"accept-encoding"):
        await exchange.answer(200, pressed, [*headers, (b"content-encoding", b"gzip")])
    else:
        await exchange.answer(200, body, headers)
    return True

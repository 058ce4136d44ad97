"""The keeper's own unlock page: the one page whose passphrase no web process may see.

A few lines of HTTP/1.1 on a loopback address of its own: GET shows a form, POST takes the passphrase in the body
(4 KiB at most, 10 s at most, 8 connections at most), one attempt at a time. No script, no cookie, nothing stored.
"""

from __future__ import annotations

import asyncio
import html
import urllib.parse
from collections.abc import Awaitable, Callable

from seifas.errors import SeifasError

_MOST_BODY = 4096
_MOST_HEAD = 8192
_MOST_CONNECTIONS = 8
_PATIENCE_S = 10.0

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:18px/1.5 system-ui,sans-serif;max-width:28rem;margin:12vh auto;padding:0 1rem;color:#12232e;"
    "background:#f4f6f7}form{display:grid;gap:.7rem}input,button{font:inherit;padding:.6rem .7rem;border-radius:.4rem;"
    "border:1px solid #7b8b95}button{background:#0b5563;color:#fff;border:0}p.said{border-left:4px solid #0b5563;"
    "padding-left:.8rem}@media(prefers-color-scheme:dark){body{background:#11191e;color:#e6edf0}}"
)

_PIN_FIELD = (
    '<label for="t">PIN of the token, where the vault needs it / Raktų įrenginio PIN, jei jo reikia</label>'
    '<input id="t" name="pin" type="password" autocomplete="off" inputmode="numeric">'
)

Unlock = Callable[[str, str], Awaitable[None]]


class UnlockPage:
    """Serves the page on `host:port`. `locked` tells the state, `unlock` tries a passphrase and a
    token's PIN (raises SeifasError). `with_token`: there is a PKCS#11 module, so the PIN is asked for, too."""

    def __init__(self, *, locked: Callable[[], bool], unlock: Unlock, clinic: str, with_token: bool = False) -> None:
        self._locked = locked
        self._unlock = unlock
        self._clinic = clinic
        self._with_token = with_token
        self._open = 0
        self._one_at_a_time = asyncio.Lock()
        self._server: asyncio.AbstractServer | None = None

    async def listen(self, host: str, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, host, port, limit=_MOST_HEAD, reuse_address=True)

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= _MOST_CONNECTIONS:
                async with asyncio.timeout(_PATIENCE_S):
                    request = await _read(reader)
                answer = await self._answer(*request)
                writer.write(answer)
                async with asyncio.timeout(_PATIENCE_S):
                    await writer.drain()
        except (TimeoutError, ValueError, OSError, EOFError, asyncio.LimitOverrunError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def _answer(self, method: str, path: str, host: str, origin: str, body: bytes) -> bytes:
        if path not in {"/unlock", "/"}:
            return _response(404, "Not here / Čia nieko nėra")
        if method == "GET":
            return self._page(200, "")
        if method != "POST":
            return _response(405, "GET or POST")
        if origin and origin.partition("://")[2] != host:
            return _response(403, "Another page may not send this form")
        fields = urllib.parse.parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
        passphrase = fields.get("passphrase", [""])[0]
        pin = fields.get("pin", [""])[0]
        if not passphrase and not (pin and self._with_token):
            return self._page(400, "Type the passphrase. / Įveskite slaptafrazę.")
        if self._one_at_a_time.locked():
            return self._page(429, "An attempt is under way. / Bandymas jau vyksta.")
        async with self._one_at_a_time:
            try:
                await self._unlock(passphrase, pin)
            except SeifasError as error:
                return self._page(error.http, error.message)
        return self._page(200, "")

    def _page(self, status: int, said: str) -> bytes:
        clinic = html.escape(self._clinic)
        words = f'<p class="said">{html.escape(said)}</p>' if said else ""
        token = _PIN_FIELD if self._with_token else ""
        needed = "" if self._with_token else " required"
        if self._locked():
            main = (
                f"<h1>{clinic}</h1><p>The vault is locked. / Saugykla užrakinta.</p>{words}"
                '<form method="post" action="/unlock"><label for="p">Passphrase / Slaptafrazė</label>'
                f'<input id="p" name="passphrase" type="password" autocomplete="off" autofocus{needed}>{token}'
                "<button>Unlock / Atrakinti</button></form>"
            )
        else:
            main = f"<h1>{clinic}</h1><p>The vault is unlocked. / Saugykla atrakinta.</p>{words}"
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f'<title>Unlock</title><link rel="stylesheet" href="data:text/css,{urllib.parse.quote(_STYLE)}">{main}'
        )
        return _response(status, page, kind="text/html; charset=utf-8")


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, str, str, bytes]:
    """(method, path, host, origin, body). Raises ValueError for what is not a small HTTP/1.1 request."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *rest = head.split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    size = int(headers.get("content-length", "0") or "0")
    if not 0 <= size <= _MOST_BODY or "transfer-encoding" in headers:
        raise ValueError("too large")
    body = await reader.readexactly(size) if size else b""
    return method, path.partition("?")[0], headers.get("host", ""), headers.get("origin", ""), body


_REASONS = {200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


def _response(status: int, text: str, kind: str = "text/plain; charset=utf-8") -> bytes:
    body = text.encode()
    # With "no-referrer" a browser would send its own form with the origin "null", and be refused.
    head = (
        f"HTTP/1.1 {status} {_REASONS.get(status, 'Refused')}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src data:; form-action 'self'; frame-ancestors 'none'\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: same-origin\r\n\r\n"
    )
    return head.encode("latin-1") + body

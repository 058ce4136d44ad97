"""Walks through one site as a visitor without cookies would: pages, what they load, and where they lead.

Used for the pages that HAProxy holds while a flood lasts (snapshots.py) and for a copy of a site (mirroring.py).
Bounded in answers, bytes and time; one question at a time; never leaves the site. Pages with a query are left out,
because a calendar or a search has them without end; what a page loads may have one.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

import msgspec

from seifas.errors import Invalid

AGENT: Final = "Seifas-Shield/1 (copies this site's own pages for its own visitors)"
_LINKS: Final = {
    "a": ("href",), "link": ("href",), "script": ("src",), "img": ("src", "srcset"), "source": ("src", "srcset"),
    "video": ("src", "poster"), "audio": ("src",), "iframe": ("src",), "area": ("href",), "use": ("href",),
}
_LOADED: Final = frozenset({"stylesheet", "icon", "manifest", "preload", "apple-touch-icon", "modulepreload"})
_IN_STYLE: Final = re.compile(r"url\(\s*['\"]?([^'\")\s]{1,2000})|@import\s+['\"]([^'\"]{1,2000})")
_CHARSET: Final = re.compile(r"charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_HOPS: Final = frozenset({"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Bounds(msgspec.Struct, frozen=True):
    """How much of a site is taken at most."""

    answers: int = 400
    each: int = 8 * 2**20  # bytes of one answer
    bytes: int = 200 * 2**20
    seconds: float = 120.0


class Answered(msgspec.Struct, frozen=True):
    """One answer of the site. `headers` in lower case, without those of the connection; `path` as it was asked."""

    path: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    @property
    def kind(self) -> str:
        return self.header("content-type").partition(";")[0].strip().lower()


Fetch = Callable[[str], Answered | None]
"""Asks the site for a path; None where no answer came, or one beyond the bounds."""


def over(
    url: str, *, unix: str = "", bounds: Bounds = Bounds(), headers: Mapping[str, str] | None = None  # noqa: B008 - frozen
) -> Fetch:
    """Asks the site at `url` (scheme and host), through a unix socket if one is given. Raises Invalid for another
    scheme."""
    try:
        parts = urlsplit(url)
        host, sound = parts.hostname or "", parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        host, sound = "", False
    if not sound or not host:
        raise Invalid("a site's address begins with http:// or https:// and a host", where="url")
    asked = {
        "User-Agent": AGENT, "Accept": "*/*", "Accept-Encoding": "identity", "Host": parts.netloc, **(headers or {}),
    }  # fmt: skip

    def connect() -> http.client.HTTPConnection:
        if unix:
            connection = http.client.HTTPConnection(host, timeout=10)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(10)
            connection.sock.connect(unix)
            return connection
        if parts.scheme == "https":
            return http.client.HTTPSConnection(host, parts.port, timeout=10, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, parts.port, timeout=10)

    def fetch(path: str) -> Answered | None:
        try:
            with contextlib.closing(connect()) as connection:
                connection.request("GET", path, headers=asked)
                answer = connection.getresponse()
                body = answer.read(bounds.each + 1)
                if len(body) > bounds.each:
                    return None
                heads = ((name.lower(), value) for name, value in answer.getheaders())
                found = tuple((name, value) for name, value in heads if name not in _HOPS)
                return Answered(path, answer.status, found, body)
        except (OSError, http.client.HTTPException, ValueError):
            return None

    return fetch


def walk(
    fetch: Fetch, start: tuple[str, ...], *, url: str, bounds: Bounds = Bounds()  # noqa: B008 - frozen
) -> Iterator[Answered]:
    """Answers in the order in which they were found, each path once; breadth first, so that what a bound leaves out
    lies deepest. `url`: the site's own address, to know its absolute links. A redirect is told like any answer and
    followed within the site."""
    until = time.monotonic() + bounds.seconds
    waiting = deque(start)
    known = set(start)
    left = bounds.bytes
    asked = 0
    while waiting and asked < bounds.answers and left > 0 and time.monotonic() < until:
        path = waiting.popleft()
        asked += 1
        answer = fetch(path)
        if answer is None:
            continue
        left -= len(answer.body)
        if left < 0:
            return
        yield answer
        for link, loaded in _led_to(answer):
            found = inside(link, answer.path, url)
            if found and (loaded or "?" not in found) and found not in known and len(known) < bounds.answers * 20:
                known.add(found)
                waiting.append(found)


def inside(link: str, at: str, url: str) -> str:
    """The path (and query) that a link on the page `at` leads to within the site; "" where it leads elsewhere."""
    own = urlsplit(url)
    try:
        whole = urlsplit(urljoin(f"{own.scheme}://{own.netloc}{at}", link.strip()))
        same = (whole.hostname, whole.port or _usual(whole.scheme)) == (own.hostname, own.port or _usual(own.scheme))
    except ValueError:
        return ""
    if whole.scheme not in ("http", "https") or not same:
        return ""
    # What is escaped stays as it is; what should have been is.
    path = quote(whole.path or "/", safe="/:@!$&'()*+,;=~-._%")
    if len(path) + len(whole.query) > 2000 or any(ord(letter) < 0x21 or ord(letter) > 0x7E for letter in whole.query):
        return ""
    return urlunsplit(("", "", path, whole.query, ""))


def _usual(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _led_to(answer: Answered) -> Iterator[tuple[str, bool]]:
    """Links of an answer, and whether a page loads what is there, rather than lead to it."""
    if answer.status in _REDIRECTS:
        yield answer.header("location"), False
    elif answer.status != 200:
        return
    elif answer.kind == "text/html":
        page = _Page()
        with contextlib.suppress(AssertionError):  # html.parser on markup that nobody could mean
            page.feed(text_of(answer))
            page.close()
        yield from page.links
    elif answer.kind == "text/css":
        yield from ((link, True) for link in styled(text_of(answer)))


def text_of(answer: Answered) -> str:
    """An answer's text, in the encoding that it names or UTF-8; what cannot be read is replaced."""
    named = _CHARSET.search(answer.header("content-type"))
    try:
        return answer.body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        return answer.body.decode("utf-8", "replace")


def styled(text: str) -> Iterator[str]:
    """What a style sheet loads."""
    for first, second in _IN_STYLE.findall(text):
        yield first or second


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, bool]] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        found = {name: value for name, value in attrs if value}
        rel = set((found.get("rel") or "").lower().split())
        loaded = bool(_LOADED & rel) if tag == "link" else tag not in ("a", "area", "iframe")
        if tag == "link" and not loaded and "alternate" not in rel:
            return
        self.links += ((link, True) for link in styled(found.get("style") or ""))
        for name in _LINKS.get(tag, ()):
            value = found.get(name) or ""
            links = [part.split()[0] for part in value.split(",") if part.split()] if name == "srcset" else [value]
            self.links += ((link, loaded) for link in links if link)

    def handle_data(self, data: str) -> None:
        if self._style:
            self.links += ((link, True) for link in styled(data))

    def handle_endtag(self, tag: str) -> None:
        self._style = False

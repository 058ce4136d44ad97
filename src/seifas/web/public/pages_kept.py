"""The clinic's pages in memory: made when the folder or the clinic's profile changes, then the same bytes for all.

Every answer is whole, packed once, and carries a tag, so that a phone that has the page asks with a few bytes and gets
fewer. Nothing here asks the keeper while somebody waits.
"""

from __future__ import annotations

import asyncio
import importlib.resources
import logging
import time
from pathlib import Path
from typing import Any, Final

from markupsafe import Markup

from seifas.fhir.exchange import Exchange, Headers
from seifas.settings import Settings
from seifas.web.answers import PAGE_GUARDS, static_address
from seifas.web.public.statements import local_time, statement_pages
from seifas.web.site import reading
from seifas.web.site.kept import Kept, kept
from seifas.web.site.reading import INDEX, Content, Page
from seifas.web.site.rendering import Site
from seifas.web.words import say

log = logging.getLogger("seifas.public")

LOOK_S: Final = 2.0
"""Seconds after which the folder is looked at again, when somebody asks."""

_HTML: Final = b"text/html; charset=utf-8"
_LASTING: Final = (b"cache-control", b"public, max-age=31536000, immutable")
_SHORT: Final = (b"cache-control", b"public, max-age=60, stale-while-revalidate=300")
_NONE: Final = (b"cache-control", b"no-store")
_GUARDS: Final = [one for one in PAGE_GUARDS if one[0] != b"cache-control"]
_ROBOTS: Final = kept(b"User-agent: *\nDisallow: /my\nDisallow: /auth\nDisallow: /*/gallery\nDisallow: /gallery/\n",
                      b"text/plain; charset=utf-8")
# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_STYLE: Final = kept(
    importlib.resources.files("seifas.web").joinpath("static/site.css").read_bytes(), b"text/css; charset=utf-8"
)


class PagesKept:
    """`folder` is DATA/site, or None: then there is one page that says what this is."""

    def __init__(self, settings: Settings, folder: Path | None) -> None:
        self.site = Site(settings)
        self.profile: dict[str, Any] | None = None
        self.statement: dict[str, Any] = {"version": 0}
        self.flood = ""
        self.has_gallery = False
        self._stale = True
        self._folder = folder
        self._content = Content()
        self._shown = Content()
        self._mark: reading.Mark | None = None
        self._looked = 0.0
        self._looking = asyncio.Lock()
        self._pages: dict[tuple[str, str], Kept] = {}
        self._pictures: dict[str, Kept] = {}

    def put_profile(self, profile: dict[str, Any]) -> None:
        """What the clinic says of itself (op clinic.public); stays while the keeper is away."""
        self._stale = self._stale or profile != self.profile
        self.profile = profile

    def put_statement(self, statement: dict[str, Any]) -> None:
        """What the clinic says of an incident (op case.statement); it stands before a page of the folder of that name,
        and stays while the keeper is away."""
        self._stale = self._stale or statement != self.statement
        self.statement = statement

    def put_flood(self, since_ms: int) -> None:
        """Since when the notice of a flood stands (op shield.public), 0 where it does not; stays while the keeper is
        away."""
        flood = local_time(since_ms, self.site.zone) if since_ms else ""
        self._stale = self._stale or flood != self.flood
        self.flood = flood

    def put_gallery(self, shown: bool) -> None:
        """Whether the gallery has anything, and so a place in the menu."""
        self._stale = self._stale or shown != self.has_gallery
        self.has_gallery = shown

    async def look(self) -> None:
        """Makes the pages anew if anything changed. Cheap otherwise."""
        now = time.monotonic()
        if self._folder is not None and now - self._looked >= LOOK_S and not self._looking.locked():
            async with self._looking:
                self._looked = now
                await asyncio.to_thread(self._read, self._folder)
        if self._stale:
            self._stale = False
            self._make()

    def _read(self, folder: Path) -> None:
        mark = reading.mark(folder, self.site.languages)
        if mark == self._mark:
            return
        content = reading.read(folder, self.site.languages)
        for trouble in content.troubles:
            log.warning("a file of the site is left out", extra={"file": trouble})
        self._content, self._mark, self._stale = content, mark, True

    def _make(self) -> None:
        content = self._content
        pages = {**content.pages, **statement_pages(self.statement, self.site.languages, self.site.zone)}
        for language in self.site.languages:
            if (language, INDEX) not in pages:
                pages[language, INDEX] = _plain(self.site.clinic, language)
        shown = self._shown = Content(pages, content.pictures)
        self._pages = {
            key: kept(self.site.page(shown, page, self.profile, gallery=self.has_gallery, flood=self.flood), _HTML)
            for key, page in pages.items()
        }
        self._pictures = {name: kept(body, kind, pack=False) for name, (body, kind) in content.pictures.items()}
        for (language, slug), one in self._pages.items():
            if len(one.body) > 30 * 1024:
                log.warning("a page of the site is heavy", extra={"file": f"{language}/{slug}", "bytes": len(one.body)})

    def page(self, language: str, slug: str) -> Kept | None:
        """A finished page."""
        return self._pages.get((language, slug))

    async def send(self, exchange: Exchange, one: Kept, *, vary: bytes = b"", lasting: bool = False) -> None:
        """Answers with something kept: packed where the browser takes it, with 304 where it has it."""
        headers: Headers = [
            (b"content-type", one.kind), *_GUARDS, _LASTING if lasting else _SHORT, (b"etag", one.tag),
            (b"vary", b"accept-encoding" + vary),
        ]
        if exchange.found.get(b"if-none-match") == one.tag:
            await exchange.answer(304, b"", headers)
        elif one.packed and _takes_gzip(exchange):
            await exchange.answer(200, one.packed, [*headers, (b"content-encoding", b"gzip")])
        else:
            await exchange.answer(200, one.body, headers)

    async def style(self, exchange: Exchange) -> None:
        """The site's one style sheet."""
        exchange.route("/static/{file}")
        asked = exchange.query.decode("ascii", "replace")
        await self.send(exchange, _STYLE, lasting=static_address("site.css").endswith(f"?{asked}"))

    async def robots(self, exchange: Exchange) -> None:
        """What search engines are asked to leave out: the portal, and pictures of people."""
        exchange.route("/robots.txt")
        await self.send(exchange, _ROBOTS)

    async def picture(self, exchange: Exchange, name: str) -> bool:
        """Answers with a picture of the clinic's own; whether there is one."""
        one = self._pictures.get(name)
        if one is None:
            return False
        exchange.route("/files/{name}")
        await self.send(exchange, one)
        return True

    async def answer(
        self, exchange: Exchange, template: str, language: str, *, status: int = 200, slug: str = "", title: str,
        extra: Headers | None = None, step: int = 0, **values: Any,
    ) -> None:
        """Answers with a page made for this one request; it is kept nowhere. `step`: filled with spaces to a multiple
        of so many bytes, so that whoever counts them on the way learns less of what stands in it."""
        body = self.site.render(
            template, language, self._shown, self.profile, slug=slug, gallery=self.has_gallery, title=title,
            flood=self.flood, **values
        )
        if step:
            body += b" " * (-len(body) % step)
        await exchange.answer(status, body, [(b"content-type", _HTML), *_GUARDS, _NONE, *(extra or [])])

    async def say(
        self, exchange: Exchange, language: str, heading: str, *, more: str = "", status: int, good: bool = False,
        slug: str = "",
    ) -> None:
        """A page with a sentence. `heading` and `more` are keys of words."""
        await self.answer(
            exchange, "said.html", language, status=status, slug=slug, title=say(language, heading),
            said=say(language, more) if more else "", good=good,
        )


def _plain(clinic: str, language: str) -> Page:
    """The first page of a clinic that has written none."""
    words = [say(language, "public-what"), say(language, "public-means"), say(language, "portal-never")]
    html = Markup("").join(Markup("<p>{}</p>\n").format(one) for one in words)
    return Page(language, INDEX, clinic, 0, "", (("html", html),))


def _takes_gzip(exchange: Exchange) -> bool:
    for name, value in exchange.scope["headers"]:
        if name == b"accept-encoding":
            return any(
                part.strip().partition(b";")[0].lower() == b"gzip" and b"q=0" not in part.replace(b"q=0.", b"")
                for part in value.split(b",")[:20]
            )
    return False

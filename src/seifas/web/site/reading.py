"""Reads the clinic's folder: DATA/site/{lt,en}/*.md and DATA/site/files/*, whole into memory.

A page is a Markdown file with a head:

    ---
    title: Paslaugos
    order: 20
    description: Ką darome ir ko nedarome.
    ---

The file's name is its address. Files that are no plain files, too large, or not as described are left out and named in
`troubles`; the other pages stay.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from markupsafe import Markup

from seifas.errors import Invalid
from seifas.web.site.markdown import pieces

MOST_TEXT: Final = 64 * 1024
MOST_PICTURE: Final = 400 * 1024
MOST_PAGES: Final = 60  # of one language
MOST_PICTURES: Final = 60

RESERVED: Final = frozenset({"request", "gallery", "tip", "affected", "code"})
STATEMENT: Final = "statement"
INDEX: Final = "index"

_SLUG = re.compile(r"([a-z0-9][a-z0-9-]{0,40})\.md\Z")
_PICTURE = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}\.(jpg|jpeg|png|webp|avif)\Z")
_KINDS = {one: b"image/" + one.replace("jpg", "jpeg").encode() for one in ("jpg", "jpeg", "png", "webp", "avif")}
_KEYS = frozenset({"title", "order", "description"})


class Page(msgspec.Struct, frozen=True):
    """One page of one language. `parts` are ("html", Markup) and ("slot", name)."""

    language: str
    slug: str
    title: str
    order: int
    description: str
    parts: tuple[tuple[str, str], ...]


class Content(msgspec.Struct, frozen=True):
    """Everything of the folder: pages by (language, slug), pictures by name with their kind, what was left out."""

    pages: Mapping[tuple[str, str], Page] = {}
    pictures: Mapping[str, tuple[bytes, bytes]] = {}
    troubles: tuple[str, ...] = ()

    def of(self, language: str) -> list[Page]:
        """The pages of a language, in their order."""
        found = [page for (lang, _), page in self.pages.items() if lang == language]
        return sorted(found, key=lambda page: (page.order, page.slug))

    @property
    def slots(self) -> frozenset[str]:
        """The slots that any page has."""
        return frozenset(name for page in self.pages.values() for kind, name in page.parts if kind == "slot")


Mark = tuple[tuple[str, int, int, int], ...]


def mark(folder: Path, languages: tuple[str, ...]) -> Mark:
    """Changes when a file of the folder does: names, times, sizes. Cheap enough to ask every other second."""
    found = []
    for place in (*languages, "files"):
        try:
            with os.scandir(folder / place) as entries:
                for entry in entries:
                    seen = entry.stat(follow_symlinks=False)
                    found.append((f"{place}/{entry.name}", seen.st_mtime_ns, seen.st_size, seen.st_ino))
        except OSError:
            continue
    return tuple(sorted(found))


def read(folder: Path, languages: tuple[str, ...]) -> Content:
    """The folder as it is now."""
    pages: dict[tuple[str, str], Page] = {}
    pictures: dict[str, tuple[bytes, bytes]] = {}
    troubles: list[str] = []
    for language in languages:
        for name in _names(folder / language, MOST_PAGES, troubles):
            found = _SLUG.fullmatch(name)
            if found is None or found[1] in RESERVED:
                troubles.append(f"{language}/{name[:60]}: no name for a page")
                continue
            try:
                text = _bytes(folder / language / name, MOST_TEXT).decode("utf-8-sig")
                pages[language, found[1]] = page_of(language, found[1], text)
            except (Invalid, OSError, UnicodeDecodeError) as error:
                troubles.append(f"{language}/{name[:60]}: {error}")
    for name in _names(folder / "files", MOST_PICTURES, troubles):
        found = _PICTURE.fullmatch(name)
        if found is None:
            troubles.append(f"files/{name[:60]}: no picture for the site")
            continue
        try:
            pictures[name] = (_bytes(folder / "files" / name, MOST_PICTURE), _KINDS[found[1]])
        except (Invalid, OSError) as error:
            troubles.append(f"files/{name[:60]}: {error}")
    return Content(pages, pictures, tuple(troubles))


def page_of(language: str, slug: str, text: str) -> Page:
    """A page from the text of its file. Raises Invalid."""
    head, body = _head(text.replace("\r\n", "\n"))
    unknown = head.keys() - _KEYS
    if unknown:
        raise Invalid(f"the head has title, order and description, not {sorted(unknown)[0][:40]!r}")
    title = head.get("title", "")
    if not 1 <= len(title) <= 80:
        raise Invalid("a page has a title of at most 80 letters")
    order = head.get("order", "100")
    if not order.isascii() or not order.isdigit() or len(order) > 4:
        raise Invalid("order is a number from 0 to 9999")
    parts = tuple((kind, Markup(words) if kind == "html" else words) for kind, words in pieces(body))  # noqa: S704
    return Page(language, slug, title, int(order), head.get("description", "")[:300], parts)


def _head(text: str) -> tuple[dict[str, str], str]:
    if not text.startswith("---\n"):
        raise Invalid("a page begins with a head between two lines of ---")
    head, closed, body = text[4:].partition("\n---\n")
    if not closed:
        raise Invalid("the head of the page does not end")
    found: dict[str, str] = {}
    for line in head.split("\n"):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise Invalid("a line of the head is a name, a colon and words")
        found[name.strip()] = value.strip().strip('"')
    return found, body


def _names(folder: Path, most: int, troubles: list[str]) -> list[str]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    if len(names) > most:
        troubles.append(f"{folder.name}: more than {most} files, the rest is left out")
    return names[:most]


def _bytes(path: Path, most: int) -> bytes:
    # No links: what they lead to was not meant for everyone.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        seen = os.fstat(descriptor)
        if not stat.S_ISREG(seen.st_mode):
            raise Invalid("no plain file")
        raw = file.read(most + 1)
    if len(raw) > most:
        raise Invalid(f"over {most} bytes")
    return raw

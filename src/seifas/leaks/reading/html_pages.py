"""HTML as text and tables: saved pages, forum posts, sheets saved as pages. No script runs, nothing is fetched."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from itertools import chain
from typing import Final

from seifas.leaks.reading.pieces import MOST_CELL, MOST_COLUMNS, Piece, Prose, Unread
from seifas.leaks.reading.rows import tables
from seifas.leaks.reading.streams import Stream
from seifas.leaks.reading.texts import prose_of, split, texts, wrapped

_BLOCKS: Final = frozenset((
    "address", "article", "aside", "blockquote", "br", "caption", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li",
    "main", "nav", "ol", "option", "p", "pre", "section", "summary", "table", "tbody", "td", "textarea", "tfoot", "th",
    "thead", "title", "tr", "ul",
))  # fmt: skip
_PARAGRAPHS: Final = frozenset((
    "article", "blockquote", "dl", "fieldset", "figure", "form", "h1", "h2", "h3", "hr", "ol", "p", "section", "table",
    "ul",
))  # fmt: skip
_SILENT: Final = frozenset(("script", "style", "template", "svg", "noscript"))
_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_SPACES: Final = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_TAGS: Final = re.compile(r"<[^<>]{0,2000}>")
_DATA: Final = re.compile(r"data:image/[\w.+-]{1,20};base64,")
_MOST_PICTURE: Final = 20 * 2**20


class _Page(HTMLParser):
    """Gathers lines, tables and pictures that stand in the page itself."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.pictures: list[bytes] = []
        self._words: list[str] = []
        self._silent = 0
        self._tables: list[list[list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self._break(paragraph=tag in _PARAGRAPHS)
        if tag == "table":
            self._tables.append([])
        elif tag == "tr" and self._tables:
            self._tables[-1].append([])
        elif tag in ("td", "th") and self._tables:
            if not self._tables[-1]:
                self._tables[-1].append([])
            self._tables[-1][-1].append("")
        for name, value in attrs:
            if value and tag == "img" and name == "src" and _DATA.match(value[:60]):
                self._picture(value)
            elif value and name in ("alt", "title", "value", "content") and tag in ("img", "input", "meta", "a"):
                self.handle_data(f" {value[:MOST_CELL]} ")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self._break(paragraph=tag in _PARAGRAPHS)
        if tag == "table" and self._tables:
            self._close()

    def handle_data(self, data: str) -> None:
        if self._silent or not data:
            return
        if self._tables and self._tables[-1] and self._tables[-1][-1]:
            row = self._tables[-1][-1]
            if len(row[-1]) < MOST_CELL and len(row) <= MOST_COLUMNS:
                row[-1] += data
        elif not self._tables:
            self._words.append(data)

    def _break(self, *, paragraph: bool) -> None:
        if self._tables and self._tables[-1] and self._tables[-1][-1]:
            row = self._tables[-1][-1]
            row[-1] += "\n"
            return
        text = _SPACES.sub(" ", "".join(self._words)).strip()
        self._words.clear()
        if text:
            self.lines.append(text)
        if paragraph and self.lines and self.lines[-1]:
            self.lines.append("")

    def _close(self) -> None:
        table = self._tables.pop()
        rows = [["\n".join(filter(None, (_SPACES.sub(" ", line).strip() for line in cell.split("\n"))))
                 for cell in row] for row in table]
        rows = [row for row in rows if any(row)]
        widths = [len(row) for row in rows]
        # Layout is made of tables too: one column or one row is text.
        if len(rows) >= 2 and max(widths) >= 2 and sum(width >= 2 for width in widths) * 2 >= len(rows):
            self.tables.append(rows)
        else:
            self.lines += [line for row in rows for cell in row for line in cell.split("\n")]

    def _picture(self, value: str) -> None:
        if len(value) <= _MOST_PICTURE * 4 // 3:
            try:
                self.pictures.append(base64.b64decode(value.partition(",")[2], validate=False))
            except (binascii.Error, ValueError):
                return

    def end(self) -> None:
        self.close()
        while self._tables:
            self._close()
        self._break(paragraph=False)


def read(source: str, stream: Stream, declared: str = "") -> Iterator[Piece | tuple[str, bytes]]:
    """Pieces, and (name, bytes) of pictures that stand in the page. What the parser cannot take is stripped of tags."""
    told = _CHARSET.search(stream.peek(4096))
    page = _Page()
    table, pictures, spoilt = 0, 0, False
    lines: list[str] = []
    first = 1
    try:
        for block in texts(stream, declared or (told[1].decode("ascii", "replace") if told else "")):
            page.feed(block)
            lines += wrapped(page.lines)
            page.lines = []
            if len(lines) >= 1_000:
                yield Prose(source, lines, first)
                first += len(lines)
                lines = []
            for rows in page.tables:
                table += 1
                yield from tables(f"{source}#table-{table}", rows)
            page.tables.clear()
            for picture in page.pictures:
                pictures += 1
                yield f"{source}#picture-{pictures}", picture
            page.pictures.clear()
        page.end()
    except (AssertionError, ValueError, RecursionError, IndexError):
        spoilt = True
    if spoilt:
        yield Unread(source, "damaged")
        rest = chain.from_iterable(split(_TAGS.sub("\n", block)) for block in texts(stream))
        yield from prose_of(source, (unescape(line) for line in rest))
    for rows in page.tables:
        table += 1
        yield from tables(f"{source}#table-{table}", rows)
    for picture in page.pictures:
        pictures += 1
        yield f"{source}#picture-{pictures}", picture
    lines += wrapped(page.lines)
    if any(lines):
        yield Prose(source, lines, first)


def text_of(page: str) -> list[str]:
    """The lines of a short page, tables as lines too; for the HTML part of an e-mail."""
    parsed = _Page()
    try:
        parsed.feed(page)
        parsed.end()
    except (AssertionError, ValueError, RecursionError, IndexError):
        return [unescape(line) for line in split(_TAGS.sub("\n", page))]
    return parsed.lines + [" ; ".join(row) for rows in parsed.tables for row in rows]

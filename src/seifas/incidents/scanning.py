"""The words of what is to leave, so that they can be looked through: text, HTML, JSON, PDF; and a look of its own.

Whether a text tells a patient only the keeper knows (op case.scan). `suspects` needs no directory: it says what no
letter or filing should hold, whoever it is of.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from seifas.errors import Invalid, TooLarge
from seifas.names.spotting import Spot, spots

MOST_BYTES: Final = 32 * 1024 * 1024
MOST_PAGES: Final = 500
_DEEPEST: Final = 60


def text_of(body: bytes, media_type: str) -> str:
    """The words of a document (text/plain, text/html, application/json, application/pdf), of a PDF with what its
    properties say. Raises Invalid for what cannot be read (what cannot be looked through must not leave), TooLarge."""
    if len(body) > MOST_BYTES:
        raise TooLarge(f"a document of at most {MOST_BYTES // 2**20} MiB is looked through", where="document")
    kind = media_type.partition(";")[0].strip().lower()
    if kind == "application/pdf":
        return _of_pdf(body)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("this is no text in UTF-8, so nobody can say what it tells", where="document") from None
    if kind == "text/html":
        return _of_html(text)
    if kind in ("application/json", "application/ld+json"):
        return _of_json(text)
    if kind.startswith("text/"):
        return text
    raise Invalid("of such a document nobody can say what it tells", where="document")


def suspects(text: str) -> list[Spot]:
    """Personal codes, and dates that a word says are of a birth."""
    return [one for one in spots(text) if one.what == "code" or one.birth]


def _of_pdf(body: bytes) -> str:
    try:
        reader = PdfReader(io.BytesIO(body), strict=False)
        if len(reader.pages) > MOST_PAGES:
            raise TooLarge(f"a document of at most {MOST_PAGES} pages is looked through", where="document")
        parts = [page.extract_text() for page in reader.pages]
        parts += [str(value) for value in (reader.metadata or {}).values()]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
        raise Invalid("this PDF cannot be read, so nobody can say what it tells", where="document") from None
    return "\n".join(parts)


class _Words(HTMLParser):
    """What a reader sees, and what stands in attributes, comments, scripts: all of it leaves with the page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts += [f" {value} " for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_comment(self, data: str) -> None:
        self.parts.append(f" {data} ")


def _of_html(text: str) -> str:
    parser = _Words()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)


def _of_json(text: str) -> str:
    try:
        return "\n".join(_strings(json.loads(text), 0))
    except (ValueError, RecursionError):
        raise Invalid("this is no JSON, so nobody can say what it tells", where="document") from None


def _strings(value: Any, deep: int) -> Iterator[str]:
    if deep > _DEEPEST:
        raise ValueError
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _strings(one, deep + 1)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one, deep + 1)
    elif isinstance(value, (str, int, float)):
        yield str(value)

"""Public statements as the keeper stores them, what a body of one is, and the text that is signed.

The body is an entry of its case and is never changed. A statement is that body made public under a number: the pages
that the public site shows, and the hashes of the files that anybody may host, under the signature of the clinic's log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import msgspec

from seifas.errors import Invalid

ENTRY: Final = "statement"
"""The kind of the entry that holds a body."""

LANGUAGES: Final = ("lt", "en")
MOST_TITLE: Final = 120
MOST_TEXT: Final = 8_000
MOST_FILES: Final = 24
MOST_KEPT: Final = 200
_FILE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,40}\.(?:html|css|pdf|json|txt)\Z")


class Page(msgspec.Struct, frozen=True):
    """A statement in one language, plain text: paragraphs, lists by "- ", headings by "## "."""

    title: str
    text: str


class Body(msgspec.Struct, frozen=True):
    """What the keeper reads of a body: the pages by language, the files by name, on what legal basis it is published.
    Other members are the desk's own."""

    pages: dict[str, Page]
    files: dict[str, bytes]
    basis: str


class Statement(msgspec.Struct, frozen=True, array_like=True):
    """A statement that was published as number `version` of the clinic. `note` is the signed text; `leave` the entry of
    the prosecutor's leave where there was an investigation; `withdrawn_ms` 0 while it stands."""

    id: bytes
    case: bytes
    entry: bytes
    version: int
    by: bytes
    ms: int
    pages: dict[str, Page]
    note: bytes
    leave: bytes = b""
    withdrawn_ms: int = 0
    withdrawn_word: str = ""

    def __repr__(self) -> str:
        return "Statement(...)"


class StatementBook:
    """All statements, by id."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, Statement] = {}

    def load(self, statements: Iterable[Statement]) -> None:
        """Replaces everything, as at unlock."""
        self._by_id = {one.id: one for one in statements}

    def put(self, statement: Statement) -> None:
        self._by_id[statement.id] = statement

    def get(self, ident: bytes) -> Statement | None:
        return self._by_id.get(ident)

    def all(self) -> list[Statement]:
        """Newest version first."""
        return sorted(self._by_id.values(), key=lambda one: -one.version)

    def current(self) -> Statement | None:
        """What the public site shows: the newest that stands."""
        return next((one for one in self.all() if not one.withdrawn_ms), None)

    def next_version(self) -> int:
        return max((one.version for one in self._by_id.values()), default=0) + 1


def read(body: bytes) -> Body:
    """The body of an entry. Raises Invalid with `where`: body, pages, files, basis."""
    try:
        found = msgspec.json.decode(body, type=Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Invalid("this entry is no statement", where="body") from None
    if "lt" not in found.pages or not set(found.pages) <= set(LANGUAGES):
        raise Invalid("a statement is in Lithuanian, and may be in English too", where="pages")
    for page in found.pages.values():
        if not 3 <= len(page.title) <= MOST_TITLE or not page.title.isprintable():
            raise Invalid(f"a statement has a title of at most {MOST_TITLE} letters", where="pages")
        plain = all(one.isprintable() or one == "\n" for one in page.text)
        if not 1 <= len(page.text.strip()) <= MOST_TEXT or not plain:
            raise Invalid(f"a statement has at most {MOST_TEXT:,} letters of plain text", where="pages")
    if not 1 <= len(found.files) <= MOST_FILES or not all(_FILE.match(name) for name in found.files):
        raise Invalid("the files of a statement have plain names", where="files")
    if not 3 <= len(found.basis.strip()) <= 300:
        raise Invalid("say on what legal basis this is published", where="basis")
    return found


def texts(body: Body) -> str:
    """Everything in it that is text, joined: what is scanned before it leaves. PDFs are made of the same words."""
    pages = (part for page in body.pages.values() for part in (page.title, page.text))
    plain = (
        data.decode("utf-8", "replace") for name, data in sorted(body.files.items())
        if not name.endswith((".pdf", ".css"))
    )  # fmt: skip
    return "\n\n¶\n\n".join([*pages, *plain])


def name_of(clinic: bytes) -> str:
    """The first line of every signed statement."""
    return f"seifas.invalid/statement/{clinic.hex()}"


def signed_lines(version: int, ms: int, pages: Mapping[str, Page], files: Mapping[str, bytes]) -> bytes:
    """The lines that are signed after the name: the number, the time (UTC), each page's hash (over title, newline and
    text), and the hash of each file as `sha256sum -c` reads it."""
    at = datetime.fromtimestamp(ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"statement {version}", at]
    lines += [f"page {one} {sha256(_whole(page)).hexdigest()}" for one, page in sorted(pages.items())]
    lines += [f"{sha256(data).hexdigest()}  {name}" for name, data in sorted(files.items())]
    return "".join(f"{one}\n" for one in lines).encode()


def _whole(page: Page) -> bytes:
    return f"{page.title}\n{page.text}".encode()

"""A signed form as PDF/A, made in memory: the template's Markdown as data for one fixed Typst document.

Nothing that a template or a person wrote is read as Typst: it goes in as JSON and comes out as text. No font, file or
package is taken from the machine; the fonts are those inside the library, and they have the Lithuanian letters.
"""

from __future__ import annotations

import asyncio
import importlib.resources
from typing import Final

import msgspec
from markdown_it import MarkdownIt
from markdown_it.token import Token

from seifas.errors import Invalid
from seifas.typesetting import typeset

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_FORM: Final = importlib.resources.files("seifas.web").joinpath("desk/consents/form.typ").read_bytes()
_FAILED: Final = "the document could not be made; nothing was stored"
_MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})
_MOST_PIECES = 2000
_gate = asyncio.Semaphore(2)


class Run(msgspec.Struct, frozen=True):
    """Words of one kind: text, strong, em, or a break."""

    kind: str
    text: str = ""


class Piece(msgspec.Struct, frozen=True):
    """A block: heading, par, item, numbered or rule."""

    kind: str
    runs: tuple[Run, ...] = ()
    level: int = 1
    number: int = 1


def pieces(markdown: str) -> list[Piece]:
    """A template's text as blocks, for the page and for the document alike: what is signed is what was read."""
    found: list[Piece] = []
    lists: list[tuple[str, int]] = []
    heading = 0
    first = False
    for token in _MARKDOWN.parse(markdown):
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append((token.type, int(token.attrGet("start") or 1)))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            first = True
        elif token.type == "list_item_close" and lists:
            lists[-1] = (lists[-1][0], lists[-1][1] + 1)
        elif token.type == "heading_open":
            heading = int(token.tag[1:])
        elif token.type == "hr":
            found.append(Piece("rule"))
        elif token.type in ("fence", "code_block"):
            found.append(Piece("par", (Run("text", token.content.strip()),)))
        elif token.type == "inline":
            runs = _runs(token)
            if heading:
                found.append(Piece("heading", runs, level=min(heading, 3)))
                heading = 0
            elif lists and first:
                kind = "item" if lists[-1][0].startswith("bullet") else "numbered"
                found.append(Piece(kind, runs, level=min(len(lists), 4), number=lists[-1][1]))
                first = False
            else:
                found.append(Piece("par", runs))
    if len(found) > _MOST_PIECES:
        raise Invalid("This form is too long.", where="template")
    return found


def _runs(inline: Token) -> tuple[Run, ...]:
    found: list[Run] = []
    kinds = ["text"]
    for token in inline.children or []:
        if token.type == "strong_open":
            kinds.append("strong")
        elif token.type == "em_open":
            kinds.append("em")
        elif token.type in ("strong_close", "em_close"):
            kinds.pop()
        elif token.type == "softbreak":
            found.append(Run(kinds[-1], " "))
        elif token.type == "hardbreak":
            found.append(Run("break"))
        elif token.content:
            found.append(Run(kinds[-1], token.content))
    return tuple(found)


class Form(msgspec.Struct, frozen=True):
    """Everything that stands in the document. `at` is shown, `day` is its ISO date. `rows` and `columns` are of the
    photos, empty for a treatment; `words` are the labels in the form's language."""

    title: str
    language: str
    clinic: str
    policy: str
    pieces: list[Piece]
    patient: str
    born: str
    signer: str
    relation: str
    by: str
    at: str
    day: str
    signature: str
    words: dict[str, str]
    columns: list[str] = []
    rows: list[list[str]] = []


async def document(form: Form) -> bytes:
    """The PDF/A-2a, or PDF where a letter is in none of the fonts. Raises Unavailable where it cannot be made; nothing
    was stored then."""
    data = msgspec.json.encode(form).decode("utf-8")
    async with _gate:
        return await asyncio.to_thread(typeset, _FORM, data, _FAILED)

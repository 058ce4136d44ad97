"""A statement's plain text as blocks, and as HTML that can do nothing: no markup comes through, links are addresses.

An empty line ends a paragraph; "## " begins a heading; lines that begin with "- " are a list.
"""

from __future__ import annotations

import re
from html import escape
from typing import Final, Literal

import msgspec

_LINK: Final = re.compile(r"https://[A-Za-z0-9.-]+(?:/[A-Za-z0-9._~/%?=&+-]*)?")


class Block(msgspec.Struct, frozen=True):
    """A heading or a paragraph has one line, a list one for each item."""

    kind: Literal["head", "par", "list"]
    lines: tuple[str, ...]


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a text."""
    found: list[Block] = []
    for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").replace("\r", "\n").strip()):
        rest: list[str] = []
        items: list[str] = []

        def flush(rest: list[str] = rest, items: list[str] = items) -> None:
            if rest:
                found.append(Block("par", (" ".join(rest),)))
                rest.clear()
            if items:
                found.append(Block("list", tuple(items)))
                items.clear()

        for line in (one.strip() for one in part.split("\n")):
            if line.startswith("## "):
                flush()
                found.append(Block("head", (line[3:].strip(),)))
            elif line.startswith("- "):
                if rest:
                    flush()
                items.append(line[2:].strip())
            elif line:
                if items:
                    flush()
                rest.append(line)
        flush()
    return tuple(found)


def as_html(made: tuple[Block, ...]) -> str:
    """The blocks as HTML, everything escaped; addresses that begin with https:// are links."""
    parts = []
    for one in made:
        if one.kind == "head":
            parts.append(f"<h2>{escape(one.lines[0])}</h2>")
        elif one.kind == "list":
            items = "".join(f"<li>{_linked(each)}</li>" for each in one.lines)
            parts.append(f"<ul>{items}</ul>")
        else:
            parts.append(f"<p>{_linked(one.lines[0])}</p>")
    return "\n".join(parts)


def first_words(text: str, most: int = 200) -> str:
    """The first paragraph, cut at a word."""
    line = next((one.lines[0] for one in blocks(text) if one.kind == "par"), "")
    return line if len(line) <= most else line[:most].rsplit(" ", 1)[0] + "…"


def _linked(text: str) -> str:
    found, at = [], 0
    for link in _LINK.finditer(text):
        address = link[0].rstrip(".?,")
        found.append(escape(text[at : link.start()]))
        found.append(f'<a href="{escape(address)}" rel="noopener noreferrer external">{escape(address)}</a>')
        at = link.start() + len(address)
    return "".join(found) + escape(text[at:])

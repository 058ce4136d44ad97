"""XML from a stranger, as events: no document type, so no entities; bounded depth, tokens and work.

Only the names that a handler asks about reach it, without their namespaces: strict and transitional workbooks differ in
those alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol
from xml.parsers import expat

from seifas.errors import Invalid, TooLarge

_DEEPEST = 64
_LONGEST_TOKEN = 8 * 2**20  # bytes of one tag or comment: expat holds a token whole


class Handler(Protocol):
    """What reads one part."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, text: str) -> None:
        """Some characters; one text may come in several pieces."""


class _Guard:
    """Stands between expat and a handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._depth = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = handler.text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Invalid("the workbook nests deeper than workbooks do")
        self._handler.start(name.rpartition(" ")[2], {key.rpartition(" ")[2]: attributes[key] for key in attributes})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._handler.end(name.rpartition(" ")[2])

    def _doctype(self, *_: object) -> None:
        raise Invalid("the workbook declares a document type, which workbooks do not: nothing of it is read")


def feed(pieces: Iterable[bytes], handler: Handler, *, part: str) -> Iterator[None]:
    """Drives the handler through a part; yields after every piece, so that a caller can take what has gathered.

    Raises Invalid for what is not well-formed.
    """
    guard = _Guard(handler)
    parser = guard.parser
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - max(parser.CurrentByteIndex, 0) > _LONGEST_TOKEN:
                raise TooLarge("the workbook holds a tag of many megabytes, as traps do", where=part)
            yield
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise Invalid("the workbook is damaged or cut off: its XML is not well-formed", where=part) from error
    yield

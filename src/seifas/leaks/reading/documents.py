"""Text and tables of DOCX, PPTX, ODT and ODS: their XML as events; no styles, no macros, nothing linked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from seifas.leaks.reading.pieces import MOST_CELL, Piece, Prose
from seifas.leaks.reading.rows import tables
from seifas.leaks.reading.texts import wrapped
from seifas.tables.xml_events import feed
from seifas.tables.zipped import Container

_TABLE: Final = frozenset(("tbl", "table"))
_ROW: Final = frozenset(("tr", "table-row"))
_CELL: Final = frozenset(("tc", "table-cell", "covered-table-cell"))
_PARAGRAPH: Final = frozenset(("p", "h"))
_MOST_REPEATED: Final = 64


class _Document:
    """Gathers lines and tables. `runs`: text stands in `t` elements (Office), else directly in paragraphs (ODF)."""

    def __init__(self, *, runs: bool) -> None:
        self.lines: list[str] = []
        self.tables: list[list[list[str]]] = []
        self._runs = runs
        self._words: list[str] = []
        self._in_text = 0
        self._open: list[list[list[str]]] = []
        self._repeated = 1
        self._value = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _TABLE:
            self._line()
            self._open.append([])
        elif name in _ROW and self._open:
            self._open[-1].append([])
        elif name in _CELL and self._open and self._open[-1]:
            self._words.clear()
            self._value = attributes.get("date-value") or attributes.get("value") or ""
            told = attributes.get("number-columns-repeated", "1")
            self._repeated = min(int(told), _MOST_REPEATED) if told.isdigit() and len(told) < 6 else 1
            self._open[-1][-1].append("")
        elif name in _PARAGRAPH:
            self._in_text += not self._runs
        elif name == "t" and self._runs:
            self._in_text += 1
        elif name in ("tab", "s"):
            self._words.append(" ")
        elif name in ("br", "cr", "line-break"):
            self._words.append("\n")

    def end(self, name: str) -> None:
        if name in _PARAGRAPH:
            self._in_text = max(0, self._in_text - (not self._runs))
            if self._open:
                self._words.append("\n")
            else:
                self._line()
        elif name == "t" and self._runs:
            self._in_text = max(0, self._in_text - 1)
        elif name in _CELL and self._open and self._open[-1] and self._open[-1][-1]:
            text = "".join(self._words).strip()[:MOST_CELL] or self._value
            self._words.clear()
            row = self._open[-1][-1]
            row[-1] = text
            if len(row) < 512:
                row += [text] * (self._repeated - 1)
            self._repeated = 1
        elif name in _TABLE and self._open:
            table = [row for row in self._open.pop() if any(row)]
            if table:
                self.tables.append(table)

    def text(self, text: str) -> None:
        if self._in_text:
            self._words.append(text)

    def _line(self) -> None:
        text = "".join(self._words).strip()
        self._words.clear()
        if text:
            self.lines += wrapped(text.split("\n"))


def parts(container: Container) -> list[str]:
    """The parts that hold what people read; [] for what is no document of these kinds."""
    names = container.names()
    if "word/document.xml" in names:
        return [name for name in names if name.startswith("word/") and name.count("/") == 1 and name.endswith(".xml")
                and name[5:].startswith(("document", "header", "footer", "footnotes", "endnotes", "comments"))]
    slides = [name for name in names if name.startswith(("ppt/slides/slide", "ppt/notesslides/"))
              and name.endswith(".xml")]
    if slides:
        return slides
    return ["content.xml"] if "content.xml" in names and "mimetype" in names else []


def read(source: str, container: Container, part: str) -> Iterator[Piece]:
    """One part. Raises Invalid and TooLarge as the tables' reader does; what came before stays."""
    document = _Document(runs=part != "content.xml")
    first = number = 1
    for _ in feed(container.pieces(part), document, part=part[-40:]):
        for table in document.tables:
            yield from tables(f"{source}#table-{number}", table)
            number += 1
        document.tables.clear()
        if len(document.lines) >= 1_000:
            yield Prose(source, document.lines, first)
            first += len(document.lines)
            document.lines = []
    if document.lines:
        yield Prose(source, document.lines, first)

"""Rows out of SQL dumps: INSERT ... VALUES (...), and PostgreSQL's COPY ... FROM stdin. Nothing is run."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import Final

from seifas.leaks.reading.pieces import MOST_ROWS, MOST_TEXT, Piece, Table, Unread
from seifas.leaks.reading.rows import cut
from seifas.leaks.reading.streams import Stream
from seifas.leaks.reading.texts import split, texts

_NAME: Final = r'(?:[`"\[]?[\w$-]{1,128}[`"\]]?\s*\.\s*)?[`"\[]?([\w$-]{1,128})[`"\]]?'
_START: Final = re.compile(
    rf"(?:\binsert\s+(?:ignore\s+|or\s+\w+\s+)?into\s+{_NAME}\s*(?:\(([^()]{{0,20000}})\)\s*)?values\s*(?=\())"
    rf"|(?:^copy\s+{_NAME}\s*(?:\(([^()]{{0,20000}})\)\s*)?from\s+stdin[^;\n]*;[^\n]*\n)"
    rf"|(?:\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?{_NAME}\s*\()",
    re.IGNORECASE | re.MULTILINE,
)
_KEYWORD: Final = re.compile(r"\b(?:insert|copy|create)\b", re.IGNORECASE)
_COLUMN: Final = re.compile(r'\s*[`"\[]?([\w$]{1,128})[`"\]]?(?:\s+\w|\s*\)?$)')
_COMMA: Final = re.compile(r",(?![^(]{0,200}\))")
_NO_COLUMNS: Final = frozenset(("primary", "key", "unique", "constraint", "foreign", "index", "check", "fulltext"))
_VALUE: Final = re.compile(
    r"\s*(?:(?:N|E|_\w+\s*)?'((?:[^'\\]|\\.|'')*)'|\"((?:[^\"\\]|\\.|\"\")*)\"|([^,()'\"]{0,200}(?:\([^()']{0,2000}\))?"
    r"[^,()'\"]{0,200}))\s*([,)])", re.DOTALL,
)
_ESCAPE: Final = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "", "b": "", "Z": "", "N": ""}
_LONGEST: Final = 8 * 2**20  # of a row: pictures are kept in tables too
_LONGEST_CREATE: Final = 60_000
_HEADS: Final = 200_000


class _Rows:
    """Rows of one table, gathered into pieces."""

    def __init__(self) -> None:
        self.source = ""
        self.header: tuple[str, ...] = ()
        self._batch: list[list[str]] = []
        self._size = 0
        self._counts: dict[str, int] = {}

    def turn(self, source: str, header: tuple[str, ...]) -> Iterator[Table]:
        if (source, header) != (self.source, self.header):
            yield from self.flush()
            self.source, self.header = source, header

    def add(self, row: list[str]) -> Iterator[Table]:
        self._batch.append(cut(row))
        self._size += sum(map(len, row))
        if len(self._batch) >= MOST_ROWS or self._size >= MOST_TEXT:
            yield from self.flush()

    def flush(self) -> Iterator[Table]:
        if self._batch:
            first = self._counts.get(self.source, 0) + 1
            self._counts[self.source] = first + len(self._batch) - 1
            yield Table(self.source, self.header, self._batch, first)
            self._batch, self._size = [], 0


class _Text:
    """The text of the dump from where it is read, filled up as it is needed."""

    def __init__(self, blocks: Iterator[str]) -> None:
        self._blocks = blocks
        self.text = ""
        self.at = 0

    def more(self) -> bool:
        block = next(self._blocks, None)
        if block is None:
            return False
        self.text = self.text[self.at :] + block
        self.at = 0
        return True


def read(source: str, stream: Stream, declared: str = "") -> Iterator[Piece]:
    """A table for each name; rows are counted in each."""
    text = _Text(texts(stream, declared))
    rows = _Rows()
    known: dict[str, tuple[str, ...]] = {}
    broken = False
    found = True
    while found:
        found = False
        while True:
            head = _START.search(text.text, text.at)
            if head is not None and (head.end() < len(text.text) - 2 or not text.more()):
                break
            if head is None:
                # A statement's head may be cut by the end of the block.
                last = _KEYWORD.search(text.text, max(text.at, len(text.text) - _HEADS))
                text.at = last.start() if last else len(text.text)
                if not text.more():
                    break
        if head is None:
            break
        found = True
        text.at = head.end()
        if head[5]:
            while text.text.find(";", text.at, text.at + _LONGEST_CREATE) < 0 and (
                len(text.text) - text.at < _LONGEST_CREATE and text.more()
            ):
                pass
            end = text.text.find(";", text.at, text.at + _LONGEST_CREATE)
            if end >= 0:
                known[head[5].lower()] = _defined(text.text[text.at : end])
                text.at = end + 1
            continue
        name, columns = (head[1], head[2]) if head[1] else (head[3], head[4])
        header = _names(columns) or known.get(name.lower(), ())
        yield from rows.turn(f"{source}#{name}", header)
        if head[1]:
            broken |= yield from _inserted(text, rows)
        else:
            yield from _copied(text, rows)
    yield from rows.flush()
    if broken:
        yield Unread(source, "damaged")


def _defined(body: str) -> tuple[str, ...]:
    """The columns that CREATE TABLE defines, one a line or all in one."""
    parts = _COMMA.split(body) if body.count("\n") < 2 else body.split("\n")
    found = [name[1] for part in parts if (name := _COLUMN.match(part)) is not None]
    return tuple(name for name in found[:512] if name.lower() not in _NO_COLUMNS)


def _names(columns: str | None) -> tuple[str, ...]:
    return tuple(name.strip().strip('`"[]') for name in columns.split(",")) if columns else ()


def _inserted(text: _Text, rows: _Rows) -> Generator[Table, None, bool]:
    """The tuples after VALUES. Returns whether one of them was broken."""
    while True:
        _skip(text, " \t\r\n,")
        if text.at >= len(text.text) or text.text[text.at] != "(":
            return False
        row, after = _tuple(text.text, text.at + 1)
        while row is None and after < 0 and len(text.text) - text.at < _LONGEST and text.more():
            row, after = _tuple(text.text, text.at + 1)
        if row is None:
            text.at += 1
            return True
        text.at = after
        yield from rows.add(row)


def _skip(text: _Text, chars: str) -> None:
    while True:
        while text.at < len(text.text) and text.text[text.at] in chars:
            text.at += 1
        if text.at < len(text.text) or not text.more():
            return


def _tuple(text: str, at: int) -> tuple[list[str] | None, int]:
    """(values, where they end). None and -1 where the text ends before they do, None and `at` for what is no row."""
    row: list[str] = []
    while len(row) < 2_000:
        value = _VALUE.match(text, at)
        if value is None:
            return None, -1
        if value[1] is not None:
            row.append(_ESCAPE.sub(_plain, value[1]) if "\\" in value[1] or "''" in value[1] else value[1])
        elif value[2] is not None:
            row.append(value[2].replace('""', '"'))
        else:
            bare = value[3].strip()
            row.append("" if bare.lower() == "null" else bare)
        at = value.end()
        if value[4] == ")":
            return row, at
    return None, at


def _plain(found: re.Match[str]) -> str:
    return "'" if found[1] is None else _ESCAPED.get(found[1], found[1])


def _copied(text: _Text, rows: _Rows) -> Iterator[Table]:
    r"""The lines up to `\.`, tabs between the values."""
    while True:
        end = text.text.find("\n\\.", text.at - 1 if text.at else 0)
        whole = end >= 0
        if not whole:
            end = text.text.rfind("\n", text.at)
        if end > text.at:
            for line in split(text.text[text.at : end]):
                yield from rows.add([
                    "" if cell == "\\N" else _ESCAPE.sub(_plain, cell) if "\\" in cell else cell
                    for cell in line.split("\t")
                ])
            text.at = end + 1
        if whole:
            text.at = end + 3
            return
        if not text.more():
            return

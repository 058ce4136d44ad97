"""Tables as text: comma, semicolon, tab, pipe, quoted or not, of any length. Never strict: the rest goes on."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from seifas.leaks.reading.pieces import MOST_CELL, Piece
from seifas.leaks.reading.rows import tables
from seifas.leaks.reading.streams import Stream
from seifas.leaks.reading.texts import prose_of, split, texts

_DELIMITERS: Final = (";", "\t", ",", "|", "^", "¦", ":")
_SEP: Final = re.compile('"?sep=(.)"?', re.IGNORECASE)
_SPACES: Final = "  "
"""Stands for columns set apart by two blanks or more."""
_GAP: Final = re.compile(r"[ \u00a0]{2,}")
_LOOKED_AT: Final = 300
_MOST_LINES: Final = 200
"""Lines of one record: a quotation mark that is never closed must not swallow the file."""

csv.field_size_limit(4 * MOST_CELL)


def read(source: str, stream: Stream, declared: str = "") -> Iterator[Piece]:
    """A table if the lines agree on a delimiter, else prose."""
    blocks = texts(stream, declared)
    first = next(blocks, "")
    head = split(first)[:_LOOKED_AT]
    if len(head) < _LOOKED_AT and len(head) > 1 and not first.endswith("\n"):
        head.pop()  # cut, maybe
        head = head or split(first)
    said = _SEP.fullmatch(head[0].strip()) if head else None
    delimiter = said[1] if said else delimiter_of(split(first)[:_LOOKED_AT])
    lines: Iterator[str] = chain.from_iterable(split(block) for block in chain([first], blocks))
    if not delimiter:
        return prose_of(source, lines)
    if said:
        next(lines)
    if delimiter == _SPACES:
        delimiter, lines = "\t", (_GAP.sub("\t", line.strip()) for line in lines)
    return iter(tables(source, records(lines, delimiter)))


def delimiter_of(lines: list[str]) -> str:
    """The delimiter that most of these lines have the same number of, once at least; "" for prose."""
    lines = [line for line in lines if line.strip()]
    if not lines:
        return ""
    best, best_score = "", 0.0
    for delimiter in (*_DELIMITERS, _SPACES):
        gaps = delimiter == _SPACES
        rows = [_GAP.split(line.strip()) for line in lines] if gaps else list(records(lines, delimiter))
        widths = [len(row) for row in rows]
        common = max(set(widths), key=lambda width: (widths.count(width), width))
        if common < 2:
            continue
        share = widths.count(common) / len(widths)
        sure = share >= 0.8 if common >= 3 or delimiter == "\t" else share >= 0.95 and len(widths) >= 3
        if delimiter in ",:":
            # Sentences have commas, and notes "Name: ..." colons: a table of two columns must be one throughout.
            sure = sure and (common >= 3 or (share == 1 and len(widths) >= 5))
            sure = sure and _is_tabular(lines, delimiter, common)
        sure = sure and not (common == 2 and _is_form(rows, delimiter))
        score = share * min(common, 6)
        if _is_punctuation(lines, delimiter):
            score /= 3  # a cell's own commas must not win over the column's semicolons
        if sure and score > best_score:
            best, best_score = delimiter, score
    return best


def _is_tabular(lines: list[str], delimiter: str, columns: int) -> bool:
    """Cells are short; parts of sentences end in full stops and begin in lower case after ", "."""
    cells = [cell for line in lines[:50] for cell in line.split(delimiter)]
    long = sum(len(cell) > 80 for cell in cells)
    sentences = sum(line.rstrip().endswith((".", "!", "?")) for line in lines[:50])
    return long * 5 <= len(cells) and (sentences * 2 <= min(50, len(lines)) or columns >= 3) and (
        len(lines) > 1 or len(cells) >= 4
    )


def _is_punctuation(lines: list[str], delimiter: str) -> bool:
    count = sum(line.count(delimiter) for line in lines)
    return delimiter == _SPACES or sum(line.count(delimiter + " ") for line in lines) >= 0.8 * count


def _is_form(rows: list[list[str]], delimiter: str) -> bool:
    """Whether two columns are labels and what stands behind them ("Name: ..."), a person after a person."""
    if delimiter == ":" and sum(row[-1].startswith(" ") for row in rows) * 2 > len(rows):
        return True
    labels = [row[0].strip() for row in rows]
    period = next((at for at in range(1, len(labels)) if labels[at] == labels[0]), 0)
    again = sum(one == other for one, other in zip(labels, labels[period:], strict=False))
    return period >= 2 and again >= 0.8 * (len(labels) - period)


def records(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """Rows. Quoted cells may hold line ends; a quotation mark out of place costs its own row no more than its shape."""
    opening = re.compile(rf'(?:^|{re.escape(delimiter)})\s*"')
    held: list[str] = []
    marks = size = 0
    for line in lines:
        if not held and '"' not in line:
            yield line[: 16 * MOST_CELL].split(delimiter)
            continue
        held.append(line[: 16 * MOST_CELL])
        marks += line.count('"')
        size += len(line)
        if marks % 2 == 0 or (len(held) == 1 and not opening.search(line)):
            yield from _rows_of(held, delimiter)
            held, marks, size = [], 0, 0
        elif len(held) >= _MOST_LINES or size > 8 * MOST_CELL:
            # Never closed: each line was a row of its own.
            yield from (_bare(one, delimiter) for one in held)
            held, marks, size = [], 0, 0
    yield from (_bare(one, delimiter) for one in held)


def _rows_of(held: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        rows = list(csv.reader(["\n".join(held)], delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        rows = []
    if len(rows) == 1:
        yield rows[0]
    else:
        yield from (_bare(one, delimiter) for one in held)


def _bare(line: str, delimiter: str) -> list[str]:
    return line.replace('"', "").split(delimiter)

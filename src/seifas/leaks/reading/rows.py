"""Batches of rows as they go out, and whether the first of them is a heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from seifas.leaks.reading.pieces import MOST_CELL, MOST_COLUMNS, MOST_ROWS, MOST_TEXT, Table
from seifas.tables.headings import known_in

_LOOKED_AT: Final = 20
_WIDEST_GAP: Final = 100
_DIGITS: Final = re.compile(r"\d")
# Other letters would be folded by a table that is read from a file, which a worker cannot open.
_FOLDS: Final = re.compile("[ -~ąčęėįšųūžĄČĘĖĮŠŲŪŽа-яА-Я]*")


def cut(row: list[str]) -> list[str]:
    """A row within the limits of a piece: 512 cells, 32 K letters of a cell, half a million of the row."""
    if len(row) > MOST_COLUMNS:
        row = row[:MOST_COLUMNS]
    length = sum(map(len, row))
    if length <= MOST_CELL:
        return row
    most = MOST_CELL if length <= MOST_TEXT else MOST_TEXT // MOST_COLUMNS
    return [cell[:most] for cell in row]


def tables(source: str, rows: Iterable[list[str]], *, header: tuple[str, ...] | None = None) -> Iterator[Table]:
    """Rows in batches. With `header` None the first row is one, if it looks like it."""
    return numbered(source, enumerate(rows, 1), header=header)


def numbered(
    source: str, rows: Iterable[tuple[int, list[str]]], *, header: tuple[str, ...] | None = None
) -> Iterator[Table]:
    """The same of rows with their numbers, which may have gaps."""
    batch: list[list[str]] = []
    size, first = 0, 1
    for number, row in rows:
        gap = number - first - len(batch)
        if batch and (len(batch) >= MOST_ROWS or size >= MOST_TEXT or not 0 <= gap <= _WIDEST_GAP):
            header, table = _table(source, header, batch, first)
            if table is not None:
                yield table
            batch, size, gap = [], 0, 0
        if batch:
            batch += [[] for _ in range(gap)]
        else:
            first = number
        cells = cut(row)
        batch.append(cells)
        size += sum(map(len, cells)) + len(cells)
    if batch:
        _, table = _table(source, header, batch, first)
        if table is not None:
            yield table


def _table(
    source: str, header: tuple[str, ...] | None, batch: list[list[str]], first: int
) -> tuple[tuple[str, ...], Table | None]:
    if header is None:
        skipped = next((at for at, row in enumerate(batch[:_LOOKED_AT]) if is_header(row, batch[at + 1 : at + 40])), -1)
        if skipped >= 0 and not any(_filled(row) > 1 for row in batch[:skipped]):
            header = tuple(cell.strip()[:200] for cell in batch[skipped])
            batch = batch[skipped + 1 :]
            first += skipped + 1
        else:
            header = ()
    if not any(_filled(row) for row in batch):
        return header, None
    return header, Table(source, header, batch, first)


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell and not cell.isspace())


def is_header(row: list[str], following: list[list[str]]) -> bool:
    """Whether a row names columns: by words that headings are made of, or because digits, which the rows under it
    have, are nowhere in it."""
    if _filled(row) < 2:
        return False
    if any(len(cell) > 80 or "@" in cell for cell in row):
        return False
    digits = sum(len(_DIGITS.findall(cell)) for cell in row)
    if digits < 4 and known_in([cell for cell in row if _FOLDS.fullmatch(cell)]) >= 2:
        return True
    if digits or not following:
        return False
    width = len(row)
    under = [0] * width
    for other in following:
        for at, cell in enumerate(other[:width]):
            under[at] += bool(_DIGITS.search(cell))
    return _filled(row) >= width * 0.6 and any(count > 0.6 * len(following) for count in under)

"""A table in memory: headings and rows of text, packed, with the row numbers that a spreadsheet shows.

Whatever form the file had, every cell is text here. A cell that cannot be trusted (a spreadsheet error, more text than
the limit) is `spoilt`: it carries a reason instead of its content, and the row is refused when the cell is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec

from seifas.errors import Invalid, TooLarge

MAX_FILE = 256 * 2**20
"""Bytes of a file."""
MAX_ROWS = 1_000_000
MAX_COLUMNS = 1_000
MAX_CELL = 32 * 1024
"""Letters of one cell; a spreadsheet's own limit is 32,767."""
MAX_TEXT = 512 * 2**20
"""Bytes of all cells together: repeated strings of a workbook can be far more text than its file has bytes."""

TOO_LONG = f"has more than {MAX_CELL:,} letters"

_HEADINGS_WITHIN = 20
_SPOILT = "\x00"

Numbered = tuple[int, list[str]]


class BadCell(Invalid):
    """A cell that cannot be taken. The message is the reason, in fixed words: it never holds what stands there."""


class Fault(msgspec.Struct, frozen=True):
    """Why a row is refused. `row` as a spreadsheet counts; `column` is a label of the heading, or "" for the row;
    `cell` is what stands there, for a report that was asked to quote it and for nothing else.
    """

    row: int
    column: str
    reason: str
    cell: str = ""


def spoilt(reason: str) -> str:
    """The stand-in for a cell that cannot be trusted. No file can hold it: NUL is refused everywhere else."""
    return _SPOILT + reason


def spoilt_reason(cell: str) -> str:
    """Why a cell is spoilt, or ""."""
    return cell[1:] if cell.startswith(_SPOILT) else ""


class Source(msgspec.Struct, frozen=True):
    """How the file was understood, for people: "CSV", "windows-1257", ";" and remarks, none with content."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    notes: tuple[str, ...] = ()
    epoch_1904: bool = False
    """Whether date serials count from 1904 (a setting of old Macintosh workbooks)."""


class Table:
    """`headings` as written, `heading_row` their number. `broken` maps the index of a row to why it cannot be read."""

    def __init__(self, source: Source, headings: list[str], heading_row: int) -> None:
        if len(headings) > MAX_COLUMNS:
            raise TooLarge(f"a table has at most {MAX_COLUMNS} columns", where=f"row {heading_row}")
        self.source = source
        self.headings = tuple(headings)
        self.heading_row = heading_row
        self.broken: dict[int, str] = {}
        self._rows: list[bytes] = []
        self._numbers: list[int] = []
        self._size = 0
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(list[str]).decode

    def add(self, number: int, cells: list[str], *, exact: bool) -> None:
        """Take one row. Blank rows are passed over. With `exact` a row must have as many cells as the headings."""
        if not any(cells) or all(not cell or cell.isspace() for cell in cells):
            return
        index = len(self._rows)
        if index >= MAX_ROWS:
            raise TooLarge(f"a table has at most {MAX_ROWS:,} rows; split it", where=f"row {number}")
        width = len(self.headings)
        beyond = any(cell and not cell.isspace() for cell in cells[width:])
        if beyond:
            self.broken[index] = f"has more cells than there are headings ({width})"
        elif exact and len(cells) < width:
            self.broken[index] = f"has {len(cells)} cells where there are {width} headings"
        elif exact and (reason := _swallowed(cells, self.source.delimiter, width)):
            self.broken[index] = reason
        cells = [cell if len(cell) <= MAX_CELL else spoilt(TOO_LONG) for cell in cells[:width]]
        packed = self._encode(cells)
        self._size += len(packed)
        if self._size > MAX_TEXT:
            raise TooLarge(f"the table holds more than {MAX_TEXT // 2**20} MiB of text; split it",
                           where=f"row {number}")
        self._rows.append(packed)
        self._numbers.append(number)

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Numbered:
        """Number and cells of a row, as many cells as headings."""
        cells = self._decode(self._rows[index])
        return self._numbers[index], cells + [""] * (len(self.headings) - len(cells))

    def number(self, index: int) -> int:
        """The number of a row as a spreadsheet shows it."""
        return self._numbers[index]

    def packed(self, index: int) -> bytes:
        """The row's cells as bytes that are equal for equal rows."""
        return self._rows[index]

    def __iter__(self) -> Iterator[Numbered]:
        return (self.row(index) for index in range(len(self._rows)))


def _swallowed(cells: list[str], delimiter: str, width: int) -> str:
    """A quotation mark that closes in a later row makes one cell of many rows, without any error in the syntax."""
    if width < 4:
        return ""
    for cell in cells:
        if "\n" in cell and any(line.count(delimiter) >= width - 1 for line in cell.split("\n")[1:]):
            return "has a cell with whole rows in it: a quotation mark is missing here or in the row before"
    return ""


def fill(
    source: Source, rows: Iterable[Numbered], known: Callable[[list[str]], int], *, exact: bool, headed: bool = True
) -> Table:
    """The table of these rows. The headings are the first row among the first 20 filled ones in which at least two
    headings are `known` (which counts them), else the one with most, else the first; with `headed` false there are
    none. Raises Invalid where nothing is.
    """
    rows = iter(rows)
    first: list[Numbered] = []
    for number, cells in rows:
        if any(cell and not cell.isspace() for cell in cells):
            first.append((number, cells))
        if len(first) == _HEADINGS_WITHIN:
            break
    if not first:
        raise Invalid("the table is empty")
    if not headed:
        table = Table(source, [""] * max(len(cells) for _, cells in first), 0)
        for number, cells in chain(first, rows):
            table.add(number, cells, exact=exact)
        return table
    counts = [known(cells) for _, cells in first]
    at = next((index for index, count in enumerate(counts) if count >= 2), counts.index(max(counts)))
    number, headings = first[at]
    while headings and (not headings[-1] or headings[-1].isspace()) and not exact:
        headings.pop()
    if at:
        source = msgspec.structs.replace(
            source, notes=(*source.notes, f"{at} filled rows above the headings are not read: headings in row {number}")
        )
    table = Table(source, headings, number)
    for number, cells in chain(first[at + 1 :], rows):
        table.add(number, cells, exact=exact)
    return table

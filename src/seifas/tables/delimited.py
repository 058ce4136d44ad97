"""Reads CSV and TSV: which delimiter, Excel's `sep=` line, quoted line breaks; row numbers as a spreadsheet shows them.

The syntax is read strictly (RFC 4180 with any of four delimiters): after a quotation mark that is out of place nobody
knows where a row ends, so the file is refused with the row in which it stands.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from itertools import islice

from seifas.errors import Invalid, TooLarge
from seifas.tables.encodings import Encoding
from seifas.tables.table import Numbered, Source, Table, fill

DELIMITERS = (";", ",", "\t", "|")
_NAMES = {";": "semicolon", ",": "comma", "\t": "tab", "|": "pipe"}
_SEP_LINE = re.compile('"?sep=(.)"?\r?\n?', re.IGNORECASE)
_LOOKED_AT = 200  # records by which the delimiter is chosen


def read(
    raw: bytes, encoding: Encoding, known: Callable[[list[str]], int], *, delimiter: str = "", headed: bool = True
) -> Table:
    """The table of a text file. `delimiter` is a character or a name; "" finds it. Raises Invalid with the row."""
    chosen, skipped = _delimiter(raw, encoding, known, delimiter)
    source = Source("CSV", encoding.name, chosen, (f"encoding {encoding.name}: {encoding.why}",
                                                   f"delimiter: {_NAMES[chosen]}"))
    return fill(source, _records(raw, encoding, chosen, skipped), known, exact=True, headed=headed)


def _text(raw: bytes, encoding: Encoding) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(raw), encoding=encoding.codec, errors="strict", newline="")


def _records(raw: bytes, encoding: Encoding, delimiter: str, skipped: int) -> Iterator[Numbered]:
    """(row number, cells). Blank lines count, as they do on a sheet; the `sep=` line does not."""
    number = 0
    try:
        with _text(raw, encoding) as text:
            reader = csv.reader(islice(text, skipped, None), delimiter=delimiter, strict=True)
            for cells in reader:
                number += 1
                if number == 1 and cells:
                    cells[0] = cells[0].removeprefix("\ufeff")
                yield number, cells
    except UnicodeDecodeError as error:
        raise Invalid(
            f"there is a byte that is no {encoding.name}: the file is damaged or in another encoding; see --encoding",
            where=f"after row {number}",
        ) from error
    except csv.Error as error:
        where = f"row {number + 1}"
        if "field limit" in str(error):
            raise TooLarge(
                "a cell has more than 131,072 letters: most often a quotation mark that is opened and never closed",
                where=where,
            ) from error
        raise Invalid(
            'a quotation mark is out of place: in a quoted cell it is written twice ("") and the last one ends the '
            "cell. Where a row ends is not certain from here on, so nothing is read",
            where=where,
        ) from error


def _delimiter(
    raw: bytes, encoding: Encoding, known: Callable[[list[str]], int], asked: str
) -> tuple[str, int]:
    """(delimiter, lines to pass over). Raises Invalid where none fits or two fit alike."""
    head = _head(raw, encoding)
    said = _SEP_LINE.fullmatch(head.split("\n", 1)[0])
    skipped = 1 if said else 0
    if asked:
        by_name = {name: char for char, name in _NAMES.items()} | {char: char for char in DELIMITERS} | {"\\t": "\t"}
        if asked.lower() not in by_name:
            raise Invalid(f"--delimiter takes one of: {', '.join(_NAMES.values())}", where="--delimiter")
        return by_name[asked.lower()], skipped
    if said:
        if said[1] not in DELIMITERS:
            raise Invalid("the sep= line names a delimiter that is not read: use ; , | or a tab", where="line 1")
        return said[1], 1
    scores = {delimiter: _score(head, delimiter, known) for delimiter in DELIMITERS}
    best = max(scores, key=lambda one: scores[one])
    if scores[best][2] < 2:
        return ";", 0  # one column: any delimiter reads it
    if sum(score == scores[best] for score in scores.values()) > 1:
        raise Invalid("two delimiters fit this file alike; say which with --delimiter", where="row 1")
    return best, 0


def _head(raw: bytes, encoding: Encoding) -> str:
    """The beginning of the text, cut where it may be in the middle of a character or a row."""
    try:
        with _text(raw, encoding) as text:
            return text.read(1 << 18).removeprefix("\ufeff")
    except UnicodeDecodeError:
        # Reading the rows will say where; the delimiter needs only what can be read.
        return raw[: 1 << 18].decode(encoding.codec, "replace")


def _score(head: str, delimiter: str, known: Callable[[list[str]], int]) -> tuple[int, float, int]:
    """(headings known, share of records that are as wide as most, that width): the higher the better."""
    records: list[list[str]] = []
    try:
        lines = head.splitlines(keepends=True)[: _LOOKED_AT * 5]
        for cells in islice(csv.reader(lines, delimiter=delimiter), _LOOKED_AT):
            if cells:
                records.append(cells)
    except csv.Error:
        if not records:
            return 0, 0.0, 0
    if not records:
        return 0, 0.0, 0
    widths = [len(cells) for cells in records]
    common = max(set(widths), key=lambda width: (widths.count(width), width))
    share = round(widths.count(common) / len(widths), 2) if common > 1 else 0.0
    return max(known(cells) for cells in records[:20]), share, common

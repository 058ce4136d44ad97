"""The rows of a worksheet as text: shared and inline strings, numbers to the letter, dates by their cell's style."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation

from seifas.errors import Invalid
from seifas.tables.dates import from_serial
from seifas.tables.table import MAX_CELL, TOO_LONG, Numbered, Source, Table, fill, spoilt
from seifas.tables.workbook import Book, Sheet, TextOf, unescaped
from seifas.tables.workbook import read as read_book
from seifas.tables.xml_events import feed
from seifas.tables.zipped import Container

_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})\Z", re.ASCII)
_LAST_COLUMN = 16_384
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)


def read(raw: bytes, known: Callable[[list[str]], int], *, sheet: str = "", headed: bool = True) -> Table:
    """The table on one sheet of a workbook: the named or numbered one, else the only visible one with rows."""
    container = Container(raw)
    _refuse_others(container)
    book = read_book(container)
    chosen = _choose(container, book, sheet)
    notes = () if len(book.sheets) == 1 else (f"sheet {book.sheets.index(chosen) + 1} of {len(book.sheets)} is read",)
    source = Source("XLSX", notes=notes, epoch_1904=book.epoch_1904)
    return fill(source, rows(container, book, chosen), known, exact=False, headed=headed)


def _refuse_others(container: Container) -> None:
    """What is packed like a workbook and is none that is read here, named for what it is."""
    names = container.names()
    if any(name.endswith("workbook.bin") for name in names):
        raise Invalid("this is a binary workbook (.xlsb): save it as .xlsx or CSV")
    if "content.xml" in names:
        raise Invalid("this is an OpenDocument file (.ods): save it as .xlsx or CSV")
    if "word/document.xml" in names:
        raise Invalid("this is a text document, not a table")
    if "[content_types].xml" not in names:
        raise Invalid("this is a zip archive, not a workbook: unpack it and import what is inside")


def _choose(container: Container, book: Book, asked: str) -> Sheet:
    if asked:
        named = [one for one in book.sheets if one.name == asked]
        if not named and asked.isascii() and asked.isdigit() and 1 <= int(asked[:5]) <= len(book.sheets):
            named = [book.sheets[int(asked[:5]) - 1]]
        if not named:
            raise Invalid(f"the workbook has no such sheet; it has {len(book.sheets)}, and numbers are taken too",
                          where="--sheet")
        return named[0]
    visible = [one for one in book.sheets if not one.hidden] or list(book.sheets)
    if len(visible) == 1:
        return visible[0]
    filled = [one for one in visible if _hasrows(container, book, one)]
    if len(filled) > 1:
        numbers = ", ".join(str(book.sheets.index(one) + 1) for one in filled)
        raise Invalid(f"several sheets have rows ({numbers}): name one with --sheet, import the others after it",
                      where="--sheet")
    return filled[0] if filled else visible[0]


def _hasrows(container: Container, book: Book, sheet: Sheet) -> bool:
    found = 0
    for _, cells in rows(container, book, sheet):
        found += any(cells)
        if found == 2:
            return True
    return False


def rows(container: Container, book: Book, sheet: Sheet) -> Iterator[Numbered]:
    """The filled rows of one sheet, read as they are asked for."""
    cells = _Cells(book)
    for _ in feed(container.pieces(sheet.part), cells, part="sheet"):
        yield from cells.rows
        cells.rows.clear()


class _Cells:
    """Gathers rows from the events of a sheet."""

    def __init__(self, book: Book) -> None:
        self.rows: list[Numbered] = []
        self._book = book
        self._number = 0
        self._row: list[str] = []
        self._column = -1
        self._kind = self._style = ""
        self._value: list[str] = []
        self._size = 0
        self._text = TextOf()
        self._in_cell = self._in_value = self._formula = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if self._in_cell:
            if name == "v":
                self._in_value = True
            elif name == "f":
                self._formula = True
            else:
                self._text.start(name)
        elif name == "c":
            self._in_cell = True
            self._formula = False
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            place = _PLACE.match(attributes.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
            if self._column >= _LAST_COLUMN:
                raise Invalid("a cell stands beyond the last column that a sheet can have", where=f"row {self._number}")
        elif name == "row":
            number = attributes.get("r", "")
            self._number = int(number) if number.isascii() and number.isdigit() and len(number) < 8 else (
                self._number + 1
            )
            self._row, self._column = [], -1

    def end(self, name: str) -> None:
        if name == "c" and self._in_cell:
            self._in_cell = False
            cell = self._content()
            if cell:
                self._row += [""] * (self._column + 1 - len(self._row))
                self._row[self._column] = cell
        elif self._in_cell:
            if name == "v":
                self._in_value = False
            else:
                self._text.end(name)
        elif name == "row":
            self.rows.append((self._number, self._row))

    def text(self, text: str) -> None:
        if self._in_value:
            self._size += len(text)
            if self._size <= MAX_CELL:
                self._value.append(text)
        elif self._in_cell:
            self._text.text(text)

    def _content(self) -> str:
        inline = self._text.take()
        value = "".join(self._value)
        self._value.clear()
        size, self._size = self._size, 0
        if size > MAX_CELL:
            return spoilt(TOO_LONG)
        match self._kind:
            case "s":
                number = int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1
                if 0 <= number < len(self._book.texts):
                    return self._book.texts[number]
                return spoilt("refers to a text that the workbook does not hold") if value else ""
            case "inlineStr":
                return inline
            case "e":
                return spoilt("holds a spreadsheet's error instead of a value")
            case "b":
                return {"1": "true", "0": "false"}.get(value, value)
            case "str" | "d":
                # A formula that gave an empty text has an empty value, which is not the same as none.
                return unescaped(value)
            case _:
                if not value:
                    return spoilt("is a formula whose value was not saved") if self._formula else ""
                return number_text(value, self._meaning(), epoch_1904=self._book.epoch_1904)

    def _meaning(self) -> str:
        style = int(self._style) if self._style.isascii() and self._style.isdigit() and len(self._style) < 6 else 0
        return self._book.styles[style] if style < len(self._book.styles) else ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def number_text(value: str, meaning: str, *, epoch_1904: bool) -> str:
    """A stored number as text: a date, a time, with leading zeros, or in plain digits without an exponent."""
    value = value.strip()
    if not _NUMBER.match(value):
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if abs(number.adjusted()) > 30:
        return value
    if meaning in ("date", "time") and 0 <= number < 1:
        # Also under a date's style: a time of day is a day's number without a day.
        seconds = int((number * 86_400).to_integral_value())
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}" if seconds < 86_400 else "00:00:00"
    if meaning == "date":
        moment = from_serial(number, epoch_1904=epoch_1904)
        if moment is None:
            return spoilt("is shown as a date and is none")
        if moment.time().isoformat() == "00:00:00":
            return f"{moment:%Y-%m-%d}"
        return f"{moment:%Y-%m-%d %H:%M:%S}"
    whole = number.to_integral_value()
    if number == whole:
        text = str(int(whole))
        return text.zfill(int(meaning[3:])) if meaning.startswith("000") else text
    # 17 digits of a double often end in noise: 0.1 is stored as 0.10000000000000001.
    plain = Decimal(repr(float(number))) if len(number.as_tuple().digits) > 15 else number
    return format(plain.normalize(), "f")

"""Reads a SQLite file the way a thief's disk tool does: page by page, from the file format, without SQLite.

What a database hides from a query its file still shows: which page a row lies on, where in the page its bytes were
put (SQLite fills a page from the end, so a row put in later lies lower), which pages overflowed, which are free. The
linker (linking.py) attacks with exactly that. Source: sqlite.org/fileformat2.html, sections 1.3 to 1.6 and 2.

    read(path) -> Database        .tables: name -> [Cell] in key order   .free: page numbers   .pages
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import Tampered

_MAGIC: Final = b"SQLite format 3\x00"
_HEADER: Final = 100
_INTERIOR_INDEX: Final = 0x02
_INTERIOR_TABLE: Final = 0x05
_LEAF_INDEX: Final = 0x0A
_LEAF_TABLE: Final = 0x0D
_DEEPEST: Final = 20


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One stored row. `key` is its first column (bytes) or its rowid (8 bytes, big-endian); `size` its bytes in all.

    `page`, `index` (place in key order on that page) and `offset` (byte within the page) say where it lies;
    `overflow` names the pages that the rest of it went to.
    """

    key: bytes
    size: int
    page: int
    index: int
    offset: int
    overflow: tuple[int, ...] = ()


class Database(msgspec.Struct, frozen=True):
    page_size: int
    pages: int
    tables: dict[str, list[Cell]]
    free: tuple[int, ...]


def read(path: Path) -> Database:
    """All tables of a database file without its write-ahead log. Raises Tampered for what is no SQLite file."""
    data = path.read_bytes()
    if len(data) < _HEADER or not data.startswith(_MAGIC):
        raise Tampered("this is not a SQLite file", where=path.name)
    size = int.from_bytes(data[16:18], "big")
    size = 65536 if size == 1 else size
    file = _File(memoryview(data), size, size - data[20], path.name)
    tables = {name: list(file.cells(root, 0)) for name, root in file.schema()}
    return Database(size, len(data) // size, tables, tuple(file.free()))


class _File:
    def __init__(self, data: memoryview, page_size: int, usable: int, name: str) -> None:
        self._data = data
        self._size = page_size
        self._usable = usable
        self._name = name

    def _page(self, number: int) -> memoryview:
        if not 1 <= number <= len(self._data) // self._size:
            raise Tampered(f"page {number} is not in the file", where=self._name)
        return self._data[(number - 1) * self._size : number * self._size]

    def free(self) -> Iterator[int]:
        """The freelist: trunk pages and the leaves that they name (1.5)."""
        trunk = int.from_bytes(self._data[32:36], "big")
        while trunk:
            page = self._page(trunk)
            yield trunk
            count = int.from_bytes(page[4:8], "big")
            for number in range(count):
                yield int.from_bytes(page[8 + 4 * number : 12 + 4 * number], "big")
            trunk = int.from_bytes(page[:4], "big")

    def schema(self) -> Iterator[tuple[str, int]]:
        """(name, root page) of every table; of a WITHOUT ROWID table too, whose tree is an index (2.6)."""
        for cell in self.cells(1, 0):
            page = self._page(cell.page)
            start, size = cell.offset, 0
            _, start = _varint(page, start)
            _, start = _varint(page, start)
            values = _values(bytes(page[start : start + cell.size]))
            kind, name, _, root = values[:4]
            if kind == b"table" and int.from_bytes(root, "big") and not size:
                yield name.decode("utf-8", "replace"), int.from_bytes(root, "big")

    def cells(self, number: int, depth: int) -> Iterator[Cell]:
        """The cells of the tree under page `number` in key order."""
        if depth > _DEEPEST:
            raise Tampered("a tree in the file is deeper than any real one", where=self._name)
        page = self._page(number)
        start = _HEADER if number == 1 else 0
        kind = page[start]
        count = int.from_bytes(page[start + 3 : start + 5], "big")
        interior = kind in (_INTERIOR_INDEX, _INTERIOR_TABLE)
        pointers = start + (12 if interior else 8)
        for index in range(count):
            at = int.from_bytes(page[pointers + 2 * index : pointers + 2 * index + 2], "big")
            if interior:
                yield from self.cells(int.from_bytes(page[at : at + 4], "big"), depth + 1)
            if kind != _INTERIOR_TABLE:
                yield self._cell(page, number, index, at, at + (4 if interior else 0), rowid=kind == _LEAF_TABLE)
        if interior:
            yield from self.cells(int.from_bytes(page[start + 8 : start + 12], "big"), depth + 1)

    def _cell(self, page: memoryview, number: int, index: int, offset: int, at: int, *, rowid: bool) -> Cell:
        size, at = _varint(page, at)
        key = b""
        if rowid:
            row, at = _varint(page, at)
            key = row.to_bytes(8, "big")
        local = self._local(size, rowid=rowid)
        if not rowid:
            key = _first(page[at : at + local])
        overflow = tuple(self._chain(int.from_bytes(page[at + local : at + local + 4], "big"))) if local < size else ()
        return Cell(key, size, number, index, offset, overflow)

    def _local(self, size: int, *, rowid: bool) -> int:
        """How many bytes of a payload stay on the page (1.6)."""
        usable = self._usable
        most = usable - 35 if rowid else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return size
        least = (usable - 12) * 32 // 255 - 23
        kept = least + (size - least) % (usable - 4)
        return kept if kept <= most else least

    def _chain(self, number: int) -> Iterator[int]:
        seen = 0
        while number:
            yield number
            seen += 1
            if seen * self._size > len(self._data):
                raise Tampered("an overflow chain in the file goes round", where=self._name)
            number = int.from_bytes(self._page(number)[:4], "big")


def _varint(data: memoryview | bytes, at: int) -> tuple[int, int]:
    """(value, next offset) of a big-endian varint of up to 9 bytes."""
    value = 0
    for number in range(9):
        byte = data[at + number]
        if number == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + number + 1
    raise AssertionError


def _width(serial: int) -> int:
    """Bytes that a value of this serial type takes (2.1)."""
    if serial >= 12:
        return (serial - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[serial]


def _first(record: memoryview) -> bytes:
    header, at = _varint(record, 0)
    serial, _ = _varint(record, at)
    return bytes(record[header : header + _width(serial)])


def _values(record: bytes) -> list[bytes]:
    header, at = _varint(record, 0)
    values = []
    place = header
    while at < header:
        serial, at = _varint(record, at)
        values.append(record[place : place + _width(serial)])
        place += _width(serial)
    return values

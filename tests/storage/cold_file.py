"""What a thief reads out of a cold rows.db, without SQLite's help."""

import sqlite3
from pathlib import Path


class File:
    """Reads an SQLite file without SQLite (sqlite.org/fileformat2): its pages, cells and what overflows."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        self.size = int.from_bytes(self.data[16:18], "big")
        with sqlite3.connect(path) as connection:
            self.root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows'").fetchone()[0]
        connection.close()
        self.local = (self.size - 12) * 64 // 255 - 23

    def varint(self, at):
        value = 0
        for length in range(1, 10):
            byte = self.data[at + length - 1]
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value, at + length
        raise AssertionError("no varint of the sizes here")

    def cells(self, page=None):
        """(page, payload bytes, 16 bytes of id) of every cell of the table, in key order."""
        page = page or self.root
        start = (page - 1) * self.size
        kind = self.data[start]
        assert kind in {2, 10}, "rows are kept in an index tree, without rowids"
        count = int.from_bytes(self.data[start + 3 : start + 5], "big")
        pointers = start + (12 if kind == 2 else 8)
        for number in range(count):
            at = start + int.from_bytes(self.data[pointers + 2 * number : pointers + 2 * number + 2], "big")
            if kind == 2:
                yield from self.cells(int.from_bytes(self.data[at : at + 4], "big"))
                at += 4
            payload, at = self.varint(at)
            header = self.data[at]
            yield page, payload, self.data[at + header : at + header + 16]
        if kind == 2:
            yield from self.cells(int.from_bytes(self.data[start + 8 : start + 12], "big"))

    def places(self):
        """(page, offset in the file, id) of every row."""
        for page, _, row in self.cells():
            start = (page - 1) * self.size
            yield page, self.data.index(row, start, start + self.size), row

    def overflowing(self):
        return [payload for _, payload, _ in self.cells() if payload > self.local]

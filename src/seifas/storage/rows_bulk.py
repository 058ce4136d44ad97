"""Gathers the rows of an initial load and gives them back in id order, in little memory.

Random ids inserted as they come touch one page of the tree each: 16 KiB written for a row of 1 KiB, again and again.
Gathered first and inserted in id order every page is written once, and the finished file has its pages in id order,
which says nothing about who came when. Rows wait in memory; past 64 MiB in 256 files, one for each first byte of the
id. These hold sealed bytes only, and are removed at the end and at the next start.

    Staging(directory)   .put_many(items)   .batches() -> Iterator[list[Item]]   .close()   Staging.discard(directory)
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct
from typing import Final

from seifas.storage.durable import create_private, make_directory, os_faults
from seifas.storage.rows import ID_SIZE, Item, check_items

_SPILL: Final = 64 * 1024 * 1024
_BATCH: Final = 16 * 1024 * 1024
"""Bytes in one transaction: large beside a page, small beside the wait of somebody who writes meanwhile (0.1 s)."""

_HEAD: Final = Struct(f">{ID_SIZE}sH")
_PARTS: Final = 256
_ROW_COST: Final = 120
"""Bytes of memory that Python adds to a row, so that the limit holds for small rows too."""


class Staging:
    """Rows that wait for the end of a bulk load. Thread-safe."""

    def __init__(self, directory: Path, *, spill: int = _SPILL, batch: int = _BATCH) -> None:
        self._directory = directory
        self._spill = spill
        self._batch = batch
        self._parts: list[list[Item]] = [[] for _ in range(_PARTS)]
        self._held = 0
        self._spilled: set[int] = set()
        self._lock = threading.Lock()

    def put_many(self, items: Sequence[Item]) -> None:
        check_items(items)
        with self._lock:
            for item in items:
                self._parts[item[0][0]].append(item)
                self._held += len(item[1]) + _ROW_COST
            if self._held > self._spill:
                self._write_out()

    def _write_out(self) -> None:
        make_directory(self._directory)
        for number, part in enumerate(self._parts):
            if part:
                path = self._path(number)
                create_private(path)
                with os_faults(path.name), path.open("ab") as file:
                    file.writelines(b"".join((_HEAD.pack(row, len(body)), body)) for row, body in part)
                self._spilled.add(number)
                part.clear()
        self._held = 0

    def batches(self) -> Iterator[list[Item]]:
        """Everything given so far, ascending by id, in lists of about 16 MiB. Takes the rows out as it goes."""
        batch: list[Item] = []
        size = 0
        for number in range(_PARTS):
            part = self._take(number)
            for item in part:
                batch.append(item)
                size += len(item[1])
                if size >= self._batch:
                    yield batch
                    batch, size = [], 0
        if batch:
            yield batch

    def _take(self, number: int) -> list[Item]:
        part = self._parts[number]
        self._parts[number] = []
        if number in self._spilled:
            part.extend(self._read_back(number))
        part.sort()
        return part

    def _read_back(self, number: int) -> Iterator[Item]:
        path = self._path(number)
        with os_faults(path.name):
            data = path.read_bytes()
            path.unlink()
        at = 0
        while at < len(data):
            row, length = _HEAD.unpack_from(data, at)
            at += _HEAD.size
            yield row, data[at : at + length]
            at += length

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:02x}"

    def close(self) -> None:
        self._parts = [[] for _ in range(_PARTS)]
        self.discard(self._directory)

    @staticmethod
    def discard(directory: Path) -> None:
        """Removes what a killed load left."""
        with os_faults(directory.name):
            if directory.exists():
                shutil.rmtree(directory)

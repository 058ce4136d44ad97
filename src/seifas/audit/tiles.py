"""The log as plain files: C2SP tlog-tiles. Names, widths and reading are here; writing is in publishing.py.

    checkpoint                      the newest signed checkpoint
    tile/<L>/<N>[.p/<W>]            256 hashes (W in a partial tile) of tree level 8·L
    tile/entries/<N>[.p/<W>]        256 entries (or W), each behind its u16 length

N is written in groups of three digits, all but the last behind an x: 1234067 = x001/x234/067. Apart from the checkpoint
no file ever changes, so a copy of the directory, a web server or a USB stick serves the log as well as this program.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from seifas.audit.tree import (
    EMPTY_ROOT,
    HASH_SIZE,
    MAX_SIZE,
    Frontier,
    consistency_proof,
    inclusion_proof,
    root_of,
)
from seifas.errors import Invalid, Missing, Tampered, Unavailable

WIDTH: Final = 256
LEVELS: Final = 8
MAX_ENTRY: Final = 65_535
MAX_BUNDLE: Final = WIDTH * (MAX_ENTRY + 2)
CHECKPOINT: Final = "checkpoint"
MAX_CHECKPOINT: Final = 64 * 1024
"""Bytes: room for the log's signature and far more than the 16 cosignatures that signed-note demands."""

ENTRIES: Final = -1
"""In `parse_path`, the level that stands for an entry bundle."""

Fetch = Callable[[str], bytes]
"""Returns the file at a path relative to the log; raises Missing, Unavailable. The bytes are not trusted."""

_Key = TypeVar("_Key")
_CACHED_TILES: Final = 256
_CACHED_BUNDLES: Final = 4
_PATH = re.compile(r"tile/(entries|[0-7])/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Path of a hash tile, relative to the log."""
    return f"tile/{level}/{_number(index, width)}"


def bundle_path(index: int, width: int = WIDTH) -> str:
    """Path of an entry bundle, relative to the log."""
    return f"tile/entries/{_number(index, width)}"


def parse_path(path: str) -> tuple[int, int, int] | None:
    """(level or ENTRIES, index, width) of a canonical tile or bundle path, else None."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    kind, digits, width = found.groups()
    if digits.startswith("x000/"):
        return None
    index = int(digits.replace("/", "").replace("x", ""))
    if index >= 1 << 56 or (width is not None and int(width) >= WIDTH):
        return None
    return ENTRIES if kind == "entries" else int(kind), index, WIDTH if width is None else int(width)


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes (for ENTRIES: entries) tile `index` of `level` holds in a tree of `size`: 0 to 256."""
    return max(0, min(WIDTH, (size >> 8 * max(level, 0)) - index * WIDTH))


def split_hashes(data: bytes) -> list[bytes] | None:
    """The hashes of a tile, or None if the file cannot be one."""
    if not data or len(data) % HASH_SIZE or len(data) > WIDTH * HASH_SIZE:
        return None
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


def split_bundle(data: bytes) -> list[bytes] | None:
    """The entries of a bundle, or None if the file cannot be one."""
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > end or at > end or len(entries) == WIDTH:
            return None
        entries.append(data[start:at])
    return entries or None


def join_bundle(entries: list[bytes]) -> bytes:
    """The file that holds these entries."""
    return b"".join([part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)])


def edge_root(rows: list[list[bytes]]) -> bytes:
    """The root from the partial tiles alone: `rows[L]` are the hashes of the rightmost tile of level L, if partial."""
    node: list[bytes] = []
    for row in rows:
        if row:
            node = [root_of(row + node)]
    return node[0] if node else EMPTY_ROOT


def directory_source(directory: Path) -> Fetch:
    """A `Fetch` over a directory."""

    def fetch(path: str) -> bytes:
        limit = MAX_CHECKPOINT if path == CHECKPOINT else MAX_BUNDLE
        try:
            with open(directory / path, "rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise Missing("a file of the audit log is not there", where=path) from None
        except OSError as error:
            raise Unavailable(f"a file of the audit log cannot be read: {os.strerror(error.errno or 0)}",
                              where=path) from None
        if len(data) > limit:
            raise Tampered("a file of the audit log is larger than any can be", where=path)
        return data

    return fetch


class TileReader:
    """Reads a log of `size` entries from a directory or through any `Fetch`.

    Without `size`, the size that the checkpoint file states is taken, unverified. What is returned is as trustworthy
    as the files: compare `root()` with a verified checkpoint, or verify the proofs, before relying on it.
    Raises Tampered, naming the file, for files that cannot be what their name says; Missing; Unavailable.
    """

    def __init__(self, source: Path | Fetch, size: int | None = None) -> None:
        self._fetch = directory_source(source) if isinstance(source, Path) else source
        self.size = _claimed_size(self._fetch(CHECKPOINT)) if size is None else size
        if not 0 <= self.size <= MAX_SIZE:
            raise Invalid("a log has between 0 and 2^63-1 entries", where="size")
        self._tiles: dict[tuple[int, int], list[bytes]] = {}
        self._bundles: dict[int, list[bytes]] = {}

    def entry(self, index: int) -> bytes:
        """Entry `index`, as sealed. Raises Missing beyond the end."""
        if not 0 <= index < self.size:
            raise Missing(f"the audit log has no entry {index}", where=str(index))
        return self.bundle(index // WIDTH)[index % WIDTH]

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Entries start … stop - 1 in order; one file is read for each 256."""
        stop = self.size if stop is None else min(stop, self.size)
        for number in range(start // WIDTH, -(-stop // WIDTH)):
            first = number * WIDTH
            yield from self.bundle(number)[max(start - first, 0) : stop - first]

    def bundle(self, index: int) -> list[bytes]:
        """The entries of one bundle, as many as this size has."""
        found = self._bundles.get(index)
        if found is None:
            found = self._load(ENTRIES, index)
            _remember(self._bundles, index, found, _CACHED_BUNDLES)
        return found

    def tile(self, level: int, index: int) -> list[bytes]:
        """The hashes of one tile, as many as this size has."""
        found = self._tiles.get((level, index))
        if found is None:
            found = self._load(level, index)
            _remember(self._tiles, (level, index), found, _CACHED_TILES)
        return found

    def hash_at(self, level: int, index: int) -> bytes:
        """The complete node (level, index) of the tree: a `HashReader`. Up to 127 hashes, within one tile."""
        stored, above = divmod(level, 8)
        number, first = divmod(index << above, WIDTH)
        part = self.tile(stored, number)[first : first + (1 << above)]
        if len(part) != 1 << above:
            raise Invalid("this node is not complete in a tree of this size", where=f"{level}/{index}")
        return root_of(part)

    def frontier(self, size: int | None = None) -> Frontier:
        """The frontier of the first `size` entries (all by default)."""
        return Frontier.of(self._within(size), self.hash_at)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` entries (all by default)."""
        return self.frontier(size).root()

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Proof that entry `index` is in the tree of `size` (all by default)."""
        return inclusion_proof(index, self._within(size), self.hash_at)

    def consistency_proof(self, size1: int, size2: int | None = None) -> list[bytes]:
        """Proof that the tree of `size2` (all by default) continues the tree of `size1`."""
        return consistency_proof(size1, self._within(size2), self.hash_at)

    def _within(self, size: int | None) -> int:
        if size is not None and not 0 <= size <= self.size:
            raise Invalid(f"the audit log has {self.size} entries, not {size}", where="size")
        return self.size if size is None else size

    def _load(self, level: int, index: int) -> list[bytes]:
        width = width_at(self.size, level, index)
        if not width:
            raise Invalid("this tile is not part of a tree of this size", where=_path(level, index, WIDTH))
        path = _path(level, index, width)
        try:
            data = self._fetch(path)
        except Missing:
            # Once a tile is full its partial forms may be deleted (tlog-tiles, Partial Tiles).
            if width == WIDTH:
                raise
            path = _path(level, index, WIDTH)
            data = self._fetch(path)
        items = split_bundle(data) if level == ENTRIES else split_hashes(data)
        if items is None or len(items) < width:
            raise Tampered("a file of the audit log is cut or is not what its name says", where=path)
        return items[:width]


def _claimed_size(note: bytes) -> int:
    lines = note.split(b"\n", 2)
    if len(lines) < 3 or not re.fullmatch(rb"0|[1-9]\d{0,18}", lines[1]):
        raise Tampered("the checkpoint does not state a size", where=CHECKPOINT)
    return int(lines[1])


def _path(level: int, index: int, width: int) -> str:
    return bundle_path(index, width) if level == ENTRIES else tile_path(level, index, width)


def _number(index: int, width: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03d}")
    return "/".join(reversed(parts)) + (f".p/{width}" if width < WIDTH else "")


def _remember(cache: dict[_Key, list[bytes]], key: _Key, value: list[bytes], limit: int) -> None:
    if len(cache) >= limit:
        del cache[next(iter(cache))]
    cache[key] = value

"""Copies the published audit log, file by file, while the keeper goes on publishing.

A log's files never change but for the checkpoint, so a copy is whole once it holds every file that one checkpoint
needs; a partial tile that was dropped meanwhile is there as the full one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from seifas.audit.checkpoint import parse_checkpoint
from seifas.audit.tiles import CHECKPOINT, ENTRIES, LEVELS, WIDTH, bundle_path, directory_source, tile_path, width_at
from seifas.errors import Missing
from seifas.storage.durable import os_faults, replace, write_new

KEY: Final = "key"
"""The log's public key, beside the log."""


def copy_log(source: Path, target: Path, *, since: int = 0, wrote: Callable[[int], None] | None = None) -> int:
    """Copies the log as of its present checkpoint; returns its size. What `target` holds already of `since` stays.

    `wrote` is told bytes. Raises Missing where a file of the log is not there, Unavailable where it cannot be written.
    """
    fetch = directory_source(source)
    note = fetch(CHECKPOINT)
    size = parse_checkpoint(note).size
    for level, index, width in _needed(size, since):
        partial, full = _path(level, index, width), _path(level, index, WIDTH)
        path = partial
        try:
            data = fetch(partial)
        except Missing:
            path, data = full, fetch(full)
        _put(target / path, data)
        if wrote is not None:
            wrote(len(data))
    if (source / KEY).exists():
        _renew(target / KEY, (source / KEY).read_bytes())
    _renew(target / CHECKPOINT, note)
    return size


def _renew(path: Path, data: bytes) -> None:
    """Into a new copy without a rename, since it may lie where files can only be added."""
    if path.exists():
        replace(path, data)
    else:
        write_new(path, data)


def log_bytes(source: Path) -> int:
    """About how many bytes `copy_log` will write."""
    return sum(file.stat().st_size for file in source.rglob("*") if file.is_file())


def _needed(size: int, since: int) -> Iterator[tuple[int, int, int]]:
    """(level, index, width) of every tile that a tree of `size` has and one of `since` had not or not so wide."""
    for level in (ENTRIES, *range(LEVELS)):
        index = (since >> 8 * max(level, 0)) // WIDTH
        while width := width_at(size, level, index):
            yield level, index, width
            index += 1


def _path(level: int, index: int, width: int) -> str:
    return bundle_path(index, width) if level == ENTRIES else tile_path(level, index, width)


def _put(path: Path, data: bytes) -> None:
    with os_faults(path.name):
        if path.exists():
            if path.stat().st_size == len(data):
                return
            path.unlink()
    write_new(path, data)

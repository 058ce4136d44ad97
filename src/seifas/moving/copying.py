"""Copies the databases of a vault that nobody serves: all of it sealed as it lies, each part read back and compared.

    copy_state(source, target, audit, watch)     copy_rows(source, target, watch)     copy_keys(source, target, watch)

No key is needed, and none is asked for. What is compared: of the state its tree's root, made anew from what is read
back, and of the log its RFC 6962 root, which both are in the checkpoint that the clinic signed; of rows and keys a
digest over all of them. Raises Tampered where what comes back is not what was given.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from seifas.audit.checkpoint import SIGN, parse_verifier_key, verify_checkpoint
from seifas.audit.tiles import TileReader
from seifas.audit.tree import Frontier
from seifas.errors import Missing, Tampered
from seifas.keeper.log import META_CHECKPOINT, state_line
from seifas.storage.keystore import KeyStore
from seifas.storage.rows import RowStore
from seifas.storage.state import StateStore

_AT_ONCE: Final = 2000
_KEYS_AT_ONCE: Final = 10_000


class Stage(NamedTuple):
    """For the progress bar: what is being done, and how many of its things there are (None: unknown)."""

    name: str
    total: int | None


Watch = Callable[[Stage], Callable[[int], None]]
Item = tuple[bytes, bytes]
T = TypeVar("T")


class Copied(NamedTuple):
    """How many state rows, audit lines."""

    rows: int
    lines: int


def copy_state(source: StateStore, target: StateStore, audit: Path, watch: Watch, *, whole_log: bool) -> Copied:
    """`whole_log`: also the lines that were published to `audit` long ago, for a place from which others publish."""
    counted = _Counting(watch(Stage("state", None)))
    metas = source.metas()
    published = _published(audit)
    first = 0 if whole_log else max(0, min(published, source.leaf_count - 1))
    target.adopt(counted.each(source.load()), counted.each(_leaves(source, audit, first)), metas)
    read = watch(Stage("state, read back", counted.number))
    rows = 0
    for _ in target.load():
        rows += 1
        read(1)
    _compare(source, target, audit, first, read)
    return Copied(rows, target.leaf_count)


def _compare(source: StateStore, target: StateStore, audit: Path, first: int, read: Callable[[int], None]) -> None:
    note = target.metas().get(META_CHECKPOINT)
    if note is None or target.metas() != source.metas() or target.root != source.root:
        raise _changed("state")
    key = parse_verifier_key((audit / "key").read_text(), kind=SIGN)
    signed = verify_checkpoint(note, key)
    if state_line(target.root) not in signed.extensions:
        raise Tampered("the state is not the one that the log was signed over", where="state")
    frontier = Frontier()
    for published in _parts(TileReader(audit).entries(0, first) if first else ()):
        frontier.grow(published)
    for part in _parts(target.leaf_range(first)):
        frontier.grow([body for _, body in part])
        read(len(part))
    if frontier.size != signed.size or frontier.root() != signed.root or target.leaf_count != signed.size:
        raise Tampered("the audit lines are not those that were signed", where="state")


def _leaves(source: StateStore, audit: Path, first: int) -> Iterator[tuple[int, bytes]]:
    """All from `first`: those that the state has given up stand in the published log."""
    held = max(first, source.first_leaf)
    if first < held:
        yield from enumerate(TileReader(audit).entries(first, held), first)
    yield from source.leaf_range(held)


def _published(audit: Path) -> int:
    try:
        return TileReader(audit).size
    except Missing:
        return 0


def copy_rows(source: RowStore, target: RowStore, watch: Watch) -> int:
    """How many."""
    given, counted = hashlib.sha256(), _Counting(watch(Stage("rows", None)))
    with target.bulk() as bulk:
        for part in _rows(source):
            bulk.put_many(part)
            _digest(given, part)
            counted.add(len(part))
    found, read = hashlib.sha256(), watch(Stage("rows, read back", counted.number))
    for part in _rows(target):
        _digest(found, part)
        read(len(part))
    if found.digest() != given.digest():
        raise _changed("rows")
    return counted.number


def copy_keys(source: KeyStore, target: KeyStore, watch: Watch) -> int:
    """The open generation of `source`, under its number, and the slots; how many keys. `target` is open then."""
    given, counted = hashlib.sha256(), _Counting(watch(Stage("keys", None)))
    made = target.begin_first(source.generation)
    for part in _parts(source.items(), _KEYS_AT_ONCE):
        made.put_many(part)
        _digest(given, part)
        counted.add(len(part))
    epoch, slots = source.epoch(), source.slots()
    made.put_epoch(epoch)
    made.finish()
    target.open(source.generation)
    if slots is not None:
        target.write_slots(slots)
    found, read = hashlib.sha256(), watch(Stage("keys, read back", counted.number))
    for part in _parts(target.items(), _KEYS_AT_ONCE):
        _digest(found, part)
        read(len(part))
    if found.digest() != given.digest() or target.epoch() != epoch or target.slots() != slots:
        raise _changed("keys")
    return counted.number


def _rows(store: RowStore) -> Iterator[list[Item]]:
    for part in _parts(store.ids()):
        yield list(zip(part, store.get_many(part), strict=True))


def _digest(digest: hashlib._Hash, items: Iterable[Item]) -> None:
    for ident, body in items:
        digest.update(ident + len(body).to_bytes(4, "big") + body)


def _parts(items: Iterable[T], size: int = _AT_ONCE) -> Iterator[list[T]]:
    each = iter(items)
    while part := list(islice(each, size)):
        yield part


class _Counting:
    """Passes things on and counts them for the progress bar."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self.number = 0
        self._tell = tell

    def each(self, things: Iterable[T]) -> Iterator[T]:
        for part in _parts(things):
            yield from part
            self.add(len(part))

    def add(self, number: int) -> None:
        self.number += number
        self._tell(number)


def _changed(what: str) -> Tampered:
    return Tampered(f"what comes back from the new place is not what was written there ({what}); nothing was switched",
                    where=what)

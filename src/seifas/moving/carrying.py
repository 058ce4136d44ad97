"""Carries objects from one store to another, several at a time, each read back whole and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Final, NamedTuple

from seifas.errors import Conflict, Tampered
from seifas.moving.copying import Stage, Watch
from seifas.storage.objects import Objects

_AT_ONCE: Final = 6
"""A picture waits for the other machine more than for this one's processor; each holds 8 MiB."""


class Carried(NamedTuple):
    """How many objects, how many of them were there from an earlier try, and their bytes."""

    number: int
    there: int
    size: int


def carry(source: Objects, target: Objects, watch: Watch) -> Carried:
    """Afterwards `target` holds what `source` holds and nothing else. What is there from a try that was cut off is only
    read and compared; what has been deleted since is deleted."""
    wanted = dict(source.listed())
    found = dict(target.listed())
    target.sweep()
    for ident in found.keys() - wanted.keys():
        target.delete(ident)
    done = watch(Stage("objects", len(wanted)))
    there = size = 0
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="carrying") as pool:
        try:
            for again, moved in _in_turn(pool, source, target, wanted, found):
                there += again
                size += moved
                done(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    if dict(target.listed()) != wanted:
        raise Tampered("the objects in the new place are not those that were carried there", where="objects")
    return Carried(len(wanted), there, size)


def _in_turn(
    pool: ThreadPoolExecutor, source: Objects, target: Objects, wanted: dict[bytes, int], found: dict[bytes, int]
) -> Iterator[tuple[bool, int]]:
    """Results as they come; never more under way than a few, so that ten million take no memory."""
    waiting: set[Future[tuple[bool, int]]] = set()
    for ident, size in wanted.items():
        waiting.add(pool.submit(_one, source, target, ident, found.get(ident) == size))
        if len(waiting) >= 2 * _AT_ONCE:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in ready)
    yield from (one.result() for one in waiting)


def _one(source: Objects, target: Objects, ident: bytes, there: bool) -> tuple[bool, int]:
    """(whether it was there, bytes)."""
    if there:
        given, size = _hashed(source.get(ident))
        if _hashed(target.get(ident))[0] == given:
            return True, size
    digest = hashlib.sha256()
    try:
        size = target.put(ident, _passed(source.get(ident), digest))
    except Conflict:
        # Another's of that length, or half of a try by another program: not ours.
        target.delete(ident)
        digest = hashlib.sha256()
        size = target.put(ident, _passed(source.get(ident), digest))
    if _hashed(target.get(ident)) != (digest.digest(), size):
        raise Tampered("an object that comes back is not the one that was written", where=ident.hex())
    return False, size


def _passed(pieces: Iterable[memoryview], digest: hashlib._Hash) -> Iterator[bytes]:
    for piece in pieces:
        digest.update(piece)
        yield bytes(piece)


def _hashed(pieces: Iterable[memoryview]) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        digest.update(piece)
        size += len(piece)
    return digest.digest(), size

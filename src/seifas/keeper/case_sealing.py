"""Bytes of a case that are too large for a row: sealed as objects, each under a key of its own of the case.

Whoever writes one names it in `keeper.cases.sealing` first and takes it out when a committed row names it, so that no
sweep takes it for left over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from seifas.keeper import sealed_objects
from seifas.keeper.case_model import Case
from seifas.keeper.keeper import Keeper
from seifas.keeper.sealed_objects import Place, place


def _place(case: Case, ident: bytes) -> Place:
    return place(case.id, case.key, b"seifas case object", ident)


@contextmanager
def new_object(keeper: Keeper) -> Iterator[bytes]:
    """The id of an object that no sweep takes until the block ends; commit the row that names it within."""
    ident = os.urandom(16)
    keeper.cases.sealing.add(ident)
    try:
        yield ident
    finally:
        keeper.cases.sealing.discard(ident)


async def seal(keeper: Keeper, case: Case, ident: bytes, body: bytes) -> int:
    """Seals bytes into this new object, durable on return; the epoch that it names."""
    return await sealed_objects.seal(keeper, _place(case, ident), body)


async def unseal(keeper: Keeper, case: Case, ident: bytes, epoch: int) -> bytes:
    """What `seal` put there. Raises Missing, Tampered."""
    return (await sealed_objects.unseal(keeper, [(_place(case, ident), epoch)]))[0]

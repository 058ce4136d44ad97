"""Keeps every other node out of a vault while it is moved, and every other move.

Where the old place is a database that several nodes may have, a move works under its lease (storage/lease.py): a node
that is started meanwhile stands by. One that stands by already is refused at the beginning and again before the switch:
it would take over when the move is done, under settings that name the old place.

On this machine a lock on the vault's directory keeps out a second move, and a giving up of the one under way: it would
empty the new place after that was compared and before the old one is cleared.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from seifas.errors import Conflict, SeifasError
from seifas.keeper.taking_turns import lease_of
from seifas.moving.planning import Plan
from seifas.storage.durable import os_faults
from seifas.storage.lease import Lease

_HOLDER: Final = "move"
"""A move that is run again after it was killed takes up the lease of the one before without waiting."""

_RENEWED_EVERY_S: Final = 1.0


@contextmanager
def one_at_a_time(data: Path) -> Iterator[None]:
    """Raises Conflict where another move of this vault, or the giving up of one, is under way. The lock falls with this
    process."""
    with os_faults(data.name):
        descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with os_faults(data.name):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(
                    "another `seifas move` works on this vault: wait for it to end, or stop it", where=str(data)
                ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(plan: Plan) -> Iterator[Callable[[], None]]:
    """Gives what is to be called before the switch and after it: it raises Conflict where another node stands by, or
    has become the active one. Files of this machine need none of it: their own locks keep others out."""
    lease = lease_of(plan.data, plan.old, _HOLDER)
    if lease is None:
        yield lambda: None
        return
    stopped = threading.Event()
    renewing = threading.Thread(target=_renew, args=(lease, stopped), name="lease", daemon=True)
    try:
        if not lease.take():
            raise _another("is active")
        _require_alone(lease)
        renewing.start()
        yield lambda: _require_ours(lease)
    finally:
        stopped.set()
        if renewing.ident is not None:
            renewing.join()
        lease.give_up()


def _renew(lease: Lease, stopped: threading.Event) -> None:
    while not stopped.wait(_RENEWED_EVERY_S):
        with suppress(SeifasError):  # asked again, and before the switch in any case
            lease.renew()


def _require_ours(lease: Lease) -> None:
    if not lease.renew():
        raise _another("served this vault while it was copied")
    _require_alone(lease)


def _require_alone(lease: Lease) -> None:
    if lease.others():
        raise _another("stands by, or was stopped a moment ago")


def _another(what: str) -> Conflict:
    return Conflict(
        f"another node {what}: stop every node, then run this again", where="storage.database"
    )

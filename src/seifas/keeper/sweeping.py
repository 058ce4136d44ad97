"""Takes the rows of erased patients out of the row store: those that their records named, and all that were left over.

What is left over are tables of contents of earlier versions and rows of writes that failed; nothing names them, so
every row is looked at: its route, which the clinic's routing key opens, says whose it is. All of it is unreadable since
the patient's keys went; this is so that it is not there either.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from itertools import count, islice
from typing import Final

import msgspec

from seifas.errors import Missing, SeifasError, Tampered
from seifas.keeper import sealing
from seifas.keeper.keyring import Keyring
from seifas.keeper.model import Entry, Head
from seifas.keeper.vault import Vault
from seifas.storage import fragments
from seifas.storage.rows import RowStore

log = logging.getLogger("seifas.sweeping")

_AT_ONCE: Final = 256
_PAUSE_S: Final = 0.002
"""After each 256 rows, so that those at work hardly notice: a million rows take about a minute."""


def rows_of(vault: Vault, head: Head) -> Iterator[list[bytes]]:
    """The row ids of everything a patient's current table of contents leads to, every version, record by record."""
    yield _pieces(vault.keyring, head.row, head.size)
    for entry in vault.manifest(head).values():
        yield _versions(vault, head, entry)


def _versions(vault: Vault, head: Head, entry: Entry) -> list[bytes]:
    ids = _pieces(vault.keyring, entry.row, entry.size)
    try:
        record = vault.record(head, entry)
        while record.before_row:
            ids += _pieces(vault.keyring, record.before_row, record.before_size)
            record = vault.before(head, entry, record, entry.version - 1)
            entry = msgspec.structs.replace(entry, version=entry.version - 1)
    except Tampered as error:
        # A damaged record must not stand in the way of erasing it; the sweep finds what it would have led to.
        log.warning("a record that is being erased does not open", extra={"where": error.where})
    return ids


def _pieces(keyring: Keyring, row: bytes, size: int) -> list[bytes]:
    return fragments.piece_ids(row, size, lambda ident, part: sealing.row_name(keyring.routing, ident, part))


def delete(rows: RowStore, ids: list[bytes]) -> int:
    """Deletes rows, a thousand a transaction; returns how many there were."""
    return sum(rows.delete_many(ids[start : start + 1000]) for start in range(0, len(ids), 1000))


def sweep(
    rows: RowStore, keyring: Keyring, gone: AbstractSet[bytes], *, forget: Callable[[list[bytes]], None] | None = None
) -> int:
    """Deletes every row that belongs to one of these patients; how many. `forget` is told the ids (the replica).

    For a thread of its own: works in small steps. Raises Unavailable when the vault is locked meanwhile.
    """
    total = 0
    ids = rows.ids()
    while part := list(islice(ids, _AT_ONCE)):
        doomed = [row for found in part if _belongs(rows, keyring, found, gone) for row in whole(rows, keyring, found)]
        if doomed:
            total += delete(rows, doomed)
            if forget is not None:
                forget(doomed)
        time.sleep(_PAUSE_S)
    if total:
        rows.checkpoint()
    return total


def _belongs(rows: RowStore, keyring: Keyring, row: bytes, gone: AbstractSet[bytes]) -> bool:
    try:
        patient, _ = sealing.open_route(keyring.routes, keyring.clinic, row, rows.get(row))
    except (Missing, Tampered):
        return False  # deleted meanwhile, or a later piece, which has no route and goes with its first
    return patient in gone


def whole(rows: RowStore, keyring: Keyring, row: bytes) -> Iterator[bytes]:
    """A first piece's id and those of the pieces that follow it."""
    yield row
    for part in count(1):
        following = sealing.row_name(keyring.routing, row, part)
        try:
            rows.get(following)
        except SeifasError:
            return
        yield following

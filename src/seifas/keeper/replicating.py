"""The second place: rows, keys, state and log, copied before a write is acknowledged (storage.replica).

What the replica takes is as sealed as what it copies, and its journal is sealed once more, so that the order of writing
shows nothing. A replica that cannot be written fails the write: a clinic that chose a second place is not silently left
with one. The commit stands in the first place then, unacknowledged; the keeper closes and opens again (living.py), and
takes a new base as soon as the second place answers.

The published log and the settings go to the second place too, the log within a minute: what is not yet there of it is
in the journal, line by line.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from seifas.crypto import envelope
from seifas.crypto.aad import NOBODY, Purpose
from seifas.errors import SeifasError, Tampered, Unavailable
from seifas.keeper.keyring import Keyring
from seifas.keeper.log_copying import copy_log
from seifas.settings import FILE, Settings
from seifas.storage.durable import os_faults, replace
from seifas.storage.keystore import KeyStore
from seifas.storage.replica import Replica
from seifas.storage.replica_format import Seal
from seifas.storage.rows import RowStore
from seifas.storage.state import Change, StateStore

log = logging.getLogger("seifas.replica")

Items = list[tuple[bytes, bytes]]

_LONGEST_JOURNAL: Final = 128 * 1024 * 1024
"""Bytes after which the next unlock takes a new base instead of reading the journal through (about 2 s)."""

_AT_ONCE: Final = 10_000

_KNOWN: Final = "state/replica"
"""Names the second place once it holds a base: an empty mount point must not pass for a new one."""


class Copying:
    """The replica of an unlocked vault. Called from the threads of the writers and of the commits."""

    def __init__(
        self, replica: Replica, directory: Path, data: Path, *, state: StateStore, keystore: KeyStore, rows: RowStore
    ) -> None:
        self._replica = replica
        self._directory = directory
        self._data = data
        self._state = state
        self._keystore = keystore
        self._rows = rows
        self._log_size = 0
        self.failed = False

    def copy(self, change: Change) -> None:
        """`on_durable` of each commit: durable in the second place on return."""
        self._try(lambda: self._replica.copy_state(change))

    def rows_writer(self, put_many: Callable[[Items], None]) -> Callable[[Items], None]:
        def put(items: Items) -> None:
            put_many(items)
            self._try(lambda: self._replica.copy_rows(items))

        return put

    def keys_writer(self, put_many: Callable[[Items], None]) -> Callable[[Items], None]:
        def put(items: Items) -> None:
            put_many(items)
            self._try(lambda: self._replica.copy_keys(self._keystore.generation, items))

        return put

    def rows_gone(self, rows: Sequence[bytes]) -> None:
        """Rows of an erased patient: they leave the second place too."""
        self._try(lambda: self._replica.copy_rows_gone(rows))

    def begin_generation(self, generation: int, epoch: Mapping[str, bytes]) -> None:
        self._try(lambda: self._replica.copy_epoch(generation, dict(epoch)))

    def next_keys(self, generation: int, items: Items) -> None:
        """Keys of the next generation, before the commit that makes it the current one."""
        for start in range(0, len(items), _AT_ONCE):
            part = items[start : start + _AT_ONCE]
            self._try(lambda part=part: self._replica.copy_keys(generation, part))  # type: ignore[misc]

    def rebase(self) -> None:
        """A fresh copy of state and keys; what the second place held of older keys is overwritten."""
        self._try(self._take_base)

    def follow_log(self) -> None:
        """Copies what was published of the log since the last time."""
        self._log_size = copy_log(self._data / "audit", self._directory / "audit", since=self._log_size)

    def bring_in_step(self, root: bytes, *, open_sealed: Seal) -> None:
        """At unlock: takes a new base where the second place is not exactly where the first is."""
        try:
            fine = _size(self._directory) <= _LONGEST_JOURNAL and self._replica.in_step(
                self._state.leaf_count, root, open_sealed=open_sealed
            )
        except Tampered as error:
            log.error("the replica was damaged; it is made anew", extra={"where": error.where})
            fine = False
        if not fine:
            self._take_base()
        self.follow_log()

    def _take_base(self) -> None:
        base = self._replica.take_base(self._state, self._keystore, self._rows)
        replace(self._directory / FILE, (self._data / FILE).read_bytes())
        for former in sorted(self._data.glob("audit-before-*")):
            _copy_once(former, self._directory / former.name)
        log.info("the replica has a new base", extra={"base": base.number, "size": base.size})

    def _try(self, deed: Callable[[], None]) -> None:
        try:
            if self.failed:
                # After one that is missing nothing may follow: a journal with a hole cannot be rebuilt from.
                raise Unavailable("the replica missed a write and waits for a new base")
            deed()
        except SeifasError as error:
            self.failed = True
            log.error("the replica does not take writes", extra={"code": error.code, "where": error.where})
            raise Unavailable(
                "the second place (replica) does not take writes; nothing is acknowledged until it does"
            ) from error

    def close(self) -> None:
        try:
            self._replica.close()
        except SeifasError as error:
            log.error("the replica was not closed cleanly", extra={"code": error.code})


def open_replica(
    data: Path, settings: Settings, keyring: Keyring, *, state: StateStore, keystore: KeyStore, rows: RowStore
) -> Copying | None:
    """The replica of this vault, in step with it; None where none is set. Raises Unavailable where it is not there."""
    if not settings.paths.replica:
        return None
    directory = data / settings.paths.replica
    known = data / _KNOWN
    if known.exists() and known.read_text().strip() == str(directory) and not any(directory.glob("base-*")):
        raise Unavailable(
            "the second place (replica) is empty: is its disk mounted? If it is lost for good, remove "
            f"{_KNOWN} from the vault's directory to have it made anew", where=str(directory),
        )
    try:
        replica = Replica(directory, seal=sealing_of(keyring))
    except Tampered as error:
        raise Tampered(
            "the replica is damaged beyond its last write; look at it, then move it away to have it made anew",
            where=error.where,
        ) from error
    copying = Copying(replica, directory, data, state=state, keystore=keystore, rows=rows)
    try:
        copying.bring_in_step(state.root, open_sealed=opening_of(keyring))
    except BaseException:
        copying.close()
        raise
    replace(known, f"{directory}\n".encode())
    return copying


def sealing_of(keyring: Keyring) -> Seal:
    """Seals the journal's records, bound to their number and kind."""

    def seal(number: int, kind: int, payload: bytes) -> bytes:
        return envelope.seal(
            keyring.copies, payload, purpose=Purpose.REPLICA, clinic=keyring.clinic, patient=NOBODY,
            record=number.to_bytes(16, "big"), version=kind, epoch=0,
        )

    return seal


def opening_of(keyring: Keyring) -> Seal:
    def opened(number: int, kind: int, payload: bytes) -> bytes:
        return envelope.open_sealed(
            keyring.copies, payload, purpose=Purpose.REPLICA, clinic=keyring.clinic, patient=NOBODY,
            record=number.to_bytes(16, "big"), version=kind,
        )

    return opened


def _copy_once(source: Path, target: Path) -> None:
    """A former log, which never changes."""
    if target.exists():
        return
    begun = target.with_name(target.name + ".new")
    with os_faults(target.name):
        shutil.rmtree(begun, ignore_errors=True)
        shutil.copytree(source, begun)
        begun.rename(target)


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in _journal(directory))


def _journal(directory: Path) -> Iterator[Path]:
    yield from directory.glob("journal-*.seg")

"""Builds the vault anew from what was checked: state without the erased, a new epoch, a new log. Nothing of the backup
is changed, and nothing in the new place counts until the settings are written, last.
"""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.audit.checkpoint import log_origin
from seifas.audit.tiles import TileReader
from seifas.errors import Conflict, Unavailable
from seifas.keeper import founding, sealing, token_kit, tombstones, unlocking
from seifas.keeper.identity.accounts import Account
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.model import Kind, Tombstone
from seifas.keeper.rotating import rewrapped
from seifas.keeper.schedule import pages
from seifas.keeper.unlocking import BudgetSnapshot
from seifas.restoring.checking import State
from seifas.restoring.looking import Look
from seifas.settings import Settings
from seifas.storage import tokens
from seifas.storage.durable import create_private, make_directory, os_faults, sync_directory, sync_file
from seifas.storage.keystore_sqlite import SqliteKeys
from seifas.storage.opening import open_state
from seifas.storage.state import Group

_BATCH: Final = 2000
_COPIED: Final = 1024 * 1024

_encode = msgspec.msgpack.Encoder().encode
_ENDED: Final = (Kind.SESSION, Kind.LOGIN_LINK)
"""Whoever was signed in when the backup was made is not any more."""


class Renewed(NamedTuple):
    """The key store of the vault that comes back."""

    keyring: Keyring
    generation: int


class Old(NamedTuple):
    """What the new vault is made from, all of it checked."""

    look: Look
    keys: Look
    keyring: Keyring
    generation: int
    state: State
    listed: tombstones.List
    gone: dict[bytes, bytes]
    audit: Path
    approved: tuple[Account, Account]
    overridden: bool


def copy_file(source: Path, target: Path, *, wrote: Callable[[int], None] | None = None) -> None:
    """A synced copy in a new file; `wrote` is told bytes."""
    create_private(target, fresh=True)
    with os_faults(target.name), source.open("rb") as file, target.open("wb") as copy:
        while chunk := file.read(_COPIED):
            copy.write(chunk)
            if wrote is not None:
                wrote(len(chunk))
    sync_file(target)
    sync_directory(target.parent)


def copy_tree(source: Path, target: Path, *, wrote: Callable[[int], None] | None = None) -> None:
    for folder, _, names in os.walk(source):
        inside = target / Path(folder).relative_to(source)
        make_directory(inside)
        for name in sorted(names):
            copy_file(Path(folder) / name, inside / name, wrote=wrote)


def renew_keys(old: Old, directory: Path, root: bytes, slots: bytes, *, module: str = "", pin: str = "") -> Renewed:
    """A key store of the next generation under a new epoch key, without the erased. Behind the tokens that are there,
    where the old one was behind tokens."""
    generation, epoch = max(old.generation, old.state.facts.generation) + 1, old.keyring.epoch + 1
    make_directory(directory)
    if any(directory.iterdir()):
        raise Conflict("the place for the new key store is not empty", where=str(directory))
    part = _token_part(old, epoch, module, pin)
    begun = founding.new_epoch(root, old.keyring.clinic_keys, clinic=old.keyring.clinic, epoch=epoch, token=part)
    store = SqliteKeys(directory)
    made = store.begin_first(generation)
    made.put_epoch(begun.rows)
    new = AESGCM(begun.key)
    patients = [patient for patient in old.state.loaded.heads if patient not in old.gone.values()]
    for start in range(0, len(patients), _BATCH):
        made.put_many(rewrapped(
            old.keyring, old.keys, patients[start : start + _BATCH], old=old.keyring.under_epoch, new=new,
            old_epoch=old.keyring.epoch, new_epoch=epoch,
        ))
    made.finish()
    store.open(generation)
    store.write_slots(slots)
    keyring = Keyring(
        clinic=old.keyring.clinic, epoch=epoch, epoch_key=begun.key, clinic_keys=old.keyring.clinic_keys,
        read=store.get,
    )
    store.close()
    return Renewed(keyring, generation)


def _token_part(old: Old, epoch: int, module: str, pin: str) -> token_kit.Part | None:
    """Objects of the new vault's own: those of the old one stay, for it may still be in use."""
    half = token_kit.half_in(old.keys.epoch())
    if half is None:
        return None
    there = {one.serial for one in tokens.attached(module)}
    serials = [one.serial for one in half.tokens if one.serial in there]
    plan = token_kit.first_plan(serials, time.time_ns() // 1_000_000)
    return token_kit.make(module, pin, plan, clinic=old.keyring.clinic, epoch=epoch)


def revive_state(old: Old, renewed: Renewed, data: Path, settings: Settings) -> AuditLog:
    """The new keeper.db and the first line of the new log."""
    keyring = renewed.keyring
    now = time.time_ns() // 1_000_000
    when = datetime.fromtimestamp(now / 1000, UTC)
    # A name of its own, also if the same backup is restored twice: no witness may see two logs under one name.
    origin = f"{log_origin(keyring.clinic)}/{when:%Y%m%dT%H%M%SZ}-{os.urandom(2).hex()}"
    audit = AuditLog(
        audit_key=keyring.clinic_keys.audit, signing=keyring.clinic_keys.signing, clinic=keyring.clinic,
        directory=data / "audit", origin=origin,
    )
    audit.begin()
    state = open_state(data / "state" / "keeper.db", founding=True)
    try:
        list(state.load())
        puts, dropped = _changes(old, keyring)
        for batch in _batches(row for row in old.look.load() if row[0] not in dropped):
            audit.commit(state, [Group([], batch)])
        leaf = audit.leaf(_first_line(old, now), None, None)
        audit.mark(leaf, old.listed.mark)
        snapshot = _ledger(old, audit, settings)
        # Not the former witness and settings: both are taken up anew at the first unlock.
        facts = msgspec.structs.replace(
            old.state.facts, generation=renewed.generation, epoch=keyring.epoch, log_started_ms=now, log_origin=origin,
            restored_from=old.state.checkpoint.text.decode(), tombstones=old.listed.mark.length, witness="",
            settings=b"",
        )
        puts += [_row(keyring, Kind.BUDGET, b"ledger", snapshot), founding.facts_row(keyring, facts)]
        refused = [one for one in audit.commit(state, [Group([leaf], puts)]) if one is not None]
        if refused:
            raise Unavailable("the state of the restored vault was not written", where="keeper.db")
        audit.publish(state)
        state.checkpoint()
    finally:
        state.close()
    founding.write_public_key(data, str(audit.key))
    tombstones.write(
        data, audit.sign_note(tombstones.name_of(keyring.clinic), tombstones.body(old.listed))
    )
    return audit


def _first_line(old: Old, now: int) -> Line:
    signed = old.state.checkpoint
    note = f"restored-from {signed.origin} {signed.size} {signed.root.hex()}"
    if old.overridden:
        note += " without-tombstones"
    return Line(
        now, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000, Action.RESTORE, account=old.approved[0].id,
        objects=tuple(account.id for account in old.approved), note=note,
    )


def _changes(old: Old, keyring: Keyring) -> tuple[list[tuple[bytes, bytes]], set[bytes]]:
    """(rows to put, tags of rows not to take over): without the erased, and with nobody signed in."""
    loaded, erased = old.state.loaded, set(old.gone.values())
    dropped = {_tag(keyring, kind, one.id) for kind in _ENDED for one in loaded.structs[kind]}
    for patient in erased:
        dropped |= {_tag(keyring, kind, patient) for kind in (Kind.HEAD, Kind.CANARY, Kind.HOLD)}
    puts = []
    for page in loaded.structs[Kind.DAY_PAGE]:
        named = {entry.patient for entry in page.entries} & erased
        if named:
            left = functools.reduce(pages.without_patient, named, page)
            puts.append(_row(keyring, Kind.DAY_PAGE, page.doctor + page.date.encode(), left))
    for worklist in loaded.structs[Kind.WORKLIST]:
        if erased & set(worklist.patients):
            listed = tuple(patient for patient in worklist.patients if patient not in erased)
            puts.append(_row(keyring, Kind.WORKLIST, worklist.id, msgspec.structs.replace(worklist, patients=listed)))
    known = {stone.tag for stone in loaded.structs[Kind.TOMBSTONE]}
    for number, stone in enumerate(old.listed.stones, 1):
        if stone.tag not in known:
            when = int(datetime.fromisoformat(stone.day).replace(tzinfo=UTC).timestamp() * 1000)
            made = Tombstone(old.gone.get(stone.tag, b""), when, old.keyring.epoch, b"", number, stone.tag)
            puts.append(_row(keyring, Kind.TOMBSTONE, stone.tag, made))
    return puts, dropped


def _ledger(old: Old, audit: AuditLog, settings: Settings) -> BudgetSnapshot:
    """What was spent up to the backup is spent: the ledger from the old log, as of the new log's first line."""
    size = old.state.checkpoint.size

    def entries(start: int) -> Iterator[bytes]:
        published = TileReader(old.audit)
        stop = min(size, published.size)
        yield from published.entries(start, stop)
        yield from (leaf for index, leaf in old.look.leaves(max(start, stop)) if index < size)

    ledger, clock = unlocking.rebuilt_ledger(settings.budget, old.state.loaded, audit, size, entries)
    return BudgetSnapshot(1, ledger.snapshot(), clock.state())


def _tag(keyring: Keyring, kind: Kind, ident: bytes) -> bytes:
    return sealing.state_tag(keyring.state_key, kind, ident)


def _row(keyring: Keyring, kind: Kind, ident: bytes, struct: Any) -> tuple[bytes, bytes]:
    tag = _tag(keyring, kind, ident)
    return tag, sealing.seal_state(keyring.state, kind, ident, _encode(struct), clinic=keyring.clinic, tag=tag)


def _batches(rows: Iterator[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def clear(place: Path, mark: str) -> None:
    """Removes what a restore that was cut off left; its mark last, without which the rest would be somebody's."""
    with os_faults(place.name):
        for path in sorted(place.iterdir(), key=lambda path: path.name == mark):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

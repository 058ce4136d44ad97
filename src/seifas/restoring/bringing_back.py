"""`seifas restore`: from a backup or a replica to a vault that unlocks and serves.

Killed anywhere before its end, the new place holds no settings, so nothing serves from it, and the same command begins
again there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from seifas import settings as settings_module
from seifas.crypto import slots
from seifas.errors import Conflict, Invalid, Missing, Refused
from seifas.keeper import backup_manifest, token_kit, tombstones, unlocking
from seifas.keeper.backup_manifest import OBJECTS, Part
from seifas.keeper.keeper import Keeper
from seifas.keeper.keyring import Keyring
from seifas.keeper.model import CLINIC, Kind
from seifas.keeper.replicating import opening_of
from seifas.keeper.token_kit import OpenHalf
from seifas.restoring import approving, checking, reviving
from seifas.restoring.looking import Look
from seifas.restoring.reviving import Old, copy_file, copy_tree
from seifas.settings import FILE, Paths, Settings, Storage
from seifas.storage.durable import make_directory, os_faults, overwrite_and_unlink, sync_directory, write_new
from seifas.storage.replica import newest_base
from seifas.storage.replica_rebuild import rebuild

_MARK: Final = "restoring"
"""Stands in the new place from the first byte to the last: what is beside it may be cleared away."""

_STAGED: Final = "rebuilt"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be restored, where to, and what was shown for it. One of `backup` and `replica`."""

    data: Path
    backup: Path | None = None
    replica: Path | None = None
    keys_from: Path | None = None
    keys_at: str = "keys"
    tombstones: Path | None = None
    without_tombstones: bool = False
    witness: Path | None = None
    passphrase: str = ""
    pin: str = ""
    secrets: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


class Stage(NamedTuple):
    """For the progress bar: what is being done, and how many bytes it takes (None: unknown)."""

    name: str
    total: int | None


Watch = Callable[[Stage], Callable[[int], None]]


def unwatched(stage: Stage) -> Callable[[int], None]:
    return lambda _: None


class _Source(NamedTuple):
    """Where the parts lie. `staged` may be moved, the others are only read."""

    settings: Settings
    state: Path
    rows: Path
    keys: checking.KeySource
    audit: Path
    former: tuple[Path, ...]
    objects: tuple[Part, ...]
    pool: Path
    staged: bool
    signed_at: Path | None


def restore(order: Order, *, watch: Watch = unwatched) -> dict[str, Any]:
    """Restores, or raises what stands against it, and leaves the new place as it was then."""
    started = time.perf_counter()
    if (order.backup is None) == (order.replica is None):
        raise Invalid("restore from a backup (--from) or from a replica (--from-replica)", where="--from")
    with contextlib.ExitStack() as stack:
        if order.backup is not None:
            _check_place(order.data)
            source = _from_backup(order, watch)
        else:
            stack.enter_context(_place(order.data))
            source = _from_replica(order, watch)
        old, root = _checked(order, source, stack, watch)
        lost = 0
        if order.witness is not None:
            public = checking.public_of(old.keyring)
            lost = checking.witnessed(order.witness, source.settings, old.state, old.listed, public)
        if order.backup is not None:
            stack.enter_context(_place(order.data))
        patients = _build(order, source, old, root, watch)
        stack.pop_all().close()
    signed = old.state.checkpoint
    return {
        "data": str(order.data), "patients": patients, "erased": len(old.gone), "tombstones": old.listed.mark.length,
        "old_log": {"origin": signed.origin, "size": signed.size, "root": signed.root.hex()}, "lines_lost": lost,
        "approved_by": [account.name for account in old.approved], "without_tombstones": old.overridden,
        "warnings": _warnings(order, source.settings), "seconds": round(time.perf_counter() - started, 1),
    }


def _check_place(data: Path) -> None:
    with os_faults(data.name):
        if data.exists() and any(data.iterdir()) and not (data / _MARK).exists():
            raise Conflict("a vault is restored into an empty directory", where=str(data))
        if (data / FILE).exists():
            raise Conflict("there is a vault in this directory already", where=str(data))


@contextlib.contextmanager
def _place(data: Path) -> Iterator[None]:
    """The new place, marked; cleared again when something stands against the restore."""
    _check_place(data)
    data.mkdir(mode=0o755, parents=True, exist_ok=True)
    reviving.clear(data, _MARK)
    write_new(data / _MARK, b"")
    try:
        yield
    except BaseException:
        reviving.clear(data, _MARK)
        raise
    (data / _MARK).unlink()
    sync_directory(data)


def _from_backup(order: Order, watch: Watch) -> _Source:
    assert order.backup is not None
    place = backup_manifest.find(order.backup, backup_manifest.DATA)
    if order.keys_from is None:
        raise Invalid("say where a copy of the key store is with --keys-from", where="--keys-from")
    said = backup_manifest.read(place, backup_manifest.DATA)[0]
    keys = checking.keys_at(order.keys_from)
    checking.fit(said, keys)
    manifest = checking.whole(place, read_bytes=watch(Stage("checking", said.bytes)))
    settings = settings_module.load(place)
    if settings.clinic.id != manifest.clinic:
        raise Refused("the settings in the backup are another clinic's", where=FILE)
    return _Source(
        settings, place / "state" / "keeper.db", place / "data" / "rows.db", keys, place / "audit",
        tuple(sorted(place.glob("audit-before-*"))), manifest.objects, place.parent / OBJECTS, False, place,
    )


def _from_replica(order: Order, watch: Watch) -> _Source:
    """Rebuilds the stores in the new place first: a replica is a journal, and only rebuilt it can be checked."""
    assert order.replica is not None
    base = newest_base(order.replica)
    if base is None:
        raise Missing("the replica holds no complete base", where=str(order.replica))
    settings = settings_module.load(order.replica)
    watch(Stage("rebuilding", None))
    held = order.replica / f"base-{base.number:08d}"
    look = Look(held / f"keystore-{base.generation:06d}.db")
    try:
        root = checking.root_of((held / "slots.json").read_bytes(), order.passphrase, order.secrets)
        keyring = unlocking.keyring_of(look, settings.clinic_id, root, _token(order, settings))
    finally:
        look.close()
    staged = order.data / _STAGED
    made = rebuild(
        order.replica, state=staged / "state" / "keeper.db", keys=staged / "keys", rows=staged / "data" / "rows.db",
        open_sealed=opening_of(keyring),
    )
    keys = checking.KeySource(
        _newest(staged / "keys", made.generation), made.generation, (staged / "keys" / "slots.json").read_bytes(), None,
        b"",
    )
    return _Source(
        settings, staged / "state" / "keeper.db", staged / "data" / "rows.db", keys, order.replica / "audit",
        tuple(sorted(order.replica.glob("audit-before-*"))), (), order.replica / OBJECTS, True, None,
    )


def _newest(directory: Path, generation: int) -> Path:
    """The key store that the rebuilt state names: a rotation may have been cut off between commit and switch."""
    following = directory / f"keystore-{generation + 1:06d}.db.new"
    current = directory / f"keystore-{generation:06d}.db"
    return current if current.exists() else following


def _checked(
    order: Order, source: _Source, stack: contextlib.ExitStack, watch: Watch
) -> tuple[Old, bytes]:
    watch(Stage("opening", None))
    root = checking.root_of(source.keys.slots, order.passphrase, order.secrets)
    keys, keyring = _keys(order, source, root)
    stack.callback(keys.close)
    public = checking.public_of(keyring)
    if source.signed_at is not None:
        checking.signed(source.signed_at, source.keys, public)
    look = Look(source.state)
    stack.callback(look.close)
    state = checking.state_of(look, keyring, public)
    overridden = order.without_tombstones and order.tombstones is None
    if overridden:
        checking.custodians_present(order.secrets, source.keys.slots)
    listed = checking.erased_since(
        order.tombstones, state, clinic=source.settings.clinic_id, public=public, overridden=overridden
    )
    tags = {stone.tag for stone in listed.stones}
    gone = {tag: patient for patient in state.loaded.heads if (tag := keyring.tag(patient)) in tags}
    checking.patients_open(keys, keyring, state.loaded, set(gone))
    accounts = state.loaded.structs[Kind.ACCOUNT]
    if state.facts.demo and not order.approved_by:
        approved = approving.demo_people(accounts)
    else:
        shown = (*order.shown, *order.secrets, *((order.passphrase,) if order.passphrase else ()))
        approved = approving.approvers(order.approved_by, shown, accounts, slots.decode_slots(source.keys.slots))
    return Old(
        look, keys, keyring, source.keys.generation, state, listed, gone, source.audit, approved, overridden
    ), root


def _keys(order: Order, source: _Source, root: bytes) -> tuple[Look, Keyring]:
    look = Look(source.keys.file)
    try:
        token = _token(order, source.settings)
        return look, unlocking.keyring_of(look, source.settings.clinic_id, root, token)
    except BaseException:
        look.close()
        raise


def _token(order: Order, settings: Settings) -> OpenHalf:
    return token_kit.opener(settings.hsm.module, order.pin)


def _build(order: Order, source: _Source, old: Old, root: bytes, watch: Watch) -> int:
    """Writes the new vault, opens it once, and only then gives it its settings. Returns its number of patients."""
    data = order.data
    settings = settings_module.replaced(
        source.settings, paths=Paths(keys=order.keys_at), storage=_storage(order, source.settings.storage)
    )
    for name in ("state", "data", f"data/{OBJECTS}", tombstones.KIT, "run"):
        make_directory(data / name)
    sizes = [source.rows.stat().st_size, *(part.size for part in source.objects)]
    wrote = watch(Stage("copying", sum(sizes)))
    if source.staged:
        os.rename(source.rows, data / "data" / "rows.db")
    else:
        copy_file(source.rows, data / "data" / "rows.db", wrote=wrote)
    for part in source.objects:
        copy_file(source.pool / part.path, data / "data" / OBJECTS / part.path[:32], wrote=wrote)
    for number, former in enumerate((*source.former, source.audit), 1):
        copy_tree(former, data / f"audit-before-{number}")
    watch(Stage("renewing keys", None))
    renewed = reviving.renew_keys(
        old, data / settings.paths.keys, root, source.keys.slots, module=settings.hsm.module, pin=order.pin
    )
    watch(Stage("new log", None))
    reviving.revive_state(old, renewed, data, settings)
    watch(Stage("opening it once", None))
    patients = _opens(data, settings, root, order.pin)
    if source.staged:
        for path in sorted((data / _STAGED / "keys").iterdir()):
            overwrite_and_unlink(path)
        shutil.rmtree(data / _STAGED)
    settings_module.write(data, settings)
    sync_directory(data)
    return patients


def _storage(order: Order, said: Storage) -> Storage:
    """A vault comes back on one machine, in files. Only the objects of a bucket stay there where a replica is what it
    comes back from: the replica holds none."""
    if order.replica is None or said.objects == "files":
        return Storage()
    return Storage(
        objects=said.objects, s3_endpoint=said.s3_endpoint, s3_bucket=said.s3_bucket, s3_region=said.s3_region,
        s3_prefix=said.s3_prefix, s3_key_file=said.s3_key_file, s3_ca_file=said.s3_ca_file,
    )  # fmt: skip


def _opens(data: Path, settings: Settings, root: bytes, pin: str) -> int:
    """Unlocks the restored vault as the keeper will, and locks it again."""
    keeper = Keeper(data, settings)
    keeper.open = unlocking.unlock(keeper, root, pin=pin)
    patients = sum(1 for patient in keeper.open.vault.heads if patient != CLINIC)
    unlocking.lock(keeper)
    return patients


def _warnings(order: Order, settings: Settings) -> list[str]:
    found = []
    if _storage(order, settings.storage) != settings.storage:
        found.append("it lies in files of this machine now: `seifas move` takes it back to PostgreSQL or S3")
    if settings.paths.replica:
        found.append("no replica is set any more: choose a new, empty second place ([paths] replica)")
    if settings.witness_key and order.witness is None:
        found.append("not compared with the witness: bring its newest checkpoint with --witness")
    if settings.witness_key:
        found.append("the witness does not know the new log yet: two people add its key (audit/key) there")
    if order.without_tombstones and order.tombstones is None:
        found.append("restored without the tombstone list: people who were erased since may be back; the log says so")
    return found

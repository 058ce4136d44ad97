"""Makes a new vault: keys, slots, empty stores, and the first line of its log."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from seifas.crypto import keys, slots
from seifas.errors import Conflict
from seifas.keeper import sealing, tombstones
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.model import Facts, Kind
from seifas.settings import Settings
from seifas.storage.keystore import KeyStore
from seifas.storage.rows_sqlite import SqliteRows
from seifas.storage.state import Group, StateStore

EPOCH_ROW = "epoch"
CLINIC_ROW = "clinic"
FACTS = b"facts"
PLACES = ("state", "data", "data/objects", "audit", "kit")

_encode = msgspec.msgpack.Encoder().encode


def found(data: Path, settings: Settings, root: bytes, ways: tuple[slots.Slot, ...]) -> None:
    """Creates the stores of a new vault under `root`, opened by `ways`. Raises Conflict where one is already."""
    keys_directory = data / settings.paths.keys
    for place in (*PLACES, "run"):
        (data / place).mkdir(mode=0o700, parents=True, exist_ok=True)
    if (data / "state" / "keeper.db").exists():
        raise Conflict("there is a vault in this directory already", where=str(data))
    clinic = settings.clinic_id
    epoch_key, clinic_keys = keys.new_epoch_key(), keys.new_clinic_keys()
    store = KeyStore(keys_directory)
    store.create(epoch_rows(root, epoch_key, clinic_keys, clinic=clinic, epoch=1))
    store.write_slots(slots.encode_slots(ways))
    SqliteRows(data / "data" / "rows.db").close()
    keyring = Keyring(clinic=clinic, epoch=1, epoch_key=epoch_key, clinic_keys=clinic_keys, read=store.get)
    audit = AuditLog(
        audit_key=clinic_keys.audit, signing=clinic_keys.signing, clinic=clinic, directory=data / "audit"
    )
    state = StateStore(data / "state" / "keeper.db")
    list(state.load())
    now = time.time_ns() // 1_000_000
    facts = Facts(1, 1, now, audit.origin, demo=settings.demo)
    audit.begin()
    line = Line(now, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000, Action.START, note="founded")
    audit.commit(state, [Group([audit.leaf(line, None, None)], [facts_row(keyring, facts)])])
    audit.publish(state)
    state.checkpoint()
    state.close()
    store.close()
    write_public_key(data, str(audit.key))
    tombstones.write(data, audit.sign_note(tombstones.name_of(clinic), tombstones.body(tombstones.listed(()))))


def epoch_rows(
    root: bytes, epoch_key: bytes, clinic_keys: keys.ClinicKeys, *, clinic: bytes, epoch: int
) -> dict[str, bytes]:
    """The epoch rows of a key store generation: the epoch key under the root, the clinic's keys under the epoch."""
    return {
        EPOCH_ROW: epoch.to_bytes(4, "big") + keys.wrap_epoch(root, epoch_key, clinic=clinic, epoch=epoch),
        CLINIC_ROW: keys.seal_clinic_keys(AESGCM(epoch_key), clinic_keys, clinic=clinic, epoch=epoch),
    }


def facts_row(keyring: Keyring, facts: Facts) -> tuple[bytes, bytes]:
    tag = sealing.state_tag(keyring.state_key, Kind.FACTS, FACTS)
    return tag, sealing.seal_state(keyring.state, Kind.FACTS, FACTS, _encode(facts), clinic=keyring.clinic, tag=tag)


def write_public_key(data: Path, key: str) -> None:
    """The log's public key beside the log, for verifiers and witnesses: DATA/audit/key."""
    path = data / "audit" / "key"
    path.write_text(key + "\n")
    os.chmod(path, 0o644)

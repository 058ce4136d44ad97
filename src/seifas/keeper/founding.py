"""Makes a new vault: keys, slots, empty stores, and the first line of its log."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import msgspec

from seifas.crypto import epoch_halves, keys, slots
from seifas.crypto.envelope import sealer
from seifas.errors import Conflict, Tampered
from seifas.keeper import sealing, tombstones
from seifas.keeper.keyring import Keyring
from seifas.keeper.lines import Action, Line
from seifas.keeper.log import AuditLog
from seifas.keeper.model import Facts, Kind
from seifas.keeper.token_kit import TOKEN_ROW, OpenHalf, Part, none_at_hand
from seifas.settings import Settings
from seifas.storage.opening import key_store, open_rows, open_state
from seifas.storage.state import Group

EPOCH_ROW = "epoch"
CLINIC_ROW = "clinic"
FACTS = b"facts"
PLACES = ("state", "data", "data/objects", "audit", "kit")
UNFINISHED = "founding"
"""A file that stands beside the places while a vault is being founded, and goes when it is whole."""

_encode = msgspec.msgpack.Encoder().encode


def found(data: Path, settings: Settings, root: bytes, ways: tuple[slots.Slot, ...]) -> None:
    """Creates the stores of a new vault under `root`, opened by `ways`. Raises Conflict where one is already."""
    for place in (*PLACES, "run"):
        (data / place).mkdir(mode=0o700, parents=True, exist_ok=True)
    if (data / "state" / "keeper.db").exists():
        raise Conflict("there is a vault in this directory already", where=str(data))
    clinic = settings.clinic_id
    clinic_keys = keys.new_clinic_keys()
    first = new_epoch(root, clinic_keys, clinic=clinic, epoch=1)
    audit = AuditLog(
        audit_key=clinic_keys.audit, signing=clinic_keys.signing, clinic=clinic, directory=data / "audit"
    )
    with closing(key_store(settings.keys_at(data))) as store:
        store.create(first.rows)
        store.write_slots(slots.encode_slots(ways))
        open_rows(settings.rows_at(data), founding=True).close()
        keyring = Keyring(clinic=clinic, epoch=1, epoch_key=first.key, clinic_keys=clinic_keys, read=store.get)
        with closing(open_state(settings.state_at(data), founding=True)) as state:
            list(state.load())
            now = time.time_ns() // 1_000_000
            facts = Facts(1, 1, now, audit.origin, demo=settings.demo)
            audit.begin()
            line = Line(now, time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000, Action.START, note="founded")
            audit.commit(state, [Group([audit.leaf(line, None, None)], [facts_row(keyring, facts)])])
            audit.publish(state)
            state.checkpoint()
    write_public_key(data, str(audit.key))
    tombstones.write(data, audit.sign_note(tombstones.name_of(clinic), tombstones.body(tombstones.listed(()))))


class Epoch(NamedTuple):
    """An epoch's key, and the rows of a key store generation that bring it back."""

    number: int
    key: bytes
    rows: dict[str, bytes]


def new_epoch(
    root: bytes, clinic_keys: keys.ClinicKeys, *, clinic: bytes, epoch: int, token: Part | None = None
) -> Epoch:
    """A new epoch: its key (or, with a token, one half of it) under the root, the clinic's keys under the epoch."""
    half = keys.new_epoch_key()
    key = half if token is None else epoch_halves.joined(half, token.half, clinic=clinic, epoch=epoch)
    rows = {
        EPOCH_ROW: epoch.to_bytes(4, "big") + keys.wrap_epoch(root, half, clinic=clinic, epoch=epoch),
        CLINIC_ROW: keys.seal_clinic_keys(sealer(key), clinic_keys, clinic=clinic, epoch=epoch),
    }
    return Epoch(epoch, key, rows if token is None else {**rows, TOKEN_ROW: token.row})


def opened_epoch(
    rows: Mapping[str, bytes], root: bytes, *, clinic: bytes, token: OpenHalf = none_at_hand
) -> tuple[Epoch, keys.ClinicKeys]:
    """The epoch of these rows, and the clinic's keys under it. Raises Tampered, and what `token` raises."""
    if EPOCH_ROW not in rows or CLINIC_ROW not in rows:
        raise Tampered("the key store has no epoch", where="keys")
    epoch = int.from_bytes(rows[EPOCH_ROW][:4], "big")
    # The root first: a wrong one must not cost a try of the token's PIN.
    key = keys.unwrap_epoch(root, rows[EPOCH_ROW][4:], clinic=clinic, epoch=epoch)
    if TOKEN_ROW in rows:
        key = epoch_halves.joined(key, token(rows[TOKEN_ROW], clinic, epoch), clinic=clinic, epoch=epoch)
    return Epoch(epoch, key, dict(rows)), keys.open_clinic_keys(
        sealer(key), rows[CLINIC_ROW], clinic=clinic, epoch=epoch
    )


def facts_row(keyring: Keyring, facts: Facts) -> tuple[bytes, bytes]:
    tag = sealing.state_tag(keyring.state_key, Kind.FACTS, FACTS)
    return tag, sealing.seal_state(keyring.state, Kind.FACTS, FACTS, _encode(facts), clinic=keyring.clinic, tag=tag)


def write_public_key(data: Path, key: str) -> None:
    """The log's public key beside the log, for verifiers and witnesses: DATA/audit/key."""
    path = data / "audit" / "key"
    path.write_text(key + "\n")
    os.chmod(path, 0o644)

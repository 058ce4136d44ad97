"""What moves, from where to where; and how far a move has come, in DATA/moving, for whoever finds it cut off.

The file says which storage the vault is being taken to and from, as [storage] has it (no secret stands there), and the
stage:

    copying     the old place is in force and whole; what lies in the new one is nobody's: it is made anew, or discarded
    switching   the same; the new place is whole now, and the settings are about to name it
    clearing    the new place is in force, and what lies in the old one is taken away
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec

from seifas import settings as settings_module
from seifas.errors import Invalid, Tampered
from seifas.keeper import erasing_copies
from seifas.settings import Settings, Storage
from seifas.storage.database_places import DatabaseAt
from seifas.storage.durable import os_faults, replace, sync_directory
from seifas.storage.object_places import S3At

MARK: Final = erasing_copies.MARK

Step = Literal["copying", "switching", "clearing"]


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A move under way. `lines`: how many the log had that was copied; -1 where that is not known yet."""

    stage: Step
    old: Storage
    new: Storage
    lines: int = -1


class Plan(msgspec.Struct, frozen=True):
    """Two settings of one vault, and which of its parts lie elsewhere by the second. State and rows move together."""

    data: Path
    old: Settings
    new: Settings
    databases: bool
    keys: bool
    objects: bool

    @property
    def parts(self) -> tuple[str, ...]:
        moved = (("databases", self.databases), ("keys", self.keys), ("objects", self.objects))
        return tuple(name for name, moves in moved if moves)


def planned(data: Path, old: Settings, storage: Storage) -> Plan:
    """Raises Invalid where there is nothing to move, and for a storage that is none."""
    new = settings_module.replaced(old, storage=storage)
    plan = Plan(
        data, old, new, databases=old.state_at(data) != new.state_at(data), keys=old.keys_at(data) != new.keys_at(data),
        objects=_bucket(old, data) != _bucket(new, data),
    )
    if not plan.parts:
        raise Invalid("there is nothing to move: that is where the vault lies", where="--to")
    state, keys = new.state_at(data), new.keys_at(data)
    if isinstance(state, DatabaseAt) and isinstance(keys, DatabaseAt) and state.conninfo == keys.conninfo:
        raise Invalid("the key store lies apart from the data: give it a database of its own", where="--keys-database")
    return plan


def _bucket(settings: Settings, data: Path) -> object:
    """What makes two places of objects the same one, whoever's key opens them."""
    place = settings.objects_at(data)
    if isinstance(place, S3At):
        return place.endpoint.rstrip("/"), place.bucket, place.prefix.strip("/")
    return place


def marked(data: Path) -> Mark | None:
    """The move under way; None where there is none. Raises Tampered for a file that is not as it was written."""
    path = data / MARK
    with os_faults(MARK):
        if not path.exists():
            return None
        raw = path.read_bytes()
    try:
        return msgspec.json.decode(raw, type=Mark)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Tampered("the file that says how far the move came is not as it was written", where=MARK) from error


def mark(data: Path, stage: Step, plan: Plan, lines: int = -1) -> Mark:
    """Says how far it has come; durable on return."""
    made = Mark(stage, plan.old.storage, plan.new.storage, lines)
    replace(data / MARK, msgspec.json.encode(made))
    return made


def unmark(data: Path) -> None:
    with os_faults(MARK):
        (data / MARK).unlink(missing_ok=True)
    sync_directory(data)

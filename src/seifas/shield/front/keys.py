"""The keys of lane cookies and challenges: two slots, so that what one key signed stays good while the other signs.

A known visitor's cookie lives for PERIOD_S and a slot is overwritten only after twice that, so no cookie dies early.
They decide about a place in a queue and nothing else: a session is still proved to the keeper.
"""

from __future__ import annotations

import base64
import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

from seifas.errors import Invalid

PERIOD_S: Final = 30 * 86400
_BYTES: Final = 32


class Keys(msgspec.Struct, frozen=True):
    """`a` and `b` are base64 of 32 bytes; `slot` is the one that signs, since `since` (Unix s)."""

    slot: str
    a: str
    b: str
    since: int


def fresh(now: int) -> Keys:
    """Two new keys; a is current."""
    return Keys("a", _key(), _key(), now)


def rotated(keys: Keys, now: int) -> Keys:
    """The other slot gets a new key and signs from now on."""
    if keys.slot == "a":
        return Keys("b", keys.a, _key(), now)
    return Keys("a", _key(), keys.b, now)


def is_due(keys: Keys, now: int) -> bool:
    """Whether the current key has signed for its whole period, or was made by a clock ahead of this one."""
    return not keys.since - 86400 <= now < keys.since + PERIOD_S


def read(path: Path) -> Keys:
    """Raises FileNotFoundError; Invalid for a file that is not whole."""
    try:
        keys = msgspec.json.decode(path.read_bytes(), type=Keys)
        sound = keys.slot in ("a", "b") and all(
            len(base64.b64decode(key, validate=True)) == _BYTES for key in (keys.a, keys.b)
        )
    except (msgspec.DecodeError, ValueError):
        sound = False
    if not sound:
        raise Invalid(f"{path} is not whole; delete it, and visitors get new cookies", where="keys")
    return keys


def write(path: Path, keys: Keys) -> None:
    """Writes them for this user only; whole or not at all."""
    fresh_path = path.with_name(path.name + ".new")
    fresh_path.unlink(missing_ok=True)
    handle = os.open(fresh_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, msgspec.json.encode(keys))
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh_path.replace(path)


def read_or_made(path: Path, now: int) -> Keys:
    """Those of the file, rotated where due; new ones where there is none or it is not whole. One process at a time:
    the front and the control loop both ask, and must get the same."""
    with path.with_name(path.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            keys = read(path)
        except (FileNotFoundError, Invalid):
            keys = fresh(now)
        else:
            if not is_due(keys, now):
                return keys
            keys = rotated(keys, now)
        write(path, keys)
        return keys


def _key() -> str:
    return base64.b64encode(os.urandom(_BYTES)).decode("ascii")

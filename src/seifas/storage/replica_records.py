"""What the replica's records say: the changes of every store, as MessagePack.

    class Kind(IntEnum): ROWS ROWS_GONE KEYS KEYS_GONE EPOCH STATE SLOTS
    encode(kind, value) -> (int, bytes)     decode(record: Record) -> value, raises Tampered

    ROWS        list[(id, body)]                  KEYS        Keys(generation, [(tag, body)])
    ROWS_GONE   list[id]                          KEYS_GONE   KeysGone(generation, [tag])
    STATE       state.Change                      EPOCH       Epoch(generation, {name: body}): begins a generation
    SLOTS       bytes
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

import msgspec

from seifas.errors import Tampered
from seifas.storage.replica_format import Record
from seifas.storage.state import Change


class Kind(IntEnum):
    """The numbers stand in stored journals: never changed, never reused."""

    ROWS = 1
    ROWS_GONE = 2
    KEYS = 3
    KEYS_GONE = 4
    EPOCH = 5
    STATE = 6
    SLOTS = 7


class Keys(msgspec.Struct, frozen=True, array_like=True):
    generation: int
    items: list[tuple[bytes, bytes]]


class KeysGone(msgspec.Struct, frozen=True, array_like=True):
    generation: int
    tags: list[bytes]


class Epoch(msgspec.Struct, frozen=True, array_like=True):
    generation: int
    rows: dict[str, bytes]


_DECODERS: Final[dict[Kind, Callable[[bytes], Any]]] = {
    kind: msgspec.msgpack.Decoder(form).decode
    for kind, form in (
        (Kind.ROWS, list[tuple[bytes, bytes]]),
        (Kind.ROWS_GONE, list[bytes]),
        (Kind.KEYS, Keys),
        (Kind.KEYS_GONE, KeysGone),
        (Kind.EPOCH, Epoch),
        (Kind.STATE, Change),
        (Kind.SLOTS, bytes),
    )
}
_encode = msgspec.msgpack.Encoder().encode


def encode(kind: Kind, value: Any) -> tuple[int, bytes]:
    """A record for the journal."""
    return int(kind), _encode(value)


def decode(record: Record) -> Any:
    """The value of a record, in the form that its kind has. `Tampered` if it is none of ours."""
    try:
        return _DECODERS[Kind(record.kind)](record.payload)
    except (ValueError, msgspec.DecodeError):  # an unknown kind is a ValueError
        raise Tampered(
            f"record {record.number} of the replica is not as written", where=f"record {record.number}"
        ) from None

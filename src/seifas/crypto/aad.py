"""What every ciphertext is bound to: 64 bytes of fixed-width fields, so that no two sets of values encode alike.

    offset  0  "SEIF"     4    6  purpose  u16      24  patient  16
            4  format    u8    8  clinic    16      40  record   16
            5  algorithm u8                         56  version  u64     (all integers big-endian)

The fields travel as AAD (AES-GCM) or as context (Cobblestone): a ciphertext that is moved to another clinic, patient,
object, version or use does not open. It stops swaps, not a rollback to an older valid version; that is the work of the
heads and the audit log. The byte table with a worked value is docs/formats/envelope.md.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct, error
from typing import Final

from seifas.errors import Invalid

SIZE: Final = 64
ID_SIZE: Final = 16
NOBODY: Final = bytes(ID_SIZE)
"""Stands in the place of the patient or the record where a ciphertext belongs to none."""

FORMAT: Final = 1
ALG_AES256GCM: Final = 1
ALG_COBBLESTONE256: Final = 2

_MARK: Final = b"SEIF"
_LAYOUT: Final = Struct(">4sBBH16s16s16sQ")
_LAYOUT_EPOCH: Final = Struct(">4sBBH16s16s16sQI")


class Purpose(IntEnum):
    """What a ciphertext is for. The numbers stand in stored data: they are never changed and never reused."""

    RECORD = 1
    MANIFEST = 2
    CARD = 3
    STATE = 4
    KEYS = 5
    ROUTE = 6
    LEAF = 7
    LEAF_DETAIL = 8
    SCHEDULE = 9
    PHOTO = 10
    OBJECT = 11
    EPOCH = 12
    SLOT = 13
    CLINIC_DOC = 14
    SNAPSHOT = 15
    BACKUP = 16
    REPLICA = 17
    CLINIC_KEYS = 18
    TOKEN_HALF = 19


def bind(
    *, fmt: int, alg: int, purpose: int, clinic: bytes, patient: bytes, record: bytes, version: int
) -> bytes:
    """The 64 bytes for these values. Raises `Invalid` for an id that is not 16 bytes or a number out of its field.

    The lengths are checked because `Struct` would cut or fill an id silently, and then two ids could encode alike.
    """
    if not (len(clinic) == len(patient) == len(record) == ID_SIZE):
        raise Invalid("clinic, patient and record are 16 bytes each")
    try:
        return _LAYOUT.pack(_MARK, fmt, alg, purpose, clinic, patient, record, version)
    except error as wrong:
        raise Invalid("format, algorithm, purpose or version is out of its range") from wrong


def bind_epoch(
    *, fmt: int, alg: int, purpose: int, clinic: bytes, patient: bytes, record: bytes, version: int, epoch: int
) -> bytes:
    """`bind` followed by the epoch of the header as u32: 68 bytes, so that the header's epoch is authenticated too."""
    if not (len(clinic) == len(patient) == len(record) == ID_SIZE):
        raise Invalid("clinic, patient and record are 16 bytes each")
    try:
        return _LAYOUT_EPOCH.pack(_MARK, fmt, alg, purpose, clinic, patient, record, version, epoch)
    except error as wrong:
        raise Invalid("format, algorithm, purpose, version or epoch is out of its range") from wrong

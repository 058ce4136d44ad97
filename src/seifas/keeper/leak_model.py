"""Leak cases as the keeper stores them: sealed state rows of the clinic. Fields are only ever added at the end.

A case holds its legal basis, what two people have allowed it so far, and the key under which its files and results are
sealed as objects; the bytes of these lie in the object store, and no row here names a patient.
"""

from __future__ import annotations

from typing import Final

import msgspec

MENTIONS: Final = 5_000
"""What one approval allows to be looked up: the leak search is no way round the budget."""

APPROVED_MS: Final = 24 * 3_600_000
"""How long an approval holds, from the moment it was given."""


class LeakCase(msgspec.Struct, frozen=True, array_like=True):
    """`by`, `closed_by`: accounts, empty for the machine's own in a demo. `approval` is the newest request; its yes is
    good until `until_ms` and `left` mentions, both 0 before it is used for the first time. `people` are the accounts
    that stand behind that yes; `spent` counts the mentions of the whole case,
    `photos` those that were compared under the present yes; `compared` the comparisons with views of the whole case."""

    id: bytes
    title: str
    ground: str
    by: bytes
    made_ms: int
    key: bytes
    closed_ms: int = 0
    closed_by: bytes = b""
    approval: bytes = b""
    until_ms: int = 0
    left: int = 0
    people: tuple[bytes, ...] = ()
    spent: int = 0
    photos: int = 0
    compared: int = 0

    def __repr__(self) -> str:
        return "LeakCase(...)"


class LeakFile(msgspec.Struct, frozen=True, array_like=True):
    """Evidence that was kept: its name as it was given, the SHA-256 and size of its bytes, the object it is sealed
    as. `sha512` is empty for files of before it was taken; `derived_from` is the file that this one was made from.
    `by` brought it in (empty: the machine) `how`: desk, machine, watch or tip; `origin` is an address or a tip's id,
    `tool` the program and version that made it, `clock_ms` how far that machine's clock was ahead."""

    id: bytes
    case: bytes
    name: str
    sha256: bytes
    size: int
    object: bytes
    kept_ms: int
    epoch: int
    sha512: bytes = b""
    derived_from: bytes = b""
    by: bytes = b""
    how: str = ""
    origin: str = ""
    tool: str = ""
    clock_ms: int = 0


class LeakResult(msgspec.Struct, frozen=True, array_like=True):
    """What a search found: `kind` "match" or "attribute", the object its body is sealed as, that body's bytes."""

    id: bytes
    case: bytes
    kind: str
    object: bytes
    size: int
    made_ms: int
    epoch: int
    account: bytes = b""


class Person(msgspec.Struct, frozen=True, gc=False):
    """What a search is told of a patient. `families` and `givens`: the present one first; `birth` as on the card;
    `decoy` is empty, or the id (16 bytes) of the export or canary that the decoy stands for."""

    patient: bytes
    families: tuple[str, ...]
    givens: tuple[str, ...]
    birth: str
    sex: str
    codes: tuple[str, ...]
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    city: str = ""
    decoy: bytes = b""


class Care(msgspec.Struct, frozen=True, gc=False):
    """What was done for a patient, in the words of the record; dates are YYYY-MM-DD."""

    patient: bytes
    terms: tuple[str, ...]
    doctors: tuple[str, ...]
    dates: tuple[str, ...]
    city: str = ""

"""What the keeper stores, before sealing: heads, manifests, records and state rows (docs/life-of-a-record.md).

All are MessagePack arrays of frozen Structs: fields are only ever added at the end, with a default.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

CLINIC = bytes(16)
"""The compartment of what belongs to no patient: practitioners, organizations, locations."""

PHOTO = "Photo"
"""The internal type of what leads to a photo's bytes. FHIR knows no such resource, and no op shows one."""


class Kind(IntEnum):
    """Kinds of state rows. The numbers stand in stored data: never changed, never reused."""

    HEAD = 1
    ACCOUNT = 2
    SESSION = 3
    CLIENT = 4
    LOGIN_LINK = 5
    APPROVAL = 6
    WORKLIST = 7
    DAY_PAGE = 8
    BUDGET = 9
    CANARY = 10
    TOMBSTONE = 11
    ALARM = 12
    FACTS = 13
    VISIT = 14
    SPENT = 15
    CLOCK = 16
    HOLD = 17
    PUBLICATION = 18
    PORTAL_ACCOUNT = 19
    PORTAL_SESSION = 20
    PORTAL_CODE = 21
    PORTAL_MESSAGE = 22
    PORTAL_REQUEST = 23
    DROPPED = 24
    CLINIC_PROFILE = 25
    TEMPLATE = 26
    JOB = 27
    MERGE = 28
    REMINDER = 29
    REVIEW = 30
    WITHHELD = 31
    OPENINGS = 32
    CAPTURE = 33
    LEAK_CASE = 34
    LEAK_RESULT = 35
    LEAK_FILE = 36
    DECOY = 37
    WATCH = 38
    CASE = 39
    CASE_ENTRY = 40
    CASE_SENDING = 41
    SNAPSHOT = 42
    WAVE = 43
    LETTER = 44
    TIP = 45
    TIP_PART = 46
    ASKED = 47
    STATEMENT = 48
    EVIDENCE_KEY = 49
    FLOOD = 50
    FLOOD_CHANGE = 51
    FLOOD_MINUTE = 52
    FLOOD_PART = 53
    FLOOD_STANDING = 54
    BULK_EXPORT = 55


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One resource in its patient's manifest: which row holds its current version, what that row's bytes hash to,
    and which account wrote it (`by`)."""

    type: str
    id: bytes
    version: int
    row: bytes
    digest: bytes
    size: int
    updated_ms: int
    deleted: bool = False
    by: bytes = b""


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """Everything of one patient, at one moment."""

    version: int
    entries: tuple[Entry, ...]


class Own(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where the current version of the patient's own resource lies: what its manifest says of it, again."""

    row: bytes
    digest: bytes
    size: int
    version: int
    updated_ms: int
    by: bytes = b""


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The commit point of one patient: which manifest is current. `check` commits to the patient's keys.

    `own` spares the commonest opening, that of a card, the manifest; heads of before it was kept have none.
    """

    patient: bytes
    version: int
    row: bytes
    digest: bytes
    size: int
    check: bytes
    card: bytes
    created_by: bytes
    created_ms: int
    epoch: int = 0
    own: Own | None = None


class Record(msgspec.Struct, frozen=True, array_like=True):
    """The plaintext of a record row: the resource's bytes as they are served, the row of the version before, and which
    account wrote this one (empty: an import)."""

    type: str
    body: bytes
    updated_ms: int
    before_row: bytes = b""
    before_digest: bytes = b""
    before_size: int = 0
    by: bytes = b""


class StateRow(msgspec.Struct, frozen=True, array_like=True):
    """The plaintext of a state row: its kind and id again, so that a row cannot pass for another."""

    kind: int
    ident: bytes
    body: bytes


class Tombstone(msgspec.Struct, frozen=True, array_like=True):
    """What stays of an erased patient: that there was one, under which id, and when its keys went.

    `number` counts from 1 in the clinic's tombstone list; `tag` is what stands in it, the patient's tag in the key
    store, so that the list names nobody. Of some erased patients a restored vault knows only that: their `patient` is
    empty. `swept_ms` is 0 until no row of the patient is left in the row store.
    """

    patient: bytes
    erased_ms: int
    epoch: int
    certificate: bytes
    number: int = 0
    tag: bytes = b""
    swept_ms: int = 0


class Hold(msgspec.Struct, frozen=True, array_like=True):
    """A legal hold: this patient is not erased. `why` is sealed under the patient's own key, `by` a login."""

    patient: bytes
    set_ms: int
    by: str
    why: bytes


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """Single facts of the installation that must not be rolled back alone."""

    generation: int
    epoch: int
    log_started_ms: int
    log_origin: str
    restored_from: str = ""
    tombstones: int = 0
    witness: str = ""  # "<log origin> <the witness's key>": who watches which log; see witnessing.py
    settings: bytes = b""  # digest of the settings at the last unlock; see noticing_settings.py
    demo: bool = False  # made as a demo: no settings file makes one of a real vault

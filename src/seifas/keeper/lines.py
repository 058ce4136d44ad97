"""The lines of the audit log as the keeper writes them, before audit.leaf seals them.

The outer part (clinic's audit key) says when, who, over what, with which outcome, and carries the budget charge, so
that the log is also the budget's journal: replaying it rebuilds the ledger, and a charge can be neither lost nor
made without its line. The inner part (patient's audit key) says why; it dies with the patient's keys.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec


class Action(IntEnum):
    """What was done. The numbers stand in stored data: never changed, never reused."""

    START = 1
    UNLOCK = 2
    LOCK = 3
    OPEN_CARD = 10
    OPEN_CHART = 11
    SEARCH = 12
    CALLER = 13
    WORKLIST_MAKE = 14
    WORKLIST_OPEN = 15
    BREAK_GLASS = 16
    CREATE = 20
    UPDATE = 21
    DELETE = 22
    IMPORT = 23
    UNDO = 24
    SCHEDULE = 25
    SCHEDULE_VIEW = 26
    SIGN_IN = 30
    SIGN_OUT = 31
    SIGN_IN_FAILED = 32
    LINK_MADE = 33
    STEP_UP = 34
    SESSION_FROZEN = 35
    SESSION_THAWED = 36
    HAT = 37
    ACCOUNT = 40
    CLIENT = 41
    APPROVAL = 42
    BUDGET_ACT = 43
    ALARM = 44
    ERASE = 50
    ROTATE = 51
    BACKUP = 52
    RESTORE = 53
    SETTINGS = 54
    AUDIT_VIEW = 55
    CLOCK_JUMP = 56
    HOLD = 57
    WAYS = 58
    REHEARSAL = 59
    UPGRADE = 60
    PHOTO_BEGIN = 70
    PHOTO_KEPT = 71
    PHOTO_SHOWN = 72
    CAPTURE = 73
    PUBLISHED = 74
    UNPUBLISHED = 75
    CONSENT = 76
    PRINTED = 77
    EXPORTED = 78
    MERGED = 79
    UNMERGED = 80
    JOB = 81
    PORTAL_INVITE = 82
    PORTAL_SIGN_IN = 83
    PORTAL_VIEW = 84
    PORTAL_REQUEST = 85
    PORTAL_MESSAGE = 86
    DROPPED = 87
    DROPPED_READ = 88
    REMINDED = 89
    CLINIC_EDIT = 90
    REVIEWED = 91
    WITHHELD = 92
    LEAK_CASE = 93
    LEAK_OPENED = 94
    LEAK_FOUND = 95
    LEAK_SHOWN = 96
    DECOY = 97
    WATCH = 98
    CASE = 99
    CASE_SHOWN = 100
    CASE_ENTRY = 101
    SNAPSHOT = 102
    LETTER = 103
    TIP = 104
    ASKED = 105
    STAMPED = 106
    CUSTODY = 107
    FLOOD = 108
    FLOOD_KEPT = 109
    FLOOD_SHOWN = 110


class Outcome(IntEnum):
    DONE = 0
    REFUSED = 1
    STOPPED = 2


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The outer part of a leaf. Times in ms; ids 16 bytes or empty; `note` is a fixed word, never free text."""

    wall_ms: int
    boot_ms: int
    action: int
    outcome: int = 0
    account: bytes = b""
    session: bytes = b""
    pseudonym: bytes = b""
    objects: tuple[bytes, ...] = ()
    charge: bytes = b""
    note: str = ""
    charges: tuple[bytes, ...] = ()


class Detail(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The inner part: the reason given and what exactly was touched."""

    reason: str = ""
    what: str = ""


encode = msgspec.msgpack.Encoder().encode
decode_line = msgspec.msgpack.Decoder(Line).decode
decode_detail = msgspec.msgpack.Decoder(Detail).decode

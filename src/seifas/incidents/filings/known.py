"""What a filing is made of: the facts, and what the case itself knows. The desk reads both from the keeper."""

from __future__ import annotations

import msgspec

from seifas.incidents.filings.facts import Facts


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the case. Its name is not here: whoever leaked it may have named a patient in it."""

    id: str
    sha256: str
    size: int
    kept: str


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """An event of the timeline, as it stands; `at` as exactly as it is known."""

    entry: str
    word: str
    at: str
    what: str
    source: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A demand, as it stands."""

    entry: str
    seen: str
    amount: str
    deadline: str = ""
    addresses: tuple[str, ...] = ()
    channel: str = ""
    wording: str = ""
    evidence: tuple[str, ...] = ()


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A filing of this case that was sent."""

    entry: str
    form: str
    kind: str
    at: str
    channel: str
    reference: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a filing may say. `facts_entry` is the entry in hex, "" where nobody has written any; `now_ms` is
    the case's clock; `made` the same in local time."""

    case: str
    clinic: str
    made: str
    now_ms: int
    facts: Facts
    facts_entry: str = ""
    exercise: bool = False
    files: tuple[File, ...] = ()
    events: tuple[Happened, ...] = ()
    demands: tuple[Asked, ...] = ()
    sent: tuple[Sent, ...] = ()

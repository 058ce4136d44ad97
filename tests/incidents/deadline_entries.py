"""Entries of a case as the keeper would tell them, for what is computed from them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from seifas.incidents.deadlines import Profile
from seifas.incidents.standing import Entry
from seifas.incidents.timeline import SIGNED_WORDS, Event

ZONE = "Europe/Vilnius"


def ms(local: str) -> int:
    """A local time in Vilnius."""
    return int(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE)).timestamp() * 1000)


def ident(name: str) -> str:
    """The same id for the same name, in hex."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


class Written:
    """Entries written one after another."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, kind: str, body: bytes, *, about: str = "", signed: bool = False) -> str:
        seq = len(self.entries) + 1
        entry = ident(f"entry {seq}")
        self.entries.append(
            Entry(
                entry=entry, seq=seq, kind=kind, about=about, ms=seq, case_ms=seq, by="O", hat="officer",
                signed=signed, body=body, line=seq,
            )
        )  # fmt: skip
        return entry

    def event(
        self, word: str, at: str, *, signed: bool | None = None, about: str = "", precision: str = "minute",
        retracted: str = "",
    ) -> str:  # fmt: skip
        body = msgspec.json.encode(
            Event(what=word, word=word, at=at, zone=ZONE, precision=precision, source="O", retracted=retracted)  # type: ignore[arg-type]
        )
        return self.add("event", body, about=about, signed=word in SIGNED_WORDS if signed is None else signed)

    def profile(self, **facts: str) -> str:
        return self.add("profile", msgspec.json.encode(Profile(**facts)))  # type: ignore[arg-type]

"""What stands of a case's entries: corrections counted, what was taken back left out but never forgotten.

An entry of the same kind that is about another one replaces it. What was signed is replaced only by what is signed:
whoever holds an officer's session without their passkey cannot move a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from seifas.incidents.timeline import Document, read

D = TypeVar("D", bound=Document)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as the keeper tells it (op case.entries), ids in hex, times in ms UTC. `case_ms` is by the case's own
    clock, another one in an exercise."""

    entry: str
    seq: int
    kind: str
    about: str
    ms: int
    case_ms: int
    by: str
    hat: str
    signed: bool
    body: bytes
    line: int


class Held(msgspec.Struct, Generic[D], frozen=True, kw_only=True):
    """A document as it stands now. `first` names it for good (hex); `entry` is the newest version, `before` those that
    it replaced, oldest first."""

    first: str
    entry: Entry
    document: D
    before: tuple[Entry, ...] = ()


def entry_of(row: dict[str, Any]) -> Entry:
    """A row of case.entries."""
    about = row["about"]
    return Entry(
        entry=row["entry"].hex(), seq=row["seq"], kind=row["kind"], about=about.hex() if about else "", ms=row["ms"],
        case_ms=row["case_ms"], by=row["by"], hat=row["hat"], signed=row["signed"], body=row["body"], line=row["line"],
    )  # fmt: skip


def chains(entries: Iterable[Entry], kind: str) -> list[tuple[Entry, ...]]:
    """All entries of a kind, each first one with those that replace it, in order. One that may not replace what it is
    about (it is unsigned, and the other signed) is left out."""
    root: dict[str, str] = {}
    found: dict[str, list[Entry]] = {}
    for one in sorted(entries, key=lambda each: each.seq):
        if one.kind != kind:
            continue
        first = root.get(one.about, one.entry)
        if first == one.entry:
            found[first] = [one]
        elif any(each.signed for each in found[first]) and not one.signed:
            continue
        else:
            found[first].append(one)
        root[one.entry] = first
    return [tuple(one) for one in found.values()]


def standing(entries: Iterable[Entry], kind: str, of: type[D], *, retracted: bool = False) -> list[Held[D]]:
    """What stands of a kind, in the order in which it was first written; with `retracted`, also what was taken back.
    An entry whose body is none of ours counts for nothing."""
    found = []
    for chain in chains(entries, kind):
        readable = [(one, document) for one in chain if isinstance(document := read(kind, one.body), of)]
        if not readable:
            continue
        newest, document = readable[-1]
        if document.retracted and not retracted:
            continue
        before: Sequence[Entry] = [one for one, _ in readable[:-1]]
        found.append(Held(first=chain[0].entry, entry=newest, document=document, before=tuple(before)))
    return found

"""The protocol of an evidence bundle as PDF/A: what is in it, where each item comes from, who had it when."""

from __future__ import annotations

import hashlib
import importlib.resources
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from seifas.incidents.bagging import payload_manifest, payload_of
from seifas.incidents.custody import Deed, Event, Item, moment
from seifas.incidents.protocol_words import WORDS
from seifas.typesetting import typeset

# Read at import: the process runs as a user of its own, who may not be able to read the package's files.
_SHEET: Final = importlib.resources.files("seifas.incidents").joinpath("protocol.typ").read_bytes()
_FAILED: Final = "the protocol could not be made; everything it is made of is kept"


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the protocol is about. `asked`, `allowed` are people as they are known here; `made_ms` the case's clock;
    `log` names the audit log, `before` the one that a restored vault's earlier custody stands in."""

    clinic: str
    title: str
    case: str
    made_ms: int
    by: str
    asked: str
    allowed: tuple[str, ...]
    purpose: str
    log: str
    before: str = ""
    exercise: bool = False


def protocol(head: Head, items: Sequence[Item], events: Sequence[Event], language: str) -> bytes:
    """The PDF, not signed yet. `language` is "lt" or "en". For a thread. Raises Unavailable where it cannot be made."""
    words = WORDS[language]
    data = {
        "language": language, "title": words["title"], "clinic": head.clinic, "day": moment(head.made_ms)[:10],
        "exercise": head.exercise, "words": dict(words), "facts": _facts(head, items, words),
        "items": [_item(one, items, words) for one in items],
        "events": [_event(one, words) for one in events],
        "head": [words[one] for one in ("line", "at", "deed", "item", "who")],
        "places": [words["gave"], words["took"]],
        "footer": words["foot"].format(case=head.case, made=moment(head.made_ms)),
    }
    return typeset(_SHEET, msgspec.json.encode(data).decode("utf-8"), _FAILED)


def _facts(head: Head, items: Sequence[Item], words: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    payload = payload_of(items)
    short = hashlib.sha256(payload_manifest(payload)).hexdigest()
    long = hashlib.sha512(payload_manifest(payload, "sha512")).hexdigest()
    rows = [
        ("case", head.title, False), ("number", head.case, True), ("made", moment(head.made_ms), False),
        ("by", head.by, False), ("asked", head.asked, False), ("allowed", ", ".join(head.allowed), False),
        ("purpose", head.purpose, False), ("count", f"{len(items)}, {sum(one.size for one in items)}", False),
        ("manifest256", short, True), ("manifest512", long, True), ("log", head.log, True),
        ("before", head.before, True),
    ]
    return _told(rows, words)


def _told(rows: Sequence[tuple[str, str, bool]], words: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    return [(words.get(name, name), _broken(value) if mono else value, mono) for name, value, mono in rows if value]


def _item(item: Item, items: Sequence[Item], words: Mapping[str, str]) -> dict[str, Any]:
    made_from = next((one for one in items if one.file == item.derived_from), None)
    how = words.get(f"how-{item.how}", words["how-"])
    rows = [
        ("name", item.name, False), ("path", item.path, True), ("size", str(item.size), False),
        ("SHA-256", item.sha256, True), ("SHA-512", item.sha512, True),
        ("received", f"{item.received}, {item.by or words['machine']}, {how}", False),
        ("from", item.origin, False), ("tool", item.tool, False),
        ("clock", str(item.clock_s) if item.clock_s else "", False),
        ("derived", f"{made_from.number}. {made_from.name}" if made_from else item.derived_from, False),
        ("text", item.text, False),
    ]
    return {
        "heading": f"{item.number}. {item.name}", "facts": _told(rows, words),
        "retracted": words["retracted"].format(why=item.retracted) if item.retracted else "",
    }


def _event(event: Event, words: Mapping[str, str]) -> tuple[str, ...]:
    said = [event.by or words["machine"]]
    if event.body and event.deed not in ("described", "retracted"):
        deed = msgspec.json.decode(event.body, type=Deed)
        said += [words["to"].format(to=deed.to)] if deed.to else []
        said += [words["protocol"].format(protocol=deed.protocol)] if deed.protocol else []
        said += [words["done-at"].format(at=deed.at, zone=deed.zone), *([deed.text] if deed.text else [])]
    return (
        str(event.line), event.at, words.get(f"deed-{event.deed}", event.deed),
        ", ".join(map(str, event.items)), "; ".join(said),
    )


def _broken(text: str) -> str:
    """Long digests in groups, so that a line can end between them."""
    return " ".join(text[at : at + 16] for at in range(0, len(text), 16)) if len(text) >= 64 else text

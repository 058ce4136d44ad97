"""What is said of evidence after its intake, and the chain of custody: who had which item when, as the log has it.

An item is a file of the case's leak case: its bytes were hashed and sealed when it came, and nothing here changes them.
What people add is a `Remark` (an entry of kind "evidence") or a `Deed` (kind "custody"); what the vault itself did, it
wrote into its log. Nothing goes: an item that is taken back stays, marked, with the reason.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import msgspec

from seifas.errors import Invalid

Word = Literal["received", "viewed", "copied", "exported", "handed-over", "returned", "destroyed"]
WORDS: Final[tuple[Word, ...]] = get_args(Word)
BY_HAND: Final[tuple[Word, ...]] = ("received", "viewed", "copied", "handed-over", "returned", "destroyed")
"""What people may record; "exported" is the vault's own word alone."""

MOST_TEXT: Final = 2_000
MOST_LINE: Final = 300
MOST_FILES: Final = 500
_HEX: Final = re.compile(r"[0-9a-f]{32}\Z")
_MINUTE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\Z", re.ASCII)
_OTHER: Final = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_PATH: Final = 80


class Remark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of an entry "evidence", about one item (`file`, in hex). The newest that says something counts; `retracted`
    says why the item is no evidence any more. `clock_s`: seconds that the clock of the machine it came from was
    ahead."""

    file: str
    text: str = ""
    origin: str = ""
    tool: str = ""
    clock_s: int | None = None
    derived_from: str = ""
    retracted: str = ""


class Deed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of an entry "custody": what was done with items outside the vault. `at` is local time to the minute; `to`
    whom it was handed to or who returned it, `protocol` the number of the paper that says so."""

    files: tuple[str, ...]
    word: Word
    at: str
    zone: str
    to: str = ""
    protocol: str = ""
    text: str = ""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """An item as a bundle lists it. Hashes in hex, `received` in ISO 8601 (UTC), `by` as people know them."""

    number: int
    file: str
    path: str
    name: str
    size: int
    sha256: str
    sha512: str
    received: str
    by: str
    how: str
    origin: str = ""
    tool: str = ""
    clock_s: int = 0
    derived_from: str = ""
    text: str = ""
    retracted: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of custody.jsonl. `line`, `ms`, `action`, `note` and `objects` (hex) are those of the line of the audit
    log that proves it; `body` is the entry whose SHA-256 is among the objects, word for word."""

    line: int
    ms: int
    at: str
    action: int
    note: str
    objects: tuple[str, ...]
    deed: str
    items: tuple[int, ...]
    by: str = ""
    body: str = ""


def check_remark(remark: Remark) -> Remark:
    """Raises Invalid naming the field."""
    _id(remark.file, "file")
    _text(remark.text, MOST_TEXT, "text")
    _text(remark.retracted, MOST_LINE, "retracted")
    for where, line in (("origin", remark.origin), ("tool", remark.tool)):
        _line(line, where)
    if remark.derived_from:
        _id(remark.derived_from, "derived")
        if remark.derived_from == remark.file:
            raise Invalid("nothing is made from itself", where="derived")
    if remark.clock_s is not None and abs(remark.clock_s) > 20 * 366 * 86_400:
        raise Invalid("a clock is not that wrong", where="clock")
    if remark == Remark(file=remark.file):
        raise Invalid("say something of the item", where="text")
    return remark


def check_deed(deed: Deed, now: datetime.datetime) -> Deed:
    """Raises Invalid naming the field: nothing is recorded that has not happened at `now` (local time)."""
    if not 1 <= len(deed.files) <= MOST_FILES or len(set(deed.files)) != len(deed.files):
        raise Invalid("name the items", where="files")
    for one in deed.files:
        _id(one, "file")
    if deed.word not in BY_HAND:
        raise Invalid(f"one of: {', '.join(BY_HAND)}", where="deed")
    try:
        at = datetime.datetime.fromisoformat(deed.at) if _MINUTE.match(deed.at) else None
    except ValueError:
        at = None
    if at is None or at > now.replace(tzinfo=None) + datetime.timedelta(minutes=1):
        raise Invalid("say when it was done, to the minute", where="at")
    for where, line in (("to", deed.to), ("protocol", deed.protocol)):
        _line(line, where)
    if deed.word in ("handed-over", "returned") and not (deed.to and deed.protocol):
        raise Invalid("say to whom or by whom, and under which protocol", where="protocol")
    _text(deed.text, MOST_TEXT, "text")
    return deed


def encoded(body: Remark | Deed) -> bytes:
    return msgspec.json.encode(body)


def _id(text: str, where: str) -> None:
    if not _HEX.match(text):
        raise Invalid("an item is named by its id", where=where)


def _line(text: str, where: str) -> None:
    if len(text) > MOST_LINE or not text.isprintable():
        raise Invalid(f"at most {MOST_LINE} letters on one line", where=where)


def _text(text: str, most: int, where: str) -> None:
    if len(text) > most or any(not (one.isprintable() or one == "\n") for one in text):
        raise Invalid(f"at most {most} letters", where=where)


# -- what stands of an item


def remarks_of(bodies: Iterable[bytes]) -> list[Remark]:
    """What can be read of the entries "evidence", in their order."""
    found = []
    for body in bodies:
        try:
            found.append(check_remark(msgspec.json.decode(body, type=Remark)))
        except (msgspec.DecodeError, UnicodeDecodeError, Invalid):
            continue
    return found


def items_of(files: Iterable[Mapping[str, Any]], remarks: Iterable[Remark]) -> tuple[Item, ...]:
    """The items as they stand, numbered in the order in which they came. `files` as op case.evidence tells them."""
    said: dict[str, list[Remark]] = {}
    for one in remarks:
        said.setdefault(one.file, []).append(one)
    return tuple(_item(number, one, said.get(one["file"].hex(), [])) for number, one in enumerate(files, 1))


def _item(number: int, file: Mapping[str, Any], said: Sequence[Remark]) -> Item:
    first = Remark(
        file=file["file"].hex(), origin=file["origin"], tool=file["tool"], clock_s=file["clock_ms"] // 1000,
        derived_from=file["derived_from"].hex(),
    )
    stands = {name: getattr(first, name) for name in ("origin", "tool", "clock_s", "derived_from")}
    stands |= {"text": "", "retracted": ""}
    for one in said:
        stands |= {name: value for name in stands if (value := getattr(one, name)) not in ("", None)}
    return Item(
        number=number, file=first.file, path=path_of(number, file["name"], derived=bool(stands["derived_from"])),
        name=file["name"], size=file["size"], sha256=file["sha256"].hex(), sha512=file["sha512"].hex(),
        received=moment(file["kept_ms"]), by=file["by"], how=file["how"], **stands,
    )  # fmt: skip


def path_of(number: int, name: str, *, derived: bool) -> str:
    """Where an item lies in a bundle. A stranger's file name becomes letters, digits, `.`, `_` and `-` behind its
    number: no name of theirs reaches a file system, or hides what kind of file it is."""
    plain = _OTHER.sub("_", name)[-_MOST_PATH:].strip("._") or "file"
    return f"data/{'derived' if derived else 'evidence'}/{number:04d}-{plain}"


def events_of(lines: Iterable[Mapping[str, Any]], items: Sequence[Item]) -> tuple[Event, ...]:
    """The custody record, oldest first. `lines` as op case.custody tells them."""
    numbers = {one.file: one.number for one in items}
    return tuple(_event(one, numbers) for one in sorted(lines, key=lambda one: int(one["line"])))


def _event(line: Mapping[str, Any], numbers: Mapping[str, int]) -> Event:
    objects = tuple(one.hex() for one in line["objects"])
    body = bytes(line["body"]).decode("utf-8")
    about, deed = objects, str(line["note"])
    if body:
        written = msgspec.json.decode(body)
        about = (*written.get("files", ()), written.get("file", ""))
        deed = written.get("word") or ("retracted" if written.get("retracted") else "described")
    return Event(
        line=line["line"], ms=line["ms"], at=moment(line["ms"]), action=line["action"], note=line["note"],
        objects=objects, deed=deed, by=line["by"], body=body,
        items=tuple(sorted({numbers[one] for one in about if one in numbers})),
    )  # fmt: skip


def moment(ms: int) -> str:
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"

"""The minutes of a flood as a chain: each link holds the hash of the one before, and each link's hash is a line of the
audit log. Whoever holds the last line's proof holds all minutes before it (docs/formats/flood-evidence.md).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from seifas.errors import Invalid
from seifas.shield.model import Listener, Minute, Mode

MOST_BYTES: Final = 1 << 20

_HEAD: Final = struct.Struct(">4sB16sI32s")
HEAD_SIZE: Final = _HEAD.size
"""Bytes of a link before its JSON."""

_MAGIC: Final = b"SFFM"
_FORMAT: Final = 1
_MOST: Final = 1 << 53
_LAST_MS: Final = 4_102_444_800_000  # the year 2100


class Head(msgspec.Struct, frozen=True):
    """Where a chain stands: its name (16 random bytes), the number of the next link, the hash of the last one."""

    chain: bytes
    number: int
    before: bytes

    @classmethod
    def begin(cls, chain: bytes) -> Head:
        """Of a new chain: one an event."""
        if len(chain) != 16:
            raise Invalid("a chain is named by 16 bytes", where="chain")
        return cls(chain, 0, hashlib.sha256(b"seifas flood chain\0" + chain).digest())


class Link(msgspec.Struct, frozen=True):
    """One opened link."""

    chain: bytes
    number: int
    before: bytes
    minute: Minute


class Kept(msgspec.Struct, frozen=True):
    """A link as the vault keeps it: its line in the audit log, the hash that this line says, and the bytes. Line -1 and
    no hash: it has none in this log, since the vault was restored."""

    line: int
    logged: bytes
    body: bytes


class Checked(msgspec.Struct, frozen=True):
    """What the chain says about itself. No problems: the minutes are those that were written, in order, none missing
    before the last one."""

    links: tuple[Link, ...]
    problems: tuple[str, ...]


def linked(head: Head, minute: Minute) -> tuple[bytes, Head]:
    """The next link, and the head after it. Raises Invalid for a minute of more than a mebibyte."""
    link = _HEAD.pack(_MAGIC, _FORMAT, head.chain, head.number, head.before) + _written(minute)
    if len(link) > MOST_BYTES:
        raise Invalid("a minute of a flood is larger than a mebibyte", where="minute")
    return link, Head(head.chain, head.number + 1, hashlib.sha256(link).digest())


def _written(minute: Minute) -> bytes:
    try:
        return msgspec.json.encode(minute, order="deterministic")
    except UnicodeEncodeError:  # what was no UTF-8 on the line is no text: it is written with escapes
        return msgspec.json.encode(
            msgspec.structs.replace(
                minute, paths=tuple((_escaped(path), count) for path, count in minute.paths),
                samples=tuple(map(_escaped, minute.samples)),
            ),
            order="deterministic",
        )  # fmt: skip


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def opened(link: bytes) -> Link:
    """Raises Invalid, also for a minute of numbers that cannot be: the shield stands at the internet, and may have been
    taken over."""
    try:
        magic, form, chain, number, before = _HEAD.unpack_from(link)
        if magic != _MAGIC or form != _FORMAT or len(link) > MOST_BYTES:
            raise ValueError("head")
        minute = msgspec.json.decode(link[_HEAD.size :], type=Minute)
        if not can_be(minute):
            raise ValueError("numbers")
        return Link(chain, number, before, minute)
    except (struct.error, ValueError, RecursionError) as wrong:  # a DecodeError is a ValueError
        raise Invalid("this is not a minute of a flood", where="minute") from wrong


def can_be(one: Minute) -> bool:
    """Whether a minute's numbers make sense."""
    counts = [
        one.begins_ms, one.requests, one.connections, one.bytes_out, one.distinct, one.newcomers, one.lines_lost,
        abs(one.clock_offset_ms or 0),
        *(count for rows in (one.prefixes4, one.prefixes6, one.paths, one.signatures, one.announcers)
          for _, count in rows),
        *(count for lane in one.lanes.values() for count in (lane.bytes_out, *lane.outcomes.values())),
    ]  # fmt: skip
    measures = (one.seconds, one.queue_ms, one.cpu, *one.uplink.values())
    return (
        one.listener in set(Listener) and one.mode in set(Mode) and one.begins_ms <= _LAST_MS
        and all(0 <= count <= _MOST for count in counts) and all(0 <= measure <= _MOST for measure in measures)
    )  # fmt: skip


def checked(kept: Iterable[Kept]) -> Checked:
    """Holds every link against its line of the audit log, and against the link before it. A link that came twice, word
    for word, is one."""
    problems: list[str] = []
    found: dict[tuple[bytes, int], tuple[Kept, Link]] = {}
    for one in kept:
        if one.line >= 0 and hashlib.sha256(one.body).digest() != one.logged:
            problems.append(f"the minute of line {one.line} is not the one that the audit log names")
        try:
            link = opened(one.body)
        except Invalid:
            problems.append(f"what line {one.line} names is no minute")
            continue
        before = found.setdefault((link.chain, link.number), (one, link))
        if before[0].body != one.body:
            problems.append(f"lines {before[0].line} and {one.line} name two minutes with the number {link.number}")
    chains: dict[bytes, list[tuple[Kept, Link]]] = {}
    for key in sorted(found):
        chains.setdefault(key[0], []).append(found[key])
    ordered = sorted(chains.values(), key=lambda links: links[0][0].line)
    for links in ordered:
        problems += _broken(links)
    return Checked(tuple(link for links in ordered for _, link in links), tuple(problems))


def _broken(links: Sequence[tuple[Kept, Link]]) -> list[str]:
    head, problems = Head.begin(links[0][1].chain), []
    for kept, link in links:
        if link.number != head.number:
            problems.append(f"before line {kept.line}, minutes {head.number} to {link.number - 1} are missing")
        elif link.before != head.before:
            problems.append(f"the minute of line {kept.line} does not follow the one before it")
        head = Head(link.chain, link.number + 1, hashlib.sha256(kept.body).digest())
    return problems

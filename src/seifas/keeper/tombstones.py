"""The tombstone list: which patients were erased, for whoever restores an older backup. Signed, and it only grows.

    seifas.invalid/tombstones/<clinic, 32 hex>
    <count>
    <base64 of the list's hash>
    <date> <64 hex>                  one line each, in order: the day, and the patient's tag in the key store
    ...

    — seifas.invalid/tombstones/<clinic> <signature>

A tag is an HMAC under a key of the clinic (crypto.keys): the list names nobody, and a restore finds the keys to drop.
The hash is a chain, h(n) = SHA-256(h(n-1) | line n) from 32 zero bytes, so that a longer list proves that it continues
a shorter one: every checkpoint of the audit log states `tombstones <n> <base64 h(n)>`, and a witness pins it. The list
stands in DATA/kit, for the custodians to take away after each erasure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from seifas.errors import Missing, Tampered
from seifas.keeper import notes
from seifas.keeper.model import Tombstone
from seifas.storage.durable import make_directory, os_faults, replace

KIT: Final = "kit"
FILE: Final = "tombstones.note"
LARGEST: Final = 64 * 1024 * 1024
_WHAT: Final = "the tombstone list"
_EXTENSION: Final = "tombstones "
_ENTRY: Final = re.compile(r"(\d{4}-\d\d-\d\d) ([0-9a-f]{64})", re.ASCII)
_COUNT: Final = re.compile(r"0|[1-9]\d{0,9}", re.ASCII)


class Mark(NamedTuple):
    """How long the list is, and its hash (32 bytes)."""

    length: int
    hash: bytes


NONE: Final = Mark(0, bytes(32))


class Stone(msgspec.Struct, frozen=True):
    """One line: the day (YYYY-MM-DD, UTC) and the tag (32 bytes)."""

    day: str
    tag: bytes

    def line(self) -> bytes:
        return f"{self.day} {self.tag.hex()}\n".encode()


class List(msgspec.Struct, frozen=True):
    """A whole list, verified or not: see `parse` and `read`."""

    stones: tuple[Stone, ...]
    marks: tuple[bytes, ...]

    @property
    def mark(self) -> Mark:
        return Mark(len(self.stones), self.marks[-1])

    def continues(self, earlier: Mark) -> bool:
        """Whether this list is that one, or that one and more."""
        return earlier.length < len(self.marks) and self.marks[earlier.length] == earlier.hash


def name_of(clinic: bytes) -> str:
    return f"seifas.invalid/tombstones/{clinic.hex()}"


def stone(tag: bytes, erased_ms: int) -> Stone:
    return Stone(datetime.fromtimestamp(erased_ms / 1000, UTC).date().isoformat(), tag)


def after(mark: Mark, added: Stone) -> Mark:
    """The mark of the list with one line more."""
    return Mark(mark.length + 1, hashlib.sha256(mark.hash + added.line()).digest())


def list_of(tombstones: Iterable[Tombstone]) -> List:
    """The list of a vault's tombstones. Raises Tampered where one is missing in between."""
    ordered = sorted(tombstones, key=lambda one: one.number)
    if [one.number for one in ordered] != list(range(1, len(ordered) + 1)):
        raise Tampered("a tombstone is missing from the state", where="keeper.db")
    return listed([stone(one.tag, one.erased_ms) for one in ordered])


def listed(stones: Sequence[Stone]) -> List:
    marks = [NONE]
    for one in stones:
        marks.append(after(marks[-1], one))
    return List(tuple(stones), tuple(mark.hash for mark in marks))


def body(of: List) -> bytes:
    """What is signed after the name."""
    return b"".join((
        f"{of.mark.length}\n{base64.b64encode(of.mark.hash).decode()}\n".encode(), *(one.line() for one in of.stones),
    ))


def write(data: Path, note: bytes) -> None:
    """Puts the signed list into the custodians' kit, in place of the shorter one."""
    make_directory(data / KIT)
    replace(data / KIT / FILE, note)


def read_file(path: Path) -> bytes:
    """A list's bytes as brought. Raises Missing, Tampered."""
    if not path.is_file():
        raise Missing("there is no tombstone list in this place", where=str(path))
    with os_faults(path.name):
        if path.stat().st_size > LARGEST:
            raise Tampered(f"{_WHAT} is larger than any can be", where=path.name)
        return path.read_bytes()


def read(note: bytes, *, clinic: bytes, public: bytes) -> List:
    """The list in a note that the clinic's key (32 bytes) signed. Raises Tampered for anything else."""
    text = notes.verify(note, name_of(clinic), public, _WHAT)
    try:
        lines = text.decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise Tampered(f"{_WHAT} is not text", where=_WHAT) from None
    matches = [_ENTRY.fullmatch(line) for line in lines[2:]]
    stated = _mark(*lines[:2]) if len(lines) >= 2 else None
    if stated is None or not all(matches):
        raise Tampered(f"{_WHAT} is not as written", where=_WHAT)
    found = listed([Stone(match[1], bytes.fromhex(match[2])) for match in matches if match is not None])
    if found.mark != stated:
        raise Tampered(f"{_WHAT} has other lines than it says", where=_WHAT)
    return found


def extension(mark: Mark) -> str:
    """The line of a checkpoint."""
    return f"{_EXTENSION}{mark.length} {base64.b64encode(mark.hash).decode()}"


def stated(extensions: Iterable[str]) -> Mark:
    """What a checkpoint states; without a line, that nobody was erased. Raises Tampered for a malformed line or two."""
    said = [line.removeprefix(_EXTENSION).split(" ") for line in extensions if line.startswith(_EXTENSION)]
    if not said:
        return NONE
    mark = _mark(*said[0]) if len(said) == 1 and len(said[0]) == 2 else None
    if mark is None:
        raise Tampered("the checkpoint does not say how long the tombstone list is", where="checkpoint")
    return mark


def _mark(count: str, digest: str) -> Mark | None:
    try:
        raw = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not _COUNT.fullmatch(count) or len(raw) != 32:
        return None
    return Mark(int(count), raw)

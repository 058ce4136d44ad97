"""Evidence of a site that has no vault: sealed files, which this machine can write and cannot read back.

    DIR/evidence.key                    the public half of a drop box (crypto.dropbox) and the site's 16 random bytes
    DIR/orders.json                     modes set by hand
    DIR/run/state.json                  how the shield stands: numbers only
    DIR/evidence/<flood>/changes.jsonl  changes of mode: numbers only
    DIR/evidence/<flood>/minute-000001.sealed         links of the flood's chain (evidence/chain.py)
    DIR/evidence/<flood>/book-<ms>-0000-0015.sealed   parts of the newest edition of the book (evidence/book.py)

The secret half is shown once, when the directory is made, and kept by the site's owner elsewhere. DIR itself belongs to
root, evidence and run to the shield's user: what root writes goes where nobody else can put a link.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import logging
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from seifas.crypto import dropbox
from seifas.errors import Conflict, Invalid, Missing
from seifas.keeper import flood_sealing
from seifas.shield.model import Change, State
from seifas.shield.replacing import replace
from seifas.shield.reporting import Wishes, wishes

log = logging.getLogger("seifas.shield")

MOST_BYTES: Final = 2 * 2**30
"""Of all evidence together: beyond it nothing new is written, what came first says most about a flood."""

KEY: Final = "evidence.key"
STATE: Final = "run/state.json"
ORDERS: Final = "orders.json"
_BEGINS: Final = "seifas-evidence-"
_FLOOD: Final = re.compile(r"[0-9a-f]{32}")
_MINUTE: Final = re.compile(r"minute-(\d{6})\.sealed")
_PART: Final = re.compile(r"book-(\d{1,15})-(\d{4})-(\d{4})\.sealed")


class SiteKey(msgspec.Struct, frozen=True):
    """What lies in evidence.key: enough to seal, not to open."""

    site: bytes
    public: bytes


class Flood(msgspec.Struct, frozen=True):
    """One flood, opened. `minutes` are links of its chain, `parts` those of the whole editions of its book."""

    id: str
    changes: tuple[Change, ...]
    minutes: tuple[bytes, ...]
    parts: tuple[bytes, ...]


def found(directory: Path) -> str:
    """Makes the directory's key. Returns the secret that opens what will be sealed: it is kept nowhere. Raises Conflict
    where there is a key."""
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    seed = os.urandom(dropbox.SEED_SIZE)
    key = SiteKey(os.urandom(16), dropbox.public_half(seed))
    try:
        handle = os.open(directory / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise Conflict("this directory has a key: its evidence opens with the secret of then", where=KEY) from None
    with open(handle, "wb") as file:
        file.write(msgspec.json.encode(key))
    checked = seed + hashlib.sha256(b"seifas evidence secret\0" + seed).digest()[:3]
    return _BEGINS + base64.b32encode(checked).decode().lower()


def seed_of(secret: str) -> bytes:
    """The seed in a secret as `found` wrote it. Raises Invalid for one that was mistyped."""
    text = "".join(secret.split()).lower().removeprefix(_BEGINS)
    try:
        checked = base64.b32decode(text.upper())
    except ValueError:
        checked = b""
    seed = checked[: dropbox.SEED_SIZE]
    if len(checked) != dropbox.SEED_SIZE + 3 or checked[dropbox.SEED_SIZE :] != (
        hashlib.sha256(b"seifas evidence secret\0" + seed).digest()[:3]
    ):
        raise Invalid(f"this is no secret of evidence, or a letter is wrong: it begins with {_BEGINS}", where="secret")
    return seed


def key_of(directory: Path) -> SiteKey:
    """Raises Missing where there is none, Invalid for a file that is not whole."""
    try:
        key = msgspec.json.decode((directory / KEY).read_bytes(), type=SiteKey)
    except FileNotFoundError:
        told = f"{directory} holds no shield: `seifas shield --upstream URL --state {directory}` first"
        raise Missing(told) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise Invalid(f"{KEY} is not whole: put it back from a copy", where=str(directory)) from error
    if len(key.site) != 16 or len(key.public) != dropbox.PUBLIC_SIZE:
        raise Invalid(f"{KEY} is not whole: put it back from a copy", where=str(directory))
    return key


class SealedFiles:
    """A Reporter (reporting.py). `lost` counts what found no room."""

    def __init__(self, directory: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._directory = directory
        self._key = key_of(directory)
        self._most = most_bytes
        self._bytes = sum(file.stat().st_size for file in (directory / "evidence").rglob("*") if file.is_file())
        self.lost = 0

    async def told(self, state: State) -> Wishes:
        """See Reporter."""
        place = self._directory / STATE
        place.parent.mkdir(mode=0o700, exist_ok=True)
        await asyncio.to_thread(replace, place, msgspec.json.encode(state))
        return wishes(orders_of(self._directory), notice=False)

    async def changed(self, event: bytes, change: Change) -> None:
        """See Reporter."""
        if event:
            self._put(event, "changes.jsonl", msgspec.json.encode(change) + b"\n", more=True)

    async def minute(self, event: bytes, body: bytes) -> None:
        """See Reporter. Minutes outside of a flood are not kept."""
        if not event:
            return
        sealed = await asyncio.to_thread(flood_sealing.seal_minute, self._key.public, self._key.site, event, body)
        last = max((int(one[1]) for one in map(_MINUTE.fullmatch, self._names(event)) if one), default=0)
        self._put(event, f"minute-{last + 1:06d}.sealed", sealed)

    async def book(self, event: bytes, made_ms: int, parts: tuple[bytes, ...]) -> None:
        """See Reporter."""
        before = _editions(self._directory / "evidence" / event.hex(), self._names(event))
        for number, part in enumerate(parts):
            sealed = await asyncio.to_thread(
                flood_sealing.seal_part, self._key.public, self._key.site, event, part, number=number, of=len(parts),
                edition=made_ms,
            )
            if not self._put(event, f"book-{made_ms}-{number:04d}-{len(parts):04d}.sealed", sealed):
                return
        size = sum(map(len, parts))
        for edition in before:
            # A book only grows: one that was larger is the last of a loop that crashed, and holds what this one lacks.
            if not edition.whole or edition.bytes <= size:
                for name in edition.names.values():
                    self._drop(event, name)

    def _names(self, event: bytes) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return os.listdir(self._directory / "evidence" / event.hex())
        return []

    def _put(self, event: bytes, name: str, body: bytes, *, more: bool = False) -> bool:
        place = self._directory / "evidence" / event.hex()
        if self._bytes + len(body) > self._most:
            self.lost += 1
            log.warning("no room for evidence of a flood", extra={"lost": self.lost})
            return False
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if more:
                with (place / name).open("ab") as file:
                    file.write(body)
            else:
                replace(place / name, body)
        except OSError as error:  # a full disk
            self.lost += 1
            log.warning("evidence of a flood was not written", extra={"error": type(error).__name__})
            return False
        self._bytes += len(body)
        return True

    def _drop(self, event: bytes, name: str) -> None:
        path = self._directory / "evidence" / event.hex() / name
        with contextlib.suppress(OSError):
            self._bytes -= path.stat().st_size
            path.unlink()


def order(directory: Path, orders: dict[str, tuple[str, int]]) -> None:
    """Sets listeners by hand: a mode's name or "auto", and until when (ms). Taken up within two seconds."""
    key_of(directory)
    told = {name: {"mode": mode, "until_ms": until} for name, (mode, until) in orders.items()}
    replace(directory / ORDERS, msgspec.json.encode(told), 0o644)


def orders_of(directory: Path) -> object:
    """What was ordered; nothing where that cannot be read."""
    try:
        return msgspec.json.decode((directory / ORDERS).read_bytes())
    except (OSError, msgspec.DecodeError):
        return {}


def floods(directory: Path) -> tuple[str, ...]:
    """The floods that there is evidence of, by their ids, the latest first."""
    place = directory / "evidence"
    if not place.is_dir():
        return ()
    names = [one for one in place.iterdir() if _FLOOD.fullmatch(one.name)]
    return tuple(one.name for one in sorted(names, key=lambda one: one.stat().st_mtime, reverse=True))


def opened(directory: Path, flood: str, secret: str) -> Flood:
    """Opens one flood's evidence. Raises Missing, Invalid, Tampered for what was changed or sealed to another key."""
    key, seed = key_of(directory), seed_of(secret)
    place = directory / "evidence" / flood
    if not _FLOOD.fullmatch(flood) or not place.is_dir():
        raise Missing(f"there is no flood {flood}: `seifas shield open --state {directory}` lists them")
    if dropbox.public_half(seed) != key.public:
        raise Invalid("this secret belongs to another directory", where="secret")
    event = bytes.fromhex(flood)
    names = sorted(os.listdir(place))
    minutes = tuple(
        flood_sealing.open_minute(seed, key.site, event, (place / name).read_bytes())
        for name in names if _MINUTE.fullmatch(name)
    )
    parts = tuple(
        flood_sealing.open_part(
            seed, key.site, event, (place / edition.names[number]).read_bytes(), number=number, of=edition.of,
            edition=edition.made_ms,
        )
        for edition in _editions(place, names) if edition.whole for number in range(edition.of)
    )
    return Flood(flood, _changes(place), minutes, parts)


class _Edition(msgspec.Struct, frozen=True):
    made_ms: int
    of: int
    names: dict[int, str]
    bytes: int

    @property
    def whole(self) -> bool:
        return len(self.names) == self.of


def _editions(place: Path, names: Iterable[str]) -> list[_Edition]:
    """The editions of a book among the files of a flood, the oldest first."""
    found: dict[tuple[int, int], dict[int, str]] = {}
    for name in names:
        if (one := _PART.fullmatch(name)) and int(one[2]) < int(one[3]):
            found.setdefault((int(one[1]), int(one[3])), {})[int(one[2])] = name
    return [
        _Edition(made, of, parts, sum((place / name).stat().st_size - dropbox.OVERHEAD for name in parts.values()))
        for (made, of), parts in sorted(found.items())
    ]


def _changes(place: Path) -> tuple[Change, ...]:
    try:
        lines = (place / "changes.jsonl").read_bytes().splitlines()
    except FileNotFoundError:
        return ()
    made = []
    for line in lines:
        with contextlib.suppress(msgspec.MsgspecError, ValueError):  # a line that a crash cut off
            made.append(msgspec.json.decode(line, type=Change))
    return tuple(made)

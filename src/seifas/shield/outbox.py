"""Things on their way to the keeper, one file each, in order: they outlive a locked vault, the keeper and this process.

What is in them is sealed already, or says nothing of anyone (a change of mode).
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Final

import msgspec

MOST_BYTES: Final = 512 * 2**20
MOST_FILES: Final = 20_000
_SUFFIX: Final = ".held"

_encode = msgspec.msgpack.Encoder().encode


class Held(msgspec.Struct, frozen=True, array_like=True):
    """An op of the keeper, and its arguments."""

    op: str
    args: dict[str, Any]


_decode = msgspec.msgpack.Decoder(Held).decode


class Outbox:
    """Of one process. `lost` counts what found no room or did not read any more."""

    def __init__(self, directory: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._most = (most_bytes, most_files)
        self._names = sorted(path.name for path in directory.glob(f"*{_SUFFIX}"))
        self._bytes = sum((directory / name).stat().st_size for name in self._names)
        self._next = int(self._names[-1].partition(".")[0]) + 1 if self._names else 1
        self.lost = 0

    def __len__(self) -> int:
        return len(self._names)

    def put(self, held: Held) -> bool:
        """Writes it behind the others; false where there is no room: what came first says most about a flood."""
        body = _encode(held)
        if self._bytes + len(body) > self._most[0] or len(self) >= self._most[1]:
            self.lost += 1
            return False
        name = f"{self._next:016d}{_SUFFIX}"
        new = self._directory / f"{name}.new"
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(body)
            os.replace(new, self._directory / name)
        except OSError:  # a full disk
            self.lost += 1
            with contextlib.suppress(OSError):
                new.unlink()
            return False
        self._next += 1
        self._names.append(name)
        self._bytes += len(body)
        return True

    def first(self) -> Held | None:
        """The oldest; None where there is none."""
        while self._names:
            try:
                return _decode((self._directory / self._names[0]).read_bytes())
            except (OSError, msgspec.DecodeError):
                self.lost += 1
                self.drop()
        return None

    def drop(self) -> None:
        """Takes the oldest away."""
        path = self._directory / self._names.pop(0)
        with contextlib.suppress(OSError):
            self._bytes -= path.stat().st_size
            path.unlink()

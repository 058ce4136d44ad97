"""Who announces an address: autonomous systems by a file that the clinic may name, so that their abuse desks can be
written to.

    line = first address \t last address \t number \t country \t name      (as iptoasn.com gives away, both kinds mixed)
"""

from __future__ import annotations

import gzip
import ipaddress
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.errors import Invalid, Missing

MOST_BYTES: Final = 512 * 2**20
_TOP: Final = 20
_LONGEST: Final = 80


class _Ranges(msgspec.Struct, frozen=True):
    first: NDArray[Any]
    last: NDArray[Any]
    who: NDArray[np.intp]


class Announcers(msgspec.Struct, frozen=True):
    """Ranges sorted by their first address, of both kinds; `names`: "AS64500 EXAMPLE-NET"."""

    four: _Ranges
    six: _Ranges
    names: tuple[str, ...]

    def busiest(self, tables: Iterable[tuple[NDArray[Any], NDArray[np.int64]]]) -> tuple[tuple[str, int], ...]:
        """Of addresses (uint32 or S16) and their requests: who announces most of these, most first."""
        counts: Counter[int] = Counter()
        for keys, requests in tables:
            ranges = self.six if keys.dtype.kind == "S" else self.four
            if not len(ranges.first) or not len(keys):
                continue
            at = np.searchsorted(ranges.first, keys, side="right") - 1
            inside = (at >= 0) & (ranges.last[at] >= keys)
            sums = np.bincount(ranges.who[at[inside]], weights=requests[inside])
            counts.update({int(who): int(sums[who]) for who in np.flatnonzero(sums)})
        return tuple((self.names[who], count) for who, count in counts.most_common(_TOP))


def read(path: Path) -> Announcers:
    """Reads a file, packed with gzip or not. Raises Missing, and Invalid naming the line."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Invalid("the file of networks is larger than 512 MiB", where="shield.asn_file")
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") if path.suffix == ".gz" else path.open(
            encoding="utf-8", errors="replace"
        ) as file:
            return parsed(file)
    except (OSError, EOFError) as error:
        raise Missing(f"{path} cannot be read: put the file of networks there, or empty the setting") from error


def parsed(lines: Iterable[str]) -> Announcers:
    """The same of lines. Raises Invalid."""
    rows: dict[int, list[tuple[bytes, bytes, int]]] = {4: [], 6: []}
    numbers: dict[str, int] = {}
    for place, line in enumerate(lines, start=1):
        fields = line.rstrip("\r\n").split("\t")
        try:
            first, last = ipaddress.ip_address(fields[0]), ipaddress.ip_address(fields[1])
            system = int(fields[2])
            if first.version != last.version or int(last) < int(first):
                raise ValueError
        except (ValueError, IndexError):
            raise Invalid(
                "a line of the file of networks is: first address, last address, number, country, name, with tabs",
                where=f"shield.asn_file:{place}",
            ) from None
        if system == 0:  # announced by nobody
            continue
        shown = "".join(letter for letter in fields[4] if letter.isprintable()) if len(fields) > 4 else ""
        name = f"AS{system} {shown}"[:_LONGEST].rstrip()
        rows[first.version].append((first.packed, last.packed, numbers.setdefault(name, len(numbers))))
    return Announcers(_ranges(rows[4], ">u4"), _ranges(rows[6], "S16"), tuple(numbers))


def _ranges(rows: list[tuple[bytes, bytes, int]], kind: str) -> _Ranges:
    rows.sort()
    first, last = (np.frombuffer(b"".join(row[at] for row in rows), kind) for at in (0, 1))  # type: ignore[misc]
    if kind != "S16":
        first, last = first.astype(np.uint32), last.astype(np.uint32)
    return _Ranges(first, last, np.array([row[2] for row in rows], np.intp))

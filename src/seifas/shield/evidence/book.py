"""The book of a flood: every address that sent, in parts that each stand alone (docs/formats/flood-evidence.md)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.errors import Invalid
from seifas.shield import addresses
from seifas.shield.addresses import Table, no_table

MOST_IN_PART: Final = 20_000  # 20,000 rows of IPv6 at their widest are 822 KB
MOST_PARTS: Final = 256
CHAIN_SIZE: Final = 16

KNOWN_NETWORK: Final = 8
"""A flag beside those of addresses.py: a good visitor has come from its /24 or /48, in this flood or before it."""

_HEAD: Final = struct.Struct(">4sBB16sQIIQII")
_COLUMN: Final = struct.Struct(">QB")
_MAGIC: Final = b"SFFB"
_FORMAT: Final = 1
_EXACT: Final = 1
_WIDTHS: Final = (0, 1, 2, 4, 8)
_NUMBERS: Final[tuple[tuple[str, Any], ...]] = (
    ("first", np.uint32), ("last", np.uint32), ("requests", np.uint32), ("turned_away", np.uint32),
    ("bytes_out", np.uint64), ("flags", np.uint8),
)  # fmt: skip


class Part(msgspec.Struct, frozen=True):
    """One opened part. `distinct` and `exact` are of the whole book: how many addresses sent, and whether all of them
    are in it, counted one by one. Where not, `distinct` is a sketch's estimate."""

    chain: bytes
    made_ms: int
    number: int
    of: int
    exact: bool
    distinct: int
    v4: Table
    v6: Table


class Book(msgspec.Struct, frozen=True):
    """Parts put together, tables sorted by key. `whole` is false where a part is missing."""

    v4: Table
    v6: Table
    exact: bool
    distinct: int
    made_ms: int
    whole: bool

    def __len__(self) -> int:
        return len(self.v4) + len(self.v6)


def packed(book: addresses.Book, *, chain: bytes, made_ms: int, distinct: int) -> tuple[bytes, ...]:
    """The book as parts of at most 830,000 bytes. `chain`: 16 bytes, the one of the minutes. The networks of good
    visitors stay where they are: rows in them are flagged. Raises Invalid for more than 5,120,000 addresses."""
    if len(chain) != CHAIN_SIZE:
        raise Invalid("a chain is named by 16 bytes", where="chain")
    of = max(1, -(-len(book) // MOST_IN_PART))
    if of > MOST_PARTS:
        raise Invalid(f"a book holds at most {MOST_PARTS * MOST_IN_PART} addresses", where="book")
    v4 = _flagged(book.v4, networks_of(book.v4), book.networks4)
    v6 = _flagged(book.v6, networks_of(book.v6), book.networks6)
    parts = []
    for number in range(of):
        here, end = number * MOST_IN_PART, (number + 1) * MOST_IN_PART
        rows4 = v4.taken(np.arange(min(here, len(v4)), min(end, len(v4))))
        rows6 = v6.taken(np.arange(max(here - len(v4), 0), max(min(end - len(v4), len(v6)), 0)))
        head = _HEAD.pack(
            _MAGIC, _FORMAT, _EXACT if book.exact else 0, chain, made_ms, number, of, distinct, len(rows4), len(rows6)
        )
        parts.append(head + key_bytes(rows4) + key_bytes(rows6) + _columns(rows4, rows6))
    return tuple(parts)


def _flagged(table: Table, networks: NDArray[Any], good: NDArray[Any]) -> Table:
    seen = networks[(table.flags & addresses.GOOD) != 0]
    inside = np.isin(networks, np.concatenate((good.astype(networks.dtype), seen)))
    return msgspec.structs.replace(table, flags=table.flags | (inside * np.uint8(KNOWN_NETWORK)))


def networks_of(table: Table) -> NDArray[Any]:
    """The network of each row as a number: the upper 24 bits of IPv4, the upper 48 of IPv6."""
    if table.keys.dtype.kind == "u":
        return table.keys >> np.uint32(8)
    return _halves(table)[:, 0].astype(np.uint64) >> np.uint64(16)


def _halves(table: Table) -> NDArray[Any]:
    return np.frombuffer(key_bytes(table), ">u8").reshape(-1, 2)


def key_bytes(table: Table) -> bytes:
    """The addresses one after the other in network order, 4 or 16 bytes each."""
    keys = table.keys
    return (keys.astype(">u4") if keys.dtype.kind == "u" else keys.astype("S16")).tobytes()


def _columns(rows4: Table, rows6: Table) -> bytes:
    return b"".join(
        _narrowed(np.concatenate((getattr(rows4, name), getattr(rows6, name)))) for name, _ in _NUMBERS
    )  # fmt: skip


def _narrowed(values: NDArray[Any]) -> bytes:
    """A column as what exceeds its least value, in as many bytes a row as the largest excess needs."""
    if not len(values):
        return _COLUMN.pack(0, 0)
    least = int(values.min())
    excess = values.astype(np.uint64) - np.uint64(least)
    width = _width(int(excess.max()))
    return _COLUMN.pack(least, width) + (excess.astype(f">u{width}").tobytes() if width else b"")


def _width(largest: int) -> int:
    return next(width for width in _WIDTHS if largest < 1 << 8 * width)


def opened(part: bytes) -> Part:
    """Raises Invalid for anything that `packed` does not make."""
    try:
        return _opened(part)
    except (struct.error, ValueError, OverflowError) as wrong:
        raise Invalid("this is not a part of a flood's book", where="part") from wrong


def _opened(part: bytes) -> Part:
    magic, form, flags, chain, made_ms, number, of, distinct, fours, sixes = _HEAD.unpack_from(part)
    rows = fours + sixes
    if magic != _MAGIC or form != _FORMAT or flags not in (0, _EXACT):
        raise ValueError("head")
    if not number < of <= MOST_PARTS or rows > MOST_IN_PART:
        raise ValueError("bounds")
    keys4 = np.frombuffer(part, ">u4", fours, _HEAD.size).astype(np.uint32)
    keys6 = np.frombuffer(part, "S16", sixes, _HEAD.size + 4 * fours).copy()
    at = _HEAD.size + 4 * fours + 16 * sixes
    numbers: list[NDArray[Any]] = []
    for _, kind in _NUMBERS:
        values, at = _widened(part, at, rows, kind)
        numbers.append(values)
    if at != len(part) or not _ascending(keys4) or not _ascending(keys6):
        raise ValueError("order")
    v4 = Table(keys4, *(one[:fours] for one in numbers))
    return Part(chain, made_ms, number, of, bool(flags), distinct, v4, Table(keys6, *(one[fours:] for one in numbers)))


def _widened(part: bytes, at: int, rows: int, kind: Any) -> tuple[NDArray[Any], int]:
    least, width = _COLUMN.unpack_from(part, at)
    at += _COLUMN.size
    if width not in _WIDTHS or (not rows and (least or width)):
        raise ValueError("not how it is written")
    if not width:
        values: NDArray[Any] = np.zeros(rows, np.uint64)
    else:
        values = np.frombuffer(part, f">u{width}", rows, at).astype(np.uint64)
    largest = int(values.max()) if rows else 0
    if least + largest > np.iinfo(kind).max or _width(largest) != width or (rows and int(values.min())):
        raise ValueError("not how it is written")
    return (values + np.uint64(least)).astype(kind), at + width * rows


def _ascending(keys: NDArray[Any]) -> bool:
    """Whether the keys stand in their order, none twice."""
    return bool(np.all(keys[1:] > keys[:-1]))


def joined(parts: Iterable[bytes]) -> Book:
    """The book of all whole editions among the parts, as of the newest; of the newest that is not whole where none is.

    An edition holds what those before it held, unless the counting began anew in between (a crash): then the book is
    of all of them, each count the largest, and not exact. Raises Invalid where there is no part, or one that is none.
    """
    made: dict[tuple[bytes, int], dict[int, Part]] = {}
    for one in map(opened, parts):
        made.setdefault((one.chain, one.made_ms), {})[one.number] = one
    if not made:
        raise Invalid("there is no book of this event: its addresses were not kept yet", where="part")
    editions = sorted(made.values(), key=lambda found: (_is_whole(found), next(iter(found.values())).made_ms))
    books = [_book(list(found.values()), whole=_is_whole(found)) for found in editions if _is_whole(found)]
    if not books:
        return _book(list(editions[-1].values()), whole=False)
    newest = books[-1]
    v4, v6 = _united([one.v4 for one in books]), _united([one.v6 for one in books])
    more = len(v4) + len(v6) > len(newest)
    distinct = max(len(v4) + len(v6), *(one.distinct for one in books))
    return Book(v4, v6, newest.exact and not more, distinct, newest.made_ms, whole=True)


def needed(editions: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Which whole editions have to be read for all that is kept, oldest first: the newest, and each that the next one
    is smaller than, for the counting began anew there. Each edition as (when it was made, its bytes)."""
    ordered = sorted(editions)
    return tuple(
        made for (made, size), after in zip_longest(ordered, ordered[1:])
        if after is None or after[1] < size
    )  # fmt: skip


def _is_whole(parts: dict[int, Part]) -> bool:
    return {one.of for one in parts.values()} == {len(parts)}


def _book(parts: Sequence[Part], *, whole: bool) -> Book:
    first = parts[0]
    v4, v6 = _together([one.v4 for one in parts], "u4"), _together([one.v6 for one in parts], "S16")
    if not _ascending(v4.keys) or not _ascending(v6.keys):
        raise Invalid("an address stands in two parts of the book", where="part")
    return Book(v4, v6, first.exact and whole, first.distinct, first.made_ms, whole)


def _together(tables: Sequence[Table], kind: str) -> Table:
    names = Table.__struct_fields__
    whole = Table(*(np.concatenate([getattr(one, name) for one in (no_table(kind), *tables)]) for name in names))
    return whole.taken(np.argsort(whole.keys, kind="stable"))


def _united(tables: Sequence[Table]) -> Table:
    """Each address once. Times are the first and the last of all, counts the largest, flags all that was ever set."""
    if len(tables) == 1:
        return tables[0]
    rows = _together(tables, "u4" if tables[0].keys.dtype.kind == "u" else "S16")
    if not len(rows):
        return rows
    starts = np.flatnonzero(np.concatenate(([True], rows.keys[1:] != rows.keys[:-1])))
    return Table(
        rows.keys[starts], np.minimum.reduceat(rows.first, starts), np.maximum.reduceat(rows.last, starts),
        np.maximum.reduceat(rows.requests, starts), np.maximum.reduceat(rows.turned_away, starts),
        np.maximum.reduceat(rows.bytes_out, starts), np.bitwise_or.reduceat(rows.flags, starts),
    )  # fmt: skip


def busiest_networks(book: Book, most: int = 20) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """The /24 and the /48 from which most addresses sent, with how many did, most first."""
    return (
        tuple(_busiest(networks_of(book.v4), most, network4_text)),
        tuple(_busiest(networks_of(book.v6), most, network6_text)),
    )


def _busiest(networks: NDArray[Any], most: int, text: Callable[[int], str]) -> Iterator[tuple[str, int]]:
    found, counts = np.unique(networks, return_counts=True)
    order = np.lexsort((found, -counts))[:most]
    return ((text(int(found[one])), int(counts[one])) for one in order)


def network4_text(network: int) -> str:
    """A /24 as people write it, from its upper 24 bits."""
    return f"{network >> 16}.{network >> 8 & 255}.{network & 255}.0/24"


def network6_text(network: int) -> str:
    """A /48 as people write it, from its upper 48 bits."""
    parts = [f"{network >> shift & 0xFFFF:x}" for shift in (32, 16, 0)]
    while parts and parts[-1] == "0":  # RFC 5952: the run of zeros is one
        parts.pop()
    return f"{':'.join(parts)}::/48"

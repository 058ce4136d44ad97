"""The book of addresses: who sent how much, from when to when, one entry an address, in sorted numpy columns.

Exact up to a stated number of addresses (MOST); who comes later is counted by a sketch only (counting.py), and the book
says so. IPv4 and IPv6 lie in a table each, sorted by key, so that what arrives in a second is looked up and added by a
handful of array operations: 40 bytes and under 2 µs an address. Addresses that were new lately wait in a small table,
so that the large one is not copied every second.

Addresses are personal data: "an address that sent", never an attacker; a shared one may have patients behind it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

MOST: Final = 1_000_000
"""Addresses that are written down one by one."""

GOOD: Final = 1  # a staff member, a known patient or an accepted machine was among the senders
SOLVED: Final = 2  # a challenge was solved or waited for
DROPPED: Final = 4  # was put into the kernel's set
SPARED: Final = GOOD | SOLVED
"""Flags of addresses that never stand in a list of addresses to block; nor does the /24 or /48 of a GOOD one."""

_RECENT: Final = 65_536
_MOST_COUNT: Final = 2**32 - 1


class Table(msgspec.Struct, frozen=True):
    """Columns of one length n, sorted by `keys`, each key once. IPv4: `keys` uint32. IPv6: `keys` S16, network byte
    order (numpy compares them as memcmp does; `.view(">u8").reshape(-1, 2)` gives numbers)."""

    keys: NDArray[Any]
    first: NDArray[np.uint32]  # Unix seconds
    last: NDArray[np.uint32]
    requests: NDArray[np.uint32]
    turned_away: NDArray[np.uint32]  # challenged, limited, shed or refused
    bytes_out: NDArray[np.uint64]
    flags: NDArray[np.uint8]  # GOOD | SOLVED | DROPPED

    def __len__(self) -> int:
        return len(self.keys)

    def taken(self, which: NDArray[Any]) -> Table:
        """The entries that an index array or a mask selects, in its order."""
        return Table(*(getattr(self, name)[which] for name in self.__struct_fields__))


class Book(msgspec.Struct, frozen=True):
    """All that is known of addresses at one time. `networks4` (uint32: the upper 24 bits of the address, shifted down)
    and `networks6` (uint64: the upper 48 bits, shifted down) are sorted: networks that good visitors came from, also
    long before this book begins. Nothing in them may stand in a list of addresses to block."""

    v4: Table
    v6: Table
    exact: bool  # false: there were more addresses than MOST
    networks4: NDArray[np.uint32]
    networks6: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.v4) + len(self.v6)


def no_table(kind: str) -> Table:
    """An empty table; `kind` is the keys' dtype, "u4" or "S16"."""
    return Table(
        keys=np.empty(0, kind), first=np.empty(0, np.uint32), last=np.empty(0, np.uint32),
        requests=np.empty(0, np.uint32), turned_away=np.empty(0, np.uint32), bytes_out=np.empty(0, np.uint64),
        flags=np.empty(0, np.uint8),
    )


def grouped(
    keys: NDArray[Any], seconds: NDArray[np.uint32], turned_away: NDArray[Any], bytes_out: NDArray[Any],
    flags: NDArray[np.uint8],
) -> Table:
    """One entry an address of single requests, given in columns of one length."""
    if len(keys) == 0:
        return no_table("S16" if keys.dtype.kind == "S" else "u4")
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    when = seconds[order]
    return Table(
        keys=ordered[starts],
        first=np.minimum.reduceat(when, starts),
        last=np.maximum.reduceat(when, starts),
        requests=np.diff(starts, append=len(keys)).astype(np.uint32),
        turned_away=np.add.reduceat(turned_away[order].astype(np.uint32), starts),
        bytes_out=np.add.reduceat(bytes_out[order].astype(np.uint64), starts),
        flags=np.bitwise_or.reduceat(flags[order], starts),
    )


def joined(one: Table, other: Table) -> Table:
    """Two tables that share no key, as one."""
    keys = np.concatenate((one.keys, other.keys))
    order = np.argsort(keys, kind="stable")
    columns = (
        np.concatenate((getattr(one, name), getattr(other, name)))[order]
        for name in one.__struct_fields__ if name != "keys"
    )
    return Table(keys[order], *columns)


class Addresses:
    """The book as it is written. Not for several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._tables = {kind: [no_table(kind), no_table(kind)] for kind in ("u4", "S16")}  # large, recent
        self.exact = True

    def __len__(self) -> int:
        return sum(len(table) for pair in self._tables.values() for table in pair)

    @property
    def good(self) -> int:
        """Addresses with a good visitor among them."""
        return sum(
            int(np.count_nonzero(table.flags & GOOD)) for pair in self._tables.values() for table in pair
        )

    def add(self, batch: Table) -> NDArray[Any]:
        """Adds what `grouped` made. Returns those of its addresses that were not in the book before."""
        kind = "S16" if batch.keys.dtype.kind == "S" else "u4"
        pair = self._tables[kind]
        for table in pair:
            at, known = _found(table, batch.keys)
            if known.any():
                _credit(table, at[known], batch.taken(known))
                batch = batch.taken(~known)
        fresh = batch.keys
        room = max(self._most - len(self), 0)
        if len(fresh) > room:
            self.exact = False
            good = (batch.flags & GOOD) > 0
            # Good visitors' are entered even so, within reason: the book is what keeps them out of lists.
            spare = max(self._most + self._most // 10 - len(self) - room, 0)
            others = np.flatnonzero(~good)[:room]
            batch = batch.taken(np.sort(np.concatenate((others, np.flatnonzero(good)[: room - len(others) + spare]))))
        if len(batch):
            pair[1] = joined(pair[1], batch)
            if len(pair[1]) > _RECENT:
                pair[0], pair[1] = joined(pair[0], pair[1]), no_table(kind)
        return fresh

    def mark(self, keys: NDArray[Any], flag: int) -> None:
        """Sets a flag of the addresses that are in the book."""
        kind = "S16" if keys.dtype.kind == "S" else "u4"
        for table in self._tables[kind]:
            at, known = _found(table, keys)
            table.flags[at[known]] |= np.uint8(flag)

    def forget(self, before_s: int) -> None:
        """Takes out who sent nothing since; in calm times nothing is kept for long."""
        for kind, pair in self._tables.items():
            whole = joined(*pair)
            self._tables[kind] = [whole.taken(whole.last >= before_s), no_table(kind)]
        if len(self) < self._most:
            self.exact = True

    def senders(self, since_s: int, turned_away: int) -> tuple[NDArray[np.uint32], NDArray[np.uint64]]:
        """IPv4 addresses and IPv6 networks (the upper 64 bits) that sent since then and were turned away at least so
        often, and more often than not, with nobody among them who ever got in."""
        found = []
        for table in self._tables["u4"]:
            chosen = (table.last >= since_s) & (table.turned_away >= turned_away) & ((table.flags & SPARED) == 0)
            # Whoever is served pages, and pictures of them found no room, is no sender of a flood.
            chosen &= table.turned_away > table.requests // 2
            found.append(table.keys[chosen])
        return np.concatenate(found), _networks(joined(*self._tables["S16"]), since_s, turned_away)

    def tables(self) -> tuple[Table, Table]:
        """IPv4 and IPv6, copies."""
        return joined(*self._tables["u4"]), joined(*self._tables["S16"])


def _found(table: Table, keys: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where each key is or would be, and which are there."""
    at = np.searchsorted(table.keys, keys)
    known = np.zeros(len(keys), np.bool_)
    inside = at < len(table)
    known[inside] = table.keys[at[inside]] == keys[inside]
    return at, known


def _credit(table: Table, at: NDArray[np.intp], batch: Table) -> None:
    table.first[at] = np.minimum(table.first[at], batch.first)
    table.last[at] = np.maximum(table.last[at], batch.last)
    for name in ("requests", "turned_away"):
        column = getattr(table, name)
        total = column[at].astype(np.uint64) + getattr(batch, name)
        column[at] = np.minimum(total, _MOST_COUNT).astype(np.uint32)
    table.bytes_out[at] += batch.bytes_out
    table.flags[at] |= batch.flags


def _networks(table: Table, since_s: int, turned_away: int) -> NDArray[np.uint64]:
    """The /64 of IPv6 that senders() is about: one visitor has a whole one, and can send from each of its addresses."""
    if not len(table):
        return np.empty(0, np.uint64)
    upper = np.ascontiguousarray(table.keys).view(">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
    starts = np.flatnonzero(np.concatenate(([True], upper[1:] != upper[:-1])))
    chosen = np.maximum.reduceat(table.last, starts) >= since_s
    away = np.add.reduceat(table.turned_away.astype(np.uint64), starts)
    chosen &= (away >= turned_away) & (away > np.add.reduceat(table.requests.astype(np.uint64), starts) // 2)
    chosen &= (np.bitwise_or.reduceat(table.flags, starts) & SPARED) == 0
    return upper[starts][chosen]

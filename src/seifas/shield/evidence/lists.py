"""Which addresses of a flood may be blocked: those that were turned away again and again, and nobody good is near them.

A list says who sent, not who meant harm. Addresses of good visitors and all of their /24 or /48 never stand in one, nor
do networks that cannot come from outside, nor those that the clinic names (its own proxy, a health check).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.errors import Invalid
from seifas.shield.addresses import SPARED, Table
from seifas.shield.evidence.book import KNOWN_NETWORK, Book, networks_of

# What no provider hands on from outside (RFC 6890), but 127.0.0.0/24 alone of loopback: nothing of a machine's own uses
# the rest of it. ::/64 has ::1 and the unspecified address in it; 64:ff9b::/96 hides a whole IPv4 network.
NEVER: Final = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/24", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/3", "::/64", "64:ff9b::/64", "fc00::/7", "fe80::/10", "ff00::/8",
)  # fmt: skip

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Rule(msgspec.Struct, frozen=True):
    """What brings an address into a list: so many requests turned away, or so many in all. The second is for pages that
    HAProxy hands out by itself in a siege: nobody is turned away there. `rolled4`, `rolled6`: from so many listed
    addresses on, the CIDR list has the whole /24 or /48 instead. `spared`: networks that are in no list, at most /64 of
    IPv6. `hours`: when it ends."""

    turned_at_least: int = 3
    requests_at_least: int = 300
    hours: int = 24
    rolled4: int = 64
    rolled6: int = 16
    spared: tuple[str, ...] = ()


class Blocked(msgspec.Struct, frozen=True):
    """What may be blocked, tables sorted by key; and how many addresses were left out, each counted once: for a good
    visitor in their network, for a network that is never listed, for too few requests. `mixed4`, `mixed6`:
    networks (`networks_of`) with somebody in them who is to be spared: none of them may be blocked as a whole."""

    v4: Table
    v6: Table
    mixed4: NDArray[Any]
    mixed6: NDArray[Any]
    left_good: int
    left_spared: int
    left_few: int

    def __len__(self) -> int:
        return len(self.v4) + len(self.v6)


def chosen(book: Book, rule: Rule) -> Blocked:
    """Raises Invalid for a rule that makes no sense."""
    if (
        min(rule.turned_at_least, rule.requests_at_least) < 1
        or not 1 <= rule.hours <= 24 * 90
        or min(rule.rolled4, rule.rolled6) < 2
    ):
        raise Invalid("an address is listed after one request or more, for 1 hour to 90 days", where="rule")
    networks = [_network(one) for one in (*NEVER, *rule.spared)]
    kept4, *left4 = _sifted(book.v4, _outside(book.v4, networks), rule)
    kept6, *left6 = _sifted(book.v6, _outside(book.v6, networks), rule)
    good, spared, few = (one + other for one, other in zip(left4, left6, strict=True))
    return Blocked(kept4, kept6, _mixed(book.v4, networks), _mixed(book.v6, networks), good, spared, few)


def _mixed(table: Table, networks: Sequence[_Network]) -> NDArray[Any]:
    four = table.keys.dtype.kind == "u"
    size = 24 if four else 48
    seen = networks_of(table)[(table.flags & (SPARED | KNOWN_NETWORK)) != 0]
    named = [int(one.network_address) >> (32 if four else 128) - size for one in networks
             if (one.version == 4) == four and one.prefixlen > size]  # fmt: skip
    return np.unique(np.concatenate((seen, np.array(named, seen.dtype))))


def _network(text: str) -> _Network:
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Invalid("give networks like 192.0.2.0/24 or 2001:db8::/48", where="spared") from None
    if found.version == 6 and found.prefixlen > 64:
        return found.supernet(new_prefix=64)  # sparing more than was asked is the safe side
    return found


def _sifted(table: Table, outside: NDArray[np.bool_], rule: Rule) -> tuple[Table, int, int, int]:
    good = (table.flags & (SPARED | KNOWN_NETWORK)) != 0
    enough = (table.turned_away >= rule.turned_at_least) | (table.requests >= rule.requests_at_least)
    return (
        table.taken(enough & outside & ~good), int(np.count_nonzero(good)),
        int(np.count_nonzero(~outside & ~good)), int(np.count_nonzero(~enough & outside & ~good)),
    )  # fmt: skip


def _outside(table: Table, networks: Sequence[_Network]) -> NDArray[np.bool_]:
    """Whether each row is in none of the networks."""
    four = table.keys.dtype.kind == "u"
    upper: NDArray[Any] = table.keys
    if not four:
        upper = np.frombuffer(table.keys.astype("S16").tobytes(), ">u8")[::2].astype(np.uint64)
    kind, bits = (np.uint32, 32) if four else (np.uint64, 64)
    found = np.ones(len(table), np.bool_)
    for one in networks:
        if (one.version == 4) != four:
            continue
        base = int(one.network_address) >> (0 if four else 64)
        mask = (1 << bits) - (1 << (bits - one.prefixlen))
        found &= (upper & kind(mask)) != kind(base)
    return found


def rolled_up(blocked: Blocked, rule: Rule) -> tuple[tuple[NDArray[Any], Table], tuple[NDArray[Any], Table]]:
    """IPv4 and IPv6 as networks that go in whole (their numbers, `networks_of`), and the addresses in no such one. A
    network with anybody in it who is to be spared never goes in whole."""
    return _rolled(blocked.v4, blocked.mixed4, rule.rolled4), _rolled(blocked.v6, blocked.mixed6, rule.rolled6)


def _rolled(table: Table, mixed: NDArray[Any], least: int) -> tuple[NDArray[Any], Table]:
    networks = networks_of(table)
    found, counts = np.unique(networks, return_counts=True)
    whole = found[(counts >= least) & ~np.isin(found, mixed)]
    return whole, table.taken(~np.isin(networks, whole))

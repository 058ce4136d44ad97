"""The book as files for others: tables of all addresses that sent, and lists of those that may be blocked, with an end.

All text is ASCII. Nothing of a stranger's words is in here: addresses, numbers and times only.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.shield.addresses import DROPPED, GOOD, SOLVED, Table
from seifas.shield.evidence.book import KNOWN_NETWORK, Book, key_bytes, network4_text, network6_text
from seifas.shield.evidence.lists import Blocked, Rule, rolled_up

CSV_HEAD: Final = "address,first_seen,last_seen,requests,turned_away,bytes_out,visitor"

_LAST_S: Final = 253_402_300_799
# What is known of who came from an address, the strongest last.
_VISITORS: Final = ((DROPPED, "dropped"), (KNOWN_NETWORK, "good-network"), (SOLVED, "solved"), (GOOD, "good"))
_WARNING: Final = (
    "Addresses that sent requests in a flood. Personal data: pass on only to those who act on it.",
    "An address may be shared by many people, and its owner may know nothing of it. Take the list out when it ends.",
)


class _Address(msgspec.Struct, frozen=True, gc=False):
    address: str
    first_seen: str
    last_seen: str
    requests: int
    turned_away: int
    bytes_out: int
    visitor: str


def csv(book: Book) -> bytes:
    """A line an address (RFC 4180): `visitor` is "good", "solved", "good-network", "dropped" or empty."""
    lines = [CSV_HEAD]
    for table in (book.v4, book.v6):
        lines += map("%s,%s,%s,%d,%d,%d,%s".__mod__, _rows(table))
    return "\r\n".join([*lines, ""]).encode("ascii")


def json(book: Book, event: str) -> bytes:
    """One object: event, made, exact, distinct, whole, note, addresses. Each of these has the columns of the CSV."""
    rows = [_Address(*row) for table in (book.v4, book.v6) for row in _rows(table)]
    return msgspec.json.encode({
        "event": event, "made": moment(book.made_ms), "exact": book.exact, "distinct": book.distinct,
        "whole": book.whole, "note": " ".join(_WARNING), "addresses": rows,
    })  # fmt: skip


def _rows(table: Table) -> Iterator[tuple[str, str, str, int, int, int, str]]:
    names = _visitors()
    return zip(
        texts(table), _moments(table.first), _moments(table.last), table.requests.tolist(),
        table.turned_away.tolist(), table.bytes_out.tolist(), [names[one] for one in table.flags.tolist()],
        strict=True,
    )  # fmt: skip


def _visitors() -> list[str]:
    """The word for each value of the flags."""
    found = [""] * 256
    for flag, word in _VISITORS:
        found = [word if value & flag else before for value, before in enumerate(found)]
    return found


def texts(table: Table) -> list[str]:
    """Each address as people write it. Under half a microsecond each; `ipaddress` takes four."""
    keys = key_bytes(table)
    if table.keys.dtype.kind == "u":
        return [socket.inet_ntoa(keys[at : at + 4]) for at in range(0, len(keys), 4)]
    return [socket.inet_ntop(socket.AF_INET6, keys[at : at + 16]) for at in range(0, len(keys), 16)]


def _moments(seconds: NDArray[np.uint32]) -> list[str]:
    """Unix seconds as RFC 3339, UTC."""
    texts_of: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]"), timezone="UTC").tolist()
    return texts_of


def moment(ms: int) -> str:
    """A moment as RFC 3339, UTC; one after the year 9999 as its last second."""
    return datetime.fromtimestamp(min(max(ms // 1000, 0), _LAST_S), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def until_ms(made_ms: int, rule: Rule) -> int:
    """When a list ends that is made now."""
    return made_ms + rule.hours * 3_600_000


def nft(blocked: Blocked, rule: Rule, made_ms: int) -> bytes:
    """A file for `nft -f`: a table of its own, whose sets empty themselves when the list ends. Loading it again renews
    it; `nft delete table inet seifas_senders` takes it out."""
    seconds = rule.hours * 3600
    sets = [_nft_set("senders4", "ipv4_addr", texts(blocked.v4), seconds),
            _nft_set("senders6", "ipv6_addr", texts(blocked.v6), seconds)]  # fmt: skip
    return _joined([
        "#!/usr/sbin/nft -f", *_head(blocked, rule, made_ms),
        "table inet seifas_senders", "delete table inet seifas_senders",  # the first, so that there is one to delete
        "table inet seifas_senders {", *sets,
        "\tchain arriving {", "\t\ttype filter hook prerouting priority raw; policy accept;",
        '\t\tiifname "lo" accept', "\t\tip saddr @senders4 counter drop", "\t\tip6 saddr @senders6 counter drop",
        "\t}", "}",
    ])  # fmt: skip


def _nft_set(name: str, kind: str, addresses: Sequence[str], seconds: int) -> str:
    elements = f"\t\telements = {{ {', '.join(addresses)} }}\n" if addresses else ""
    return f"\tset {name} {{\n\t\ttype {kind}; flags timeout; timeout {seconds}s; size 2000000;\n{elements}\t}}"


def haproxy_map(blocked: Blocked, rule: Rule, made_ms: int) -> bytes:
    """A map file of HAProxy, address to the second when it ends. Its head says the two lines that read it."""
    end = str(until_ms(made_ms, rule) // 1000)
    return _joined([
        *_head(blocked, rule, made_ms),
        "# http-request set-var(txn.until) src,map_ip_int(/etc/haproxy/senders.map,0)",
        "# http-request silent-drop if { date,neg,add(txn.until) gt 0 }",
        *(f"{one} {end}" for table in (blocked.v4, blocked.v6) for one in texts(table)),
    ])  # fmt: skip


def cidr(blocked: Blocked, rule: Rule, made_ms: int) -> bytes:
    """Networks, one a line: whole /24 and /48 where many of their addresses are listed, single addresses otherwise."""
    (whole4, single4), (whole6, single6) = rolled_up(blocked, rule)
    return _joined([
        *_head(blocked, rule, made_ms),
        f"# a /24 stands for {rule.rolled4} listed addresses or more of it, a /48 for {rule.rolled6} or more",
        *map(network4_text, whole4.tolist()), *(f"{one}/32" for one in texts(single4)),
        *map(network6_text, whole6.tolist()), *(f"{one}/128" for one in texts(single6)),
    ])  # fmt: skip


def _head(blocked: Blocked, rule: Rule, made_ms: int) -> list[str]:
    left = f"{blocked.left_good} near good visitors, {blocked.left_spared} in networks that are never listed, "
    return [
        *(f"# {one}" for one in _WARNING),
        f"# made {moment(made_ms)}, ends {moment(until_ms(made_ms, rule))}",
        f"# {len(blocked)} addresses with {rule.turned_at_least} or more requests turned away, or "
        f"{rule.requests_at_least} in all; left out: {left}{blocked.left_few} with fewer",
    ]


def _joined(lines: Iterable[Any]) -> bytes:
    return ("\n".join(lines) + "\n").encode("ascii")

"""What HAProxy's own table of addresses says: the last ten minutes for a loop that was started anew, and addresses that
open connections without asking for anything, of which no line tells."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seifas.shield.addresses import SOLVED, Table, no_table
from seifas.shield.front.runtime import Runtime
from seifas.shield.front.tables import SOURCES

LOUD: Final = 600
"""Connections of one address in 10 s, with hardly a request in them."""

_KEPT_S: Final = 600  # an entry's life since it was last used


def senders(runtime: Runtime, now_s: int) -> Table:
    """The IPv4 addresses of the table; of IPv6 it has networks only. When an address came first is not known: as when
    it came last. Raises Unavailable."""
    return table(runtime.table(SOURCES), now_s)


def loud(runtime: Runtime) -> NDArray[np.uint32]:
    """IPv4 addresses that connect and connect and ask for nothing. Raises Unavailable."""
    rows = runtime.table(SOURCES, f"data.conn_rate gt {LOUD}")
    silent = [row for row in rows if _number(row, "http_req_cnt") * 10 < _number(row, "conn_rate(10000)")]
    keys: NDArray[np.uint32] = table(silent, _KEPT_S).keys
    return keys


def table(rows: Iterable[Mapping[str, str]], now_s: int) -> Table:
    """Rows of the table (Runtime.table) that are IPv4; those that do not read are left out."""
    found: dict[int, tuple[int, int, int, int]] = {}
    for row in rows:
        try:
            address = ipaddress.ip_address(row.get("key", ""))
        except ValueError:
            continue
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is None:
                continue
            address = address.ipv4_mapped
        idle = min(max(_KEPT_S - _number(row, "exp") // 1000, 0), now_s)
        found[int(address)] = (
            now_s - idle, _number(row, "http_req_cnt"), _number(row, "gpc0"), _number(row, "gpc1")
        )
    if not found:
        return no_table("u4")
    keys = np.array(sorted(found), np.uint32)
    last, requests, away, let_in = (
        np.array([found[key][at] for key in keys.tolist()], np.int64).clip(0, 2**32 - 1).astype(np.uint32)
        for at in range(4)
    )
    return Table(
        keys=keys, first=last.copy(), last=last, requests=requests, turned_away=away,
        bytes_out=np.zeros(len(keys), np.uint64), flags=np.where(let_in > 0, SOLVED, 0).astype(np.uint8),
    )


def _number(row: Mapping[str, str], name: str) -> int:
    text = row.get(name, "")
    return int(text) if text.isdigit() else 0

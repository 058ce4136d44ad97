"""What HAProxy remembers. All tables go through the local peer, so that a reload keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from seifas.shield.front.description import Limits

SOURCES: Final = "st_sources"
KNOWN: Final = "st_known"
COOKIES: Final = "st_cookies"
SOLUTIONS: Final = "st_solutions"
TOKENS: Final = "st_tokens"
WAITS: Final = "st_waits"
LOGINS: Final = "st_logins"
PACES: Final = "st_paces"
HANDSHAKE_ROW: Final = 1
WAIT_ROW: Final = 2
PEER: Final = "front"


def tables(limits: Limits) -> list[str]:
    """Backends that are nothing but a table. Sizes bound memory: a full table forgets what was idle longest, which no
    flood of keys can use: keys are addresses and networks, or were signed by us."""
    rows = (
        # By address, in IPv6 by /64. gpc 0: turned away since it last got in, 1: requests in a good lane. Every counter
        # here costs each request.
        (SOURCES, "type ipv6", limits.sources, "10m",
         "gpc(2),http_req_cnt,http_req_rate(10s),conn_cur,conn_rate(10s)"),
        # Networks of staff and patients; gpt0 1.
        (KNOWN, "type ipv6", 200_000, "24d", "gpt0"),
        (COOKIES, "type string len 12", 400_000, "31m", "http_req_cnt,http_req_rate(10s),conn_cur"),
        # gpc0: how often a challenge was answered; expires after the challenge does.
        (SOLUTIONS, "type string len 32", 1_000_000, "11m", "gpc0"),
        # SHA-256 of a token that the desk took; gpt0 1.
        (TOKENS, "type string len 64", 20_000, "2h", "gpt0,http_req_rate(10s),conn_cur"),
        (WAITS, "type ipv6", 200_000, "2m", "gpc0,gpc0_rate(1m)"),
        (LOGINS, "type ipv6", 200_000, "2m", "http_req_rate(1m)"),
        # One row for all strangers' handshakes, one for all who waited.
        (PACES, "type integer", 16, "1m", "gpc0,gpc0_rate(1s)"),
    )  # fmt: skip
    text: list[str] = []
    for name, kind, size, expire, stored in rows:
        text += [f"backend {name}", f"  stick-table {kind} size {size} expire {expire} peers local store {stored}"]
    return text


def peers(directory: Path) -> list[str]:
    """The section that makes a reload hand the tables on: the old process tells them to the new one. A socket in the
    front's own directory, for whoever can speak to it can put rows into the tables."""
    return ["peers local", f"  peer {PEER} unix@{directory / 'peers.sock'}"]

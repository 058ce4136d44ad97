"""What a flood is told and what it tells: streams of requests with rates and sources, and what became of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final

import msgspec

from seifas.errors import Invalid

MOST_S: Final = 900.0
MOST_REQUESTS: Final = 12_000_000
STRIDE: Final = 7_919  # prime, so that the pool of addresses is gone through whole, and neighbours come far apart


class Stream(msgspec.Struct, frozen=True):
    """Requests of one kind, `rate` a second, from `begins_s` to `ends_s` (0: the plan's end).

    They come from `sources` consecutive addresses from `first` on, all of them in turn, far from their neighbours where
    `spread`. Address number i sends head i modulo their number: so visitors keep their cookies. `wanted`: bytes that
    make an answer a good one. `whole`: read to the end, not only the first piece. `drip`: sent again every `drip_s`
    while the connection lives, for slow clients. `at_once`: sockets of this stream at most, `port`: where it
    goes (0: as the plan says).
    """

    name: str
    rate: float
    heads: tuple[bytes, ...]
    first: str = "127.16.0.0"
    sources: int = 200_000
    spread: bool = True
    wanted: bytes = b""
    whole: bool = False
    timeout_s: float = 2.0
    begins_s: float = 0.0
    ends_s: float = 0.0
    drip: bytes = b""
    drip_s: float = 1.0
    at_once: int = 0
    port: int = 0


class Plan(msgspec.Struct, frozen=True):
    """Where to, how long, what, and how many sockets at once at most."""

    host: str
    port: int
    seconds: float
    streams: tuple[Stream, ...]
    at_once: int = 6_000


class Count(msgspec.Struct, frozen=True):
    """What became of a stream.

    `statuses`: by HTTP status; 0 for what is no HTTP answer. `seconds`: the same for each second from the plan's begin,
    by when the request began. `unsent`: no socket was free, or no time. `failed_at`: begin of requests without a good
    answer, in seconds from the plan's begin, the first 2,000. Times in ms, of good answers.
    """

    name: str
    sent: int
    answered: int
    good: int
    statuses: dict[int, int]
    refused: int
    lost: int  # closed or reset without an answer
    late: int  # none within the time-out
    unsent: int
    distinct: int  # addresses that sent
    bytes_in: int
    p50: float
    p99: float
    most: float
    seconds: tuple[dict[int, int], ...]
    failed_at: tuple[float, ...]

    @property
    def good_share(self) -> float:
        """0 to 1 of what was due, sent or not."""
        due = self.sent + self.unsent
        return self.good / due if due else 1.0


class Tally(msgspec.Struct, frozen=True):
    """What became of a plan. `began_ms`: Unix time of its begin."""

    began_ms: int
    took_s: float
    streams: tuple[Count, ...]

    def of(self, name: str) -> Count:
        return next(one for one in self.streams if one.name == name)


def get(path: str, host: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of one request that ends its connection. Raises Invalid where a line end is smuggled in."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise Invalid("a line of a request must not hold a line end; send such bytes as a head of your own", where=path)
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


def address(first: str, number: int) -> str:
    """The address `number` places after `first`."""
    return str(ipaddress.IPv4Address(first) + number)


def checked(plan: Plan) -> Plan:
    """The plan, if it stays on this machine and within bounds. Raises Invalid."""
    if not ipaddress.ip_address(plan.host).is_loopback:
        raise Invalid("a flood goes to this machine only; give an address of 127.0.0.0/8 or ::1", where=plan.host)
    if not (0 < plan.seconds <= MOST_S and 1 <= plan.at_once <= 15_000 and 1 <= len(plan.streams) <= 16):
        raise Invalid(f"a flood takes at most {MOST_S:.0f} s, 15,000 sockets and 16 streams", where="plan")
    if sum(one.rate for one in plan.streams) * plan.seconds > MOST_REQUESTS:
        raise Invalid(f"a flood has at most {MOST_REQUESTS:,} requests; lower the rates or the time", where="plan")
    for one in plan.streams:
        if one.rate <= 0 or not one.heads or one.sources < 1 or one.timeout_s <= 0:
            raise Invalid("a stream needs a rate, a head, a source and a time-out over 0", where=one.name)
        last = ipaddress.IPv4Address(one.first) + one.sources - 1
        if not (ipaddress.IPv4Address(one.first).is_loopback and last.is_loopback):
            raise Invalid("sources lie in 127.0.0.0/8", where=one.name)
        if one.spread and one.sources % STRIDE == 0:
            raise Invalid(f"a number of sources that {STRIDE} divides is not gone through whole", where=one.name)
    return plan

"""What HAProxy and the kernel count by themselves: requests and connections of each listener, the processor, the line.

`show info` and `show stat` of the runtime socket (HAProxy Management Guide, 9.3); /proc/net/dev, netstat and snmp.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

FRONTEND: Final = "FRONTEND"
_NET: Final = Path("/proc/net")
_CARDS: Final = Path("/sys/class/net")
_TURNED_OFF: Final = ("ListenOverflows", "ListenDrops", "TCPReqQFullDrop")


class Info(msgspec.Struct, frozen=True):
    """Of the worker that answers now. `busy` is 0 to 1: how much of the last half second it was not waiting."""

    version: str
    pid: int
    uptime_s: int
    busy: float


class Served(msgspec.Struct, frozen=True):
    """Totals of one listener since its worker began; `open` is now. `refused`: connections turned away, by silence or
    not, before a request could be read: no line tells of them."""

    requests: int = 0
    connections: int = 0
    refused: int = 0
    open: int = 0

    def __sub__(self, before: Served) -> Served:
        """What came since; all of it, where the worker is another one."""
        if before.requests > self.requests or before.connections > self.connections:
            return self
        return Served(
            self.requests - before.requests, self.connections - before.connections,
            max(self.refused - before.refused, 0), self.open,
        )

    def __add__(self, other: Served) -> Served:
        """Both together; `open` of the later."""
        return Served(
            self.requests + other.requests, self.connections + other.connections, self.refused + other.refused,
            other.open,
        )


def info(fields: Mapping[str, str]) -> Info:
    """The answer to `show info`. Fields that are not there count as nothing."""
    return Info(
        version=fields.get("Version", "").partition("-")[0],
        pid=_number(fields.get("Pid")),
        uptime_s=_number(fields.get("Uptime_sec")),
        busy=min(max(1 - _number(fields.get("Idle_pct"), 100) / 100, 0.0), 1.0),
    )


def served(rows: Iterable[Mapping[str, str | None]], listeners: Collection[str]) -> dict[str, Served]:
    """The answer to `show stat` by listener; a listener's frontend has its name."""
    found = {listener: Served() for listener in listeners}
    for row in rows:
        name = row.get("pxname") or ""
        if name not in found or row.get("svname") != FRONTEND:
            continue
        found[name] = Served(
            requests=_number(row.get("req_tot")), connections=_number(row.get("conn_tot")),
            refused=_number(row.get("dcon")) + _number(row.get("dses")), open=_number(row.get("scur")),
        )
    return found


def _number(text: str | None, otherwise: int = 0) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise


class Line:
    """The machine's connection to the world: what went over it since the last look, a second."""

    def __init__(self, net: Path = _NET, cards: Path = _CARDS, *, bytes_s: int = 0) -> None:
        """`bytes_s`: what the line carries; 0: as the card says."""
        self._net, self._cards, self._bytes_s = net, cards, bytes_s
        self._before: tuple[float, dict[str, int]] | None = None

    def look(self, at: float) -> dict[str, float]:
        """Rates since the last look; `at` is a monotonic second. What this system does not tell is left out."""
        totals = self._totals()
        before, self._before = self._before, (at, totals)
        if before is None or at - before[0] <= 0:
            return {}
        rates = {
            name: round(max(total - before[1][name], 0) / (at - before[0]), 1)
            for name, total in totals.items() if name in before[1]
        }
        return rates | {"link_bytes": float(self._bytes_s or self._speed())}

    def _totals(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        with contextlib.suppress(OSError, ValueError, IndexError):
            totals |= _cards(self._net / "dev")
        kernel: dict[str, int] = {}
        for name in ("netstat", "snmp"):
            with contextlib.suppress(OSError, ValueError):
                kernel |= _pairs((self._net / name).read_text())
        if "ListenDrops" in kernel:
            totals["syn_overflows"] = sum(kernel.get(name, 0) for name in _TURNED_OFF)
            totals["syncookies"] = kernel.get("SyncookiesSent", 0)
        if "RetransSegs" in kernel:
            totals["retransmits"] = kernel["RetransSegs"]
        return totals

    def _speed(self) -> int:
        """Bytes a second of the fastest card that is up; 0 where none says (a virtual one often does not)."""
        speeds = [0]
        with contextlib.suppress(OSError):
            for card in self._cards.iterdir():
                with contextlib.suppress(OSError, ValueError):
                    speeds.append(int((card / "speed").read_text()) * 125_000)
        return max(speeds)


def _cards(path: Path) -> dict[str, int]:
    """Sums over all cards but the loopback, which no provider has a part in."""
    names = ("rx_bytes", "rx_packets", "rx_dropped", "tx_bytes", "tx_packets")
    places = (0, 1, 3, 8, 9)
    sums = dict.fromkeys(names, 0)
    for line in path.read_text().splitlines()[2:]:
        card, _, rest = line.partition(":")
        if card.strip() == "lo":
            continue
        fields = rest.split()
        for name, place in zip(names, places, strict=True):
            sums[name] += int(fields[place])
    return sums


def _pairs(text: str) -> dict[str, int]:
    """`Name: a b` above `Name: 1 2`, as the kernel writes its counters."""
    lines = text.splitlines()
    found: dict[str, int] = {}
    for heads, values in zip(lines[::2], lines[1::2], strict=False):
        found |= dict(zip(heads.split()[1:], map(int, values.split()[1:]), strict=False))
    return found

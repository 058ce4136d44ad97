"""How often one network may send the form, kept in memory and forgotten within a day.

The keeper has bounds of its own for everybody together (keeper.dropping); these keep one sender from using them up.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from typing import Final

MOST_AN_HOUR: Final = 5
MOST_A_DAY: Final = 12
MOST_BEHIND_A_FRONT: Final = 60  # an hour, where all come from this machine: a front stands before us
MOST_NETWORKS: Final = 20_000

_HOUR: Final = 3600.0
_DAY: Final = 86_400.0


class Pace:
    """Times of what each network sent, newest last; the network that sent longest ago is forgotten first."""

    def __init__(
        self, hour: int = MOST_AN_HOUR, day: int = MOST_A_DAY, behind_a_front: int = MOST_BEHIND_A_FRONT
    ) -> None:
        self._hour, self._day, self._front = hour, day, behind_a_front
        self._sent: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, address: str, now: float) -> bool:
        """Whether one more is taken from there, at `now` in seconds; if so, it counts."""
        network = network_of(address)
        times = self._sent.setdefault(network, deque())
        self._sent.move_to_end(network)
        while len(self._sent) > MOST_NETWORKS:
            self._sent.popitem(last=False)
        while times and now - times[0] > _DAY:
            times.popleft()
        hour = sum(now - one < _HOUR for one in times)
        most = self._front if network == "" else self._hour
        allowed = hour < most and (network == "" or len(times) < self._day)
        if allowed:
            times.append(now)
        return allowed


def network_of(address: str) -> str:
    """What counts as one sender: an IPv4 address, the /64 of an IPv6 one; "" for this machine and what is no address.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or found
    if found.is_loopback:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
    return str(found)

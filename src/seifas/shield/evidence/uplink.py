"""Is it the line that is full, or what stands behind it? Only the first is the provider's to mend.

Judged by the worst second that was seen (docs/running/flood.md): the card's bytes against its speed, packets that the
machine had no room for, connections that the kernel turned away before HAProxy saw them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from seifas.shield.model import Minute

FULL: Final = 0.85  # of the line's speed; above it, queues on the way grow
BUSY: Final = 0.5
LOST: Final = 0.01  # of the packets that arrived
UNTAKEN: Final = 0.05  # of the connections asked for
# A second: an idle card drops a few packets that are for nobody, and a burst of a browser may overflow a queue.
LEAST_LOST: Final = 500
LEAST_UNTAKEN: Final = 50


class Kind(StrEnum):
    """What the figures say. The first that holds, in the order of what only others can mend."""

    FULL_IN = "full-in"
    PACKETS = "packets"  # more of them than the machine can look at, whatever their size
    SYN = "syn"  # connections begun and never finished
    FULL_OUT = "full-out"  # our own answers
    BUSY = "busy"
    FREE = "free"
    UNKNOWN = "unknown"  # nobody told the line's speed


class Verdict(msgspec.Struct, frozen=True):
    """`shares`, each 0 to 1, of what is known: in, out (of the line), lost (of packets), untaken (of connections)."""

    kind: Kind
    shares: dict[str, float]

    @property
    def volumetric(self) -> bool:
        """Whether the provider has to act: nothing on this machine helps."""
        return self.kind in (Kind.FULL_IN, Kind.PACKETS, Kind.SYN)


def judged(uplink: Mapping[str, float]) -> Verdict:
    """What one set of figures says. Keys, all a second: rx_bytes, tx_bytes, rx_packets, rx_dropped, link_bytes (the
    line's speed; 0 or none: not known), accepted, syn_overflows."""
    shares: dict[str, float] = {}
    speed = uplink.get("link_bytes", 0)
    if speed > 0:
        shares |= {"in": uplink.get("rx_bytes", 0) / speed, "out": uplink.get("tx_bytes", 0) / speed}
    for name, part, rest in (("lost", "rx_dropped", "rx_packets"), ("untaken", "syn_overflows", "accepted")):
        if part in uplink and (whole := uplink[part] + uplink.get(rest, 0)) > 0:
            shares[name] = uplink[part] / whole
    return Verdict(_kind(shares, uplink), shares)


def _kind(shares: Mapping[str, float], uplink: Mapping[str, float]) -> Kind:
    if shares.get("in", 0) >= FULL:
        return Kind.FULL_IN
    if shares.get("lost", 0) >= LOST and uplink["rx_dropped"] >= LEAST_LOST:
        return Kind.PACKETS
    if shares.get("untaken", 0) >= UNTAKEN and uplink["syn_overflows"] >= LEAST_UNTAKEN:
        return Kind.SYN
    if shares.get("out", 0) >= FULL:
        return Kind.FULL_OUT
    if "in" not in shares:
        return Kind.UNKNOWN
    return Kind.BUSY if max(shares["in"], shares["out"]) >= BUSY else Kind.FREE


def worst(minutes: Iterable[Minute], now: Mapping[str, float] | None = None) -> dict[str, float]:
    """The figures of the minute that says most, or those of `now`: the first by kind, then the most bytes arriving."""
    ranks = {kind: place for place, kind in enumerate(Kind)}
    found: dict[str, float] = {}
    for one in (*(each.uplink for each in minutes), now or {}):
        if one and (not found or _weight(one, ranks) < _weight(found, ranks)):
            found = dict(one)
    return found


def _weight(figures: Mapping[str, float], ranks: Mapping[Kind, int]) -> tuple[int, float]:
    return ranks[judged(figures).kind], -figures.get("rx_bytes", 0)

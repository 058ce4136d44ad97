"""HAProxy's and the kernel's own counts as the control loop needs them: now, as rates, and for each minute."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from seifas.errors import SeifasError
from seifas.shield import steering
from seifas.shield.front.runtime import Runtime
from seifas.shield.gauging import Line, Served
from seifas.shield.steering import Seen

log = logging.getLogger("seifas.shield")

_RATED_S: Final = 6.0


class OfMinute(msgspec.Struct, frozen=True):
    """`served` by listener; `cpu` on average; `uplink` at its worst."""

    served: dict[str, Served]
    cpu: float
    uplink: dict[str, float]


class Meters:
    """Of one control loop. `seen` is None while HAProxy does not answer."""

    def __init__(self, runtime: Runtime, line: Line, listeners: Sequence[str]) -> None:
        self._runtime = runtime
        self._line = line
        self._listeners = listeners
        self._looks: deque[tuple[float, dict[str, Served]]] = deque()
        self.seen: Seen | None = None
        self.uplink: dict[str, float] = {}
        self._begin()

    def _begin(self) -> None:
        self._came = {name: Served() for name in self._listeners}
        self._busy: list[float] = []
        self._worst: dict[str, float] = {}

    @property
    def cpu(self) -> float:
        """HAProxy's share of its processor, 0 to 1."""
        return self.seen.info.busy if self.seen is not None else 0.0

    async def look(self, at: float) -> bool:
        """Reads all, at a monotonic second; whether another worker answers than before, or one again."""
        self.uplink = {**self._line.look(at), "accepted": self.rate("connections")}
        for name, value in self.uplink.items():
            self._worst[name] = max(value, self._worst.get(name, 0.0))
        before, self.seen = self.seen, None
        try:
            seen = await asyncio.to_thread(steering.look, self._runtime, self._listeners)
        except SeifasError:
            if before is not None:
                log.warning("HAProxy does not answer")
            return False
        last = self._looks[-1][1] if self._looks else seen.served
        for name in self._listeners:
            self._came[name] += seen.served[name] - last[name]
        self._looks.append((at, seen.served))
        while self._looks[0][0] < at - _RATED_S:
            self._looks.popleft()
        self._busy.append(seen.info.busy)
        self.seen = seen
        return before is None or before.info.pid != seen.info.pid

    def rate(self, kind: str, name: str = "") -> float:
        """A field of Served a second, of one listener or all, over the last seconds; of a new worker from nothing."""
        if len(self._looks) < 2:
            return 0.0
        (first, before), (last, after) = self._looks[0], self._looks[-1]
        names = (name,) if name else self._listeners
        came = sum(getattr(after[one] - before[one], kind) for one in names)
        return float(came) / max(last - first, 0.5)

    def minute(self) -> OfMinute:
        """What came since the last call."""
        cpu = sum(self._busy) / len(self._busy) if self._busy else 0.0
        over = OfMinute(self._came, cpu, self._worst)
        self._begin()
        return over

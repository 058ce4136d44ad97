"""What the control loop writes down of itself, so that the next one goes on where it stopped: modes, the flood under
way and its chain. Numbers and random ids only; no address is in it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from seifas.errors import Invalid
from seifas.shield.evidence.chain import Head
from seifas.shield.model import Mode
from seifas.shield.modes import Situation
from seifas.shield.replacing import replace


class Flood(msgspec.Struct, frozen=True):
    """The flood under way. `told_ms`: when the book of addresses was handed over last."""

    event: bytes
    began_ms: int
    head: Head
    told_ms: int

    @classmethod
    def begin(cls, now_ms: int) -> Flood:
        """A new one."""
        event = os.urandom(16)
        return cls(event, now_ms, Head.begin(event), now_ms)


class Held(msgspec.Struct, frozen=True):
    """A listener's situation without the times of a clock that ends with the machine."""

    mode: Mode
    own: Mode
    since_ms: int
    why: str
    figures: dict[str, float]
    calm_after: float
    entered_demand: float

    @classmethod
    def of(cls, now: Situation) -> Held:
        """What of a situation lasts."""
        return cls(now.mode, now.own, now.since_ms, now.why, now.figures, now.calm_after, now.entered_demand)

    def situation(self) -> Situation:
        """As it was; waiting begins anew. An order of a person is told again by whoever keeps it."""
        return Situation(
            mode=self.mode, own=self.own, since_ms=self.since_ms, why=self.why, figures=self.figures,
            calm_after=self.calm_after, entered_demand=self.entered_demand,
        )


class Standing(msgspec.Struct, frozen=True):
    """By listener."""

    listeners: dict[str, Held] = {}
    flood: Flood | None = None


def load(path: Path) -> Standing:
    """What the loop before wrote; a file that is not there or not whole is as good as none."""
    try:
        standing = msgspec.json.decode(path.read_bytes(), type=Standing)
        if standing.flood is not None:
            Head.begin(standing.flood.event)  # the right length
    except (OSError, msgspec.DecodeError, Invalid):
        return Standing()
    return standing


def store(path: Path, standing: Standing) -> None:
    """Replaces the file atomically. Raises OSError."""
    replace(path, msgspec.json.encode(standing))

"""What is usual: distinct addresses, newcomers and strangers' requests a minute, for each hour of the week.

Learned from calm minutes only, so that a flood does not become usual, and slowly: one minute moves its hour by a
sixtieth of the difference, an hour of another kind by two thirds. Numbers only; no address is in it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

import msgspec

from seifas.shield.replacing import replace

HOURS: Final = 168
_STEP: Final = 1 / 60


class Usual(msgspec.Struct, frozen=True):
    """Of one minute. `demand` is a second's."""

    sources: float = 0.0
    newcomers: float = 0.0
    demand: float = 0.0


class Baseline(msgspec.Struct, frozen=True):
    """`hours[n]`: n = 24 x weekday (Monday is 0) + hour, UTC; None where nothing was learned."""

    hours: tuple[Usual | None, ...] = (None,) * HOURS


def hour_of(ms: int) -> int:
    """The hour of the week of a Unix time."""
    then = time.gmtime(ms / 1000)
    return 24 * then.tm_wday + then.tm_hour


def usual(baseline: Baseline, ms: int) -> Usual:
    """The busiest of this hour and its neighbours (a practice that opens at eight sees its rush at ten to); where
    none of them is known, the middle of all that are."""
    hour = hour_of(ms)
    near = [one for step in (-1, 0, 1) if (one := baseline.hours[(hour + step) % HOURS]) is not None]
    if near:
        return Usual(*(max(getattr(one, name) for one in near) for name in Usual.__struct_fields__))
    known = [one for one in baseline.hours if one is not None]
    if not known:
        return Usual()
    middle = len(known) // 2
    return Usual(*(sorted(getattr(one, name) for one in known)[middle] for name in Usual.__struct_fields__))


def learned(baseline: Baseline, ms: int, minute: Usual) -> Baseline:
    """With one calm minute more."""
    hour = hour_of(ms)
    before = baseline.hours[hour]
    if before is None:
        after = minute
    else:
        pairs = [(getattr(before, name), getattr(minute, name)) for name in Usual.__struct_fields__]
        after = Usual(*(old + (new - old) * _STEP for old, new in pairs))
    return Baseline((*baseline.hours[:hour], after, *baseline.hours[hour + 1 :]))


def load(path: Path) -> dict[str, Baseline]:
    """By listener. A file that is not there, or is none of ours, is as good as nothing learned."""
    try:
        read = msgspec.json.decode(path.read_bytes(), type=dict[str, Baseline])
    except (OSError, msgspec.DecodeError):
        return {}
    return {name: one for name, one in read.items() if len(one.hours) == HOURS and _is_sane(one)}


def store(path: Path, baselines: dict[str, Baseline]) -> None:
    """Replaces the file atomically."""
    replace(path, msgspec.json.encode(baselines))


def _is_sane(baseline: Baseline) -> bool:
    return all(
        one is None or all(0 <= getattr(one, name) < 1e9 for name in Usual.__struct_fields__) for one in baseline.hours
    )

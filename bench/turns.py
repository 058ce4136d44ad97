"""Servers under the same load in turns: one works, the others are halted (SIGSTOP), a few seconds each, and again.

So both meet the same minutes of a machine on which other things run, and neither takes a core from the other.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import msgspec

from bench.figures import number
from bench.hitting import Hits, Load, hit
from bench.peer import Sekmet
from bench.served import Served, cpu_seconds, only


class Side(msgspec.Struct, frozen=True):
    """One server and how it is asked. `token` is sent as a bearer's."""

    name: str
    server: Served | Sekmet
    token: str = ""


class Phase(msgspec.Struct, frozen=True):
    """What one phase came to. CPU in microseconds a request, of keeper and desk, or of the peer's process.

    `lines` and `commits` are our own log's in this phase.
    """

    hits: Hits
    cpu_us: float
    keeper_us: float = 0.0
    desk_us: float = 0.0
    lines: float = 0.0
    commits: float = 0.0

    @property
    def batch(self) -> float:
        """Audit lines a commit."""
        return self.lines / self.commits if self.commits else 0.0


def told(ours: Sequence[Phase], peer: Sequence[Phase]) -> str:
    """Response times and CPU of both sides, in words: medians over the phases."""
    keeper, desk = (statistics.median(phase.keeper_us for phase in ours), statistics.median(p.desk_us for p in ours))
    theirs = statistics.median(phase.cpu_us for phase in peer)
    return (
        f"p50/p99 ms: ours {_times(ours)}, peer {_times(peer)}; CPU µs each: keeper {keeper:.0f} + desk {desk:.0f}, "
        f"peer {theirs:,.0f}; {statistics.median(phase.batch for phase in ours):.1f} lines a commit"
    )


def _times(phases: Sequence[Phase]) -> str:
    p50, p99 = (
        statistics.median(getattr(phase.hits, name) / 1000 for phase in phases) for name in ("p50_us", "p99_us")
    )
    return f"{number(p50)}/{number(p99)}"


def in_turns(
    sides: Sequence[Side], load: Load, *, connections: int, seconds: float, rounds: int
) -> Mapping[str, list[Phase]]:
    """Phases by side, in the order of the sides, after a second of each that does not count."""
    found: dict[str, list[Phase]] = {side.name: [] for side in sides}
    for side in sides:
        if isinstance(side.server, Served):
            side.server.settle()
    if seconds > 1:
        for side in sides:
            _phase(side, sides, load, connections, 1.0)
    for _ in range(rounds):
        for side in sides:
            found[side.name].append(_phase(side, sides, load, connections, seconds))
    return found


def _phase(side: Side, sides: Sequence[Side], load: Load, connections: int, seconds: float) -> Phase:
    halted = [pid for other in sides if other is not side for pid in other.server.all_pids()]
    with only(side.server.all_pids(), halted):
        if isinstance(side.server, Sekmet):
            pid = side.server.all_pids()[0]
            before = cpu_seconds(pid)
            hits = hit(side.server.port, load, connections=connections, seconds=seconds)
            return Phase(hits, (cpu_seconds(pid) - before) / hits.requests * 1e6)
        pids, counters = side.server.pids(), side.server.counters()
        keeper, desk = cpu_seconds(pids["keeper"]), cpu_seconds(pids["desk"])
        hits = hit(side.server.staff, load, connections=connections, seconds=seconds, token=side.token)
        keeper = (cpu_seconds(pids["keeper"]) - keeper) / hits.requests * 1e6
        desk = (cpu_seconds(pids["desk"]) - desk) / hits.requests * 1e6
        after = side.server.counters()
        lines, commits = (
            after[name] - counters[name] for name in ("seifas_audit_lines", "seifas_commits_batched")
        )
        return Phase(hits, keeper + desk, keeper, desk, lines, commits)

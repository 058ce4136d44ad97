"""Reading a Patient over HTTP with everything on, random ids, beside sekmet-fhir and beside bare commits.

Each of our reads is decided by the budget, opened from sealed rows and shown only when its audit line is on disk; all
that wait share one commit. "Bare commits of the same batch size": a SQLite commit of as many leaves of the same bytes
as our commits held in the phase before, and nothing else; our reads cannot be faster than that, whatever the CPU.
"""

from __future__ import annotations

import statistics

from bench.bare import SLOW_SYNC_S, BareCommits
from bench.figures import Bar, Figure, alone, beside
from bench.hitting import Load
from bench.served import Served, only, rest
from bench.setting import Setting
from bench.turns import Phase, Side, in_turns, told
from seifas.audit.tiles import TileReader

PROGRAM = 1_000_000
"""Different patients a day that the bench's program may open, the most there is; its budget counts every one."""


def run(setting: Setting) -> list[Figure]:
    load = Load(setting.read_paths())
    figures = []
    with setting.serving() as ours, setting.sekmet() as peer, setting.sekmet(log=True) as recording:
        sides = [
            Side("seifas", ours, ours.program(PROGRAM).token), Side("sekmet", peer), Side("recording", recording)
        ]
        for connections in setting.connections:
            setting.say(f"reading, {connections} connections, in turns")
            turns = in_turns(
                sides, load, connections=connections, seconds=setting.phase_s, rounds=setting.rounds
            )
            figures += _beside_peer(connections, turns["seifas"], turns["sekmet"], turns["recording"])
        halted = [*peer.all_pids(), *recording.all_pids()]
        with only(ours.all_pids(), halted):
            figures += _beside_commits(setting, ours, load, 0.0)
    with setting.serving("slow-sync") as slow:
        figures += _beside_commits(setting, slow, load, SLOW_SYNC_S)
    return figures


def _beside_peer(connections: int, ours: list[Phase], peer: list[Phase], recording: list[Phase]) -> list[Figure]:
    rates = [[phase.hits.per_second for phase in side] for side in (ours, peer, recording)]
    bar = Bar(at_least=4) if connections == 16 else None
    title = f"Patient read, {connections} connections"
    return [
        beside(title, "req/s", rates[0], "sekmet-fhir", rates[1], bar, told(ours, peer)),
        beside(f"{title}, peer recording requests", "req/s", rates[0], "sekmet-fhir as it comes", rates[2],
               note=f"CPU µs a read: peer {statistics.median(p.cpu_us for p in recording):.0f}"),
    ]  # fmt: skip


def _beside_commits(setting: Setting, served: Served, load: Load, sync_s: float) -> list[Figure]:
    """At 64 connections the rate, at one the time of a single opening; ours and bare commits in turns."""
    words = f", with a sync of {SLOW_SYNC_S * 1e3:.0f} ms" if sync_s else ""
    setting.say(f"reading beside bare commits{words}")
    side = Side("seifas", served, served.program(PROGRAM).token)
    in_turns([side], load, connections=1, seconds=1, rounds=1)
    leaf = _leaf_size(served)
    bare = BareCommits(setting.work, leaf, sync_s)
    ours: list[float] = []
    limit: list[float] = []
    batches: list[float] = []
    alone_ms: list[float] = []
    bare_ms: list[float] = []
    try:
        for _ in range(setting.rounds):
            phase = in_turns([side], load, connections=64, seconds=setting.phase_s, rounds=1)["seifas"][0]
            batch = max(1, round(phase.batch))
            with only([], served.all_pids()):
                limit.append(bare.leaves_per_second(batch, setting.phase_s / 2))
            ours.append(phase.hits.per_second)
            batches.append(batch)
            one = in_turns([side], load, connections=1, seconds=setting.phase_s, rounds=1)["seifas"][0]
            with only([], served.all_pids()):
                bare_ms.append(bare.milliseconds(1, setting.phase_s / 2))
            alone_ms.append(one.hits.p50_us / 1e3)
    finally:
        bare.close()
    allowed = statistics.median(1.5 * ms + 1 for ms in bare_ms)
    return [
        beside(f"Patient read, 64 connections, beside bare commits{words}", "lines/s", ours, "bare commits", limit,
               Bar(at_least=0.6), f"batches of {statistics.median(batches):.0f} lines of {leaf} bytes"),
        alone(f"one opening alone{words}", "ms", alone_ms, Bar(at_most=round(allowed, 3), unit="ms"),
              f"a bare durable commit {statistics.median(bare_ms):.3f} ms; the bar is 1.5 of it + 1 ms"),
    ]  # fmt: skip


def _leaf_size(served: Served) -> int:
    """Bytes of the newest line of the log, which is that of a read."""
    rest(served.all_pids())
    log = TileReader(served.data / "audit")
    return len(log.entry(log.size - 1))

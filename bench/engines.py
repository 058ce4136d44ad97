"""FHIR reads and creates of one clinic on PostgreSQL beside the same clinic on SQLite, with everything on.

Both are served by the same program on the same machine, in turns; the PostgreSQL server runs beside its keeper and
takes its share of the same cores, so the ratio is that of a core. It has its own defaults, and every commit is synced.
While SQLite has its turn it is not halted: it has nothing to do then but its own upkeep.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench import postgres
from bench.figures import Bar, Figure, beside
from bench.hitting import Load
from bench.read import PROGRAM
from bench.served import Served
from bench.setting import Setting
from bench.turns import Phase, Side, in_turns

_BAR = Bar(at_least=0.5)


def run(setting: Setting) -> list[Figure]:
    figures = []
    with setting.serving() as embedded, _on_postgres(setting) as (other, server):
        sides = [
            Side("postgresql", other, other.program(PROGRAM).token),
            Side("sqlite", embedded, embedded.program(PROGRAM).token),
        ]
        reads = Load(setting.read_paths())
        creates = Load(setting.new_patients(), "POST", "/fhir/Patient", "application/fhir+json")
        for what, load in (("read", reads), ("create", creates)):
            for connections in setting.connections:
                setting.say(f"Patient {what}, {connections} connections, on both engines in turns")
                before = server.cpu_seconds()
                turns = in_turns(
                    sides, load, connections=connections, seconds=setting.phase_s, rounds=setting.rounds
                )
                done = sum(phase.hits.requests for phase in turns["postgresql"])
                rates = [[phase.hits.per_second for phase in turns[side.name]] for side in sides]
                figures.append(beside(
                    f"Patient {what} on PostgreSQL, {connections} connections", "req/s", rates[0], "on SQLite",
                    rates[1], _BAR if connections > 1 else None,
                    _told(turns["postgresql"], turns["sqlite"], (server.cpu_seconds() - before) / done * 1e6),
                ))  # fmt: skip
    return figures


@contextmanager
def _on_postgres(setting: Setting) -> Iterator[tuple[Served, postgres.Postgres]]:
    with postgres.running(setting.work) as server:
        served = Served(setting.work / f"served-postgres-{time.time_ns():x}")
        try:
            setting.say("carrying a copy over to PostgreSQL")
            postgres.carried(setting.clinic(), served, server.database("clinic"), server.database("keys"))
            served.start()
            yield served, server
        finally:
            served.remove()


def _told(ours: Sequence[Phase], theirs: Sequence[Phase], database_us: float) -> str:
    keepers = [statistics.median(phase.keeper_us for phase in side) for side in (ours, theirs)]
    waits = [statistics.median(phase.hits.p50_us / 1e3 for phase in side) for side in (ours, theirs)]
    return (
        f"p50 ms {waits[0]:.2f} and {waits[1]:.2f}; CPU µs each: keeper {keepers[0]:.0f} and {keepers[1]:.0f}, "
        f"PostgreSQL {database_us:.0f}"
    )

"""The price of the promise: the same server with sealing, audit and budget switched off (unpromised.py), in turns.

CPU of keeper and desk together, from /proc, for each request: that is what a clinic pays, whatever else its machine
does. Alone on a connection every read makes a commit of its own, and the price is highest.
"""

from __future__ import annotations

import statistics

from bench.figures import Bar, Figure, beside
from bench.hitting import Load
from bench.read import PROGRAM
from bench.setting import Setting
from bench.turns import Phase, Side, in_turns

_READ, _WRITE = Bar(at_most=2.5), Bar(at_most=3)


def run(setting: Setting) -> list[Figure]:
    reads = Load(setting.read_paths())
    writes = Load(setting.new_patients(), "POST", "/fhir/Patient", "application/fhir+json")
    figures = []
    with setting.serving() as promised, setting.serving("unpromised") as bare:
        for what, load, bar in (("read", reads, _READ), ("create", writes, _WRITE)):
            for connections in setting.connections:
                setting.say(f"{what} with and without the promise, {connections} connections, in turns")
                sides = [
                    Side(name, served, served.program(PROGRAM).token)
                    for name, served in (("promised", promised), ("bare", bare))
                ]
                turns = in_turns(
                    sides, load, connections=connections, seconds=setting.phase_s, rounds=setting.rounds
                )
                mine, theirs = turns["promised"], turns["bare"]
                figures.append(
                    beside(
                        f"CPU of a Patient {what}, {connections} connections", "µs", [p.cpu_us for p in mine],
                        "promises off", [p.cpu_us for p in theirs], bar, _note(mine, theirs),
                    )
                )  # fmt: skip
    return figures


def _note(mine: list[Phase], theirs: list[Phase]) -> str:
    def both(name: str) -> str:
        return " and ".join(f"{statistics.median(getattr(p, name) for p in side):.0f}" for side in (mine, theirs))

    rates = " and ".join(f"{statistics.median(p.hits.per_second for p in side):,.0f}" for side in (mine, theirs))
    return f"keeper {both('keeper_us')}, desk {both('desk_us')} µs; {rates} req/s"

"""Search by family name (POST _search, 20 hits), beside sekmet-fhir: names drawn as often as patients have them.

Ours are masked hits from the directory in memory, charged to the budget by distinct patient and shown when the line is
durable. The peer answers whole resources from an index on disk. 16 connections.
"""

from __future__ import annotations

from bench.figures import Bar, Figure, beside
from bench.hitting import Load
from bench.read import PROGRAM
from bench.setting import Setting
from bench.turns import Side, in_turns, told


def run(setting: Setting) -> list[Figure]:
    load = Load(
        setting.family_searches(), "POST", "/fhir/Patient/_search", "application/x-www-form-urlencoded"
    )
    with setting.serving() as ours, setting.sekmet() as peer:
        sides = [Side("seifas", ours, ours.program(PROGRAM).token), Side("sekmet", peer)]
        setting.say("searching, 16 connections, in turns")
        turns = in_turns(sides, load, connections=16, seconds=setting.phase_s, rounds=setting.rounds)
    mine, theirs = turns["seifas"], turns["sekmet"]
    return [
        beside("family search, 16 connections", "req/s", [p.hits.per_second for p in mine], "sekmet-fhir",
               [p.hits.per_second for p in theirs], Bar(at_least=100), told(mine, theirs))
    ]  # fmt: skip
